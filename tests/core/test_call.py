"""Whole calls, play by play: from the dial to the end, the opening line, the conversation."""

from __future__ import annotations

import pytest

from tests.core.scenes import RUDE, STREAM, asked, connected, greeted, says
from tests.core.world import LEG, World, about, arrived, placed
from voicecall.core import events as ev
from voicecall.core.call import NEXT, Line, Phase
from voicecall.core.effects import (
    Acknowledge,
    CancelReply,
    Connect,
    Dial,
    Hangup,
    HoldReply,
    Ignored,
    Reject,
    Respond,
    ResumeReply,
    Say,
    SendDigits,
    StartTimer,
    StopTimer,
)
from voicecall.core.ids import StreamId
from voicecall.core.step import begin

# --- from the dial to the end


def test_an_outbound_conversation_from_dial_to_end() -> None:
    world = World(placed())
    _, first = begin(placed(), 0.0)
    assert first == (Dial(),)
    assert world.feed(ev.Dialled(LEG)) == (StartTimer("ring", 35.0), StartTimer("stale", 120.0))
    assert world.feed(ev.Ringing()) == ()
    assert world.call.state == "ringing"
    assert world.feed(ev.Answered()) == (
        StopTimer("ring"),
        StopTimer("stale"),
        StartTimer("max-duration", 300.0),
        StartTimer("stream-start", 10.0),
    )
    assert world.feed(ev.DocumentAsked()) == (Connect(), StartTimer("stream-start", 10.0))
    assert world.feed(STREAM) == (StopTimer("stream-start"), Say(1, "Good day."))
    assert (world.call.state, world.call.greeting_state) == ("active", "sending")
    assert world.feed(ev.PlaybackStarted(1)) == (StartTimer("playback", 4.0),)
    assert world.call.state == "speaking"
    assert world.feed(ev.PlaybackConfirmed(1)) == (StopTimer("playback"),)
    assert world.feed(ev.PlaybackFinished(1, "Good day.")) == ()
    assert world.call.greeting_state == "heard"
    assert world.feed(ev.SpeechStarted(1, 0.2)) == ()
    assert world.call.state == "listening"
    assert world.feed(ev.SpeechStopped(1, 0.2), after=1.0) == (StartTimer("endpoint", about(0.3)),)
    assert world.feed(ev.Heard(1, "What time is it?")) == (StartTimer("endpoint", about(0.09)),)
    assert world.feed(ev.TimerFired("endpoint")) == (Respond(2, 1, 0.3),)
    assert world.feed(ev.PlaybackStarted(2)) == ()
    assert world.feed(ev.FarewellAsked(2)) == ()
    assert world.feed(ev.PlaybackFinished(2, "Noon. Goodbye.")) == (
        StopTimer("max-duration"),
        StartTimer("settle", 30.0),
        Hangup(),
    )
    assert world.call.phase is Phase.ENDING
    assert world.feed(ev.HangupAccepted()) == (StartTimer("settle", 3.0), StopTimer("settle"))
    assert (world.call.end_reason, world.call.ended_at) == ("hangup-agent", world.at)
    assert [(line.speaker, line.text) for line in world.call.lines] == [
        ("agent", "Good day."),
        ("caller", "What time is it?"),
        ("agent", "Noon. Goodbye."),
    ]


def test_a_notify_call_from_dial_to_end() -> None:
    world = connected(placed(mode="notify"))
    world.feed(ev.PlaybackStarted(1))
    assert world.feed(ev.PlaybackFinished(1, "Good day.")) == (StopTimer("playback"), StartTimer("notify", 3.0))
    assert world.feed(ev.TimerFired("notify")) == (
        StopTimer("max-duration"),
        StartTimer("settle", 30.0),
        Hangup(),
    )
    world.feed(ev.HangupAccepted())
    assert world.call.end_reason == "completed"


def test_the_agent_does_not_answer_in_a_notify_call() -> None:
    world = greeted(placed(mode="notify"))
    assert says(world, "Who is this?") == ()
    assert world.call.lines[-1].text == "Who is this?"


def test_an_inbound_call_is_taken() -> None:
    call, effects = begin(arrived(), 0.0)
    assert effects == (Connect(), StartTimer("stream-start", 10.0))
    world = World(arrived())
    assert world.feed(STREAM) == (
        StartTimer("max-duration", 300.0),
        StartTimer("stream-start", 10.0),
        StopTimer("stream-start"),
        Say(1, "Good day."),
    )
    assert call.direction == "inbound"


@pytest.mark.parametrize(
    ("refusal", "reason", "end"),
    [("policy", "rejected", "rejected"), ("busy", "busy", "busy"), ("draining", "busy", "busy")],
)
def test_an_inbound_call_is_refused(refusal: str, reason: str, end: str) -> None:
    call, effects = begin(arrived(refusal=refusal), 0.0)
    assert effects == (Reject(reason), StartTimer("settle", 3.0), StopTimer("settle"))
    assert (call.phase, call.end_reason) == (Phase.ENDED, end)
    assert call.end_detail


