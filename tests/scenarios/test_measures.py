"""What is measured of a call, by its recording and the phone's journal."""

from __future__ import annotations

import pytest

from tests.scenarios.calls import event, held, reply, step
from voicecall.scenarios.measures import Answer, measure

TURN = {"turn": 1, "wait": 300.0, "brain": 1.0, "response": 310.0}


def answered(begin: float, *, caller_end: float = 3.0) -> tuple[Answer, ...]:
    """Measure a call in which the caller stops at `caller_end` and the agent begins to sound at `begin`."""
    return measure(
        held(
            agent=[(0.0, 1.5), (begin, begin + 2)],
            caller=[(2.0, caller_end)],
            journal=step("say", 1.98, caller_end + 0.1, "When are you open?"),
            events=[
                *reply(1, 0.0, 1.5, "Hello"),
                *reply(2, begin, begin + 2, "At nine"),
                event(begin + 0.1, "turn.measured", turn=1, stages=TURN),
            ],
            latency={"turns": [TURN]},
        )
    ).answers


def test_a_response_is_the_silence_between_the_callers_sound_and_the_agents() -> None:
    (answer,) = answered(3.4)
    assert (answer.turn, answer.wait_ms) == (1, 300.0)
    assert answer.response_ms == pytest.approx(400, abs=21)


def test_a_response_is_told_from_the_audio_and_not_from_the_events() -> None:
    late = measure(
        held(
            agent=[(4.0, 5.0)],
            caller=[(2.0, 3.0)],
            journal=step("say", 2.0, 3.0, "Hello?"),
            events=[*reply(1, 3.3, 5.0, "Yes"), event(3.4, "turn.measured", turn=1, stages=TURN)],
            latency={"turns": [TURN]},
        )
    )
    assert late.answers[0].response_ms == pytest.approx(1000, abs=21)


def test_a_cough_is_no_turn() -> None:
    coughed = measure(
        held(
            agent=[(3.4, 5.0)],
            caller=[(1.0, 2.0), (3.0, 3.3)],
            journal=[*step("say", 1.0, 2.0, "Hello?"), *step("cough", 3.0, 3.3)],
            events=[*reply(1, 3.4, 5.0, "Yes"), event(3.5, "turn.measured", turn=1, stages=TURN)],
            latency={"turns": [TURN]},
        )
    )
    assert coughed.answers[0].response_ms == pytest.approx(1400, abs=21)


def test_an_interruption_lasts_until_the_agent_is_silent() -> None:
    measured = measure(
        held(
            agent=[(1.0, 4.18), (6.0, 7.0)],
            caller=[(4.0, 5.0)],
            journal=step("say", 3.98, 5.0, "Wait"),
            events=reply(1, 1.0, 4.2, "A long answer", heard="A long"),
        )
    )
    (took,) = measured.interruptions_ms
    assert took == pytest.approx(180, abs=21)
    assert measured.replies[0].cut


def test_an_interruption_in_a_breath_of_the_agents_takes_no_time() -> None:
    measured = measure(
        held(
            agent=[(1.0, 3.9)],
            caller=[(4.0, 5.0)],
            journal=step("say", 3.98, 5.0, "Wait"),
            events=reply(1, 1.0, 4.4, "A long answer", heard="A long"),
        )
    )
    assert measured.interruptions_ms == (0.0,)


def test_speech_in_the_agents_silence_is_no_interruption() -> None:
    events = reply(1, 1.0, 2.0, "One line")
    measured = measure(
        held(agent=[(1.0, 2.0)], caller=[(2.1, 4.0)], journal=step("say", 2.1, 4.0, "Hello"), events=events)
    )
    assert measured.interruptions_ms == ()


@pytest.mark.parametrize(("gap", "count"), [(0.58, 0), (0.6, 0), (0.64, 1)])
def test_a_pause_inside_a_line_counts_when_it_is_longer_than_600_ms(gap: float, count: int) -> None:
    measured = measure(held(agent=[(1.0, 2.0), (2.0 + gap, 4.0)], events=reply(1, 1.0, 4.0, "One line")))
    assert len(measured.pauses) == count


def test_a_silence_between_two_lines_is_no_pause() -> None:
    events = [*reply(1, 1.0, 2.0, "One line"), *reply(2, 4.0, 5.0, "Another")]
    assert measure(held(agent=[(1.0, 2.0), (4.0, 5.0)], events=events)).pauses == ()


def test_nobody_speaks_where_neither_side_is_audible() -> None:
    measured = measure(
        held(agent=[(1.0, 2.0)], caller=[(3.0, 5.0)], journal=step("say", 3.0, 5.0, "Hello"), seconds=8.0)
    )
    assert [(round(begin, 2), round(end, 2)) for begin, end in measured.silences] == [(0, 1), (2, 3), (5, 8)]


def test_steps_know_what_of_them_was_audible_and_one_under_way_ends_with_the_call() -> None:
    journal = [*step("say", 1.0, 2.0, "Hello"), *step("wait", 2.0, 3.0, "1"), step("music", 3.0, 9.0)[0]]
    measured = measure(held(caller=[(1.1, 1.8), (3.0, 6.0)], journal=journal))
    assert [(one.what, one.sounded) for one in measured.did] == [
        ("say", ((1.1, 1.8),)),
        ("wait", ()),
        ("music", ()),
    ]


def test_the_stages_of_all_turns_are_known_by_name() -> None:
    turns = [{"turn": 1, "wait": 1.0, "brain": 2.0}, {"turn": 2, "interruption": 3.0}]
    assert measure(held(latency={"turns": turns})).stages == ("brain", "interruption", "wait")
