"""The agent's own voice, come back: how far what is heard is a delayed, faint, coloured copy of what was sent.

Both spectra are partly whitened (the phase-transform weighting of Knapp and Carter, 1976, raised to a power below 1),
so that pitch and vowels, which all speech shares, count for less than the fine course of the signal, which only a copy
shares. The correlation coefficient at the best delay is the likeness. Rates of error are measured by `bench/echo.py`.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from . import TELEPHONE_RATE, Samples
from .g711 import MULAW_SILENCE, to_float
from .levels import gain, rms_dbfs

ECHO = 0.40
"""At this likeness or above it is echo: 99 of 100 windows 200 ms into an echo, 1 of 1000 of a person alone."""

PERSON = 0.30
"""Below this likeness it is a person or noise: 98 of 100 windows of a person alone, 1 of 100 that hold echo only."""

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
_BAND = slice(300 * _TRANSFORM // TELEPHONE_RATE, 3400 * _TRANSFORM // TELEPHONE_RATE)

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
        heard = to_float(self._heard[-_WINDOW:])
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


def _whitened(samples: Samples) -> np.typing.NDArray[np.complex64]:
    """Return the spectrum within the telephone's band, with less difference between its bins."""
    spectrum = np.fft.rfft(samples, _TRANSFORM)[_BAND]
    magnitude = np.abs(spectrum)
    return spectrum / (magnitude + _FLAT * magnitude.max()) ** np.float32(_WHITENING)


def _samples(spectrum: np.typing.NDArray[np.complex64]) -> Samples:
    whole = np.zeros(_TRANSFORM // 2 + 1, np.complex64)
    whole[_BAND] = spectrum
    return np.fft.irfft(whole, _TRANSFORM)


def _correlation(heard: Samples, played: Samples) -> float:
    """Return the correlation coefficient at the best delay; `played` is longer by all delays, and ends when `heard` does."""
    short, long = _whitened(heard), _whitened(played)
    products = _samples(long * short.conj())[: _DELAYS + 1]
    energies = np.concatenate(([0.0], np.cumsum(_samples(long)[:_REACH] ** 2, dtype=np.float64)))
    energy = energies[len(heard) :] - energies[: -len(heard)]
    own = np.sum(_samples(short) ** 2, dtype=np.float64)
    shares = products[: len(energy)] ** 2 / ((energy + energy.max() * _FAINT**2) * own)
    return min(1.0, float(np.sqrt(shares.max())))


class EchoGate:
    """Makes up its mind about one sound from likenesses taken every 40 to 60 ms while it lasts.

    One window that is surely echo says "echo", `persistence` in a row without likeness say "speech"; what lies between
    changes nothing.
    """

    __slots__ = ("_apart", "_persistence", "verdict")

    def __init__(self, persistence: int = 3) -> None:
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
