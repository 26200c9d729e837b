"""The caller speaks while the agent does, play by play: it stops, gives way, or goes on."""

from __future__ import annotations

import pytest

from tests.core.floors import DEAF, EARLY, OPEN, RULES, WAITING, held, silent, speaking, talking, thinking
from tests.core.world import about
from voicecall.core import saying, turns
from voicecall.core.effects import CancelReply, HoldReply, Rehearse, ResumeReply, StartTimer, StopTimer
from voicecall.core.floor import Floor, TurnEnded
from voicecall.core.rules import TurnRules

# --- the caller goes on while the agent thinks


@pytest.mark.parametrize("rules", [RULES, DEAF])
def test_a_sound_while_the_agent_thinks_holds_the_answer_and_words_take_it_back(rules: TurnRules) -> None:
    state, out = turns.speech_started(thinking(), rules, 2, 0.2, 103.5)
    assert (state.floor, state.reply) == (Floor.HELD, 1)
    assert out == (HoldReply(1, 2), StartTimer("barge-in", 0.45))
    state, _ = turns.speech_stopped(state, rules, 2, 0.2, 104.0)
    state, out = turns.heard(state, rules, 2, "And something else.", 104.0)
    assert (state.floor, state.reply, state.owed) == (Floor.PAUSE, 0, True)
    assert out[:2] == (StopTimer("barge-in"), CancelReply(1))


def test_noise_while_the_agent_thinks_does_not_cost_the_answer() -> None:
    state, _ = turns.speech_started(thinking(), RULES, 2, 0.2, 103.5)
    state, _ = turns.speech_stopped(state, RULES, 2, 0.2, 104.0)
    state, out = turns.heard(state, RULES, 2, "", 104.0)
    assert (state.floor, state.reply) == (Floor.THINKING, 1)
    assert out == (StopTimer("barge-in"), ResumeReply(1))


def test_a_partial_that_comes_to_nothing_does_not_cost_the_answer_that_it_took_back() -> None:
    state, _ = turns.speech_started(thinking(), RULES, 2, 0.2, 103.5)
    state, _ = turns.partly_heard(state, RULES, 2, "and then", 103.9)
    state, _ = turns.speech_stopped(state, RULES, 2, 0.2, 104.0)
    state, _ = turns.heard(state, RULES, 2, "", 104.0)
    state, out = turns.timer_fired(state, RULES, "endpoint", 104.3)
    assert out == (*WAITING, TurnEnded(1, "", 103.3, unanswered=True, waited=0.5))
    assert not state.owed


def test_late_words_take_back_an_answer_that_was_not_heard_yet() -> None:
    state, _ = turns.speech_started(silent(None), RULES, 2, 0.2, 102.4)
    state, _ = turns.speech_stopped(state, RULES, 2, 0.2, 103.0)
    state, _ = turns.heard(state, RULES, 2, "please.", 103.0)
    state, _ = turns.timer_fired(state, RULES, "endpoint", 103.1)
    state, out = turns.timer_fired(state, RULES, "transcript", 106.1)
    assert out[-1] == TurnEnded(1, "please.", 102.2, waited=0.5)
    state, out = turns.heard(saying.respond(state), RULES, 1, "A table", 106.5)
    assert (state.floor, state.words) == (Floor.PAUSE, ("A table",))
    assert out == (StopTimer("barge-in"), CancelReply(1), StartTimer("endpoint", 0.0))


# --- barge-in


def test_speech_over_the_agent_holds_it() -> None:
    state, out = turns.speech_started(talking(), RULES, 1, 0.2, 100.0)
    assert (state.floor, state.reply) == (Floor.HELD, 1)
    assert out == (HoldReply(1, 1), StartTimer("barge-in", 0.45))


def test_speech_holds_what_the_agent_is_about_to_say_of_its_own_accord() -> None:
    state, _ = saying.say(OPEN, "Good day.", protected=False)
    state, out = turns.speech_started(state, RULES, 1, 0.2, 100.0)
    assert state.floor is Floor.HELD
    assert out == (HoldReply(1, 1), StartTimer("barge-in", 0.45))


