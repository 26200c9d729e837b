"""The resampler: the tones that should pass pass, the others do not, and chunking leaves no trace."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from voicecall.audio import Samples
from voicecall.audio.resample import Resampler, resample

RATES = [(22050, 8000), (24000, 8000), (8000, 16000), (16000, 8000), (25358, 8000), (8000, 8000), (44100, 8000)]


def tone(frequency: float, rate: int, seconds: float = 0.5) -> Samples:
    return np.sin(2 * np.pi * frequency * np.arange(int(rate * seconds)) / rate).astype(np.float32)


def level(samples: Samples) -> float:
    """Return dB over a full-scale sine, edges left out."""
    middle = samples[len(samples) // 5 : -len(samples) // 5].astype(np.float64)
    return float(10 * np.log10(np.mean(middle**2) * 2 + 1e-14))


@pytest.mark.parametrize(("rate_in", "rate_out"), RATES)
@pytest.mark.parametrize("frequency", [300, 1000, 3300])
def test_a_tone_in_the_telephone_band_keeps_its_level(rate_in: int, rate_out: int, frequency: int) -> None:
    assert level(resample(tone(frequency, rate_in), rate_in, rate_out)) == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize("rate_in", [16000, 22050, 24000, 25358, 44100])
@pytest.mark.parametrize("frequency", [4400, 4500, 5000, 6100, 7900])
def test_a_tone_above_the_band_does_not_fold_back(rate_in: int, frequency: int) -> None:
    assert level(resample(tone(frequency, rate_in), rate_in, 8000)) < -90


def test_going_up_leaves_no_image() -> None:
    rate, frequency = 16000, 1000
    up = resample(tone(frequency, 8000), 8000, rate)
    error = (up - tone(frequency, rate))[len(up) // 5 : -len(up) // 5]
    assert level(np.concatenate((error, error))) < -85


@given(
    rates=st.sampled_from(RATES),
    lengths=st.lists(st.integers(0, 700), max_size=12),
    seed=st.integers(0, 99),
)
@settings(deadline=None, max_examples=60)
def test_chunking_leaves_no_trace(rates: tuple[int, int], lengths: list[int], seed: int) -> None:
    samples = np.random.default_rng(seed).normal(0, 0.2, sum(lengths)).astype(np.float32)
    resampler = Resampler(*rates)
    pieces, place = [], 0
    for length in lengths:
        pieces.append(resampler.feed(samples[place : place + length]))
        place += length
    pieces.append(resampler.flush())
    whole = resample(samples, *rates)
    assert np.array_equal(np.concatenate(pieces), whole)
    assert len(whole) == -(-len(samples) * rates[1] // rates[0])


def test_output_keeps_its_place_in_time() -> None:
    click = np.zeros(24000, np.float32)
    click[12000] = 1.0
    assert int(np.argmax(resample(click, 24000, 8000))) == 4000


def test_a_live_stream_is_held_back_by_less_than_four_milliseconds() -> None:
    resampler = Resampler(24000, 8000)
    assert len(resampler.feed(np.zeros(480, np.float32))) >= 160 - 32
    assert len(resampler.feed(np.zeros(480, np.float32))) == 160


def test_after_a_flush_it_starts_afresh() -> None:
    resampler = Resampler(22050, 8000)
    first = np.concatenate((resampler.feed(tone(440, 22050)), resampler.flush()))
    again = np.concatenate((resampler.feed(tone(440, 22050)), resampler.flush()))
    assert np.array_equal(first, again)


def test_a_long_chunk_is_worked_off_in_blocks() -> None:
    assert len(resample(tone(440, 24000, seconds=3), 24000, 8000)) == 24000


def test_a_rate_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        Resampler(0, 8000)
