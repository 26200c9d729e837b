"""What Plivo's media streams may carry, from and to mu-law at 8 kHz. The hot path: fifty frames a second each way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol, assert_never

import numpy as np

from voicecall.audio import TELEPHONE_RATE, Samples
from voicecall.audio.g711 import float_to_pcm, from_float, to_float
from voicecall.audio.resample import Resampler
from voicecall.audio.transcoding import transcoded

Codec = Literal["PCMU", "L16/8000", "L16/16000"]
"""The names of the codecs as they are configured."""

CONTENT_TYPES: Mapping[Codec, str] = {
    "PCMU": "audio/x-mulaw;rate=8000",
    "L16/8000": "audio/x-l16;rate=8000",
    "L16/16000": "audio/x-l16;rate=16000",
}
"""Plivo's names, by ours. Source: plivo.com/docs/voice-agents/audio-streaming/xml/stream, 2026-11."""
_PRIMING = 50
"""Milliseconds of silence that a resampler is given first: it lags about 3, and then gives as much as it takes."""


class Coder(Protocol):
    """Turns the payloads of one media stream, in order, into mu-law at 8 kHz, and mu-law into payloads."""

    def decode(self, payload: bytes) -> bytes:
        """Return the caller's audio as mu-law; 20 ms are 160 bytes."""

    def encode(self, mulaw: bytes) -> bytes:
        """Return the payload that plays this mu-law, exactly as long as it."""

    def restart(self) -> None:
        """What is encoded next has nothing to do with what was encoded before."""


def coder(codec: Codec) -> Coder:
    """Return the coder of a new stream."""
    match codec:
        case "PCMU":
            return _Mulaw()
        case "L16/8000":
            return _Linear(8000)
        case "L16/16000":
            return _Linear(16000)
        case _:
            assert_never(codec)


class _Mulaw:
    def decode(self, payload: bytes) -> bytes:
        return payload

    def encode(self, mulaw: bytes) -> bytes:
        return mulaw

    def restart(self) -> None:
        pass


class _Linear:
    """16-bit PCM, least significant byte first. At another rate than 8 kHz it lags about 3 ms in each direction."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._half = b""
        """A sample's first byte, where a payload ended with one."""
        self._down = _primed(rate, TELEPHONE_RATE)
        self.restart()

    def decode(self, payload: bytes) -> bytes:
        transcoded["carrier"] += 1
        whole = self._half + payload
        end = len(whole) & ~1
        self._half = whole[end:]
        samples: Samples = np.frombuffer(whole[:end], "<i2").astype(np.float32) / np.float32(32768)
        return from_float(self._down.feed(samples))

    def encode(self, mulaw: bytes) -> bytes:
        transcoded["carrier"] += 1
        pcm = float_to_pcm(self._up.feed(to_float(mulaw)))
        return np.frombuffer(pcm, np.int16).astype("<i2").tobytes()

    def restart(self) -> None:
        self._up = _primed(TELEPHONE_RATE, self._rate)


def _primed(rate_in: int, rate_out: int) -> Resampler:
    resampler = Resampler(rate_in, rate_out)
    resampler.feed(np.zeros(rate_in * _PRIMING // 1000, np.float32))
    return resampler
