"""Calls whose agent is one model that hears and speaks: turns are answered before their words are known."""

from __future__ import annotations

import msgspec
import pytest

from tests.core.scenes import acts, greeted
from tests.core.world import LEG, World, about, placed
from voicecall.core import events as ev
from voicecall.core.call import Line
from voicecall.core.effects import (
    Acknowledge,
    CancelReply,
    Effect,
    Respond,
    ResumeReply,
    StartTimer,
)
from voicecall.core.floor import Floor
from voicecall.core.rules import Rules, TurnRules

BY_US = TurnRules(hears=True)
BY_IT = TurnRules(hears=True, endpoints="provider")
ALONE = TurnRules(hears=True, endpoints="provider", interrupts="provider")


def conversing(turns: TurnRules = BY_IT, **rules: object) -> World:
    """The opening line was heard."""
    return greeted(placed(rules=Rules(turns=turns, **rules)))  # type: ignore[arg-type] # fields of Rules


def speaks(world: World, *, sure: bool = True, silent: bool = True) -> int:
    """The caller speaks, and falls silent unless told otherwise."""
    world.at += 1.0
    world.next_segment()
    if sure:
        world.feed(ev.SpeechSure(world.segments))
    if silent:
        world.feed(ev.SpeechStopped(world.segments, 0.2), after=1.0)
    return world.segments


def holder(world: World) -> Floor:
    """Who has the floor."""
    return world.call.turns.floor


def over(world: World) -> tuple[Effect, ...]:
    """The model says that the turn is over."""
    return acts(world.feed(ev.TurnSigned("over")))


def answering(turns: TurnRules = BY_IT) -> World:
    """The model is heard answering the first turn, as reply 2, and its words are known."""
    world = conversing(turns)
    segment = speaks(world)
    if turns.endpoints == "provider":
        over(world)
    else:
        world.fire("endpoint")
    world.feed(ev.PlaybackStarted(2))
    world.feed(ev.Heard(segment, "What time is it?"))
    return world


def test_a_turn_is_answered_when_the_model_says_that_it_is_over() -> None:
    world = conversing()
    speaks(world)
    assert world.timers["endpoint"] == about(world.at + 2.8)
    assert over(world) == (Respond(2, 1, 3.0),)


def test_the_model_may_say_so_while_our_detector_still_hears_the_caller() -> None:
    world = conversing()
    speaks(world, silent=False)
    assert over(world) == (Respond(2, 1, 0.0),)


def test_a_model_that_never_says_so_is_not_waited_for() -> None:
    world = conversing()
    speaks(world)
    assert acts(world.feed(ev.TimerFired("endpoint"))) == (Respond(2, 1, 3.0),)


def test_what_our_detector_did_not_hear_is_a_turn_in_the_word_of_the_model() -> None:
    world = conversing()
    assert over(world) == (Respond(2, 1, 0.0),)


def test_we_end_turns_by_silence_where_that_is_our_say() -> None:
    world = conversing(BY_US)
    speaks(world)
    assert world.timers["endpoint"] == about(world.at + 0.3)
    assert acts(world.feed(ev.TimerFired("endpoint"))) == (Respond(2, 1, 0.5),)


def test_a_cough_is_no_turn() -> None:
    world = conversing()
    segment = speaks(world, sure=False)
    assert over(world) == ()
    assert acts(world.feed(ev.Heard(segment, ""))) == ()
    assert holder(world) is Floor.OPEN


def test_a_sound_that_the_model_takes_no_notice_of_is_no_turn() -> None:
    world = conversing()
    speaks(world, sure=False)
    assert acts(world.feed(ev.TimerFired("endpoint"))) == ()


@pytest.mark.parametrize("event", [ev.Heard(1, "No."), ev.TimerFired("transcript")])
def test_a_sound_in_doubt_is_a_turn_if_it_has_words_or_they_do_not_come(event: ev.Event) -> None:
    world = conversing()
    speaks(world, sure=False)
    assert over(world) == ()
    assert acts(world.feed(event)) == (Respond(2, 1, 3.0),)


def test_any_sound_is_a_turn_where_nobody_else_tells() -> None:
    world = conversing(BY_US)
    speaks(world, sure=False)
    assert acts(world.feed(ev.TimerFired("endpoint"))) == (Respond(2, 1, 0.5),)


def test_the_words_of_a_turn_find_their_place_when_they_come() -> None:
    world = conversing()
    began = world.at
    first = speaks(world)
    second = speaks(world)
    over(world)
    world.feed(ev.PlaybackStarted(2))
    world.feed(ev.PlaybackFinished(2, "It is noon."), after=1.0)
    world.feed(ev.Heard(first, "Tell me,"))
    world.feed(ev.Heard(second, "what time is it?"))
    assert [line.text for line in world.call.lines] == ["Good day.", "Tell me, what time is it?", "It is noon."]
    assert world.call.lines[1] == Line(about(began + 0.81), "caller", "Tell me, what time is it?")


def test_a_turn_without_words_leaves_no_line() -> None:
    world = conversing()
    segment = speaks(world)
    over(world)
    world.feed(ev.Heard(segment, ""))
    assert [line.speaker for line in world.call.lines] == ["agent"]
    assert not world.call.turns.untold


def test_words_that_do_not_come_hold_up_the_end_for_a_while_only() -> None:
    world = conversing()
    speaks(world)
    over(world)
    world.feed(ev.CarrierEnded("completed"))
    world.feed(ev.PlaybackStopped(2, "", ""))
    assert not world.call.is_over
    world.fire("settle")
    assert world.call.is_over


