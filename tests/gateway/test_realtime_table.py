"""The calls of the other tests once more, with one model in the place of transcriber, agent and voice.

The model takes turns as vendors' models do: it says when the caller has finished, and answers when it is asked to.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from tests.gateway import (
    test_barge_in,
    test_complaints,
    test_conversations,
    test_greeting,
    test_restart,
    test_streams,
    test_watchdog,
)
from tests.gateway.brains import Answers
from tests.gateway.house import House, MakeHouse, open_house
from tests.gateway.models import of
from tests.gateway.town import MakeTown, Town

APART = {
    # they look at the order or the times of what a transcriber and a voice report
    "test_an_outbound_conversation_has_its_greeting_a_turn_and_an_answer",
    "test_the_stages_of_a_turn_add_up_to_its_response",
    "test_the_transcript_says_what_was_heard_of_an_interrupted_reply",
    # their agent takes its time, and the model has none
    "test_an_agent_that_still_thinks_is_stopped_when_the_caller_goes_on",
    "test_a_question_that_was_not_answered_before_the_restart_is_answered",
    # speech that lasts takes the floor from a model without words
    "test_a_long_sound_without_words_holds_the_reply_and_then_it_goes_on",
    # its words are known when it was answered
    "test_without_barge_in_the_reply_is_heard_out",
}

globals().update(
    {
        name: test
        for module in (
            *(test_barge_in, test_complaints, test_conversations, test_greeting, test_restart, test_streams),
            test_watchdog,
        )
        for name, test in vars(module).items()
        if name.startswith("test_") and name not in APART
    }
)


@pytest.fixture
def house(town: MakeTown) -> MakeHouse:
    """Open a gateway whose model answers what the agent of the test would."""

    def make(place: Town | None = None, /, **options: Any) -> AbstractAsyncContextManager[House]:
        brain = options.get("brain") or Answers("You are welcome")
        return open_house(town, place, **{**options, "brain": brain, "model": of(brain)})

    return make
