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
from voicecall.core.events import Event, Warned
from voicecall.core.utterances import (
    FarewellAsked,
    PlaybackConfirmed,
    PlaybackFinished,
    PlaybackStarted,
    PlaybackStopped,
    ReplyFailed,
    ReplyWorded,
    TurnMeasured,
)
from voicecall.errors import AgentError
from voicecall.gateway.mouth import Mouth
from voicecall.speech import Voice

TOLD = Conversation(call_id="01J", direction="inbound", from_="+1", to="+2", lines=())


class Speaker:
    """A mouth that runs, with what it posts."""

    def __init__(self, brain: Answers, *, in_words: bool) -> None:
        self.in_words = in_words
        self.posted: list[Event] = []
        self.alphabet = Alphabet()
        self.voice = SpellingSynthesizer(self.alphabet)
        self.outlet = FakeOutlet()
        self.mouth = Mouth(
            brain,
            self.voice.open(Voice(), lambda trouble: None),
            self.posted.append,
            lead=0.3,
            in_words=lambda: self.in_words,
        )

    def heard(self) -> None:
        """Return the last mark."""
        self.mouth.player.mark_returned(self.outlet.marks[-1])


@asynccontextmanager
async def speaker(brain: Answers | None = None, *, in_words: bool = False) -> AsyncIterator[Speaker]:
    """Run a mouth."""
    own = Speaker(brain or Answers(), in_words=in_words)
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
        assert own.posted == [PlaybackStarted(1), PlaybackConfirmed(1), PlaybackFinished(1, "Hello there")]


async def test_that_a_call_is_heard_is_told_once() -> None:
    async with speaker() as own:
        for reply in (1, 2):
            own.mouth.say(reply, "Hello there")
            await asyncio.sleep(1)
            own.mouth.player.mark_returned(own.outlet.marks[-2])
            own.heard()
        assert [event for event in own.posted if isinstance(event, PlaybackConfirmed)] == [PlaybackConfirmed(1)]
        assert own.posted[-2:] == [PlaybackStarted(2), PlaybackFinished(2, "Hello there")]


async def test_a_reply_is_spoken_before_all_of_it_is_known() -> None:
    async with speaker(Answers(("Yes of course. ", 1.0, "At nine."))) as own:
        own.mouth.respond(1, 1, TOLD, silent_since=0.0)
        await asyncio.sleep(0.5)
        assert own.posted == [PlaybackStarted(1)]
        await asyncio.sleep(2)
        own.heard()
        assert own.posted[-1] == PlaybackFinished(1, "Yes of course. At nine.")


async def test_the_stages_of_a_turn_are_measured_once() -> None:
    async with speaker(Answers((0.2, "Yes. ", 0.2, "No."))) as own:
        own.voice.delay = 0.1
        await asyncio.sleep(0.5)
        own.mouth.respond(1, 3, TOLD, silent_since=0.0)
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
        own.mouth.respond(7, 1, TOLD, silent_since=0.0)
        await asyncio.sleep(1)
        own.heard()
        assert [event for event in own.posted if isinstance(event, FarewellAsked)] == [FarewellAsked(7)]
        assert own.posted[-1] == PlaybackFinished(7, "Good bye.")


async def test_a_cancelled_reply_is_made_no_further_and_tells_what_was_heard() -> None:
    brain = Answers(("One two. ", 5.0, "Three."))
    async with speaker(brain) as own:
        own.mouth.respond(1, 1, TOLD, silent_since=0.0)
        await asyncio.sleep(0.1)
        own.mouth.player.mark_returned(own.outlet.marks[0])
        await asyncio.sleep(0.2)
        own.mouth.cancel(1)
        await asyncio.sleep(10)
        assert own.posted[:2] == [PlaybackStarted(1), PlaybackConfirmed(1)]
        assert own.posted[3:] == [PlaybackStopped(1, "One two.", "One")]
        assert brain.left_early == 1
        assert own.outlet.sent[-1][1] == "clear"


async def test_a_reply_that_was_cancelled_before_it_began_is_never_made() -> None:
    brain = Answers(("Never said.",))
    async with speaker(brain) as own:
        own.mouth.cancel(2)
        own.mouth.respond(2, 1, TOLD, silent_since=0.0)
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
        own.mouth.respond(1, 1, TOLD, silent_since=0.0)
        await asyncio.sleep(5)
        warned = Warned("reply-cut-short", "the model is down")
        assert own.posted == [PlaybackStarted(1), warned, PlaybackFinished(1, "One two.", confirmed=False)]


async def test_an_answer_that_does_not_come_is_given_up() -> None:
    brain = Answers((60.0, "Too late."))
    async with speaker(brain) as own:
        own.mouth.respond(1, 1, TOLD, silent_since=0.0)
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
        assert own.posted == [PlaybackStarted(1), PlaybackConfirmed(1), PlaybackFinished(1, "Hello there")]


# --- where the carrier speaks by itself


async def test_where_the_carrier_speaks_a_reply_is_its_words() -> None:
    async with speaker(Answers(("Yes of course. ", 1.0, "**At** nine.", HangUpAfter())), in_words=True) as own:
        own.mouth.respond(1, 1, TOLD, silent_since=0.0)
        await asyncio.sleep(0.5)
        assert own.posted == []
        await asyncio.sleep(2)
        assert own.posted == [
            FarewellAsked(1),
            ReplyWorded(1, "Yes of course. At nine.", "Yes of course. **At** nine."),
        ]
        assert own.outlet.sent == []


async def test_words_that_stop_coming_are_cut_short_and_none_at_all_are_a_failure() -> None:
    down = AgentError("the model is down")
    async with speaker(Answers(("One two. ", down), (down,)), in_words=True) as own:
        for reply in (1, 2):
            own.mouth.respond(reply, 1, TOLD, silent_since=0.0)
            await asyncio.sleep(1)
        assert own.posted == [
            Warned("reply-cut-short", "the model is down"),
            ReplyWorded(1, "One two."),
            ReplyFailed(2, "the model is down"),
        ]


@pytest.mark.parametrize(("after", "heard"), [(0.1, ""), (1.0, "one two"), (1.7, "one two three four"), (9.0, None)])
async def test_how_far_the_carrier_got_with_the_words_is_told_by_the_clock(after: float, heard: str | None) -> None:
    text = "one two three four five six"
    async with speaker(in_words=True) as own:
        own.mouth.say(1, text)
        await asyncio.sleep(after)
        own.mouth.cancel(1)
        own.mouth.cancel(1)
        assert own.posted == [ReplyWorded(1, text), PlaybackStopped(1, text, text if heard is None else heard)]


async def test_words_that_are_cancelled_before_they_are_all_there_were_never_said() -> None:
    brain = Answers(("One two. ", 1.0, "Three."))
    async with speaker(brain, in_words=True) as own:
        own.mouth.respond(1, 1, TOLD, silent_since=0.0)
        await asyncio.sleep(0.5)
        own.mouth.cancel(1)
        await asyncio.sleep(5)
        assert own.posted == [PlaybackStopped(1, "", "")]
        assert brain.left_early == 1


async def test_a_call_that_the_carrier_speaks_on_from_now_says_the_next_reply_in_words() -> None:
    async with speaker() as own:
        own.mouth.say(1, "Hello there")
        await asyncio.sleep(0.1)
        own.in_words = True
        own.mouth.cancel(1)
        own.mouth.say(2, "Hello again")
        await asyncio.sleep(1)
        assert own.posted == [
            PlaybackStarted(1),
            PlaybackStopped(1, "Hello there", ""),
            ReplyWorded(2, "Hello again"),
        ]
