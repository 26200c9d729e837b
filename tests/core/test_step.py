"""What is asked of a call, and what its timers do."""

from __future__ import annotations

import pytest

from tests.core.scenes import STREAM, asked, greeted, says
from tests.core.world import LEG, World, placed
from voicecall.core import events as ev
from voicecall.core.draft import longest
from voicecall.core.effects import (
    Acknowledge,
    AskCarrier,
    CancelReply,
    Connect,
    Hangup,
    Ignored,
    Refuse,
    Respond,
    Say,
    SendDigits,
    StartTimer,
    StopTimer,
)
from voicecall.core.ids import CarrierCallId, StreamId
from voicecall.core.rules import Rules

# --- operations


def test_speak_is_done_when_it_was_heard() -> None:
    world = greeted()
    assert world.feed(ev.SpeakAsked("a", "One moment.")) == (Say(2, "One moment."),)
    world.feed(ev.PlaybackStarted(2))
    assert world.feed(ev.PlaybackFinished(2, "One moment.")) == (Acknowledge("a", {"heard": True}),)


def test_speak_that_was_interrupted_was_not_heard() -> None:
    world = greeted()
    world.feed(ev.SpeakAsked("a", "One moment."))
    world.feed(ev.PlaybackStarted(2))
    world.next_segment()
    world.feed(ev.TimerFired("barge-in"))
    assert world.feed(ev.PlaybackStopped(2, "One moment.", "One")) == (Acknowledge("a", {"heard": False}),)


def test_speak_that_cannot_be_spoken_is_refused() -> None:
    world = greeted()
    world.feed(ev.SpeakAsked("a", "One moment."))
    assert world.feed(ev.ReplyFailed(2, "no voice")) == (Refuse("a", "speech", "no voice"),)


def test_speak_before_the_answer_waits_until_the_opening_line_was_heard() -> None:
    world = World(placed())
    assert world.feed(ev.SpeakAsked("a", "One moment.")) == ()
    world.feed(ev.Dialled(LEG))
    assert world.feed(STREAM)[-1] == Say(2, "Good day.")
    world.feed(ev.PlaybackStarted(2))
    world.feed(ev.PlaybackConfirmed(2))
    assert world.feed(ev.PlaybackFinished(2, "Good day.")) == (Say(1, "One moment."),)


def test_continue_has_the_answer_of_the_caller() -> None:
    world = greeted()
    assert world.feed(ev.ContinueAsked("a", "And your name?")) == (Say(2, "And your name?"),)
    world.feed(ev.PlaybackStarted(2))
    assert world.feed(ev.PlaybackFinished(2, "And your name?")) == (StartTimer("answer", 180.0),)
    assert says(world, "Ada Lovelace.") == (StopTimer("answer"), Acknowledge("a", {"transcript": "Ada Lovelace."}))


def test_continue_has_an_answer_that_interrupts_the_question() -> None:
    world = greeted()
    world.feed(ev.ContinueAsked("a", "And your name?"))
    world.feed(ev.PlaybackStarted(2))
    world.next_segment()
    world.feed(ev.TimerFired("barge-in"))
    world.feed(ev.PlaybackStopped(2, "And your name?", "And your"))
    world.feed(ev.SpeechStopped(1, 0.2))
    world.feed(ev.Heard(1, "Ada."))
    assert world.feed(ev.TimerFired("endpoint")) == (
        StopTimer("answer"),
        Acknowledge("a", {"transcript": "Ada."}),
    )


def test_what_was_said_before_the_question_is_not_its_answer() -> None:
    world = greeted()
    world.next_segment()
    assert world.feed(ev.ContinueAsked("a", "And your name?")) == ()
    world.feed(ev.SpeechStopped(1, 0.2))
    world.feed(ev.Heard(1, "What time is it?"))
    assert world.feed(ev.TimerFired("endpoint")) == (Respond(3, 1, 0.3),)
    world.feed(ev.PlaybackStarted(3))
    assert world.feed(ev.PlaybackFinished(3, "Noon.")) == (Say(2, "And your name?"),)


def test_continue_times_out() -> None:
    world = greeted()
    world.feed(ev.ContinueAsked("a", "And your name?"))
    world.feed(ev.PlaybackFinished(2, "And your name?"))
    assert world.feed(ev.TimerFired("answer"), after=180.0) == (Acknowledge("a", {"transcript": "", "timedOut": True}),)


def test_a_question_that_cannot_be_spoken_is_refused() -> None:
    world = greeted()
    world.feed(ev.ContinueAsked("a", "And your name?"))
    assert world.feed(ev.ReplyFailed(2, "no voice")) == (Refuse("a", "speech", "no voice"),)


