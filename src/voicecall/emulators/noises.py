"""Sounds that are not words, made by code: noise, a cough, a hum, music, a beep, room tone, far voices. Pure.

All are samples at 8 kHz. Levels are in dBFS (rms); the same `seed` makes the same sound.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import pi
from typing import Literal

import numpy as np
import numpy.typing as npt

from voicecall.audio import TELEPHONE_RATE as RATE, Samples
from voicecall.audio.levels import gain, rms_dbfs

SPEECH_DBFS = -20.0
"""The level of the callers' speech, pauses not counted; signal-to-noise ratios are told against it."""

Kind = Literal["pink", "room", "babble"]
_Curve = npt.NDArray[np.float64]

_BAND = (300.0, 3400.0)
"""Hertz that a telephone line carries."""
_MAINS = 50.0
_CHORDS = ((261.6, 329.6, 392.0), (220.0, 261.6, 329.6), (174.6, 220.0, 261.6), (196.0, 246.9, 293.7))
_COUGH_SECONDS, _BETWEEN_COUGHS = 0.28, 0.35
_TALKERS = 6


def noise(kind: Kind, seconds: float, dbfs: float, seed: int = 0) -> Samples:
    """Return noise: `pink` is even over the octaves, `room` a ventilated room with mains hum, `babble` far voices."""
    chance = np.random.default_rng(seed)
    count = round(seconds * RATE)
    match kind:
        case "pink":
            made = _filtered(chance, count, 0.5)
        case "room":
            hum = _tones(count, [(_MAINS * n, 0.5 / n) for n in (2, 3, 6, 7)])
            made = _unit(_filtered(chance, count, 1.0)) + 0.3 * _unit(hum)
        case _:
            made = sum((_talker(chance, count) for _ in range(_TALKERS)), start=np.zeros(count))
    return at_level(made, dbfs)


def coughs(count: int, dbfs: float = -14.0, seed: int = 0) -> Samples:
    """Return so many coughs in a row: a burst of breath, and a short tail."""
    chance = np.random.default_rng(seed)
    pause = np.zeros(round(_BETWEEN_COUGHS * RATE))
    parts: list[_Curve] = []
    for _ in range(count):
        times = np.arange(round(_COUGH_SECONDS * RATE)) / RATE
        burst = np.exp(-times / 0.045) + 0.25 * np.exp(-(((times - 0.15) / 0.05) ** 2))
        attack = np.minimum(1.0, times / 0.004)
        breath = _unit(_filtered(chance, len(times), 0.3, (400.0, 2800.0)))
        parts += [burst * attack * breath, pause]
    return at_level(np.concatenate(parts[:-1]), dbfs)


def hum(seconds: float, dbfs: float = -24.0, hertz: float = 130.0) -> Samples:
    """Return a voice with closed lips that rises and falls twice: "mm-hmm", without a word."""
    count = round(seconds * RATE)
    share = np.arange(count) / max(1, count)
    pitch = hertz * (1.0 + 0.12 * np.sin(2 * pi * share) + 0.1 * (share > 0.5))
    phase = 2 * pi * np.cumsum(pitch) / RATE
    voice = np.zeros(count)
    for n in range(1, 12):
        voice += np.sin(n * phase) / n**2
    humps = np.clip(np.sin(2 * pi * share) ** 2 * 1.6, 0.0, 1.0)
    return at_level(voice * humps, dbfs)


def music(seconds: float, dbfs: float = -22.0) -> Samples:
    """Return what is played to those who wait: four chords, over and over, a second each."""
    parts: list[_Curve] = []
    times = np.arange(RATE) / RATE
    swell = np.minimum(1.0, times / 0.05) * np.exp(-times / 1.5)
    for number in range(int(seconds) + 1):
        chord = _CHORDS[number % len(_CHORDS)]
        partials = [(hertz * n, 1.0 / n) for hertz in chord for n in (1, 2, 3)]
        parts.append(_tones(RATE, partials) * swell)
    return at_level(np.concatenate(parts)[: round(seconds * RATE)], dbfs)


def beep(seconds: float = 0.5, hertz: float = 1000.0, dbfs: float = -15.0) -> Samples:
    """Return the tone after which a message is left."""
    return at_level(_tones(round(seconds * RATE), [(hertz, 1.0)]), dbfs)


def at_level(samples: npt.NDArray[np.floating], dbfs: float) -> Samples:
    """Return the samples at this level, clipped at full scale; silence stays silence."""
    plain = samples.astype(np.float32)
    if not np.any(plain):
        return plain
    louder: Samples = plain * np.float32(gain(dbfs - rms_dbfs(plain)))
    return np.clip(louder, np.float32(-1), np.float32(1))


def _filtered(
    chance: np.random.Generator, count: int, slope: float, band: tuple[float, float] = (50.0, 3800.0)
) -> _Curve:
    """Return noise within a band, whose amplitude falls with the frequency to the power of `slope`."""
    spectrum = np.fft.rfft(chance.standard_normal(count))
    hertz = np.fft.rfftfreq(count, 1 / RATE)
    inside = (hertz >= band[0]) & (hertz <= band[1])
    return np.fft.irfft(np.where(inside, spectrum / np.maximum(hertz, 1.0) ** slope, 0.0), count)


def _tones(count: int, partials: Sequence[tuple[float, float]]) -> _Curve:
    times = np.arange(count) / RATE
    made = np.zeros(count)
    for hertz, amplitude in partials:
        if hertz < RATE / 2:
            made += amplitude * np.sin(2 * pi * hertz * times)
    return made


def _talker(chance: np.random.Generator, count: int) -> _Curve:
    """Return somebody far away who speaks syllables of no language."""
    pitch = chance.uniform(95.0, 220.0)
    drift = np.cumsum(chance.standard_normal(count)) / RATE
    phase = 2 * pi * np.cumsum(pitch * (1.0 + 0.3 * np.tanh(drift))) / RATE
    source = np.sign(np.sin(phase)) * 0.5 + np.sin(phase)
    made = np.zeros(count)
    at = 0
    while at < count:
        length = min(count - at, round(chance.uniform(0.12, 0.3) * RATE))
        vowel = chance.uniform([300.0, 900.0], [800.0, 2300.0])
        times = np.arange(length) / RATE
        ring = sum(np.cos(2 * pi * hertz * times) for hertz in vowel)
        made[at : at + length] = source[at : at + length] * ring * np.hanning(length)
        at += length + round(chance.exponential(0.05) * RATE)
    return _unit(made)


def _unit(samples: _Curve) -> _Curve:
    power = float(np.sqrt(np.mean(np.square(samples)))) if len(samples) else 0.0
    return samples / power if power > 0 else samples
