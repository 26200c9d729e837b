"""What came of a call: when its agent is asked, what stays of its notes, and that nobody waits for it for ever."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.scenes import asked, connected, greeted, says
from tests.core.world import LEG, World, placed
from voicecall.core import events as ev
from voicecall.core.call import Phase
from voicecall.core.effects import Acknowledge, Conclude, Ignored, Refuse, StartTimer, StopTimer
from voicecall.core.record import record, replay
from voicecall.core.rules import Capabilities, Rules
from voicecall.core.utterances import Evidence

SCHEMA: dict[str, Any] = {"type": "object", "properties": {"guests": {"type": "integer"}}}
WANTED = placed(objective="Book a table for two.", schema=SCHEMA)
GIVEN = ev.Concluded("A table for two.", {"guests": 2}, (Evidence("guests", 1, "for two"),))


def talked(beginning: ev.Placed = WANTED) -> World:
    """A call whose caller has said something, and whose agent has answered."""
    world = asked("A table for two, yes.", beginning)
    world.feed(ev.PlaybackStarted(2))
    world.feed(ev.PlaybackFinished(2, "Thank you."))
    return world


def concluding(beginning: ev.Placed = WANTED) -> World:
    """A call that is over, and whose agent is asked what came of it."""
    world = talked(beginning)
    world.feed(ev.CarrierEnded("completed"))
    assert world.call.concluding == "asked"
    return world


def outcome(world: World) -> Any:
    """What the record says of it; the log must tell the same."""
    assert world.call.is_over
    assert replay(world.log) == world.call
    return record(world.call)["outcome"]


@pytest.mark.parametrize("who", ["user", "agent"])
def test_the_agent_is_asked_once_the_leg_is_over(who: str) -> None:
    world = talked()
    if who == "agent":
        world.feed(ev.EndAsked("a"))
        effects = world.feed(ev.HangupAccepted())
    else:
        effects = world.feed(ev.CarrierEnded("completed"))
    told = [Acknowledge("a", {})] if who == "agent" else []
    assert effects[-3 - len(told) :] == (StopTimer("settle"), *told, StartTimer("conclude", 22.0), Conclude())
    left, world.at = world.at, world.at + 2
    assert (world.call.phase, world.call.has_line, world.call.is_live) == (Phase.ENDING, False, False)
    shown = record(world.call)
    assert (shown["state"], shown["endedAt"], "outcome" in shown) == ("active", None, False)
    assert world.feed(ev.EndAsked("b")) == (Acknowledge("b", {}),)
    assert world.feed(GIVEN) == (StopTimer("conclude"),)
    assert world.call.ended_at == left
    assert world.call.end_reason == f"hangup-{who}"
    assert outcome(world) == {
        "disposition": "answered",
        "summary": "A table for two.",
        "data": {"guests": 2},
        "evidence": [{"field": "guests", "line": 1, "quote": "for two"}],
    }


def test_an_agent_that_does_not_conclude_is_not_waited_for() -> None:
    world = concluding()
    world.fire("conclude")
    assert outcome(world) == {
        "disposition": "answered",
        "summary": "",
        "data": None,
        "evidence": [],
        "error": "The agent did not conclude in time.",
    }


def test_an_agent_that_failed_is_quoted() -> None:
    world = concluding()
    world.feed(ev.Concluded("It was about guests.", error="The agent gave no number of guests."))
    assert outcome(world)["error"] == "The agent gave no number of guests."
    assert (outcome(world)["summary"], outcome(world)["data"]) == ("It was about guests.", None)


def test_a_conclusion_that_nobody_asked_for_is_weather() -> None:
    world = talked()
    world.again(GIVEN)
    world.feed(ev.CarrierEnded("completed"))
    world.feed(GIVEN)
    world.again(GIVEN)
    assert outcome(world)["data"] == {"guests": 2}


def test_without_a_schema_the_data_are_those_that_the_agent_noted() -> None:
    world = talked(placed(objective="Book a table."))
    world.feed(ev.OutcomeNoted("booked", "", {"guests": 3}))
    world.feed(ev.CarrierEnded("completed"))
    world.feed(ev.Concluded("A table for three."))
    assert outcome(world) == {
        "disposition": "booked",
        "summary": "A table for three.",
        "data": {"guests": 3},
        "evidence": [],
    }


def test_a_note_stays_and_is_completed() -> None:
    world = talked()
    world.feed(ev.OutcomeNoted("wrong number", "They were somebody else."))
    world.feed(ev.CarrierEnded("completed"))
    world.feed(GIVEN)
    assert (outcome(world)["disposition"], outcome(world)["summary"]) == ("wrong number", "They were somebody else.")
    assert outcome(world)["data"] == {"guests": 2}


def test_a_note_on_a_call_of_which_nothing_was_wanted_is_its_outcome() -> None:
    world = talked(placed())
    world.feed(ev.OutcomeNoted("booked", "For two.", {"guests": 2}))
    world.feed(ev.CarrierEnded("completed"))
    assert outcome(world) == {"disposition": "booked", "summary": "For two.", "data": {"guests": 2}, "evidence": []}


def test_a_call_of_which_nothing_was_wanted_or_noted_has_no_outcome() -> None:
    world = talked(placed())
    world.feed(ev.CarrierEnded("completed"))
    assert world.call.is_over
    assert "outcome" not in record(world.call)


@pytest.mark.parametrize(
    ("cause", "disposition"),
    [
        ("busy", "busy"),
        ("no-answer", "no-answer"),
        ("canceled", "no-answer"),
        ("completed", "no-answer"),
        ("rejected", "refused"),
        ("failed", "failed"),
        ("voicemail", "voicemail"),
    ],
)
def test_a_call_that_nobody_took_is_not_asked_about(cause: str, disposition: str) -> None:
    world = World(WANTED)
    world.feed(ev.Dialled(LEG))
    world.feed(ev.CarrierEnded(cause))  # type: ignore[arg-type]
    assert outcome(world) == {
        "disposition": disposition,
        "summary": "",
        "data": None,
        "evidence": [],
        "error": "A machine answered." if cause == "voicemail" else "The call was not answered.",
    }


def test_a_call_that_was_not_dialled_failed() -> None:
    world = World(WANTED)
    world.feed(ev.DialFailed("no such number"))
    assert outcome(world)["disposition"] == "failed"


def test_a_call_that_was_ended_while_it_rang_was_not_answered() -> None:
    world = World(WANTED)
    world.feed(ev.Dialled(LEG))
    world.feed(ev.EndAsked("a"))
    world.feed(ev.HangupAccepted())
    assert outcome(world)["disposition"] == "no-answer"


def test_a_call_whose_end_nobody_reported_failed() -> None:
    world = World(WANTED)
    world.feed(ev.Dialled(LEG))
    world.fire("stale")
    world.feed(ev.CarrierAsked("gone"))
    assert outcome(world)["disposition"] == "failed"


def test_where_the_other_side_said_nothing_there_is_nothing_to_conclude() -> None:
    world = greeted(WANTED)
    world.feed(ev.CarrierEnded("completed"))
    assert (outcome(world)["disposition"], outcome(world)["data"]) == ("answered", None)
    assert outcome(world)["error"] == "The other side said nothing."


def test_a_machine_is_not_concluded_from_whatever_it_said() -> None:
    rules = Rules(machine="message", can=Capabilities(machine_detection=True))
    world = connected(placed(objective="Book a table.", rules=rules))
    world.feed(ev.Answered(machine=True))
    says(world, "Leave a message after the tone.")
    world.feed(ev.EndAsked("a"))
    world.feed(ev.PlaybackStopped(1, "Good day.", ""))
    world.feed(ev.HangupAccepted())
    assert (outcome(world)["disposition"], outcome(world)["error"]) == ("voicemail", "A machine answered.")


def test_keys_are_something_to_conclude_from() -> None:
    world = greeted(WANTED)
    world.feed(ev.DigitPressed("2"))
    world.feed(ev.CarrierEnded("completed"))
    assert world.call.concluding == "asked"
    world.feed(GIVEN)
    assert outcome(world)["data"] == {"guests": 2}


def test_who_asked_for_an_answer_has_it_before_the_conclusion() -> None:
    world = talked()
    world.feed(ev.ContinueAsked("a", "And your name?"))
    effects = world.feed(ev.CarrierEnded("completed"))
    assert (
        Refuse("a", "call-over", "the call ended: hangup-user") not in effects
    )  # what was heard of it is yet to be told
    effects = world.feed(ev.PlaybackStopped(3, "And your name?", ""))
    assert Refuse("a", "call-over", "the call ended: hangup-user") in effects
    assert world.call.concluding == "asked"


def test_a_call_that_concludes_has_ended_and_nothing_else_can_be_asked_of_it() -> None:
    world = concluding()
    assert world.feed(ev.SpeakAsked("a", "Hello?")) == (Refuse("a", "call-over", "the call is ending: hangup-user"),)
    assert world.feed(ev.EndAsked("b")) == (Acknowledge("b", {}),)


def test_words_that_come_while_it_concludes_are_late() -> None:
    world = talked()
    world.next_segment()
    world.feed(ev.CarrierEnded("completed"))
    world.fire("settle")
    assert world.call.concluding == "asked"
    assert [type(effect) for effect in world.feed(ev.Heard(2, "Hello?"))] == [Ignored]
    world.feed(GIVEN)
    assert outcome(world)["data"] == {"guests": 2}


@pytest.mark.parametrize("sign", [ev.HangupFailed("503"), ev.CarrierEnded("completed")])
def test_a_leg_that_is_heard_of_again_does_not_end_the_conclusion(sign: ev.Event) -> None:
    world = talked()
    world.feed(ev.EndAsked("a"))
    world.fire("settle")
    assert world.call.concluding == "asked"
    world.feed(sign)
    assert world.call.concluding == "asked"
    if "settle" in world.timers:
        world.fire("settle")
    assert world.call.concluding == "asked"
    world.feed(GIVEN)
    assert outcome(world)["data"] == {"guests": 2}


def test_the_next_gateway_asks_again() -> None:
    world = concluding()
    left = world.call.ended_at
    assert world.feed(ev.Adopted("another"), after=60.0)[-2:] == (StartTimer("conclude", 22.0), Conclude())
    world.feed(GIVEN)
    assert outcome(world)["data"] == {"guests": 2}
    assert world.call.ended_at == left


def test_a_gateway_that_fails_does_not_ask() -> None:
    world = talked()
    world.feed(ev.Crashed("a fault"))
    world.feed(ev.HangupAccepted())
    assert world.call.end_reason == "error"
    assert outcome(world)["error"] == "The gateway failed before the agent had concluded."


def test_a_gateway_that_fails_while_the_agent_concludes_waits_no_longer() -> None:
    world = concluding()
    world.feed(ev.Crashed("a fault"))
    assert world.call.end_reason == "hangup-user"
    assert outcome(world)["error"] == "The gateway failed before the agent had concluded."
