"""WAV files in and out, and rubbish refused."""

from __future__ import annotations

import io
import struct
import wave

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from voicecall.audio import Samples
from voicecall.audio.wav import decode_wav, encode_wav, wav_header


def tone(rate: int = 8000) -> Samples:
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(rate // 4) / rate)).astype(np.float32)


def pcm_file(samples: Samples, width: int, rate: int = 8000, channels: int = 1) -> bytes:
    whole = np.rint(samples.astype(np.float64) * (2 ** (8 * width - 1) - 1)).astype(np.int64)
    if width == 1:
        whole = whole + 128
    frames = b"".join(int(value).to_bytes(width, "little", signed=width > 1) * channels for value in whole)
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(frames)
    return data.getvalue()


def test_what_is_written_is_read_back() -> None:
    assert decode_wav(encode_wav(tone())) == pytest.approx(tone(), abs=1 / 32768)


@pytest.mark.parametrize(("channels", "rate"), [(1, 8000), (2, 8000), (2, 16000)])
def test_a_header_is_that_of_the_whole_file(channels: int, rate: int) -> None:
    file = encode_wav(*[tone()] * channels, rate=rate)
    assert wav_header(len(file) - 44, channels=channels, rate=rate) == file[:44]


@pytest.mark.parametrize(("width", "error"), [(1, 0.009), (2, 1e-4), (3, 1e-6), (4, 1e-6)])
def test_every_width_is_read(width: int, error: float) -> None:
    assert decode_wav(pcm_file(tone(), width)) == pytest.approx(tone(), abs=error)


def test_another_rate_and_more_channels_become_mono_at_8_khz() -> None:
    samples = decode_wav(pcm_file(tone(22050), 2, rate=22050, channels=2))
    assert len(samples) == 2000
    assert samples[200:-200] == pytest.approx(tone()[200:-200], abs=1e-3)


def test_the_rate_can_be_chosen() -> None:
    assert len(decode_wav(encode_wav(tone()), 16000)) == 2 * len(tone())


def test_two_channels_of_different_length_lie_side_by_side() -> None:
    left, right = tone(), tone()[:100]
    with wave.open(io.BytesIO(encode_wav(left, right))) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, 8000, 2)
        both = np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2)
    assert len(both) == len(left)
    assert both[:100, 0].tolist() == both[:100, 1].tolist()
    assert not both[100:, 1].any()


def test_a_file_cut_short_yields_what_is_there() -> None:
    data = encode_wav(tone())
    assert len(decode_wav(data[: len(data) - 1001])) == len(tone()) - 501


def test_compressed_audio_is_refused_with_the_reason() -> None:
    data = bytearray(encode_wav(tone()))
    data[20:22] = struct.pack("<H", 7)
    with pytest.raises(ValueError, match="not a WAV file of linear PCM: unknown format: 7"):
        decode_wav(bytes(data))


@pytest.mark.parametrize(("place", "value"), [(24, b"\0\0\0\0"), (34, b"\x28\0")])
def test_an_impossible_header_is_refused(place: int, value: bytes) -> None:
    data = bytearray(encode_wav(tone()))
    data[place : place + len(value)] = value
    with pytest.raises(ValueError, match="not a usable WAV file"):
        decode_wav(bytes(data))


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(ValueError, match="it is cut short"):
        decode_wav(b"")


@given(st.binary(max_size=80), st.integers(0, 60))
@settings(deadline=None)
def test_rubbish_is_samples_or_a_value_error(rubbish: bytes, keep: int) -> None:
    data = encode_wav(tone()[:8])[:keep] + rubbish
    try:
        samples = decode_wav(data)
    except ValueError:
        return
    assert samples.dtype == np.float32
