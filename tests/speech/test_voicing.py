"""Plays for the hysteresis: probabilities in, decisions out."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from voicecall.speech import Speech
from voicecall.speech.voicing import Voicing


def decisions(probabilities: Sequence[float], voicing: Voicing | None = None) -> list[tuple[int, Speech]]:
    """Return (window number from 1, decision)."""
    voicing = voicing or Voicing()
    taken = ((number, voicing.take(p)) for number, p in enumerate(probabilities, 1))
    return [(number, decision) for number, decision in taken if decision is not None]


def test_speech_starts_with_the_second_voiced_window_and_says_how_long_ago_it_began() -> None:
    assert decisions([0.1, 0.6, 0.5]) == [(3, Speech(started=True, lead=0.064))]


def test_a_single_voiced_window_is_a_click() -> None:
    assert decisions([0.1, 0.9, 0.4, 0.9, 0.1]) == []


def test_speech_stops_after_seven_unvoiced_windows_and_says_how_long_it_has_been_silent() -> None:
    assert decisions([0.9, 0.9, *[0.1] * 7]) == [
        (2, Speech(started=True, lead=0.064)),
        (9, Speech(started=False, silence=0.224)),
    ]


def test_a_doubtful_window_goes_on_with_speech_but_does_not_start_it() -> None:
    assert decisions([0.4] * 20) == []
    assert len(decisions([0.9, 0.9, *[0.1] * 6, 0.4, *[0.1] * 6])) == 1


def test_speech_can_start_again_after_it_stopped() -> None:
    turn = [0.9] * 3 + [0.0] * 7
    assert [decision.started for _, decision in decisions(turn * 3)] == [True, False] * 3


def test_thresholds_are_chosen_by_whoever_makes_it() -> None:
    strict = Voicing(window=0.02, start=0.8, start_windows=1, stop=0.7, stop_windows=1)
    assert decisions([0.79, 0.8, 0.7, 0.69], strict) == [
        (2, Speech(started=True, lead=0.02)),
        (4, Speech(started=False, silence=0.02)),
    ]


@given(st.lists(st.floats(0, 1)))
def test_starts_and_stops_alternate(probabilities: list[float]) -> None:
    found = [decision.started for _, decision in decisions(probabilities)]
    assert found == [number % 2 == 0 for number in range(len(found))]
