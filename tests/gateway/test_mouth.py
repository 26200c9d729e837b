"""The mouth: text becomes audio as it comes; what was cancelled is not made, and every reply is accounted for once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from tests.gateway.brains import Answers
from tests.gateway.spelling import Alphabet, SpellingSynthesizer
from tests.gateway.test_player import FakeOutlet
from voicecall.brains import Conversation, HangUpAfter, Line, PressKeys
from voicecall.core.events import Event, Warned
from voicecall.core.utterances import (
    FarewellAsked,
    KeysWanted,
    PlaybackConfirmed,
    PlaybackFinished,
    PlaybackStarted,
    PlaybackStopped,
    ReplyFailed,
    ReplyWorded,
    TurnMeasured,
)
from voicecall.errors import AgentError
from voicecall.gateway.making import Manner
from voicecall.gateway.mouth import Mouth
from voicecall.speech import Voice

TOLD = Conversation(call_id="01J", direction="inbound", from_="+1", to="+2", lines=())


class Speaker:
    """A mouth that runs, with what it posts."""

    def __init__(self, brain: Answers, *, in_words: bool, manner: Manner) -> None:
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
            manner=manner,
            in_words=lambda: self.in_words,
        )

    def heard(self) -> None:
        """Return the last mark."""
        self.mouth.player.mark_returned(self.outlet.marks[-1])


@asynccontextmanager
async def speaker(
    brain: Answers | None = None, *, in_words: bool = False, manner: Manner | None = None
) -> AsyncIterator[Speaker]:
    """Run a mouth."""
    own = Speaker(brain or Answers(), in_words=in_words, manner=manner or Manner())
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
            **{"silence": 0.0, "transcript": 0.0},
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


async def test_a_slow_agent_is_filled_in_for_once_and_a_quick_one_is_not() -> None:
    manner = Manner(filler="One moment.", filler_after=1.0)
    async with speaker(Answers((3.0, "Yes. ", 3.0, "No."), (0.5, "Yes.")), manner=manner) as own:
        own.mouth.respond(1, 1, TOLD, silent_since=0.0)
        await asyncio.sleep(2)
        assert own.mouth.said() == "One moment."
        await asyncio.sleep(5)
        own.heard()
        assert own.posted[-1] == PlaybackFinished(1, "One moment. Yes. No.")
        own.mouth.respond(2, 2, TOLD, silent_since=10.0)
        await asyncio.sleep(2)
        own.heard()
        assert own.posted[-1] == PlaybackFinished(2, "Yes.")


async def test_an_answer_is_rehearsed_to_its_first_piece_and_said_at_once_when_it_is_wanted() -> None:
    brain = Answers((0.5, "Yes. ", "No. ", PressKeys("1")), "Other.")
    async with speaker(brain) as own:
        own.voice.delay = 0.2
        own.mouth.rehearse(TOLD)
        await asyncio.sleep(2)
        assert (own.outlet.sent, own.posted, own.voice.spoken) == ([], [], ["Yes."])
        own.mouth.respond(1, 1, TOLD, silent_since=1.5, heard_at=1.7, waited=0.5)
        await asyncio.sleep(0.1)
        assert own.posted == [PlaybackStarted(1), KeysWanted(1, "1")]
        await asyncio.sleep(2)
        own.heard()
        assert own.posted[-1] == PlaybackFinished(1, "Yes. No.")
        (measured,) = [event for event in own.posted if isinstance(event, TurnMeasured)]
        assert measured.stages.items() >= {"silence": 500.0, "transcript": 200.0, "response": 500.0}.items()
        assert len(brain.asked) == 1


async def test_what_was_rehearsed_for_other_words_is_thrown_away_unheard() -> None:
    brain = Answers(("Wrong. ", 60.0, "Never."), "Right.")
    async with speaker(brain) as own:
        own.mouth.rehearse(TOLD)
        await asyncio.sleep(1)
        lines = (Line("caller", "And something else"),)
        own.mouth.respond(1, 1, msgspec.structs.replace(TOLD, lines=lines), silent_since=0.0)
        await asyncio.sleep(2)
        own.heard()
        assert own.posted[-1] == PlaybackFinished(1, "Right.")
        assert (len(brain.asked), brain.left_early) == (2, 1)


async def test_an_opening_is_made_before_it_is_said() -> None:
    async with speaker() as own:
        own.voice.delay = 2.0
        own.mouth.prepare("Hello there. How are you?")
        await asyncio.sleep(5)
        own.mouth.say(1, "Hello there. How are you?")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert own.posted == [PlaybackStarted(1)]


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