def test_no_greeting_leaves_the_floor_open() -> None:
    world = connected(arrived(greeting=""))
    assert world.call.turns.reply == 0
    assert world.call.greeting_state == "none"


def test_every_phase_leads_somewhere_but_the_last() -> None:
    assert {phase for phase, after in NEXT.items() if not after} == {Phase.ENDED}
    assert all(Phase.ENDED in after for phase, after in NEXT.items() if phase is not Phase.ENDED)


# --- the opening line


def test_an_unconfirmed_opening_line_is_said_again_on_the_next_stream() -> None:
    world = connected()
    world.feed(ev.PlaybackStarted(1))
    world.feed(ev.PlaybackConfirmed(1))
    assert world.feed(ev.PlaybackFinished(1, "Good day.", confirmed=False)) == ()
    assert (world.call.greeting_state, world.call.warnings[0].code) == ("pending", "unconfirmed")
    world.feed(ev.StreamStopped(StreamId("stream-1")))
    effects = world.feed(ev.StreamStarted(StreamId("stream-2"), "nonce-2"))
    assert effects == (StopTimer("stream-grace"), Say(2, "Good day."))


def test_a_failed_opening_line_is_said_again_on_the_next_stream() -> None:
    world = connected()
    world.feed(ev.ReplyFailed(1, "no voice"))
    assert (world.call.greeting_state, world.call.warnings[0].code) == ("pending", "reply-failed")
    world.feed(ev.StreamStopped(StreamId("stream-1")))
    assert world.feed(ev.StreamStarted(StreamId("stream-2"), "nonce-2"))[-1] == Say(2, "Good day.")


def test_an_opening_line_that_was_heard_is_never_said_again() -> None:
    world = greeted()
    world.feed(ev.StreamStopped(StreamId("stream-1")))
    assert world.feed(ev.StreamStarted(StreamId("stream-2"), "nonce-2")) == (StopTimer("stream-grace"),)


def test_an_opening_line_under_way_goes_on_over_the_next_stream() -> None:
    world = connected()
    world.feed(ev.PlaybackStarted(1))
    world.feed(ev.StreamStopped(StreamId("stream-1")))
    assert world.feed(ev.StreamStarted(StreamId("stream-2"), "nonce-2")) == (
        StopTimer("stream-grace"),
        StartTimer("playback", 4.0),
    )
    world.feed(ev.PlaybackFinished(1, "Good day."))
    assert world.call.greeting_state == "heard"


def test_an_outbound_opening_line_is_heard_out() -> None:
    world = connected()
    world.feed(ev.PlaybackStarted(1))
    assert world.feed(ev.SpeechStarted(1, 0.2)) == ()
    assert world.call.state == "speaking"


@pytest.mark.parametrize("beginning", [arrived(), placed(rules=RUDE)])
def test_other_opening_lines_can_be_interrupted(beginning: ev.Placed | ev.Arrived) -> None:
    world = connected(beginning)
    world.feed(ev.PlaybackStarted(1))
    assert world.feed(ev.SpeechStarted(1, 0.2)) == (HoldReply(1, 1), StartTimer("barge-in", 0.45))
    assert world.feed(ev.PartlyHeard(1, "One moment")) == (StopTimer("barge-in"), CancelReply(1))
    world.feed(ev.PlaybackStopped(1, "Good day.", "Good"))
    assert world.call.greeting_state == "heard"
    assert world.call.lines[-1].heard == "Good"


def test_a_message_that_is_interrupted_ends_its_notify_call_all_the_same() -> None:
    world = connected(placed(mode="notify", rules=RUDE))
    world.feed(ev.PlaybackStarted(1))
    world.feed(ev.SpeechStarted(1, 0.2))
    world.feed(ev.PartlyHeard(1, "One moment"))
    assert world.feed(ev.PlaybackStopped(1, "Good day.", "Good")) == (StartTimer("notify", 3.0),)


def test_a_message_that_cannot_be_spoken_ends_its_notify_call() -> None:
    world = connected(placed(mode="notify"))
    assert Hangup() in world.feed(ev.ReplyFailed(1, "no voice"))
    assert (world.call.end_reason, world.call.end_detail) == ("error", "The message could not be spoken: no voice")


def test_digits_go_out_before_anything_is_said() -> None:
    world = World(placed(digits="12#"))
    world.feed(ev.Dialled(LEG))
    assert world.feed(STREAM)[-1] == SendDigits("", "12#")
    assert world.feed(ev.SpeakAsked("a", "One moment.")) == ()
    assert world.feed(ev.DigitsSent("")) == (Say(2, "Good day."),)
    assert world.feed(ev.DigitsSent("")) == (Ignored("DigitsSent in active"),)


def test_first_digits_that_cannot_be_sent_are_a_warning() -> None:
    world = connected(placed(digits="12#"))
    assert world.feed(ev.DigitsSent("", "unsupported")) == (Say(1, "Good day."),)
    assert [(warning.code, warning.text) for warning in world.call.warnings] == [
        ("dtmf", "The first digits could not be sent: unsupported")
    ]


# --- conversation


