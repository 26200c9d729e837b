"""Sounds made by code: as loud as asked for, of the right colour, and the same every time."""

from __future__ import annotations

import numpy as np
import pytest

from voicecall.audio import TELEPHONE_RATE, Samples
from voicecall.audio.levels import audible_spans, rms_dbfs
from voicecall.emulators.noises import Kind, at_level, beep, coughs, hum, music, noise

KINDS: tuple[Kind, ...] = ("pink", "room", "babble")


def power(samples: Samples, low: float, high: float) -> float:
    spectrum = np.abs(np.fft.rfft(samples)) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / TELEPHONE_RATE)
    return float(np.sum(spectrum[(hertz >= low) & (hertz < high)]))


@pytest.mark.parametrize("kind", KINDS)
def test_noise_is_as_long_and_as_loud_as_asked_for(kind: Kind) -> None:
    made = noise(kind, 2.5, -33.0)
    assert len(made) == 20000
    assert rms_dbfs(made) == pytest.approx(-33.0, abs=0.1)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_makes_the_same_noise(kind: Kind) -> None:
    assert np.array_equal(noise(kind, 0.5, -30.0, seed=7), noise(kind, 0.5, -30.0, seed=7))
    assert not np.array_equal(noise(kind, 0.5, -30.0, seed=7), noise(kind, 0.5, -30.0, seed=8))


def test_pink_noise_has_the_same_power_in_every_octave() -> None:
    made = noise("pink", 8.0, -20.0)
    octaves = [power(made, low, 2 * low) for low in (200.0, 400.0, 800.0, 1600.0)]
    assert max(octaves) < 1.3 * min(octaves)


def test_a_room_hums_with_the_mains() -> None:
    made = noise("room", 8.0, -30.0)
    assert power(made, 99.8, 100.2) > 5 * power(made, 107.8, 108.2)


def test_babble_is_louder_at_some_times_than_at_others_and_is_no_steady_noise() -> None:
    def unrest(samples: Samples) -> float:
        frames = samples.reshape(-1, 400)
        return float(np.std([rms_dbfs(frame) for frame in frames]))

    assert unrest(noise("babble", 4.0, -20.0)) > 2 * unrest(noise("pink", 4.0, -20.0))


def test_coughs_are_short_bursts_with_pauses_between() -> None:
    spans = audible_spans(coughs(3))
    assert len(spans) == 3
    assert all(0.1 < end - begin < 0.3 for begin, end in spans)


def test_a_hum_has_a_pitch_and_two_humps() -> None:
    made = hum(0.8)
    assert len(made) == 6400
    assert power(made, 100, 200) > 3 * power(made, 1000, 4000)
    frames = [rms_dbfs(frame) for frame in made.reshape(16, 400)]
    assert frames[8] < frames[4] - 6
    assert frames[8] < frames[12] - 6


def test_music_is_made_of_tones_that_change() -> None:
    made = music(4.0, -25.0)
    assert rms_dbfs(made) == pytest.approx(-25.0, abs=0.1)
    assert power(made[:8000], 391, 393) > 10 * power(made[8000:16000], 391, 393)


def test_a_beep_is_one_tone() -> None:
    made = beep(0.5, 1000.0)
    assert power(made, 990, 1010) > 0.95 * power(made, 0, 4000)


def test_silence_has_no_level_and_what_is_too_loud_is_clipped() -> None:
    assert not np.any(at_level(np.zeros(100, np.float32), -10.0))
    assert float(np.max(np.abs(at_level(noise("pink", 0.1, -20.0), 10.0)))) == 1.0
