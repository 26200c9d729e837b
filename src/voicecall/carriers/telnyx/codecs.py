"""What Telnyx's media streams may carry, from and to mu-law at 8 kHz. The hot path: fifty frames a second each way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, Protocol, assert_never

import numpy as np

from voicecall.audio import TELEPHONE_RATE, Samples
from voicecall.audio.g711 import (
    MULAW_SILENCE,
    alaw_decode,
    alaw_encode,
    float_to_pcm,
    from_float,
    mulaw_decode,
    mulaw_encode,
    to_float,
)
from voicecall.audio.resample import Resampler
from voicecall.audio.transcoding import transcoded

Codec = Literal["PCMU", "PCMA", "L16/16000"]
"""The names of the codecs as they are configured."""
Encoding = Literal["PCMU", "PCMA", "L16"]

WIRE: Mapping[Codec, tuple[Encoding, int]] = {
    "PCMU": ("PCMU", 8000),
    "PCMA": ("PCMA", 8000),
    "L16/16000": ("L16", 16000),
}
"""By configured name: Telnyx's name of the codec, and the rate in hertz."""
_SHORTEST = TELEPHONE_RATE // 50
"""Telnyx takes no less than 20 ms at once. Source: developers.telnyx.com, "Media streaming", 2026-11."""


def decoder(encoding: Encoding, rate: int) -> Callable[[bytes], bytes]:
    """Return what turns the payloads of one stream, in order, into mu-law at 8 kHz. G.711 is always at 8 kHz.

    What it returns raises ValueError where a payload is not whole samples.
    """
    match encoding:
        case "PCMU":
            return bytes
        case "PCMA":
            return _alaw_to_mulaw
        case "L16":
            return _LinearDecoder(rate)
        case _:
            assert_never(encoding)


class Encoder(Protocol):
    """Turns mu-law at 8 kHz into the payloads of one stream."""

    def encode(self, mulaw: bytes) -> bytes:
        """Return the payload, at least 20 ms of it; what is shorter is filled up with silence."""

    def restart(self) -> None:
        """What comes next has nothing to do with what came before."""


def encoder(codec: Codec) -> Encoder:
    """Return the encoder of a new stream."""
    match codec:
        case "PCMU":
            return _Mulaw()
        case "PCMA":
            return _Alaw()
        case "L16/16000":
            return _LinearEncoder(WIRE[codec][1])
        case _:
            assert_never(codec)


def _alaw_to_mulaw(alaw: bytes) -> bytes:
    transcoded["carrier"] += 1
    return mulaw_encode(alaw_decode(alaw))


def _filled(mulaw: bytes) -> bytes:
    return mulaw.ljust(_SHORTEST, MULAW_SILENCE)


class _LinearDecoder:
    """16-bit PCM, least significant byte first, at any rate. It lags about 3 ms."""

    def __init__(self, rate: int) -> None:
        self._resampler = Resampler(rate, TELEPHONE_RATE)

    def __call__(self, payload: bytes) -> bytes:
        transcoded["carrier"] += 1
        samples: Samples = np.frombuffer(payload, "<i2").astype(np.float32) / np.float32(32768)
        return from_float(self._resampler.feed(samples))


class _Mulaw:
    def encode(self, mulaw: bytes) -> bytes:
        return _filled(mulaw)

    def restart(self) -> None:
        pass


class _Alaw:
    def encode(self, mulaw: bytes) -> bytes:
        transcoded["carrier"] += 1
        return alaw_encode(mulaw_decode(_filled(mulaw)))

    def restart(self) -> None:
        pass


class _LinearEncoder:
    """16-bit PCM, least significant byte first.

    The resampler lags about 3 ms. It is given silence first, which also drives out what was left in it, so that every
    payload is as long as what went in.
    """

    def __init__(self, rate: int) -> None:
        self._resampler = Resampler(TELEPHONE_RATE, rate)
        self.restart()

    def encode(self, mulaw: bytes) -> bytes:
        transcoded["carrier"] += 1
        pcm = float_to_pcm(self._resampler.feed(to_float(_filled(mulaw))))
        return np.frombuffer(pcm, np.int16).astype("<i2").tobytes()

    def restart(self) -> None:
        silence: Samples = np.zeros(_SHORTEST, np.float32)
        self._resampler.feed(silence)
