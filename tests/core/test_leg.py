"""How calls end at the carrier, and what becomes of them after a restart."""

from __future__ import annotations

import msgspec
import pytest

from tests.core.world import LEG, World, about, arrived, placed
from voicecall.core import events as ev
from voicecall.core.call import Phase
from voicecall.core.draft import HANGUP_TRIES
from voicecall.core.effects import (
    Acknowledge,
    AskCarrier,
    Connect,
    Dial,
    Hangup,
    Ignored,
    Respond,
    Say,
    StartTimer,
    StopTimer,
)
from voicecall.core.ids import CarrierCallId, StreamId
from voicecall.core.rules import Capabilities, Route, Rules
from voicecall.core.step import begin, step

BACK = ev.StreamStarted(StreamId("stream-9"), "nonce-9")


def ringing(rules: Rules = Rules()) -> World:  # noqa: B008 - frozen
    world = World(placed(rules=rules))
    world.feed(ev.Dialled(LEG))
    world.feed(ev.Ringing())
    return world


def answered() -> World:
    world = ringing()
    world.feed(ev.Answered())
    return world


def active(beginning: ev.Placed | ev.Arrived | None = None) -> World:
    """A call whose opening line was heard."""
    world = World(beginning or placed())
    if world.call.carrier_call_id is None:
        world.feed(ev.Dialled(LEG))
    world.next_stream()
    world.feed(ev.PlaybackStarted(1))
    world.feed(ev.PlaybackFinished(1, "Good day."))
    return world


def ending() -> World:
    world = active()
    world.feed(ev.EndAsked("a"))
    return world


# --- every cause of an end


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        ("completed", "no-answer"),
        ("canceled", "no-answer"),
        ("busy", "busy"),
        ("no-answer", "no-answer"),
        ("voicemail", "voicemail"),
        ("rejected", "rejected"),
        ("failed", "failed"),
    ],
)
def test_the_carrier_ends_an_outbound_call_that_was_not_answered(cause: str, reason: str) -> None:
    world = ringing()
    effects = world.feed(ev.CarrierEnded(cause, "So it was."))  # type: ignore[arg-type]
    assert effects == (StopTimer("ring"), StopTimer("stale"), StartTimer("settle", 3.0), StopTimer("settle"))
    assert (world.call.end_reason, world.call.end_detail, world.call.phase) == (reason, "So it was.", Phase.ENDED)


@pytest.mark.parametrize("cause", ["completed", "canceled"])
def test_an_inbound_caller_gives_up(cause: str) -> None:
    world = World(arrived())
    world.feed(ev.CarrierEnded(cause))  # type: ignore[arg-type]
    assert (world.call.end_reason, world.call.end_detail) == ("hangup-user", None)


@pytest.mark.parametrize(
    ("beginning", "reason"),
    [(placed(), "hangup-user"), (arrived(), "hangup-user"), (placed(mode="notify"), "completed")],
)
def test_the_far_end_hangs_up(beginning: ev.Placed | ev.Arrived, reason: str) -> None:
    world = active(beginning)
    world.feed(ev.CarrierEnded("completed"))
    assert world.call.end_reason == reason


def test_a_notify_call_hung_up_before_the_message_was_heard_is_not_completed() -> None:
    world = World(placed(mode="notify"))
    world.feed(ev.Dialled(LEG))
    world.next_stream()
    world.feed(ev.PlaybackStarted(1))
    world.feed(ev.CarrierEnded("completed"))
    world.feed(ev.PlaybackStopped(1, "Good day.", "Good"))
    assert world.call.end_reason == "hangup-user"


def test_a_machine_that_hangs_up_was_a_voicemail() -> None:
    world = ringing(Rules(machine="message"))
    world.feed(ev.Answered(machine=True))
    world.feed(ev.CarrierEnded("completed"))
    assert world.call.end_reason == "voicemail"


def test_a_late_status_never_changes_the_end() -> None:
    world = ringing()
    world.feed(ev.CarrierEnded("busy"))
    for event in (ev.CarrierEnded("completed"), ev.Answered(), ev.Ringing(), ev.Dialled(LEG), ev.HangupAccepted()):
        assert world.feed(event) == (Ignored(f"{type(event).__name__} after the end"),)
    assert world.call.end_reason == "busy"