def test_a_sound_that_is_not_surely_speech_holds_the_agent_for_a_moment_only() -> None:
    state, out = turns.timer_fired(held(), RULES, "barge-in", 100.45)
    assert (state.floor, state.speaking) == (Floor.AGENT, 1)
    assert out == (StopTimer("barge-in"), ResumeReply(1))
    state, out = turns.partly_heard(state, RULES, 1, "but wait", 101.0)
    assert (state.floor, out) == (Floor.CALLER, (StopTimer("barge-in"), CancelReply(1)))


def test_a_sound_that_becomes_speech_after_all_holds_the_agent_again() -> None:
    state, _ = turns.timer_fired(held(), RULES, "barge-in", 100.45)
    state, out = turns.speech_sure(state, RULES, 1)
    assert (state.floor, out) == (Floor.HELD, (HoldReply(1, 1), StartTimer("barge-in", 10.0)))


def test_what_is_surely_speech_and_has_no_words_does_not_hold_the_agent_for_ever() -> None:
    state, _ = turns.speech_sure(held(), RULES, 1)
    state, out = turns.timer_fired(state, RULES, "barge-in", 110.0)
    assert (state.floor, out) == (Floor.AGENT, (StopTimer("barge-in"), ResumeReply(1)))


def test_what_is_surely_speech_holds_the_agent() -> None:
    state, out = turns.speech_sure(held(), RULES, 1)
    assert (state.floor, out) == (Floor.HELD, (StartTimer("barge-in", 10.0),))
    state, out = turns.speech_stopped(state, RULES, 1, 0.2, 104.0)
    assert out == (StartTimer("barge-in", 1.5),)


def test_a_sound_that_ended_in_doubt_is_not_given_more_time() -> None:
    state, out = turns.speech_stopped(held(), RULES, 1, 0.2, 100.3)
    assert (state.floor, out) == (Floor.HELD, ())


def test_that_another_sound_is_speech_says_nothing() -> None:
    state = held()
    assert turns.speech_sure(state, RULES, 7) == (state, ())
    over, _ = turns.speech_started(talking(protected=True), RULES, 1, 0.2, 100.0)
    assert turns.speech_sure(over, RULES, 1) == (over, ())
    listening = speaking()
    assert turns.speech_sure(listening, RULES, 1)[1] == ()


def test_two_words_take_the_floor_while_they_are_spoken() -> None:
    state, out = turns.partly_heard(held(), RULES, 1, "wait please", 100.4)
    assert (state.floor, state.reply) == (Floor.CALLER, 0)
    assert out == (StopTimer("barge-in"), CancelReply(1))


@pytest.mark.parametrize("text", ["wait", "uh uh", ""])
def test_one_word_or_a_backchannel_does_not_yet_take_the_floor(text: str) -> None:
    state = held()
    assert turns.partly_heard(state, RULES, 1, text, 100.4) == (state, ())


def test_words_take_the_floor_when_they_are_final() -> None:
    state, _ = turns.speech_stopped(held(), RULES, 1, 0.2, 101.0)
    state, out = turns.heard(state, RULES, 1, "Wait.", 101.0)
    assert (state.floor, state.words) == (Floor.PAUSE, ("Wait.",))
    assert out == (StopTimer("barge-in"), CancelReply(1), StartTimer("endpoint", about(0.1)))


@pytest.mark.parametrize("text", ["", "Mm-hmm.", "okay, right"])
def test_nothing_and_backchannels_let_the_agent_go_on(text: str) -> None:
    sure, _ = turns.speech_sure(held(), RULES, 1)
    state, out = turns.speech_stopped(sure, RULES, 1, 0.2, 100.4)
    assert out == (StartTimer("barge-in", 1.5),)
    state, out = turns.heard(state, RULES, 1, text, 100.6)
    assert (state.floor, state.words, state.awaited) == (Floor.AGENT, (), frozenset())
    assert out == (StopTimer("barge-in"), ResumeReply(1))


def test_sound_without_words_only_holds_the_agent_however_long_it_lasts() -> None:
    state, out = turns.speech_stopped(held(), RULES, 1, 0.2, 109.0)
    assert (state.floor, state.reply) == (Floor.HELD, 1)
    state, out = turns.heard(state, RULES, 1, "", 109.2)
    assert (state.floor, out) == (Floor.AGENT, (StopTimer("barge-in"), ResumeReply(1)))


