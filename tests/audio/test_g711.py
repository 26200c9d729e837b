"""G.711 both ways, and against floats."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from voicecall.audio import g711


@given(st.binary())
def test_mulaw_survives_a_round_trip_but_for_negative_zero(mulaw: bytes) -> None:
    assert g711.mulaw_encode(g711.mulaw_decode(mulaw)) == mulaw.replace(b"\x7f", b"\xff")


@given(st.binary())
def test_alaw_survives_a_round_trip(alaw: bytes) -> None:
    assert g711.alaw_encode(g711.alaw_decode(alaw)) == alaw


@given(st.binary())
def test_floats_and_mulaw_agree_with_pcm_and_mulaw(mulaw: bytes) -> None:
    samples = g711.to_float(mulaw)
    assert samples.dtype == np.float32
    assert g711.float_to_pcm(samples) == g711.mulaw_decode(mulaw)
    assert g711.from_float(samples) == mulaw.replace(b"\x7f", b"\xff")


@given(st.lists(st.integers(-32768, 32767)))
def test_pcm_survives_a_round_trip_through_floats(values: list[int]) -> None:
    pcm = np.array(values, np.int16).tobytes()
    assert g711.float_to_pcm(g711.pcm_to_float(pcm)) == pcm


def test_silence_is_silent() -> None:
    assert g711.mulaw_decode(g711.MULAW_SILENCE) == b"\0\0"


def test_what_is_too_loud_is_clipped_not_wrapped() -> None:
    assert g711.float_to_pcm(np.array([1.5, -1.5], np.float32)) == np.array([32767, -32768], np.int16).tobytes()


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        g711.MULAW_TO_FLOAT[0] = 0.0
