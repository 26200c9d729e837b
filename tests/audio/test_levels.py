"""Levels, ramps, and where a track is audible."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from voicecall.audio import Samples, g711, levels


def tone(seconds: float, amplitude: float = 0.1) -> Samples:
    return (amplitude * np.sin(2 * np.pi * 440 * np.arange(round(8000 * seconds)) / 8000)).astype(np.float32)


def silence(seconds: float) -> Samples:
    return np.zeros(round(8000 * seconds), np.float32)


def test_a_sine_measures_three_decibels_below_its_amplitude() -> None:
    assert levels.rms_dbfs(tone(1.0, amplitude=1.0)) == pytest.approx(-3.01, abs=0.01)
    assert levels.rms_dbfs(tone(1.0, amplitude=levels.gain(-17))) == pytest.approx(-20.01, abs=0.01)


@pytest.mark.parametrize("nothing", [silence(0.0), silence(0.1), np.full(80, 1e-9, np.float32)])
def test_silence_measures_the_floor(nothing: Samples) -> None:
    assert levels.rms_dbfs(nothing) == levels.FLOOR_DBFS


def test_silence_is_told_from_sound() -> None:
    assert levels.is_silent(tone(0.1, amplitude=0.001))
    assert not levels.is_silent(tone(0.1))


@given(st.binary(min_size=1))
def test_the_quick_rms_agrees_with_the_exact_one(mulaw: bytes) -> None:
    exact = float(np.sqrt(np.mean(g711.to_float(mulaw).astype(np.float64) ** 2)))
    assert levels.mulaw_rms(mulaw) == pytest.approx(exact, abs=1.1 / 32768)


def test_a_ramp_goes_from_one_gain_to_the_other() -> None:
    flat = np.full(5, 0.5, np.float32)
    assert levels.ramp(flat, 0.0, 1.0).tolist() == [0.0, 0.125, 0.25, 0.375, 0.5]
    assert levels.ramp(flat, 1.0, 0.0).tolist() == [0.5, 0.375, 0.25, 0.125, 0.0]


def test_a_mulaw_ramp_ends_in_silence() -> None:
    faded = levels.ramp_mulaw(g711.from_float(np.full(160, 0.5, np.float32)), 1.0, 0.0)
    assert len(faded) == 160
    assert faded[-1:] == g711.MULAW_SILENCE
    assert g711.to_float(faded)[0] == pytest.approx(0.5, rel=0.05)


def test_audible_spans_are_found_to_ten_milliseconds() -> None:
    track = np.concatenate((silence(0.5), tone(0.3), silence(0.2), tone(0.25)))
    assert levels.audible_spans(track) == [pytest.approx((0.5, 0.8)), pytest.approx((1.0, 1.25))]
    assert levels.first_audible(track) == pytest.approx(0.5)


def test_a_short_gap_does_not_split_a_span() -> None:
    track = np.concatenate((tone(0.3), silence(0.05), tone(0.3)))
    assert levels.audible_spans(track) == [pytest.approx((0.0, 0.65))]
    assert len(levels.audible_spans(track, join=0.02)) == 2


def test_a_track_that_ends_within_a_step_ends_there() -> None:
    assert levels.audible_spans(tone(0.1234)) == [pytest.approx((0.0, 0.123375))]


def test_a_silent_track_is_never_audible() -> None:
    assert levels.audible_spans(silence(1.0)) == []
    assert levels.first_audible(silence(1.0)) is None
    assert levels.first_audible(silence(0.0)) is None