def test_the_agent_goes_on_when_words_are_too_long_in_coming() -> None:
    state, _ = turns.speech_stopped(held(), RULES, 1, 0.2, 100.4)
    state, out = turns.timer_fired(state, RULES, "barge-in", 101.9)
    assert state.floor is Floor.AGENT
    assert out == (StopTimer("barge-in"), ResumeReply(1))
    state, out = turns.heard(state, RULES, 1, "Stop, please.", 102.5)
    assert state.floor is Floor.PAUSE
    assert out == (StopTimer("barge-in"), CancelReply(1), StartTimer("endpoint", 0.0))


def test_speech_that_was_nothing_may_stop_after_the_agent_went_on() -> None:
    state, _ = turns.heard(held(), RULES, 1, "", 100.2)
    assert state.floor is Floor.AGENT
    state, out = turns.speech_stopped(state, RULES, 1, 0.2, 100.4)
    assert (state.floor, state.speaking, out) == (Floor.AGENT, 0, ())


def test_the_end_of_the_call_takes_the_floor_from_the_agent() -> None:
    state, _ = turns.speech_started(talking(protected=True), RULES, 1, 0.2, 100.0)
    state, _ = saying.say(state, "And one more thing.", protected=False)
    state = saying.stop(state)
    assert (state.floor, state.reply, state.queue, state.awaited) == (Floor.CALLER, 0, (), frozenset({1}))


def test_a_second_sound_while_held_is_weighed_anew() -> None:
    sure, _ = turns.speech_sure(held(), RULES, 1)
    state, _ = turns.speech_stopped(sure, RULES, 1, 0.2, 100.4)
    state, out = turns.speech_started(state, RULES, 2, 0.2, 100.8)
    assert out == (StopTimer("barge-in"),)
    state, out = turns.heard(state, RULES, 1, "", 100.9)
    assert (state.floor, out) == (Floor.HELD, (StartTimer("barge-in", 0.45),))
    doubtful, _ = turns.speech_stopped(held(), RULES, 1, 0.2, 100.3)
    assert turns.speech_started(doubtful, RULES, 2, 0.2, 100.4)[1] == (StartTimer("barge-in", 0.45),)


def test_a_reply_that_ends_while_the_caller_speaks_over_it_gives_up_the_floor() -> None:
    state, out = saying.reply_over(held(), RULES, 1, 100.5)
    assert (state.floor, state.speaking, state.since) == (Floor.CALLER, 1, 99.8)
    assert out == (StopTimer("barge-in"),)


def test_a_reply_that_ends_while_words_are_awaited_leaves_a_pause() -> None:
    state, _ = turns.speech_stopped(held(), RULES, 1, 0.2, 100.4)
    state, out = saying.reply_over(state, RULES, 1, 100.5)
    assert state.floor is Floor.PAUSE
    assert out == (StopTimer("barge-in"), StartTimer("endpoint", about(0.2)))


def test_a_sound_that_became_sure_late_holds_the_agent_no_longer_than_any_other() -> None:
    state, _ = turns.timer_fired(held(), RULES, "barge-in", 100.45)
    state, _ = turns.speech_sure(state, RULES, 1)
    _, out = turns.speech_stopped(state, RULES, 1, 0.2, 101.0)
    assert out == (StartTimer("barge-in", 1.5),)


@pytest.mark.parametrize("text", ["", "mm-hmm"])
def test_a_nod_that_is_understood_once_the_agent_went_on_stops_nothing(text: str) -> None:
    state, _ = turns.timer_fired(held(), RULES, "barge-in", 100.45)
    state, out = turns.heard(state, RULES, 1, text, 100.6)
    assert (state.floor, out) == (Floor.AGENT, ())


