"""G.711: mu-law and A-law to linear 16-bit PCM (native byte order) or float samples, and back."""

from __future__ import annotations

import warnings

import numpy as np

from . import Samples

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "'audioop' is deprecated", DeprecationWarning)
    import audioop

MULAW_SILENCE = b"\xff"
"""One sample of silence."""

_FULL_SCALE = 32768.0


def mulaw_decode(mulaw: bytes) -> bytes:
    """Return mu-law as 16-bit PCM, twice as many bytes."""
    return audioop.ulaw2lin(mulaw, 2)


def mulaw_encode(pcm: bytes) -> bytes:
    """Return 16-bit PCM as mu-law, half as many bytes."""
    return audioop.lin2ulaw(pcm, 2)


def alaw_decode(alaw: bytes) -> bytes:
    """Return A-law as 16-bit PCM, twice as many bytes."""
    return audioop.alaw2lin(alaw, 2)


def alaw_encode(pcm: bytes) -> bytes:
    """Return 16-bit PCM as A-law, half as many bytes."""
    return audioop.lin2alaw(pcm, 2)


def pcm_to_float(pcm: bytes) -> Samples:
    """Return 16-bit PCM as samples."""
    return np.frombuffer(pcm, np.int16).astype(np.float32) / np.float32(_FULL_SCALE)


def float_to_pcm(samples: Samples) -> bytes:
    """Return samples as 16-bit PCM, clipped at full scale."""
    scaled: Samples = np.clip(np.rint(samples * np.float32(_FULL_SCALE)), -32768, 32767)
    return scaled.astype(np.int16).tobytes()


MULAW_TO_FLOAT: Samples = pcm_to_float(mulaw_decode(bytes(range(256))))
"""What each mu-law byte stands for; index it with an array of bytes of any shape. Read-only."""
MULAW_TO_FLOAT.setflags(write=False)


def to_float(mulaw: bytes | bytearray | memoryview) -> Samples:
    """Return mu-law as samples."""
    return MULAW_TO_FLOAT[np.frombuffer(mulaw, np.uint8)]


def from_float(samples: Samples) -> bytes:
    """Return samples as mu-law, clipped at full scale."""
    return mulaw_encode(float_to_pcm(samples))
