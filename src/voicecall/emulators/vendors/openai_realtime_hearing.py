"""How a Realtime session hears: formats of audio, and speech in it by nothing but its loudness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from voicecall.audio import TELEPHONE_RATE, Samples
from voicecall.audio.g711 import alaw_decode, alaw_encode, float_to_pcm, from_float, pcm_to_float, to_float
from voicecall.audio.levels import rms_dbfs
from voicecall.audio.resample import resample

from .openai_realtime_events import SemanticVad, ServerVad

FULL_RATE = 24000
"""Hertz of `audio/pcm`."""
BYTES_PER_MS = {"audio/pcmu": 8, "audio/pcma": 8, "audio/pcm": 48}
_FRAME_MS = 20
_LOUD = 2
"""Frames in a row that must be loud for speech to have begun."""
_FAINTEST, _LOUDEST = -55.0, -25.0
"""The level that counts as speech, in dBFS, at a threshold of 0 and of 1."""
_SEMANTIC_MS = {"low": 1600, "medium": 800, "auto": 800, "high": 300}
_PADDING_MS = 300


@dataclass(frozen=True, slots=True)
class Noticed:
    """Speech `started` or `stopped`; `at_ms` on the session's clock of received audio."""

    what: Literal["started", "stopped"]
    at_ms: int


def decoded(audio: bytes, kind: str) -> Samples:
    """Return audio of a format by its name, as samples."""
    if kind == "audio/pcmu":
        return to_float(audio)
    return pcm_to_float(alaw_decode(audio) if kind == "audio/pcma" else audio)


def encoded(mulaw: bytes, kind: str) -> bytes:
    """Return mu-law in a format by its name."""
    if kind == "audio/pcmu":
        return mulaw
    if kind == "audio/pcma":
        return alaw_encode(float_to_pcm(to_float(mulaw)))
    return float_to_pcm(resample(to_float(mulaw), TELEPHONE_RATE, FULL_RATE))


def tone(seconds: float, hertz: float = 440.0) -> bytes:
    """Return mu-law that can be heard."""
    at = np.arange(round(seconds * TELEPHONE_RATE)) / TELEPHONE_RATE
    return from_float((0.2 * np.sin(2 * np.pi * hertz * at)).astype(np.float32))


class Ears:
    """Follows the audio of one session; what is left of a frame waits for the rest of it."""

    def __init__(self) -> None:
        self.total_ms = 0
        """Of audio received since the session began."""
        self.is_speech = False
        self._rest = b""
        self._loud = 0
        self._quiet = 0

    def feed(self, audio: bytes, kind: str, detection: ServerVad | SemanticVad | None) -> list[Noticed]:
        """Take audio and return what there was to notice."""
        noticed = []
        self._rest += audio
        size = BYTES_PER_MS[kind] * _FRAME_MS
        while len(self._rest) >= size:
            frame, self._rest = self._rest[:size], self._rest[size:]
            self.total_ms += _FRAME_MS
            if detection is not None:
                noticed += self._judge(rms_dbfs(decoded(frame, kind)), detection)
        return noticed

    def forget(self) -> None:
        """Speech that is going on counts no more."""
        self.is_speech = False
        self._loud = self._quiet = 0

    def _judge(self, dbfs: float, detection: ServerVad | SemanticVad) -> list[Noticed]:
        threshold, padding, pause = _measures(detection)
        if dbfs >= _FAINTEST + (_LOUDEST - _FAINTEST) * threshold:
            self._loud, self._quiet = self._loud + 1, 0
            if self.is_speech or self._loud < _LOUD:
                return []
            self.is_speech = True
            return [Noticed("started", max(0, self.total_ms - _LOUD * _FRAME_MS - padding))]
        self._loud, self._quiet = 0, self._quiet + _FRAME_MS
        if not self.is_speech or self._quiet < pause:
            return []
        self.forget()
        return [Noticed("stopped", self.total_ms)]


def _measures(detection: ServerVad | SemanticVad) -> tuple[float, int, int]:
    """Return the threshold, the padding before speech and the silence that ends it, in milliseconds."""
    if isinstance(detection, ServerVad):
        return detection.threshold, detection.prefix_padding_ms, detection.silence_duration_ms
    return 0.5, _PADDING_MS, _SEMANTIC_MS[detection.eagerness]
