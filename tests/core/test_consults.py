"""What a model asks the agent behind it, as the call keeps it."""

from __future__ import annotations

from tests.core.scenes import asked, greeted
from tests.core.world import World, placed
from voicecall.core import events as ev
from voicecall.core.effects import DropConsults, Inform
from voicecall.core.rules import Rules, TurnRules

HEARING = Rules(turns=TurnRules(hears=True, silence=8.0, reprompt="Are you there?", goodbye="Good bye."))


def consulting() -> World:
    """A call whose model waits for an answer of the agent."""
    world = greeted(placed(rules=HEARING))
    world.feed(ev.ConsultBegan(1))
    return world


def codes(world: World) -> list[str]:
    return [warning.code for warning in world.call.warnings]


def test_an_answered_question_leaves_nothing_behind() -> None:
    world = consulting()
    assert world.call.consults == {1}
    world.feed(ev.ConsultOver(1))
    assert world.call.consults == frozenset()
    assert DropConsults() not in world.feed(ev.CarrierEnded("completed"))
    assert codes(world) == []
    world.finish()


def test_the_end_of_the_call_cancels_what_is_asked() -> None:
    world = consulting()
    assert DropConsults() in world.feed(ev.CarrierEnded("completed"))
    assert codes(world) == ["consult-cancelled"]
    world.feed(ev.ConsultOver(1))
    world.finish()


def test_what_is_asked_once_the_call_ends_is_cancelled_at_once() -> None:
    world = greeted(placed(rules=HEARING))
    world.feed(ev.EndAsked("one"))
    assert DropConsults() in world.feed(ev.ConsultBegan(1))
    world.finish()


def test_a_model_that_is_lost_takes_its_questions_along() -> None:
    world = consulting()
    assert DropConsults() in world.feed(ev.ModelLost("gone"))
    assert codes(world) == ["realtime", "consult-cancelled"]
    world.finish()


def test_a_restart_ends_what_was_asked() -> None:
    world = consulting()
    world.feed(ev.Adopted("two"))
    assert codes(world) == ["consult-cancelled"]
    world.finish()


def test_nobody_is_asked_whether_they_are_there_while_the_agent_works() -> None:
    world = greeted(placed(rules=HEARING))
    assert "silence" in world.call.timers
    world.feed(ev.ConsultBegan(1))
    assert "silence" not in world.call.timers
    world.feed(ev.ConsultOver(1))
    assert "silence" in world.call.timers
    world.finish()


def test_a_model_is_told_of_keys_that_could_not_be_sent() -> None:
    world = greeted(placed(rules=HEARING))
    world.feed(ev.KeysWanted(1, "1"))
    (informed,) = (effect for effect in world.feed(ev.DigitsSent("agent 1", error="no")) if isinstance(effect, Inform))
    assert "could not be sent" in informed.text
    assert codes(world) == ["dtmf"]
    world.finish()


def test_who_hears_through_others_is_told_of_no_keys() -> None:
    world = asked()
    world.feed(ev.KeysWanted(2, "1"))
    assert not any(isinstance(effect, Inform) for effect in world.feed(ev.DigitsSent("agent 2", error="no")))
    world.finish()
