"""What a telephone line adds to a caller's voice: noise behind it, the gateway's own voice coming back, lost frames.

Pure; one frame of 20 ms at a time.
"""

from __future__ import annotations

from collections import deque
from typing import Annotated

import msgspec
import numpy as np

from voicecall.audio import Samples
from voicecall.audio.g711 import from_float, to_float
from voicecall.audio.levels import gain

from .noises import SPEECH_DBFS, Kind, noise
from .playout import FRAME, RATE, SILENCE

_LOOP = 8.0
"""Seconds of noise that are made, and then repeated."""

Decibels = Annotated[float, msgspec.Meta(ge=-90, le=60)]


class Noise(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Noise, by its kind and either its level or its distance from the caller's speech."""

    kind: Kind
    snr: Decibels | None = None
    """How much louder the caller's speech is, in dB."""
    dbfs: Decibels | None = None

    def __post_init__(self) -> None:
        if (self.snr is None) == (self.dbfs is None):
            raise ValueError("noise has either an snr or a level in dbfs")

    @property
    def level(self) -> float:
        """The level in dBFS (rms)."""
        return SPEECH_DBFS - self.snr if self.snr is not None else self.dbfs or 0.0


class Echo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the phone plays comes back through its own microphone."""

    delay_ms: Annotated[float, msgspec.Meta(ge=20, le=2000)]
    db: Annotated[float, msgspec.Meta(le=0)] = -12.0
    """How much quieter it comes back."""


class Loss(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Frames that get lost on the line, in both directions, each by itself."""

    percent: Annotated[float, msgspec.Meta(ge=0, le=100)]


class Disturbance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is wrong with a line."""

    noise: Noise | None = None
    echo: Echo | None = None
    loss: Loss | None = None


class DisturbedLine:
    """A line with such a disturbance. The same `seed` disturbs in the same way."""

    def __init__(self, disturbance: Disturbance, seed: int = 0) -> None:
        self._chance = np.random.default_rng(seed)
        self._lost = 0.0 if disturbance.loss is None else disturbance.loss.percent / 100
        self._noise: Samples | None = None
        self._at = 0
        if disturbance.noise is not None:
            self._noise = noise(disturbance.noise.kind, _LOOP, disturbance.noise.level, seed)
        self._returning: deque[bytes] = deque()
        self._gain = 0.0
        if disturbance.echo is not None:
            late = max(1, round(disturbance.echo.delay_ms / 1000 * RATE / FRAME))
            self._returning.extend([SILENCE] * late)
            self._gain = gain(disturbance.echo.db)

    def play(self, frame: bytes) -> bytes:
        """Return what the phone hears of a frame that the gateway sent."""
        return SILENCE if self._is_lost() else frame

    def speak(self, frame: bytes, heard: bytes) -> bytes:
        """Return what arrives of a frame that the phone sends while it plays `heard`."""
        spoken = self._mixed(frame, heard)
        return SILENCE if self._is_lost() else spoken

    def _mixed(self, frame: bytes, heard: bytes) -> bytes:
        back = SILENCE
        if self._returning:
            self._returning.append(heard)
            back = self._returning.popleft()
        if self._noise is None and back is SILENCE:
            return frame
        mixed = to_float(frame)
        if back is not SILENCE:
            mixed = mixed + np.float32(self._gain) * to_float(back)
        if self._noise is not None:
            mixed = mixed + self._noise[self._at : self._at + FRAME]
            self._at = (self._at + FRAME) % len(self._noise)
        return from_float(mixed)

    def _is_lost(self) -> bool:
        return self._lost > 0 and self._chance.random() < self._lost