def test_one_continue_at_a_time() -> None:
    world = greeted()
    world.feed(ev.ContinueAsked("a", "And your name?"))
    (refusal,) = world.feed(ev.ContinueAsked("b", "And your age?"))
    assert isinstance(refusal, Refuse)
    assert (refusal.operation, refusal.code) == ("b", "refused")


@pytest.mark.parametrize(
    ("error", "answer"), [("", Acknowledge("a", {})), ("unsupported", Refuse("a", "carrier", "unsupported"))]
)
def test_digits_are_sent_for_whoever_asked(error: str, answer: Acknowledge | Refuse) -> None:
    world = greeted()
    assert world.feed(ev.DigitsAsked("a", "1w2")) == (SendDigits("a", "1w2"),)
    assert world.feed(ev.DigitsSent("a", error)) == (answer,)
    assert world.feed(ev.DigitsSent("a", error)) == (Ignored("DigitsSent in active"),)


def test_end_cuts_the_agent_short_and_waits_for_what_was_heard() -> None:
    world = asked()
    world.feed(ev.PlaybackStarted(2))
    assert world.feed(ev.EndAsked("a")) == (
        StopTimer("max-duration"),
        CancelReply(2),
        StartTimer("settle", 30.0),
        Hangup(),
    )
    assert world.call.state == "active"
    assert world.feed(ev.EndAsked("b")) == ()
    assert world.feed(ev.HangupAccepted()) == (StartTimer("settle", 3.0),)
    assert world.feed(ev.CarrierEnded("completed")) == (Ignored("CarrierEnded in ending"),)
    assert world.feed(ev.PlaybackStopped(2, "It is noon.", "It is")) == (
        StopTimer("settle"),
        Acknowledge("a", {}),
        Acknowledge("b", {}),
    )
    assert (world.call.end_reason, world.call.lines[-1].heard) == ("hangup-agent", "It is")


@pytest.mark.parametrize(
    "event", [ev.SpeakAsked("a", "Wait."), ev.ContinueAsked("a", "Wait."), ev.DigitsAsked("a", "1")]
)
def test_nothing_more_can_be_asked_of_a_call_that_ends(event: ev.Event) -> None:
    world = asked()
    world.feed(ev.EndAsked("e"))
    assert world.feed(event) == (Refuse("a", "call-over", "the call is ending: hangup-agent"),)
    world.finish()
    assert world.feed(event) == (Refuse("a", "call-over", "the call ended: hangup-agent"),)
    assert world.feed(ev.EndAsked("f")) == (Acknowledge("f", {}),)
    assert world.feed(ev.CallEnded("hangup-agent")) == (Ignored("CallEnded after the end"),)


def test_whoever_still_waits_at_the_end_is_told_so() -> None:
    world = greeted()
    world.feed(ev.DigitsAsked("d", "1"))
    world.feed(ev.ContinueAsked("c", "And your name?"))
    world.feed(ev.SpeakAsked("s", "One moment."))
    effects = world.feed(ev.CarrierEnded("completed"))
    assert effects == (StopTimer("max-duration"), CancelReply(2), StartTimer("settle", 3.0))
    gone = "the call ended: hangup-user"
    assert world.feed(ev.PlaybackStopped(2, "And your name?", "")) == (
        StartTimer("answer", 180.0),
        StopTimer("answer"),
        StopTimer("settle"),
        Refuse("s", "call-over", gone),
        Refuse("d", "call-over", gone),
        Refuse("c", "call-over", gone),
    )


def test_a_caller_who_answers_and_hangs_up_has_answered() -> None:
    world = greeted()
    world.feed(ev.ContinueAsked("a", "And your name?"))
    world.feed(ev.PlaybackFinished(2, "And your name?"))
    world.next_segment()
    world.feed(ev.CarrierEnded("completed"))
    world.feed(ev.SpeechStopped(1, 0.0))
    assert Acknowledge("a", {"transcript": "Ada, bye."}) in world.feed(ev.Heard(1, "Ada, bye."))
    assert world.call.lines[-1].text == "Ada, bye."


# --- timers


def test_an_unanswered_call_rings_so_long() -> None:
    world = World(placed())
    world.feed(ev.Dialled(LEG))
    assert world.feed(ev.TimerFired("ring"), after=35.0) == (
        StopTimer("stale"),
        StartTimer("settle", 30.0),
        Hangup(),
    )
    assert world.call.end_reason == "no-answer"
    assert world.call.state == "initiated"


