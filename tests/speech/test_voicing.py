"""Plays for the hysteresis: probabilities in, decisions out."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, strategies as st

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


def test_speech_is_sure_once_eight_of_eleven_windows_were_clearly_voiced() -> None:
    start, sure = Speech(started=True, lead=0.064), Speech(started=True, lead=0.256, sure=True)
    assert decisions([0.1, *[0.8] * 20]) == [(3, start), (9, sure)]
    with_gaps = [0.9, 0.9, 0.6, 0.9, 0.9, 0.5, 0.9, 0.9, 0.4, 0.9, 0.9]
    assert decisions(with_gaps) == [(2, start), (11, Speech(started=True, lead=0.352, sure=True))]


def test_speech_that_is_never_clear_is_never_sure() -> None:
    assert len(decisions([0.79] * 100)) == 1
    assert len(decisions([0.9, 0.9, 0.6, 0.6] * 25)) == 1


def test_speech_is_sure_anew_after_each_start_and_never_after_a_stop() -> None:
    turn = [0.9] * 9 + [0.0] * 7
    assert [(found.started, found.sure) for _, found in decisions(turn * 2)] == [
        (True, False),
        (True, True),
        (False, False),
    ] * 2
    assert [found.sure for _, found in decisions([*[0.9] * 7, *[0.0] * 7] * 2)] == [False] * 4


def test_thresholds_are_chosen_by_whoever_makes_it() -> None:
    strict = Voicing(window=0.02, start=0.8, start_windows=1, stop=0.7, stop_windows=1)
    assert decisions([0.79, 0.8, 0.7, 0.69], strict) == [
        (2, Speech(started=True, lead=0.02)),
        (4, Speech(started=False, silence=0.02)),
    ]


@given(st.lists(st.floats(0, 1)))
def test_starts_and_stops_alternate(probabilities: list[float]) -> None:
    found = [decision.started for _, decision in decisions(probabilities) if not decision.sure]
    assert found == [number % 2 == 0 for number in range(len(found))]


@given(st.lists(st.floats(0, 1)))
def test_only_what_has_started_is_sure_and_only_once(probabilities: list[float]) -> None:
    found = [decision for _, decision in decisions(probabilities)]
    for before, decision in zip([None, *found], found, strict=False):
        assert not decision.sure or (decision.started and before is not None and before.started and not before.sure)
