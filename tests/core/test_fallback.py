"""Digits that end the media stream, and streams that the carrier's own speech takes the place of."""

from __future__ import annotations

import pytest

from tests.core.scenes import ASKING, SPEAKING, acts, call_on, connected, dropped, greeted, says, silent
from tests.core.world import LEG, World, about, placed
from voicecall.core import events as ev
from voicecall.core.effects import (
    Acknowledge,
    CancelReply,
    Connect,
    Ignored,
    Prompt,
    Respond,
    Say,
    SendDigits,
    StartTimer,
)
from voicecall.core.ids import StreamId
from voicecall.core.rescue import MAX_CONNECTS
from voicecall.core.rules import Capabilities, Rules, TurnRules

# --- digits that end the stream


def pressing() -> World:
    """A call that leaves its media stream to send two digits."""
    world = greeted(call_on(Capabilities(digits_end_stream=True, prompts=True, redirects=True)))
    assert world.feed(ev.DigitsAsked("a", "12")) == (SendDigits("a", "12"),)
    assert world.feed(ev.DigitsSent("a")) == (Acknowledge("a", {}),)
    return world


def test_digits_that_end_the_stream_are_given_the_time_they_take() -> None:
    world = pressing()
    assert world.feed(ev.StreamStopped(StreamId("stream-1"))) == (StartTimer("stream-grace", about(6.2)),)
    assert acts(world.feed(ev.DocumentAsked())) == (Connect(),)
    world.next_stream()
    assert world.feed(ev.StreamStopped(StreamId("stream-2"))) == (StartTimer("stream-grace", 2.0),)


def test_digits_that_end_the_stream_do_not_use_up_streams() -> None:
    world = pressing()
    for _ in range(3 * MAX_CONNECTS):
        dropped(world)
        assert acts(world.feed(ev.DocumentAsked())) == (Connect(),)
        world.next_stream()
        operation = world.next_operation()
        world.feed(ev.DigitsAsked(operation, "1"))
        world.feed(ev.DigitsSent(operation))
    assert world.call.is_live
    assert world.call.connects < MAX_CONNECTS


def test_digits_that_the_leg_does_not_come_back_from_hold_nothing_up() -> None:
    world = pressing()
    world.feed(ev.DigitsAsked("b", "34"))
    dropped(world)
    world.feed(ev.TimerFired("stream-grace"), after=6.2)
    world.feed(ev.CarrierAsked("alive"))
    effects = world.feed(ev.TimerFired("stream-start"), after=10.0)
    assert acts(effects) == (SendDigits("b", "34"),)
    world.feed(ev.DigitsSent("b"))
    assert acts(world.feed(ev.DocumentAsked())) == (Prompt(1, "", listen=True),)


def test_more_digits_on_the_way_do_not_cost_the_patience_for_the_first() -> None:
    world = pressing()
    dropped(world)
    world.feed(ev.DigitsAsked("b", "3"))
    assert world.call.away == about(4.2)


def test_digits_before_there_is_a_stream_end_none() -> None:
    world = World(call_on(Capabilities(digits_end_stream=True)))
    world.feed(ev.Dialled(LEG))
    world.feed(ev.DigitsAsked("a", "1"))
    assert world.call.away == 0.0


def test_first_digits_that_end_the_stream_are_given_the_time_they_take() -> None:
    can = Capabilities(digits_end_stream=True)
    world = connected(placed(digits="12", rules=Rules(can=can)))
    assert world.feed(ev.StreamStopped(StreamId("stream-1"))) == (StartTimer("stream-grace", about(6.2)),)


# --- falling back on the carrier's speech


def test_what_waits_to_be_said_is_said_by_the_carrier() -> None:
    world = silent(ASKING)
    world.feed(ev.SpeakAsked("a", "One moment."))
    assert acts(world.feed(ev.TimerFired("playback"), after=4.0)) == (CancelReply(1), Say(3, "Good day."))
    world.feed(ev.PlaybackStopped(1, "Good day.", ""))
    world.feed(ev.ReplyWorded(3, "Good day."))
    assert acts(world.feed(ev.Gathered(1))) == (Say(2, "One moment."),)


def test_an_opening_line_that_waits_is_said_once_by_the_carrier() -> None:
    world = World(placed(digits="1", rules=Rules(can=ASKING)))
    world.feed(ev.Dialled(LEG))
    world.next_stream()
    world.next_segment()
    world.feed(ev.DigitsSent(""))
    assert [said.text for said in world.call.turns.queue] == ["Good day."]
    dropped(world)
    world.feed(ev.TimerFired("stream-grace"), after=2.0)
    assert acts(world.feed(ev.CarrierAsked("alive"))) == (Say(2, "Good day."),)
    assert world.call.turns.queue == ()


def test_first_digits_that_no_stream_came_for_are_sent_before_the_carrier_speaks() -> None:
    world = World(placed(digits="1", rules=Rules(can=ASKING)))
    world.feed(ev.Dialled(LEG))
    world.feed(ev.DocumentAsked())
    assert acts(world.feed(ev.TimerFired("stream-start"), after=10.0)) == (SendDigits("", "1"),)
    assert acts(world.feed(ev.DigitsSent(""))) == (Say(1, "Good day."),)


def test_a_question_that_nobody_answered_is_answered_by_the_carriers_speech() -> None:
    world = greeted(call_on(ASKING))
    says(world, "What time is it?")
    dropped(world)
    world.feed(ev.TimerFired("stream-grace"), after=2.0)
    assert acts(world.feed(ev.CarrierAsked("alive"))) == (CancelReply(2), Respond(3, 1))


