"""WAV files, as bytes: any linear PCM in, 16-bit at 8 kHz out."""

from __future__ import annotations

import io
import struct
import wave

import numpy as np

from . import TELEPHONE_RATE, Samples
from .g711 import float_to_pcm
from .resample import resample


def decode_wav(data: bytes, rate: int = TELEPHONE_RATE) -> Samples:
    """Return the samples of a WAV file, all channels mixed to one, resampled to `rate` hertz.

    Raises:
        ValueError: it is not a WAV file of linear PCM; says why.
    """
    try:
        with wave.open(io.BytesIO(data), "rb") as file:
            channels, width, own_rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            frames = file.readframes(file.getnframes())
    except (wave.Error, EOFError, RuntimeError) as error:  # the last is what `wave` raises at impossible chunk sizes
        raise ValueError(f"not a WAV file of linear PCM: {str(error) or 'it is cut short'}") from None
    if channels < 1 or width not in (1, 2, 3, 4) or own_rate < 1:
        raise ValueError(f"not a usable WAV file: {channels} channels of {8 * width} bits at {own_rate} Hz")
    frames = frames[: len(frames) - len(frames) % (channels * width)]
    mixed = _linear(frames, width).reshape(-1, channels).mean(axis=1, dtype=np.float32)
    return resample(mixed, own_rate, rate)


def _linear(frames: bytes, width: int) -> Samples:
    raw = np.frombuffer(frames, np.uint8).reshape(-1, width)
    if width == 1:
        return (raw[:, 0].astype(np.float32) - np.float32(128)) / np.float32(128)
    wide = np.zeros((len(raw), 4), np.uint8)
    wide[:, 4 - width :] = raw
    return wide.view("<i4")[:, 0].astype(np.float32) / np.float32(2.0**31)


def wav_header(size: int, *, channels: int, rate: int = TELEPHONE_RATE) -> bytes:
    """Return the 44 bytes that go before `size` bytes of 16-bit PCM.

    Source: Microsoft, Multimedia Programming Interface and Data Specifications 1.0, "Waveform Audio File Format".
    """
    frame = 2 * channels
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, rate, rate * frame, frame, 16)
    return struct.pack("<4sI4s", b"RIFF", 36 + size, b"WAVE") + form + struct.pack("<4sI", b"data", size)


def encode_wav(*channels: Samples, rate: int = TELEPHONE_RATE) -> bytes:
    """Return a 16-bit WAV file of one or more channels; shorter ones are filled up with silence."""
    length = max(len(channel) for channel in channels)
    filled = [np.concatenate((channel, np.zeros(length - len(channel), np.float32))) for channel in channels]
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(float_to_pcm(np.stack(filled, axis=1).reshape(-1)))
    return data.getvalue()
