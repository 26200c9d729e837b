"""Turn-taking, play by play: facts in, what is to be done out."""

from __future__ import annotations

import pytest

from tests.core.floors import EARLY, OPEN, RULES, WAITING, held, silent, speaking, talking, thinking
from tests.core.world import about
from voicecall.core import saying, turns
from voicecall.core.effects import CancelReply, Rehearse, Say, StartTimer, StopTimer
from voicecall.core.floor import Floor, Sign, TurnEnded, Turns
from voicecall.core.languages import ENGLISH, is_backchannel

# --- the end of a turn


def test_speech_takes_an_open_floor() -> None:
    state, out = turns.speech_started(OPEN, RULES, 1, 0.25, 100.0)
    assert (state.floor, state.speaking, state.since, state.awaited) == (Floor.CALLER, 1, 99.75, frozenset({1}))
    assert out == ()


def test_silence_waits_for_the_endpoint() -> None:
    state, out = turns.speech_stopped(speaking(), RULES, 1, 0.2, 102.0)
    assert state.floor is Floor.PAUSE
    assert out == (StartTimer("endpoint", about(0.3)),)


@pytest.mark.parametrize(
    ("text", "wait"),
    [("What time is it?", 0.3), ("I would like a table for", 1.2), ("the blue one", 0.5), ("", 0.5)],
)
def test_the_wait_depends_on_how_finished_the_words_sound(text: str, wait: float) -> None:
    _, out = turns.heard(silent(None), RULES, 1, text, 102.0)
    assert out == (StartTimer("endpoint", about(wait - 0.2)),)


def test_words_that_come_after_the_wait_they_ask_for_end_the_turn_at_once() -> None:
    _, out = turns.heard(silent(None), RULES, 1, "What time is it?", 102.5)
    assert out == (StartTimer("endpoint", 0.0),)


def test_the_endpoint_ends_the_turn() -> None:
    state, out = turns.timer_fired(silent("What time is it?"), RULES, "endpoint", 103.0)
    assert (state.floor, state.turn, state.words) == (Floor.OPEN, 1, ())
    assert out == (*WAITING, TurnEnded(1, "What time is it?", 99.8, waited=0.3))


def test_the_endpoint_waits_for_words_that_are_still_being_made_out() -> None:
    state, out = turns.timer_fired(silent(None), RULES, "endpoint", 102.3)
    assert out == (StartTimer("transcript", 3.0),)
    state, out = turns.heard(state, RULES, 1, "Hello.", 103.0)
    assert state.floor is Floor.OPEN
    assert out == (*WAITING, TurnEnded(1, "Hello.", 99.8, waited=0.5))


def test_a_turn_without_words_opens_the_floor() -> None:
    state, out = turns.timer_fired(silent(""), RULES, "endpoint", 103.0)
    assert (state.floor, state.turn) == (Floor.OPEN, 0)
    assert out == (*WAITING, TurnEnded(0, "", 99.8, unanswered=False, waited=0.5))


def test_speech_within_the_pause_goes_on_with_the_turn() -> None:
    state, out = turns.speech_started(silent("I would like"), RULES, 2, 0.2, 102.4)
    assert (state.floor, state.words, state.since) == (Floor.CALLER, ("I would like",), 99.8)
    assert out == WAITING
    state, _ = turns.speech_stopped(state, RULES, 2, 0.2, 104.0)
    state, _ = turns.heard(state, RULES, 2, "a table.", 104.0)
    _, out = turns.timer_fired(state, RULES, "endpoint", 104.1)
    assert out == (*WAITING, TurnEnded(1, "I would like a table.", 99.8, waited=0.3))


def test_words_known_while_the_caller_goes_on_wait_for_the_rest() -> None:
    state, _ = turns.speech_started(silent(None), RULES, 2, 0.2, 102.4)
    state, out = turns.heard(state, RULES, 1, "I would like", 102.5)
    assert (state.floor, state.words, out) == (Floor.CALLER, ("I would like",), ())


def test_words_that_were_given_up_start_a_turn_when_they_come() -> None:
    state, _ = turns.timer_fired(silent(None), RULES, "endpoint", 102.3)
    state, out = turns.timer_fired(state, RULES, "transcript", 105.3)
    assert (state.floor, state.late) == (Floor.OPEN, frozenset({1}))
    state, out = turns.heard(state, RULES, 1, "Hello?", 106.0)
    assert out == (*WAITING, TurnEnded(1, "Hello?", 99.8))
    assert state.late == frozenset()


def test_words_are_counted_once() -> None:
    state = silent("Hello.")
    assert turns.heard(state, RULES, 1, "Hello.", 102.0) == (state, ())


def test_the_end_of_another_segment_says_nothing() -> None:
    state = speaking(2)
    assert turns.speech_stopped(state, RULES, 1, 0.2, 102.0) == (state, ())


# --- what others make of the pause


@pytest.mark.parametrize(
    ("text", "sign", "wait"),
    [
        ("I would like a table for", "over", 0.3),
        ("the blue one", "over", 0.3),
        ("the blue one", "likely", 0.3),
        ("I would like a table for", "likely", 0.5),
        ("What time is it?", "unlikely", 1.2),
    ],
)
def test_the_wait_depends_on_what_others_make_of_the_pause(text: str, sign: Sign, wait: float) -> None:
    state, out = turns.signed(silent(text, at=102.0), RULES, sign, 102.0)
    assert out == (StartTimer("endpoint", about(wait - 0.2)),)
    again, _ = turns.speech_started(state, RULES, 2, 0.2, 102.2)
    assert again.sign == ""