def test_statuses_in_any_order_go_forward_only() -> None:
    world = answered()
    assert world.feed(ev.Ringing()) == (Ignored("Ringing in answered"),)
    world.next_stream()
    assert world.feed(ev.Answered()) == (Ignored("Answered in active"),)
    assert world.feed(ev.Dialled(CarrierCallId("another"))) == (Ignored("Dialled in active"),)


def test_a_stream_is_proof_of_an_answer() -> None:
    world = active()
    assert world.call.answered_at is not None


def test_the_dial_fails() -> None:
    world = World(placed())
    assert world.feed(ev.DialFailed("no such number")) == (StartTimer("settle", 3.0), StopTimer("settle"))
    assert (world.call.end_reason, world.call.end_detail) == ("failed", "no such number")


def test_a_call_that_was_ended_is_dialled_nowhere_else() -> None:
    world = World(msgspec.structs.replace(placed(), routes=(Route("other", "+15550107777", Capabilities()),)))
    world.feed(ev.EndAsked("a"))
    assert Dial() not in world.feed(ev.DialFailed("it ended before", certain=True))


def test_another_route_is_tried_where_the_first_surely_did_not_dial() -> None:
    can = Capabilities(redirects=True)
    beginning = msgspec.structs.replace(placed(), routes=(Route("another", "+15550108888", can),))
    call, _ = begin(beginning, 0.0)
    call, effects = step(call, ev.DialFailed("no room", certain=True), 1.0)
    assert effects == (Dial(),)
    assert (call.carrier, call.from_, call.rules.can, call.routes) == ("another", "+15550108888", can, ())
    assert call.warnings[0].code == "carrier-passed"
    call, _ = step(call, ev.DialFailed("no room", certain=True), 2.0)
    assert (call.end_reason, call.end_detail) == ("failed", "no room")


def test_no_other_route_is_tried_where_the_first_may_have_dialled() -> None:
    beginning = msgspec.structs.replace(placed(), routes=(Route("another", "+15550108888", Capabilities()),))
    call, _ = begin(beginning, 0.0)
    call, effects = step(call, ev.DialFailed("timed out"), 1.0)
    assert Dial() not in effects
    assert call.end_reason == "failed"


def test_a_dial_whose_answer_was_lost_but_that_rings_did_not_fail() -> None:
    world = ringing()
    assert world.feed(ev.DialFailed("timed out")) == (Ignored("DialFailed in ringing"),)


def test_an_end_asked_before_the_carrier_named_the_leg_hangs_up_once_it_does() -> None:
    world = World(placed())
    world.feed(ev.EndAsked("a"))
    assert world.feed(ev.Dialled(LEG)) == (Hangup(),)
    assert world.feed(ev.HangupAccepted())[-1] == Acknowledge("a", {})


def test_an_end_asked_before_the_dial_fails_is_done() -> None:
    world = World(placed())
    world.feed(ev.EndAsked("a"))
    assert world.feed(ev.DialFailed("no such number"))[-1] == Acknowledge("a", {})
    assert world.call.end_reason == "hangup-agent"


def test_a_call_that_was_accepted_before_it_was_named_is_waited_for_no_longer_because_of_its_name() -> None:
    world = World(placed())
    assert world.feed(ev.Dialled(CarrierCallId(""))) == (StartTimer("ring", 35.0), StartTimer("stale", 120.0))
    assert world.feed(ev.Dialled(LEG), after=3.0) == ()
    assert world.call.carrier_call_id == LEG


# --- hanging up


def test_a_hangup_that_fails_is_tried_again() -> None:
    world = ending()
    for _ in range(HANGUP_TRIES - 1):
        assert world.feed(ev.HangupFailed("503")) == (StartTimer("hangup", 2.0),)
        assert world.feed(ev.TimerFired("hangup"), after=2.0) == (Hangup(),)
    assert world.feed(ev.HangupFailed("503")) == (
        StartTimer("settle", 3.0),
        StopTimer("settle"),
        Acknowledge("a", {}),
    )
    assert [warning.code for warning in world.call.warnings] == ["hangup-failed"] * HANGUP_TRIES


