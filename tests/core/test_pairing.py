"""A call that only tells a pairing code: what is said, what is kept, and how it ends."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize

from tests.core.machine import RULES, CallMachine, play
from tests.core.scenes import BY_PROMPT, acts, connected
from tests.core.world import World, arrived
from voicecall.core import events as ev
from voicecall.core.effects import Hangup, Listen, Prompt
from voicecall.core.languages import language
from voicecall.core.pairing import LONGEST, MASK, TOLD, UNTOLD, aloud, brief, new_code, notice
from voicecall.core.rules import Rules

NOTICE = notice("en")


def told_a_code(rules: Rules = Rules()) -> ev.Arrived:  # noqa: B008 - frozen
    return msgspec.structs.replace(arrived(greeting=NOTICE, rules=brief(rules)), pairing=True)


def test_a_code_has_six_digits_and_is_nobody_elses() -> None:
    drawn = iter([7, 7, 10**6 + 42])
    assert new_code(lambda size: next(drawn).to_bytes(size, "big"), {"000007"}) == "000042"


@pytest.mark.parametrize("tag", ["en", "de-AT", "fr", "es", "cy"])
def test_a_notice_tells_the_code_twice_and_keeps_it_masked(tag: str) -> None:
    text = notice(tag)
    assert text.count(MASK) == 2
    spoken = aloud(text, "907214", tag)
    names = language(tag).digit_names
    assert spoken.count(f"{names[9]}, {names[0]}, {names[7]}, {names[2]}, {names[1]}, {names[4]}") == 2
    assert MASK not in spoken
    assert len(names) == 10


def test_the_call_ends_as_soon_as_the_code_was_heard() -> None:
    world = connected(told_a_code())
    world.feed(ev.PlaybackStarted(1))
    world.feed(ev.PlaybackConfirmed(1))
    effects = world.feed(ev.PlaybackFinished(1, NOTICE))
    assert acts(effects) == (Hangup(),)
    world.finish()
    assert (world.call.end_reason, world.call.end_detail, world.call.mode) == ("rejected", TOLD, "notify")


def test_keys_are_not_kept() -> None:
    world = connected(told_a_code())
    world.again(ev.DigitPressed("4"))
    world.finish()


def test_who_hangs_up_before_has_not_heard_the_code() -> None:
    world = connected(told_a_code())
    world.feed(ev.PlaybackStarted(1))
    world.feed(ev.CarrierEnded("completed"))
    world.feed(ev.PlaybackStopped(1, NOTICE, "Hello."))
    assert (world.call.end_reason, world.call.end_detail) == ("rejected", UNTOLD)


def test_a_code_that_nobody_confirmed_does_not_count_as_told() -> None:
    world = connected(told_a_code())
    world.feed(ev.PlaybackStarted(1))
    world.feed(ev.PlaybackFinished(1, NOTICE, confirmed=False))
    assert world.call.end_reason == "error"
    assert [caution.code for caution in world.call.warnings] == ["unconfirmed"]
    world.finish()


def test_such_a_call_is_short_amid_the_code_too() -> None:
    world = connected(told_a_code())
    world.feed(ev.PlaybackStarted(1))
    assert world.timers["max-duration"] <= world.at + LONGEST
    world.feed(ev.PlaybackConfirmed(1))
    world.fire("max-duration")
    world.fire("last-sentence")
    world.calm()
    assert (world.call.end_reason, world.call.end_detail) == ("rejected", UNTOLD)


def test_what_goes_wrong_is_still_called_by_its_name() -> None:
    world = connected(told_a_code())
    world.feed(ev.Crashed("Our fault."))
    assert world.call.end_reason == "error"
    world.finish()


def test_the_carrier_speaks_and_does_not_listen() -> None:
    world = World(told_a_code(BY_PROMPT))
    (prompt,) = acts(world.feed(ev.ReplyWorded(1, NOTICE)))
    assert prompt == Prompt(1, NOTICE, listen=False)
    assert acts(world.feed(ev.Gathered(1))) == (Hangup(),)
    assert world.call.end_detail == TOLD


def test_a_carrier_on_which_listening_answers_is_told_to_once_at_most() -> None:
    apart = msgspec.structs.replace(BY_PROMPT, can=msgspec.structs.replace(BY_PROMPT.can, listens_apart=True))
    world = World(told_a_code(apart))
    assert world.call.prompts.listening
    world.finish()

    streamed = msgspec.structs.replace(apart, streaming=True)
    world = World(told_a_code(streamed))
    world.feed(ev.Answered())
    effects = [*world.feed(ev.TimerFired("stream-start")), *world.feed(ev.TimerFired("stream-start"))]
    effects += world.feed(ev.ReplyWorded(world.call.turns.reply, NOTICE)) if world.call.prompting else ()
    assert world.call.prompting
    assert any(isinstance(effect, Prompt) for effect in effects)
    assert not any(isinstance(effect, Listen) for effect in effects)
    world.finish()


@pytest.mark.parametrize("refusal", ["policy", "anonymous", "tries", "crowded"])
def test_who_is_told_nothing_is_rejected(refusal: str) -> None:
    world = World(arrived(refusal=refusal))
    assert world.call.end_reason == "rejected"
    assert world.call.end_detail


class PairingMachine(CallMachine):
    """A call that tells a code, in a world where anything may happen at any time."""

    @initialize(beginning=st.builds(told_a_code, rules=RULES), connected=st.booleans())
    def begin(self, beginning: ev.Arrived, connected: bool) -> None:
        super().begin(beginning, connected)


def test_whatever_happens_it_keeps_its_promises() -> None:
    play(PairingMachine, 60)