def test_a_sign_before_the_pause_is_remembered_for_it() -> None:
    state, out = turns.signed(speaking(), RULES, "unlikely", 101.9)
    assert out == ()
    _, out = turns.speech_stopped(state, RULES, 1, 0.2, 102.0)
    assert out == (StartTimer("endpoint", about(1.0)),)


def test_an_answer_is_rehearsed_once_when_the_words_are_known_and_not_open() -> None:
    state, out = turns.heard(silent(None), EARLY, 1, "What time is it?", 102.0)
    assert out == (StartTimer("endpoint", about(0.1)), Rehearse(1, "What time is it?"))
    state, out = turns.signed(state, EARLY, "likely", 102.1)
    assert out == (StartTimer("endpoint", 0.0),)
    state, _ = turns.speech_started(state, EARLY, 2, 0.2, 102.2)
    state, _ = turns.speech_stopped(state, EARLY, 2, 0.2, 103.0)
    _, out = turns.heard(state, EARLY, 2, "In Berlin.", 103.0)
    assert out[-1] == Rehearse(1, "What time is it? In Berlin.")


def test_nothing_is_rehearsed_for_words_that_are_open_or_unknown() -> None:
    _, out = turns.heard(silent(None), EARLY, 1, "I would like a table for", 102.0)
    assert [type(one) for one in out] == [StartTimer]
    _, out = turns.heard(silent(None), EARLY, 1, "", 102.0)
    assert [type(one) for one in out] == [StartTimer]


# --- keys


def test_a_key_takes_the_floor_from_the_agent() -> None:
    state, out = turns.keys_pressed(talking(), RULES)
    assert (state.floor, state.reply, out) == (Floor.OPEN, 0, (CancelReply(1),))
    state, out = turns.keys_pressed(held(), RULES)
    assert (state.floor, out) == (Floor.CALLER, (StopTimer("barge-in"), CancelReply(1)))


@pytest.mark.parametrize("state", [OPEN, talking(protected=True)])
def test_a_key_takes_nothing_where_there_is_nothing_or_it_is_heard_out(state: Turns) -> None:
    assert turns.keys_pressed(state, RULES) == (state, ())


def test_an_entry_is_a_turn() -> None:
    state, out = turns.keys_entered(OPEN, "1234", 105.0)
    assert (state.turn, out) == (1, (TurnEnded(1, "1234", 105.0, keys=True),))


def test_an_entry_while_somebody_speaks_is_answered_afterwards() -> None:
    state, out = turns.keys_entered(talking(protected=True), "1", 105.0)
    assert (state.owed, out) == (True, (TurnEnded(1, "1", 105.0, unanswered=False, keys=True),))
    state, out = saying.reply_over(state, RULES, 1, 106.0)
    assert state.floor is Floor.PAUSE
    _, out = turns.timer_fired(state, RULES, "endpoint", 106.0)
    assert out[-1] == TurnEnded(1, "", state.since, unanswered=True, waited=0.5)


# --- what waits to be said


def test_the_agent_says_one_thing_at_a_time() -> None:
    state, out = saying.say(talking(), "And one more thing.", protected=False)
    assert out == ()
    state, out = saying.say(state, "And another.", protected=True)
    assert out == ()
    state, out = saying.reply_over(state, RULES, 1, 105.0)
    assert (state.floor, state.reply, state.answering, out) == (
        Floor.THINKING,
        2,
        False,
        (Say(2, "And one more thing."),),
    )
    state, out = saying.reply_over(state, RULES, 2, 107.0)
    assert (state.protected, out) == (True, (Say(3, "And another."),))


def test_what_comes_first_is_said_before_what_waits() -> None:
    state, _ = saying.say(Turns(), "One moment.", protected=False)
    state, out = saying.say(state, "Good day.", protected=True, first=True)
    assert out == ()
    state, out = saying.connect(state)
    assert out == (Say(2, "Good day."),)
    state, out = saying.reply_over(state, RULES, 2, 101.0)
    assert out == (Say(1, "One moment."),)


def test_what_waits_is_said_when_nobody_answers_a_turn() -> None:
    state, _ = saying.say(silent(""), "Are you there?", protected=False)
    state, _ = turns.timer_fired(state, RULES, "endpoint", 103.0)
    state, out = saying.release(state)
    assert out == (Say(1, "Are you there?"),)


def test_the_first_audio_gives_the_agent_the_floor() -> None:
    state, out = saying.playback_started(thinking(), 1)
    assert (state.floor, out) == (Floor.AGENT, ())
    assert saying.playback_started(state, 1) == (state, ())
    assert saying.playback_started(state, 7) == (state, ())


def test_reports_of_old_replies_and_old_timers_say_nothing() -> None:
    state = talking()
    assert saying.reply_over(state, RULES, 7, 100.0) == (state, ())
    for name in ("endpoint", "transcript", "barge-in"):
        assert turns.timer_fired(state, RULES, name, 100.0) == (state, ())


def test_forgetting_keeps_the_numbers() -> None:
    assert saying.forget(thinking()) == Turns(replies=1, turn=1)


@pytest.mark.parametrize("text", ["Mhm.", "yeah yeah", "I see", "Okay, sure", "uh-huh"])
def test_backchannels_only_tell_the_agent_to_go_on(text: str) -> None:
    assert is_backchannel(text, ENGLISH)


@pytest.mark.parametrize("text", ["", "...", "да", "okay stop", "I see it"])
def test_other_words_do_not(text: str) -> None:
    assert not is_backchannel(text, ENGLISH)
