"""Keys that the caller presses, and what the agent wishes besides speaking."""

from __future__ import annotations

import pytest

from tests.core.scenes import STREAM, asked, dropped, greeted
from tests.core.world import World, arrived
from voicecall.core import events as ev
from voicecall.core.call import Line, Outcome, Phase
from voicecall.core.effects import Acknowledge, CancelReply, Respond, Say, SendDigits, StartTimer, StopTimer
from voicecall.core.record import record
from voicecall.core.rules import Rules, TurnRules


def test_keys_are_collected_until_none_comes_for_a_while() -> None:
    world = greeted()
    assert world.feed(ev.DigitPressed("4")) == (StartTimer("keys", 2.0),)
    assert world.feed(ev.DigitPressed("2")) == (StartTimer("keys", 2.0),)
    assert world.feed(ev.TimerFired("keys")) == (Respond(2, 1),)
    assert world.call.lines[-1] == Line(world.at, "caller", "42", keys=True)
    assert record(world.call)["transcript"][-1]["keys"] is True
    world.finish()


def test_a_key_can_end_the_entry_and_is_no_part_of_it() -> None:
    world = greeted()
    world.feed(ev.DigitPressed("4"))
    assert world.feed(ev.DigitPressed("#")) == (StopTimer("keys"), Respond(2, 1))
    assert world.call.lines[-1].text == "4"
    world.finish()


def test_the_key_that_ends_entries_is_one_by_itself() -> None:
    world = greeted()
    assert world.feed(ev.DigitPressed("#")) == (Respond(2, 1),)
    assert world.call.lines[-1].text == "#"
    world.finish()


def test_an_entry_of_known_length_is_complete_with_its_last_key() -> None:
    world = World(arrived(rules=Rules(turns=TurnRules(digits_count=2)), greeting=""))
    world.feed(STREAM)
    world.feed(ev.DigitPressed("4"))
    assert world.feed(ev.DigitPressed("2")) == (StopTimer("keys"), Respond(1, 1))
    world.finish()


def test_the_first_key_stops_the_agent() -> None:
    world = asked()
    world.feed(ev.PlaybackStarted(2))
    assert world.feed(ev.DigitPressed("1")) == (CancelReply(2), StartTimer("keys", 2.0))
    world.feed(ev.PlaybackStopped(2, "For sales press one.", "For sales"))
    assert world.feed(ev.TimerFired("keys")) == (Respond(3, 2),)
    world.finish()


def test_keys_answer_whoever_waits_for_the_caller() -> None:
    world = greeted()
    world.feed(ev.ContinueAsked("one", "Your code?"))
    world.feed(ev.PlaybackStarted(2))
    world.feed(ev.PlaybackFinished(2, "Your code?"))
    world.feed(ev.DigitPressed("7"))
    assert Acknowledge("one", {"transcript": "7"}) in world.feed(ev.TimerFired("keys"))
    world.finish()


def test_keys_before_the_media_stream_are_nothing() -> None:
    world = World(arrived())
    assert world.feed(ev.DigitPressed("1")) == ()
    assert world.call.phase is not Phase.ACTIVE
    world.finish()


@pytest.mark.parametrize(
    "end", [ev.CarrierEnded("completed"), ev.EndAsked("one"), ev.Crashed("a fault"), ev.Adopted("another")]
)
def test_keys_that_make_no_entry_any_more_are_on_record_once(end: ev.Event) -> None:
    world = greeted()
    world.feed(ev.DigitPressed("4"))
    world.feed(end)
    world.finish()
    assert [line.text for line in world.call.lines if line.keys] == ["4"]


def test_the_agent_answers_keys_of_before_a_restart() -> None:
    world = greeted()
    world.feed(ev.DigitPressed("4"))
    world.feed(ev.Adopted("another"))
    world.feed(ev.CarrierAsked("alive"))
    world.next_stream()
    assert world.replies == {2: "due"}
    world.finish()


def test_a_stream_that_comes_back_while_keys_are_entered_has_nothing_answered_yet() -> None:
    world = asked()
    world.feed(ev.PlaybackStarted(2))
    world.feed(ev.DigitPressed("1"))
    world.feed(ev.PlaybackStopped(2, "For sales press one.", ""))
    dropped(world)
    world.next_stream()
    assert world.call.turns.reply == 0
    assert world.feed(ev.TimerFired("keys")) == (Respond(3, 2, None),)
    world.finish()


# --- what the agent wishes


def test_keys_of_the_agent_that_are_under_way_at_the_end_are_refused_to_nobody() -> None:
    world = asked()
    world.feed(ev.KeysWanted(2, "1"))
    world.feed(ev.CarrierEnded("completed"))
    world.finish()
    assert world.call.is_over


def test_the_agent_has_keys_sent() -> None:
    world = asked()
    assert world.feed(ev.KeysWanted(2, "1w2")) == (SendDigits("agent 2", "1w2"),)
    world.feed(ev.DigitsSent("agent 2"))
    assert (world.call.presses, world.call.warnings) == ((), ())
    world.finish()


def test_keys_that_could_not_be_sent_for_the_agent_are_a_warning() -> None:
    world = asked()
    world.feed(ev.KeysWanted(2, "1"))
    world.feed(ev.DigitsSent("agent 2", error="no"))
    assert [warning.text for warning in world.call.warnings] == ["The agent's digits could not be sent: no"]
    world.finish()
    world.feed(ev.KeysWanted(2, "1"))


def test_keys_that_the_agent_wants_while_the_call_ends_are_not_sent() -> None:
    world = asked()
    world.feed(ev.EndAsked("one"))
    assert not any(isinstance(effect, SendDigits) for effect in world.feed(ev.KeysWanted(2, "1")))
    assert not any(isinstance(effect, Say) for effect in world.feed(ev.Volunteered("Too late.")))
    world.finish()


def test_the_last_outcome_that_the_agent_notes_is_on_record() -> None:
    world = asked()
    assert "outcome" not in record(world.call)
    world.feed(ev.OutcomeNoted("maybe"))
    world.feed(ev.OutcomeNoted("booked", "A table for two.", {"seats": 2}))
    assert world.call.outcome == Outcome("booked", "A table for two.", {"seats": 2})
    told = {"disposition": "booked", "summary": "A table for two.", "data": {"seats": 2}, "evidence": []}
    assert record(world.call)["outcome"] == told
    world.finish()


def test_what_the_agent_volunteers_is_said_at_the_next_pause() -> None:
    world = asked()
    world.feed(ev.PlaybackStarted(2))
    assert world.feed(ev.Volunteered("It is on its way.")) == ()
    assert world.feed(ev.PlaybackFinished(2, "Let me see.")) == (Say(3, "It is on its way."),)
    world.finish()
    assert len(world.feed(ev.Volunteered("Too late."))) == 1