def test_somebody_who_waits_for_the_callers_words_has_them_once_they_are_known() -> None:
    world = conversing()
    world.feed(ev.ContinueAsked("op", "And your name?"))
    world.operations.add("op")
    world.feed(ev.PlaybackStarted(2))
    world.feed(ev.PlaybackFinished(2, "And your name?"))
    segment = speaks(world)
    assert over(world) == ()
    assert acts(world.feed(ev.Heard(segment, "Ada."))) == (Acknowledge("op", {"transcript": "Ada."}),)


# --- interruptions


def test_sure_speech_that_lasts_takes_the_floor_without_words() -> None:
    world = answering()
    world.next_segment()
    assert holder(world) is Floor.HELD
    effects = world.feed(ev.SpeechSure(world.segments))
    assert effects == (StartTimer("barge-in", 0.35),)
    assert acts(world.feed(ev.TimerFired("barge-in"))) == (CancelReply(2),)
    assert holder(world) is Floor.CALLER


def test_a_short_word_waits_for_what_it_was_once_the_model_took_it_for_a_turn() -> None:
    world = answering()
    segment = speaks(world)
    assert world.feed(ev.TurnSigned("over")) == (StartTimer("barge-in", 0.8),)
    assert acts(world.feed(ev.Heard(segment, "Mhm."))) == (ResumeReply(2),)
    assert holder(world) is Floor.AGENT


def test_a_short_word_that_was_meant_is_answered_at_once() -> None:
    world = answering()
    segment = speaks(world)
    over(world)
    assert acts(world.feed(ev.Heard(segment, "Stop it."))) == (CancelReply(2), Respond(3, 2, 0.0))


@pytest.mark.parametrize("resumed", [False, True])
def test_a_word_too_short_to_be_sure_is_answered_at_once_when_it_is_known(resumed: bool) -> None:
    world = answering()
    segment = speaks(world, sure=False)
    if resumed:
        world.feed(ev.TimerFired("barge-in"))
    over(world)
    assert acts(world.feed(ev.Heard(segment, "Stop it."))) == (CancelReply(2), Respond(3, 2, 0.0))


def test_a_turn_that_was_over_does_not_end_the_next_one() -> None:
    world = conversing(msgspec.structs.replace(BY_IT, barge_in=False))
    speaks(world)
    over(world)
    cough = speaks(world, sure=False)
    world.feed(ev.TimerFired("barge-in"))
    world.feed(ev.PlaybackStarted(2))
    over(world)
    world.feed(ev.Heard(cough, ""))
    segment = speaks(world, silent=False)
    world.feed(ev.PlaybackFinished(2, "It is noon."))
    assert acts(world.feed(ev.SpeechStopped(segment, 0.2))) == ()
    assert holder(world) is Floor.PAUSE
    over(world)
    assert acts(world.feed(ev.Heard(segment, "And where?"))) == (Respond(3, 2, 3.0),)


def test_a_short_word_that_is_never_made_out_was_meant() -> None:
    world = answering()
    speaks(world)
    over(world)
    assert acts(world.feed(ev.TimerFired("barge-in"))) == (CancelReply(2), Respond(3, 2, 0.0))


def test_a_short_word_that_the_model_did_not_notice_was_nothing() -> None:
    world = answering()
    speaks(world)
    assert acts(world.feed(ev.TimerFired("barge-in"))) == (ResumeReply(2),)


def test_sure_speech_is_meant_where_nobody_tells_us_of_turns() -> None:
    world = answering(BY_US)
    world.next_segment()
    world.feed(ev.SpeechSure(world.segments))
    assert acts(world.feed(ev.SpeechStopped(world.segments, 0.2))) == (CancelReply(2),)
    assert holder(world) is Floor.PAUSE


def test_a_cough_only_holds_the_model() -> None:
    world = answering()
    world.next_segment()
    assert holder(world) is Floor.HELD
    assert acts(world.feed(ev.TimerFired("barge-in"))) == (ResumeReply(2),)


def test_a_turn_that_the_model_hears_while_only_it_speaks_is_nothing() -> None:
    world = answering()
    world.again(ev.TurnSigned("over"))
    assert holder(world) is Floor.AGENT


def test_where_it_is_the_models_say_our_detector_interrupts_nothing() -> None:
    world = answering(ALONE)
    world.next_segment()
    world.feed(ev.SpeechSure(world.segments))
    assert holder(world) is Floor.AGENT
    assert acts(world.feed(ev.BargedIn())) == (CancelReply(2),)
    assert holder(world) is Floor.CALLER


def test_the_model_may_notice_an_interruption_that_our_detector_did_not() -> None:
    world = answering(ALONE)
    assert acts(world.feed(ev.BargedIn())) == (CancelReply(2),)
    assert holder(world) is Floor.PAUSE


def test_what_the_caller_said_before_the_model_noticed_is_not_lost() -> None:
    world = answering(ALONE)
    segment = speaks(world)
    world.feed(ev.BargedIn())
    world.feed(ev.PlaybackStopped(2, "It is noon.", "It"))
    over(world)
    world.feed(ev.Heard(segment, "Thank you."))
    assert world.call.lines[-1].text == "Thank you."


def test_the_model_interrupts_nothing_where_that_is_our_say() -> None:
    world = answering()
    world.again(ev.BargedIn())


def test_nothing_interrupts_a_protected_opening() -> None:
    world = World(placed(rules=Rules(turns=ALONE)))
    world.feed(ev.Dialled(LEG))
    world.next_stream()
    world.feed(ev.PlaybackStarted(1))
    world.next_segment()
    world.again(ev.BargedIn())
    assert holder(world) is Floor.AGENT
