"""The agent's own voice, come back: how far what is heard is a delayed, faint, coloured copy of what was sent.

Both spectra are partly whitened (the phase-transform weighting of Knapp and Carter, 1976, raised to a power below 1),
so that pitch and vowels, which all speech shares, count for less than the fine course of the signal, which only a copy
shares. The correlation coefficient at the best delay is the likeness. Rates of error are measured by `bench/echo.py`.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from . import TELEPHONE_RATE, Samples
from .g711 import MULAW_SILENCE, to_float
from .levels import gain, rms_dbfs

ECHO = 0.40
"""At this likeness or above it is echo: 99 in 100 windows that end 300 ms after an echo began, 1 in 200 of a person."""

PERSON = 0.30
"""Below this likeness it is a person or noise: 97 in 100 windows of a person, 1 in 100 of those 300 ms into an echo."""

_WINDOW = TELEPHONE_RATE // 5
_DELAYS = TELEPHONE_RATE  # an echo is looked for up to so long after it was played
_REACH = _WINDOW + _DELAYS
_LEAD = TELEPHONE_RATE // 2  # audio that may have been sent and not yet been played
_SLACK = TELEPHONE_RATE // 2  # so rarely are the old ends cut off
_TRANSFORM = 10240
_WHITENING = 0.6
_FLAT = 1e-3  # of the strongest bin: what lies below is not whitened any further
_FAINT = gain(-20.0)  # of the loudest stretch sent: below this nothing of it is heard in its echo
_SILENT_DBFS = -65.0
_TONES = 4.5  # frequencies at once: keys and tones have up to four, voiced speech from six
_BAND = slice(300 * _TRANSFORM // TELEPHONE_RATE, 3400 * _TRANSFORM // TELEPHONE_RATE)

Spectrum: TypeAlias = npt.NDArray[np.complex64]
Verdict: TypeAlias = Literal["echo", "speech", "unclear"]


class EchoDetector:
    """Compares the two directions of one call. Its clock is the audio heard, which has to come without gaps.

    What is sent counts as played as soon as it came and all that was sent before has been played; it may be sent up to
    0.5 s ahead of that.
    """

    __slots__ = ("_heard", "_now", "_sent", "_until")

    def __init__(self) -> None:
        self._sent = bytearray()
        self._until = 0  # when the last byte sent will have been played
        self._heard = bytearray()
        self._now = 0  # both in samples heard since the beginning

    def sent(self, mulaw: bytes) -> None:
        """Take the agent's audio, in the order in which it was sent."""
        gap = self._now - self._until
        if gap > 0:
            self._sent += MULAW_SILENCE * min(gap, _REACH)
            self._until = self._now
        self._sent += mulaw
        self._until += len(mulaw)
        if len(self._sent) > _REACH + _LEAD + _SLACK:
            del self._sent[: -_REACH - _LEAD]

    def dropped(self) -> None:
        """The carrier has dropped what was sent and not yet played."""
        ahead = self._until - self._now
        if ahead > 0:
            del self._sent[-ahead:]
            self._until = self._now

    def heard(self, mulaw: bytes) -> None:
        """Take caller audio, silence as well as sound."""
        self._heard += mulaw
        self._now += len(mulaw)
        if len(self._heard) > _WINDOW + _SLACK:
            del self._heard[:-_WINDOW]

    def likeness(self) -> float:
        """Return how far the newest 200 ms heard are an echo, 0 to 1; see `ECHO` and `PERSON`."""
        heard = to_float(self._heard[-_WINDOW:].rjust(_WINDOW, MULAW_SILENCE))
        played = to_float(self._played())
        if rms_dbfs(heard) < _SILENT_DBFS or rms_dbfs(played) < _SILENT_DBFS:
            return 0.0
        return _correlation(heard, played)

    def _played(self) -> bytearray:
        """Return what was played until now, the newest `_REACH` samples of it."""
        ahead = self._until - self._now
        if ahead > 0:
            played = self._sent[-ahead - _REACH : -ahead]
        else:
            played = self._sent[-_REACH:] + MULAW_SILENCE * min(-ahead, _REACH)
        return played[-_REACH:].rjust(_REACH, MULAW_SILENCE)


def _spectrum(samples: Samples) -> Spectrum:
    """Return the spectrum within the telephone's band."""
    spectrum: Spectrum = np.fft.rfft(samples, _TRANSFORM)[_BAND].astype(np.complex64, copy=False)
    return spectrum


def _is_tone(spectrum: Spectrum) -> bool:
    """Say whether there are so few frequencies in it that it is like itself at any delay."""
    power = np.abs(spectrum).astype(np.float64) ** 2
    return bool(power.sum() ** 2 < _TONES * _TRANSFORM / _WINDOW * np.square(power).sum())


def _whitened(spectrum: Spectrum) -> Spectrum:
    """Return the spectrum with less difference between its bins."""
    magnitude = np.abs(spectrum)
    whitened: Spectrum = spectrum / (magnitude + _FLAT * magnitude.max()) ** np.float32(_WHITENING)
    return whitened


def _samples(spectrum: Spectrum) -> Samples:
    whole = np.zeros(_TRANSFORM // 2 + 1, np.complex64)
    whole[_BAND] = spectrum
    return np.fft.irfft(whole, _TRANSFORM).astype(np.float32, copy=False)


def _correlation(heard: Samples, played: Samples) -> float:
    """Return the correlation coefficient at the best delay. `played` ends with `heard`, and begins earlier."""
    spectrum = _spectrum(heard)
    if _is_tone(spectrum):
        return 0.0
    short, long = _whitened(spectrum), _whitened(_spectrum(played))
    products = _samples(long * short.conj())[: _DELAYS + 1]
    energies = np.concatenate(([0.0], np.cumsum(_samples(long)[:_REACH] ** 2, dtype=np.float64)))
    energy = energies[len(heard) :] - energies[: -len(heard)]
    own = 2 * float(np.sum(np.abs(short) ** 2)) / _TRANSFORM
    shares = products[: len(energy)] ** 2 / ((energy + energy.max() * _FAINT**2) * own)
    return min(1.0, float(np.sqrt(shares.max())))


class EchoGate:
    """Makes up its mind about one sound from likenesses taken every 40 to 60 ms while it lasts.

    One window that is surely echo says "echo", `persistence` in a row without likeness say "speech"; what lies between
    changes nothing. At 40 ms and a persistence of 4, one echo in fifty is ever called speech, and 98 persons in 100
    are called so within 300 ms; at 3 it is one echo in fifteen, and 99 persons.
    """

    __slots__ = ("_apart", "_persistence", "verdict")

    def __init__(self, persistence: int = 4) -> None:
        self._persistence = persistence
        self._apart = 0
        self.verdict: Verdict = "unclear"

    def take(self, likeness: float) -> Verdict:
        """Take the next likeness and say what the sound is by now."""
        if likeness >= PERSON:
            self._apart = 0
            if likeness >= ECHO:
                self.verdict = "echo"
        else:
            self._apart += 1
            if self._apart >= self._persistence:
                self.verdict = "speech"
        return self.verdict