def test_a_sign_of_an_older_pause_says_nothing_about_an_interruption() -> None:
    state, _ = turns.signed(talking(), RULES, "over", 100.0)
    state, _ = turns.speech_started(state, RULES, 1, 0.2, 101.0)
    state, _ = turns.speech_stopped(state, RULES, 1, 0.2, 102.0)
    _, out = turns.heard(state, RULES, 1, "I would like to", 102.0)
    assert out[-1] == StartTimer("endpoint", about(1.0))


def test_an_answer_that_was_given_is_owed_no_longer() -> None:
    state, _ = turns.keys_pressed(thinking(), RULES)
    assert (state.owed, saying.respond(state).owed) == (True, False)


# --- what is heard out


def test_a_protected_reply_is_heard_out() -> None:
    state, out = turns.speech_started(talking(protected=True), RULES, 1, 0.2, 100.0)
    assert (state.floor, state.awaited, out) == (Floor.AGENT, frozenset(), ())
    state, out = turns.speech_stopped(state, RULES, 1, 0.2, 101.0)
    assert (state.speaking, out) == (0, ())
    state, out = turns.heard(state, RULES, 1, "Hello?", 101.0)
    assert (state.floor, state.words, out) == (Floor.AGENT, (), ())
    assert turns.heard(state, RULES, 1, "Hello?", 101.0) == (state, ())
    state, out = saying.reply_over(state, RULES, 1, 102.0)
    assert (state.floor, out) == (Floor.OPEN, ())


def test_speech_that_outlasts_a_protected_reply_is_a_turn() -> None:
    state, _ = turns.speech_started(talking(protected=True), RULES, 1, 0.2, 100.0)
    state, out = saying.reply_over(state, RULES, 1, 101.0)
    assert (state.floor, state.awaited, state.since, out) == (Floor.CALLER, frozenset({1}), 101.0, ())
    state, out = turns.speech_stopped(state, RULES, 1, 0.2, 102.0)
    assert (state.floor, out) == (Floor.PAUSE, (StartTimer("endpoint", about(0.3)),))


def test_without_barge_in_every_reply_is_heard_out() -> None:
    state, out = turns.speech_started(talking(), DEAF, 1, 0.2, 100.0)
    assert (state.floor, state.spoken_over, out) == (Floor.AGENT, 1, ())


def test_late_words_wait_for_the_end_of_a_reply_that_is_heard_out() -> None:
    state, _ = turns.timer_fired(silent(None), DEAF, "endpoint", 102.3)
    state, _ = turns.timer_fired(state, DEAF, "transcript", 105.3)
    state, _ = saying.say(state, "Are you there?", protected=True)
    state, out = turns.heard(state, DEAF, 1, "I am.", 106.0)
    assert (state.floor, state.words, out) == (Floor.THINKING, ("I am.",), ())
    state, out = saying.reply_over(state, DEAF, 1, 107.0)
    assert (state.floor, out) == (Floor.PAUSE, (StopTimer("barge-in"), StartTimer("endpoint", 0.0)))


# --- a word over the end of what the agent says


@pytest.mark.parametrize(("at", "asked", "answers"), [(101.0, True, True), (103.0, True, False), (101.0, False, False)])
def test_a_backchannel_shortly_before_the_end_of_a_question_is_the_answer(
    at: float, asked: bool, answers: bool
) -> None:
    state, _ = turns.speech_stopped(held(), RULES, 1, 0.2, 100.3)
    state, _ = turns.heard(state, RULES, 1, "Sure.", 100.4)
    assert (state.floor, state.aside) == (Floor.AGENT, "Sure.")
    state, _ = saying.reply_over(state, RULES, 1, at, asked=asked)
    assert (state.floor, state.text) == ((Floor.PAUSE, "Sure.") if answers else (Floor.OPEN, ""))
    assert state.aside == ""


def test_an_answer_is_rehearsed_once_it_is_known_what_was_heard_of_the_last() -> None:
    state, _ = turns.speech_stopped(held(), EARLY, 1, 0.2, 101.0)
    state, out = turns.heard(state, EARLY, 1, "What time is it?", 101.0)
    assert [type(one) for one in out] == [StopTimer, CancelReply, StartTimer]
    state, out = saying.reply_over(state, EARLY, 1, 101.01)
    assert out == (StartTimer("endpoint", about(0.09)), Rehearse(1, "What time is it?"))