def test_no_hangup_follows_once_the_leg_is_gone() -> None:
    world = active()
    world.next_segment()
    world.feed(ev.EndAsked("a"))
    world.feed(ev.HangupFailed("503"))
    assert world.feed(ev.CarrierEnded("completed")) == (StopTimer("hangup"), StartTimer("settle", 3.0))
    assert world.feed(ev.HangupFailed("404")) == (Ignored("HangupFailed in ending"),)


def test_nobody_confirms_the_hangup() -> None:
    world = ending()
    assert world.feed(ev.TimerFired("settle"), after=30.0) == (Acknowledge("a", {}),)
    assert world.call.is_over


def test_answers_to_what_was_not_asked_are_weather() -> None:
    world = active()
    for event in (ev.HangupAccepted(), ev.HangupFailed("503"), ev.CarrierAsked("gone")):
        assert world.feed(event) == (Ignored(f"{type(event).__name__} in active"),)


def test_the_end_waits_for_the_last_words() -> None:
    world = active()
    world.next_segment()
    assert world.feed(ev.CarrierEnded("completed")) == (StopTimer("max-duration"), StartTimer("settle", 3.0))
    assert world.feed(ev.SpeechStarted(2)) == (Ignored("SpeechStarted in ending"),)
    world.feed(ev.SpeechStopped(1, 0.0))
    assert world.call.phase is Phase.ENDING
    assert world.feed(ev.Heard(1, "Bye.")) == (
        StartTimer("endpoint", about(0.29)),
        StopTimer("endpoint"),
        StopTimer("settle"),
    )
    assert (world.call.lines[-1].text, world.call.ended_at) == ("Bye.", world.at)


def test_last_words_that_do_not_come_are_not_waited_for_longer() -> None:
    world = active()
    world.next_segment()
    world.feed(ev.CarrierEnded("completed"))
    world.feed(ev.TimerFired("settle"), after=3.0)
    assert world.call.is_over


def test_a_turn_that_ends_while_the_call_does_is_not_answered() -> None:
    world = active()
    world.next_segment()
    world.feed(ev.EndAsked("a"))
    world.feed(ev.SpeechStopped(1, 0.2), after=1.0)
    world.feed(ev.Heard(1, "Wait, please."))
    assert world.feed(ev.TimerFired("endpoint")) == ()
    assert world.call.lines[-1].text == "Wait, please."


# --- after a restart


def test_a_call_that_was_being_dialled_is_not_dialled_again() -> None:
    world = World(placed())
    assert world.feed(ev.Adopted("b")) == (StartTimer("settle", 3.0), StopTimer("settle"))
    assert (world.call.end_reason, world.call.is_over) == ("stale-timeout", True)


def test_a_call_that_rings_is_asked_after() -> None:
    world = ringing()
    assert world.feed(ev.Adopted("b"), after=10.0) == (AskCarrier(), StartTimer("stale", about(109.98)))
    assert world.feed(ev.CarrierAsked("alive")) == (StartTimer("ring", about(19.97)),)
    world.feed(ev.TimerFired("ring"), after=25.0)
    assert world.call.end_reason == "no-answer"


def test_a_call_of_which_the_carrier_reports_nothing_ends_with_a_warning() -> None:
    world = World(placed())
    world.feed(ev.Dialled(LEG))
    world.feed(ev.TimerFired("ring"), after=35.0)
    assert (world.call.end_reason, [one.code for one in world.call.warnings]) == ("no-answer", ["unreported"])
    rang = ringing()
    rang.feed(ev.TimerFired("ring"), after=35.0)
    assert (rang.call.end_reason, rang.call.warnings) == ("no-answer", ())


def test_a_call_that_rings_ends_even_where_none_is_stale() -> None:
    world = ringing(Rules(stale=0))
    assert world.feed(ev.Adopted("b"), after=60.0) == (AskCarrier(),)
    assert world.feed(ev.CarrierAsked("alive")) == (StartTimer("ring", 0.0),)


def test_an_inbound_call_not_answered_yet_waits_for_its_stream() -> None:
    world = World(arrived(rules=Rules(stale=0)))
    world.feed(ev.Adopted("b"))
    assert world.feed(ev.CarrierAsked("alive")) == (StartTimer("stream-start", 10.0),)