def test_a_dial_that_waits_for_its_turn_takes_no_time() -> None:
    world = World(placed())
    assert world.timers == {}
    assert world.feed(ev.Dialled(LEG), after=600.0) == (StartTimer("ring", 35.0), StartTimer("stale", 120.0))


def test_a_call_that_was_answered_before_the_dial_was_confirmed_does_not_ring() -> None:
    world = World(placed())
    world.feed(ev.Answered())
    assert world.feed(ev.Dialled(LEG)) == ()


def test_a_stale_call_that_the_carrier_never_named_ends() -> None:
    world = World(placed())
    assert world.feed(ev.Dialled(CarrierCallId(""))) == (StartTimer("ring", 35.0), StartTimer("stale", 120.0))
    world.feed(ev.TimerFired("stale"), after=120.0)
    assert (world.call.end_reason, world.call.end_detail) == ("stale-timeout", "The carrier never named the call.")
    assert world.feed(ev.Dialled(LEG)) == (Hangup(),)


@pytest.mark.parametrize("answer", ["alive", "unknown", "gone"])
def test_a_stale_call_ends_once_the_carrier_was_asked(answer: str) -> None:
    world = World(placed())
    world.feed(ev.Dialled(LEG))
    assert world.feed(ev.TimerFired("stale"), after=120.0) == (AskCarrier(),)
    effects = world.feed(ev.CarrierAsked(answer))  # type: ignore[arg-type]
    assert (Hangup() in effects) == (answer != "gone")
    assert world.call.end_reason == "stale-timeout"


def test_a_call_answered_while_the_carrier_is_asked_is_not_stale() -> None:
    world = World(placed())
    world.feed(ev.Dialled(LEG))
    world.feed(ev.TimerFired("stale"), after=120.0)
    world.feed(ev.Answered())
    assert world.feed(ev.CarrierAsked("alive")) == (Ignored("CarrierAsked in answered"),)


def test_no_call_is_stale_where_that_is_off() -> None:
    world = World(placed(rules=Rules(stale=0)))
    assert world.feed(ev.Dialled(LEG)) == (StartTimer("ring", 35.0),)


def test_an_answered_call_without_a_stream_ends() -> None:
    world = World(placed())
    world.feed(ev.Dialled(LEG))
    world.feed(ev.Answered())
    assert Hangup() in world.feed(ev.TimerFired("stream-start"), after=10.0)
    assert world.call.end_reason == "error"


def test_a_stream_that_drops_may_come_back() -> None:
    world = asked()
    assert world.feed(ev.StreamStopped(StreamId("stream-1"))) == (StartTimer("stream-grace", 2.0),)
    assert world.feed(ev.StreamStopped(StreamId("stream-1"))) == (Ignored("StreamStopped in active"),)
    assert world.feed(ev.DocumentAsked()) == (
        StopTimer("stream-grace"),
        Connect(),
        StartTimer("stream-start", 10.0),
    )
    assert world.feed(ev.StreamStarted(StreamId("stream-2"), "nonce-2")) == (StopTimer("stream-start"),)
    assert world.call.turns.reply == 2


@pytest.mark.parametrize(("answer", "reason"), [("gone", "hangup-user"), ("alive", "error"), ("unknown", "error")])
def test_a_stream_that_stays_away_ends_the_call(answer: str, reason: str) -> None:
    world = greeted()
    world.feed(ev.StreamStopped(StreamId("stream-1")))
    assert world.feed(ev.TimerFired("stream-grace"), after=2.0) == (AskCarrier(),)
    effects = world.feed(ev.CarrierAsked(answer))  # type: ignore[arg-type]
    assert world.call.end_reason == reason
    assert (Hangup() in effects) == (answer != "gone")


def test_a_silent_call_ends_at_its_longest_duration() -> None:
    world = greeted()
    assert Hangup() in world.feed(ev.TimerFired("max-duration"), after=300.0)
    assert (world.call.end_reason, world.call.end_detail) == ("timeout", "The call reached its longest duration.")


def test_the_last_sentence_is_finished() -> None:
    world = asked()
    world.feed(ev.PlaybackStarted(2))
    assert world.feed(ev.TimerFired("max-duration"), after=300.0) == (StartTimer("last-sentence", 10.0),)
    assert Hangup() in world.feed(ev.PlaybackFinished(2, "It is noon."), after=5.0)
    assert world.call.end_reason == "timeout"