def test_the_second_turn_is_answered_too() -> None:
    world = asked()
    world.feed(ev.PlaybackStarted(2))
    world.feed(ev.PlaybackFinished(2, "Noon."))
    assert says(world, "And the date?") == (Respond(3, 2, 0.3),)


def test_an_interruption_keeps_what_was_heard() -> None:
    world = asked()
    world.feed(ev.PlaybackStarted(2))
    started = world.at
    world.next_segment()
    world.feed(ev.PartlyHeard(2, "no the date"))
    world.feed(ev.PlaybackStopped(2, "It is noon in Paris.", "It is noon"))
    assert world.call.lines[-1] == Line(started, "agent", "It is noon in Paris.", "It is noon")
    world.feed(ev.SpeechStopped(2, 0.2))
    world.feed(ev.Heard(2, "No, the date."))
    assert world.feed(ev.TimerFired("endpoint")) == (Respond(3, 2, 0.3),)


def test_a_cough_over_the_agent_is_nothing() -> None:
    world = asked()
    world.feed(ev.PlaybackStarted(2))
    world.next_segment()
    assert world.call.state == "speaking"
    world.feed(ev.SpeechStopped(2, 0.2))
    assert world.feed(ev.Heard(2, "")) == (StopTimer("barge-in"), ResumeReply(2))


def test_a_cough_before_the_answer_does_not_cost_it() -> None:
    world = asked()
    world.next_segment()
    world.feed(ev.SpeechStopped(2, 0.2), after=0.3)
    assert world.feed(ev.Heard(2, "")) == (StopTimer("barge-in"), ResumeReply(2))
    assert len(world.call.lines) == 2


def test_a_failed_answer_is_a_warning_and_leaves_the_floor_open() -> None:
    world = asked()
    assert world.feed(ev.ReplyFailed(2, "the model is down")) == ()
    assert world.call.warnings[-1].text == "the model is down"
    assert world.call.turns.reply == 0
    assert world.feed(ev.ReplyFailed(2, "the model is down")) == (Ignored("ReplyFailed in active"),)


def test_ears_that_fail_heard_nothing() -> None:
    world = greeted()
    world.next_segment()
    world.feed(ev.SpeechStopped(1, 0.2))
    world.feed(ev.EarsFailed(1, "the service is down"))
    assert world.feed(ev.TimerFired("endpoint")) == ()
    assert [(warning.code, warning.text) for warning in world.call.warnings] == [("stt", "the service is down")]


def test_a_caller_who_interrupts_the_farewell_is_listened_to() -> None:
    world = asked()
    world.feed(ev.FarewellAsked(2))
    world.next_segment()
    world.feed(ev.PlaybackStopped(2, "Goodbye.", ""))
    assert (world.call.farewell, world.call.is_live) == (0, True)


def test_a_farewell_that_fails_still_ends_the_call() -> None:
    world = asked()
    world.feed(ev.FarewellAsked(2))
    assert Hangup() in world.feed(ev.ReplyFailed(2, "no voice"))
    assert world.call.end_reason == "hangup-agent"


def test_measurements_and_warnings_are_kept() -> None:
    world = greeted()
    world.feed(ev.TurnMeasured(1, {"wait": 500.0}))
    world.feed(ev.Warned("slow", "It is slow."))
    assert world.call.latency[0].stages == {"wait": 500.0}
    assert world.call.warnings[0].code == "slow"


def test_partial_words_are_kept_in_the_log_and_change_nothing() -> None:
    world = greeted()
    before = world.call
    assert world.feed(ev.PartlyHeard(1, "hello")) == ()
    assert world.call == before


def test_what_is_out_of_place_is_ignored() -> None:
    world = asked()
    for event in (placed(), arrived(), ev.CallEnded("completed"), ev.PlaybackStarted(7), ev.FarewellAsked(7)):
        assert world.feed(event) == (Ignored(f"{type(event).__name__} in active"),)
    world.feed(ev.EndAsked("a"))
    assert world.feed(ev.StreamStarted(StreamId("late"), "nonce")) == (Ignored("StreamStarted in ending"),)


def test_a_report_that_comes_twice_is_ignored() -> None:
    world = greeted()
    assert world.feed(ev.PlaybackFinished(1, "Good day.")) == (Ignored("PlaybackFinished in active"),)


def test_a_reply_without_words_leaves_no_line() -> None:
    world = asked()
    before = world.call.lines
    world.feed(ev.FarewellAsked(2))
    assert Hangup() in world.feed(ev.PlaybackFinished(2, ""))
    assert world.call.lines == before


def test_the_end_takes_the_floor_from_a_reply_that_is_held() -> None:
    world = asked()
    world.feed(ev.PlaybackStarted(2))
    world.next_segment()
    world.feed(ev.SpeechStopped(2, 0.2))
    world.feed(ev.EndAsked("a"))
    assert world.feed(ev.Heard(2, "")) == ()
    world.feed(ev.HangupAccepted())
    assert Acknowledge("a", {}) in world.feed(ev.PlaybackStopped(2, "It is noon.", "It"))