def test_an_answered_call_waits_for_its_stream_as_long_as_it_may_last() -> None:
    world = answered()
    assert world.feed(ev.Adopted("b"), after=100.0) == (AskCarrier(), StartTimer("max-duration", about(200.0)))
    assert world.feed(ev.CarrierAsked("alive")) == (StartTimer("stream-start", 10.0),)
    assert world.feed(ev.DocumentAsked()) == (Connect(), StartTimer("stream-start", 10.0))
    assert world.feed(BACK) == (StopTimer("stream-start"), Say(1, "Good day."))


def test_a_leg_that_can_be_redirected_is_given_a_new_stream_after_a_restart() -> None:
    world = active(placed(rules=Rules(can=Capabilities(redirects=True))))
    world.feed(ev.Adopted("b"))
    assert world.feed(ev.CarrierAsked("alive")) == (Connect(), StartTimer("stream-start", 10.0))
    assert world.feed(BACK) == (StopTimer("stream-start"),)


def test_an_active_call_that_was_greeted_goes_on() -> None:
    world = active()
    world.feed(ev.Adopted("b"))
    assert world.feed(BACK) == ()
    assert world.feed(ev.CarrierAsked("alive")) == (Ignored("CarrierAsked in active"),)


def test_an_opening_line_cut_by_the_restart_is_said_again() -> None:
    world = World(arrived())
    world.next_stream()
    world.feed(ev.Adopted("b"))
    assert world.call.greeting_state == "pending"
    assert world.feed(BACK) == (Say(2, "Good day."),)


def test_a_question_that_the_restart_left_unanswered_is_answered() -> None:
    world = active()
    world.next_segment()
    world.feed(ev.SpeechStopped(1, 0.2))
    world.feed(ev.Heard(1, "What time is it?"))
    world.feed(ev.Adopted("b"))
    assert world.call.lines[-1].text == "What time is it?"
    assert world.feed(BACK) == (Respond(2, 0),)


def test_a_notify_call_whose_message_was_heard_ends_after_a_restart() -> None:
    world = active(placed(mode="notify"))
    world.feed(ev.Adopted("b"))
    assert world.feed(BACK) == (StartTimer("notify", 3.0),)


@pytest.mark.parametrize("start", [ringing, answered, active])
def test_a_call_that_the_carrier_no_longer_knows_is_over(start: type[World]) -> None:
    world = start()  # type: ignore[call-arg]
    world.feed(ev.Adopted("b"))
    effects = world.feed(ev.CarrierAsked("gone"))
    assert Hangup() not in effects
    assert (world.call.end_reason, world.call.is_over) == ("stale-timeout", True)


@pytest.mark.parametrize("start", [ringing, answered, active])
def test_a_carrier_that_cannot_say_is_asked_again(start: type[World]) -> None:
    world = start()  # type: ignore[call-arg]
    world.feed(ev.Adopted("b"))
    assert world.feed(ev.CarrierAsked("unknown")) == (StartTimer("ask", 5.0),)
    assert world.feed(ev.TimerFired("ask"), after=5.0) == (AskCarrier(),)
    world.feed(ev.CarrierAsked("gone"))
    assert world.call.is_over


def test_a_stream_that_comes_back_answers_for_the_carrier() -> None:
    world = active()
    world.feed(ev.Adopted("b"))
    world.feed(ev.CarrierAsked("unknown"))
    assert world.feed(BACK) == (StopTimer("ask"),)


def test_a_hangup_that_the_restart_may_have_cut_is_repeated() -> None:
    world = ending()
    assert world.feed(ev.Adopted("b")) == (StartTimer("settle", 13.0), Hangup())
    world.feed(ev.HangupAccepted())
    assert (world.call.end_reason, world.call.is_over) == ("hangup-agent", True)


def test_a_call_whose_leg_was_gone_is_over_after_a_restart() -> None:
    world = active()
    world.next_segment()
    world.feed(ev.CarrierEnded("completed"))
    assert world.feed(ev.Adopted("b")) == (StartTimer("settle", 13.0), StopTimer("settle"))
    assert (world.call.end_reason, world.call.is_over) == ("hangup-user", True)
