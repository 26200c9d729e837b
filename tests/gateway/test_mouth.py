"""The mouth: text becomes audio as it comes; what was cancelled is not made, and every reply is accounted for once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.gateway.brains import Answers
from tests.gateway.spelling import Alphabet, SpellingSynthesizer
from tests.gateway.test_player import FakeOutlet
from voicecall.brains import Conversation, HangUpAfter
from voicecall.core.events import (
    Event,
    FarewellAsked,
    PlaybackFinished,
    PlaybackStarted,
    PlaybackStopped,
    ReplyFailed,
    TurnMeasured,
    Warned,
)
from voicecall.errors import AgentError
from voicecall.gateway.mouth import Mouth
from voicecall.speech import Voice

TOLD = Conversation(call_id="01J", direction="inbound", from_="+1", to="+2", lines=())


class Speaker:
    """A mouth that runs, with what it posts."""

    def __init__(self, brain: Answers) -> None:
        self.posted: list[Event] = []
        self.alphabet = Alphabet()
        self.voice = SpellingSynthesizer(self.alphabet)
        self.outlet = FakeOutlet()
        self.mouth = Mouth(brain, self.voice, Voice(), self.posted.append, lead=0.3, patience=2.0)

    def heard(self) -> None:
        """Confirm the last mark."""
        self.mouth.player.mark_returned(self.outlet.marks[-1])


@asynccontextmanager
async def speaker(brain: Answers | None = None) -> AsyncIterator[Speaker]:
    """Run a mouth."""
    own = Speaker(brain or Answers())
    own.mouth.player.attach(own.outlet)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(own.mouth.run())
        await asyncio.sleep(0)
        try:
            yield own
        finally:
            running.cancel()


async def test_a_text_is_spoken_and_confirmed() -> None:
    async with speaker() as own:
        own.mouth.say(1, "Hello there")
        await asyncio.sleep(1)
        own.heard()
        assert own.posted == [PlaybackStarted(1), PlaybackFinished(1, "Hello there")]


async def test_a_reply_is_spoken_before_all_of_it_is_known() -> None:
    async with speaker(Answers(("Yes of course. ", 1.0, "At nine."))) as own:
        own.mouth.respond(1, 1, TOLD, 0.0)
        await asyncio.sleep(0.5)
        assert own.posted == [PlaybackStarted(1)]
        await asyncio.sleep(2)
        own.heard()
        assert own.posted[-1] == PlaybackFinished(1, "Yes of course. At nine.")


async def test_the_stages_of_a_turn_are_measured_once() -> None:
    async with speaker(Answers((0.2, "Yes. ", 0.2, "No."))) as own:
        own.voice.delay = 0.1
        await asyncio.sleep(0.5)
        own.mouth.respond(1, 3, TOLD, 0.0)
        await asyncio.sleep(0.4)
        own.mouth.player.mark_returned(own.outlet.marks[0])
        await asyncio.sleep(2)
        own.heard()
        (measured,) = [event for event in own.posted if isinstance(event, TurnMeasured)]
        assert measured.turn == 3
        assert measured.stages == {
            **{"wait": 500.0, "brain": 200.0, "clause": 0.0, "voice": 100.0, "send": 0.0},
            **{"response": 800.0, "heard": pytest.approx(100.0, abs=1)},
        }


async def test_the_wish_to_hang_up_names_its_reply() -> None:
    async with speaker(Answers(("Good bye.", HangUpAfter()))) as own:
        own.mouth.respond(7, 1, TOLD, 0.0)
        await asyncio.sleep(1)
        own.heard()
        assert [event for event in own.posted if isinstance(event, FarewellAsked)] == [FarewellAsked(7)]
        assert own.posted[-1] == PlaybackFinished(7, "Good bye.")


async def test_a_cancelled_reply_is_made_no_further_and_tells_what_was_heard() -> None:
    brain = Answers(("One two. ", 5.0, "Three."))
    async with speaker(brain) as own:
        own.mouth.respond(1, 1, TOLD, 0.0)
        await asyncio.sleep(0.3)
        own.mouth.cancel(1)
        await asyncio.sleep(10)
        assert own.posted == [PlaybackStarted(1), PlaybackStopped(1, "One two.", "One")]
        assert brain.left_early == 1
        assert own.outlet.sent[-1][1] == "clear"


async def test_a_reply_that_was_cancelled_before_it_began_is_never_made() -> None:
    brain = Answers(("Never said.",))
    async with speaker(brain) as own:
        own.mouth.cancel(2)
        own.mouth.respond(2, 1, TOLD, 0.0)
        await asyncio.sleep(1)
        assert own.posted == [PlaybackStopped(2, "", "")]
        assert (brain.asked, own.outlet.sent) == ([], [])


async def test_holding_another_reply_is_nothing() -> None:
    async with speaker() as own:
        own.mouth.say(2, "Hello there")
        await asyncio.sleep(0.1)
        own.mouth.hold(1)
        assert not own.mouth.player.held
        own.mouth.hold(2)
        own.mouth.resume(1)
        assert own.mouth.player.held
        own.mouth.resume(2)
        assert not own.mouth.player.held


async def test_what_was_made_of_a_reply_before_it_failed_is_heard_out() -> None:
    async with speaker(Answers(("One two. ", 1.0, AgentError("the model is down")))) as own:
        own.mouth.respond(1, 1, TOLD, 0.0)
        await asyncio.sleep(5)
        warned = Warned("reply-cut-short", "the model is down")
        assert own.posted == [PlaybackStarted(1), warned, PlaybackFinished(1, "One two.", confirmed=False)]


async def test_an_answer_that_does_not_come_is_given_up() -> None:
    brain = Answers((60.0, "Too late."))
    async with speaker(brain) as own:
        own.mouth.respond(1, 1, TOLD, 0.0)
        await asyncio.sleep(2.01)
        assert own.posted == [ReplyFailed(1, "the agent said nothing for 2 s")]
        assert brain.left_early == 1


async def test_a_reply_that_is_held_before_it_comes_is_silent_until_it_may_go_on() -> None:
    async with speaker() as own:
        own.mouth.hold(1)
        own.mouth.say(1, "Hello there")
        await asyncio.sleep(1)
        assert own.outlet.sent == []
        own.mouth.resume(1)
        await asyncio.sleep(1)
        own.heard()
        assert own.posted == [PlaybackStarted(1), PlaybackFinished(1, "Hello there")]