def test_words_of_an_unfinished_turn_are_kept_and_answered() -> None:
    world = greeted(call_on(ASKING))
    world.next_segment()
    world.feed(ev.SpeechStopped(1, 0.2))
    world.feed(ev.Heard(1, "What time"))
    world.next_segment()
    dropped(world)
    world.feed(ev.TimerFired("stream-grace"), after=2.0)
    assert acts(world.feed(ev.CarrierAsked("alive"))) == (Respond(2, 0),)
    assert world.call.lines[-1].text == "What time"


def test_words_that_come_after_the_fall_back_are_answered() -> None:
    world = greeted(call_on(ASKING))
    world.next_segment()
    dropped(world)
    world.feed(ev.TimerFired("stream-grace"), after=2.0)
    assert acts(world.feed(ev.CarrierAsked("alive"))) == (Prompt(1, "", listen=True),)
    assert acts(world.feed(ev.Heard(1, "What time is it?"))) == (Respond(2, 1),)
    assert acts(world.feed(ev.ReplyWorded(2, "It is noon."))) == (Prompt(2, "It is noon.", listen=True),)


def test_late_words_over_what_the_carrier_tells_are_answered_next() -> None:
    rules = Rules(can=ASKING, turns=TurnRules(protect_greeting=False))
    world = connected(placed(rules=rules))
    world.next_segment()
    dropped(world)
    world.feed(ev.TimerFired("stream-grace"), after=2.0)
    assert acts(world.feed(ev.CarrierAsked("alive"))) == (CancelReply(1), Say(2, "Good day."))
    world.feed(ev.PlaybackStopped(1, "", ""))
    assert acts(world.feed(ev.ReplyWorded(2, "Good day."))) == (Prompt(1, "Good day.", listen=True),)
    assert acts(world.feed(ev.Heard(1, "Who is this?"))) == (CancelReply(2),)
    world.feed(ev.PlaybackStopped(2, "Good day.", "Good"))
    assert acts(world.feed(ev.Gathered(1))) == ()
    assert acts(world.feed(ev.TimerFired("endpoint"))) == (Respond(3, 1),)
    assert acts(world.feed(ev.ReplyWorded(3, "It is me."))) == (Prompt(2, "It is me.", listen=True),)


def test_the_ears_of_a_stream_that_was_given_up_are_not_listened_to() -> None:
    world = silent(ASKING)
    world.feed(ev.TimerFired("playback"), after=4.0)
    assert world.feed(ev.SpeechStarted(1)) == (Ignored("SpeechStarted in active"),)


def test_a_stream_that_comes_after_the_fall_back_changes_nothing() -> None:
    world = silent(ASKING)
    world.feed(ev.TimerFired("playback"), after=4.0)
    before = world.call.turns
    assert world.feed(ev.StreamStarted(StreamId("stream-2"), "nonce-2")) == ()
    assert (world.call.stream, world.call.turns, world.call.credentials[-1]) == (None, before, "nonce-2")


def test_a_machine_is_left_its_message_by_the_carriers_speech() -> None:
    world = World(placed(rules=Rules(can=ASKING, machine="message")))
    world.feed(ev.Dialled(LEG))
    world.feed(ev.Answered(machine=True))
    effects = world.feed(ev.TimerFired("stream-start"), after=10.0)
    assert StartTimer("machine", 8.0) in effects
    assert acts(effects) == (Prompt(1, "", listen=True),)


# --- a voice of ours that fails


def test_an_opening_line_that_our_voice_cannot_say_is_said_by_the_carrier() -> None:
    world = connected(call_on(SPEAKING, "notify"))
    assert acts(world.feed(ev.ReplyFailed(1, "no voice.", voice=True))) == (Say(2, "Good day."),)
    assert [warning.text for warning in world.call.warnings] == [
        "no voice.",
        "Our own voice failed: no voice. The carrier speaks and listens from now on.",
    ]
    assert acts(world.feed(ev.ReplyWorded(2, "Good day."))) == (Prompt(1, "Good day.", listen=False),)


def test_an_answer_that_our_voice_cannot_say_is_asked_for_in_words() -> None:
    world = greeted(call_on(SPEAKING))
    says(world, "What time is it?")
    assert acts(world.feed(ev.ReplyFailed(2, "no voice", voice=True))) == (Respond(3, 1),)
    assert world.call.prompting


def test_an_answer_that_our_voice_began_is_not_begun_again() -> None:
    world = greeted(call_on(SPEAKING))
    says(world, "What time is it?")
    world.feed(ev.PlaybackStarted(2))
    failed = ev.ReplyFailed(2, "no voice", "It is noon.", "It is", voice=True)
    assert acts(world.feed(failed)) == (Prompt(1, "", listen=True),)
    assert (world.call.lines[-1].text, world.call.lines[-1].heard) == ("It is noon.", "It is")


@pytest.mark.parametrize(
    ("can", "voice"), [(Capabilities(), True), (SPEAKING, False)], ids=["no carrier speech", "no words"]
)
def test_a_reply_that_the_carrier_could_not_say_either_is_a_warning(can: Capabilities, voice: bool) -> None:
    world = connected(call_on(can))
    assert world.feed(ev.ReplyFailed(1, "no voice", voice=voice)) == ()
    assert not world.call.prompting


def test_a_failure_of_a_reply_that_is_over_changes_nothing() -> None:
    world = greeted(call_on(SPEAKING))
    assert world.feed(ev.ReplyFailed(1, "no voice", voice=True)) == (Ignored("ReplyFailed in active"),)
