"""What can be told of the sound that is said to be mu-law."""

from __future__ import annotations

import numpy as np
import pytest

from voicecall.audio.g711 import float_to_pcm, from_float
from voicecall.audio.wav import encode_wav
from voicecall.emulators.noises import SPEECH_DBFS, at_level, noise
from voicecall.errors import RealtimeError
from voicecall.realtime.openai_wire import Inspection

RANDOM = np.random.default_rng(7)
BABBLE = noise("babble", 1.0, SPEECH_DBFS, 3)
LOUD = at_level(BABBLE, -16.0)
QUIET = at_level(BABBLE, -50.0)


def admitted(audio: bytes, size: int) -> bytes:
    """Have it inspected in pieces."""
    inspection = Inspection()
    pieces = [inspection.admit(audio[begin : begin + size]) for begin in range(0, len(audio), size)]
    return b"".join((*pieces, inspection.end()))


@pytest.mark.parametrize(
    "mulaw",
    [
        b"",
        b"\x12",
        b"\xff" * 8000,
        b"\x80\x00" * 4000,
        b"\x10\x90" * 4000,
        b"\xff\x7f" * 4000,
        from_float(BABBLE),
        from_float(LOUD),
        from_float(QUIET),
        b"\xff" * 1000 + from_float(BABBLE),
        RANDOM.bytes(8000),
    ],
    ids=lambda mulaw: f"{len(mulaw)}-{mulaw[:2].hex()}",
)
@pytest.mark.parametrize("size", [1, 333, 8000])
def test_mulaw_is_passed_on_as_it_is(mulaw: bytes, size: int) -> None:
    assert admitted(mulaw, size) == mulaw


@pytest.mark.parametrize(
    "audio",
    [
        float_to_pcm(BABBLE),
        float_to_pcm(LOUD),
        float_to_pcm(QUIET),
        float_to_pcm(BABBLE)[1:],
        bytes(4800),
        bytes(100) + b"\xff" * 1000 + float_to_pcm(BABBLE),
        encode_wav(BABBLE),
    ],
    ids=["speech", "loud", "quiet", "shifted", "silent", "later", "wav"],
)
@pytest.mark.parametrize("size", [333, 2400])
def test_anything_else_is_named(audio: bytes, size: int) -> None:
    with pytest.raises(RealtimeError, match=r"(16-bit samples|WAV) where audio/pcmu was asked for"):
        admitted(audio, size)