def test_no_call_takes_longer_than_the_longest() -> None:
    rules = Rules(ring_timeout=50.0, stale=40.0)
    world = World(placed(objective="Book a table.", rules=rules))
    world.feed(ev.Dialled(LEG))
    begun = world.at
    world.feed(ev.Answered(), after=rules.ring_timeout + 4.9)
    world.feed(ev.DocumentAsked())
    world.feed(ev.StreamStarted(StreamId("s"), "nonce"))
    world.feed(ev.PlaybackStarted(1))
    world.feed(ev.PlaybackFinished(1, "Good day."))
    says(world, "For two.")
    world.feed(ev.PlaybackStarted(2))
    for timer in ("max-duration", "last-sentence", "settle", "conclude"):
        assert not world.call.is_over
        world.fire(timer)
    assert world.call.is_over
    assert longest(rules) - 5 < world.at - begun <= longest(rules)


def test_the_last_sentence_takes_no_longer_than_it_may() -> None:
    world = asked()
    world.feed(ev.PlaybackStarted(2))
    world.feed(ev.TimerFired("max-duration"), after=300.0)
    assert CancelReply(2) in world.feed(ev.TimerFired("last-sentence"), after=10.0)
    assert world.call.end_reason == "timeout"


def test_a_last_sentence_that_is_interrupted_was_the_last() -> None:
    world = asked()
    world.feed(ev.PlaybackStarted(2))
    world.next_segment()
    world.feed(ev.TimerFired("max-duration"), after=300.0)
    world.feed(ev.TimerFired("barge-in"))
    assert Hangup() in world.feed(ev.PlaybackStopped(2, "It is noon.", "It"))
    assert world.call.end_reason == "timeout"


def test_timers_that_were_stopped_say_nothing() -> None:
    world = greeted()
    for name in ("ring", "stale", "stream-start", "settle", "no-such-timer"):
        assert world.feed(ev.TimerFired(name)) == (Ignored("TimerFired in active"),)


def test_a_message_call_ends_only_after_what_else_was_to_be_said() -> None:
    world = greeted(placed(mode="notify"))
    world.feed(ev.SpeakAsked("a", "One moment."))
    assert world.feed(ev.TimerFired("notify"), after=3.0) == (StartTimer("notify", 3.0),)
    world.feed(ev.PlaybackFinished(2, "One moment."))
    assert Hangup() in world.feed(ev.TimerFired("notify"), after=3.0)
    assert world.call.end_reason == "completed"


def test_a_machine_is_heard_out_before_the_message() -> None:
    world = World(placed(mode="notify", rules=Rules(machine="message", machine_message="Call us back.")))
    world.feed(ev.Dialled(LEG))
    world.feed(ev.Answered(machine=True))
    assert world.feed(STREAM) == (StopTimer("stream-start"), StartTimer("machine", 8.0))
    assert world.feed(ev.SpeechStarted(1, 0.2)) == (StopTimer("machine"),)
    world.feed(ev.SpeechStopped(1, 0.2))
    world.feed(ev.Heard(1, "Leave a message."))
    assert world.feed(ev.TimerFired("endpoint")) == (StartTimer("machine", 2.0),)
    assert world.feed(ev.TimerFired("machine")) == (Say(1, "Call us back."),)
    world.feed(ev.PlaybackStarted(1))
    world.feed(ev.PlaybackConfirmed(1))
    assert world.feed(ev.PlaybackFinished(1, "Call us back.")) == (StartTimer("notify", 3.0),)
    assert world.feed(ev.Answered(machine=True)) == (Ignored("Answered in active"),)
    assert Hangup() in world.feed(ev.TimerFired("notify"))
    assert world.call.end_reason == "voicemail"


def test_the_beep_of_a_machine_does_not_keep_the_message_waiting() -> None:
    world = World(placed(rules=Rules(machine="message")))
    world.feed(ev.Dialled(LEG))
    world.feed(ev.Answered(machine=True))
    world.feed(STREAM)
    world.feed(ev.SpeechStarted(1, 0.2))
    world.feed(ev.SpeechStopped(1, 0.2))
    world.feed(ev.Heard(1, ""))
    assert world.feed(ev.TimerFired("endpoint")) == (StartTimer("machine", 2.0),)


def test_a_machine_is_hung_up_on() -> None:
    world = World(placed(rules=Rules(machine="hangup")))
    world.feed(ev.Dialled(LEG))
    assert Hangup() in world.feed(ev.Answered(machine=True))
    assert world.call.end_reason == "voicemail"
    assert world.feed(ev.Answered(machine=True)) == (Ignored("Answered in ending"),)


def test_a_crash_ends_the_call() -> None:
    world = greeted()
    assert Hangup() in world.feed(ev.Crashed("a fault"))
    assert (world.call.end_reason, world.call.end_detail) == ("error", "a fault")
