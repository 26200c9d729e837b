"""What streams may carry sounds as it did: level, purity, and no seams between chunks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np
import pytest

from voicecall.audio import Samples
from voicecall.audio.g711 import alaw_decode, alaw_encode, float_to_pcm, from_float, pcm_to_float, to_float
from voicecall.audio.levels import rms_dbfs
from voicecall.carriers.telnyx.codecs import WIRE, Codec, Encoding, decoder, encoder

CODECS: Sequence[Codec] = get_args(Codec)
FRAME = 160
LEVEL = 0.35
RATES = [8000, 16000, 22050, 24000, 48000]


def tone(hertz: float, rate: int, seconds: float = 1.0) -> Samples:
    """A sine; its first and last 50 ms come and go slowly."""
    at = np.arange(int(rate * seconds)) / rate
    fade = np.minimum(1.0, np.minimum(at, seconds - at) / 0.05)
    return (LEVEL * fade * np.sin(2 * np.pi * hertz * at)).astype(np.float32)


def linear(samples: Samples) -> bytes:
    return np.frombuffer(float_to_pcm(samples), np.int16).astype("<i2").tobytes()


def sent(codec: Codec, mulaw: bytes, size: int = FRAME) -> Samples:
    """What Telnyx plays of mu-law that is sent in chunks."""
    made = encoder(codec)
    payload = b"".join(made.encode(mulaw[at : at + size]) for at in range(0, len(mulaw), size))
    return played(codec, payload)


def played(codec: Codec, payload: bytes) -> Samples:
    match codec:
        case "PCMU":
            return to_float(payload)
        case "PCMA":
            return pcm_to_float(alaw_decode(payload))
        case _:
            return np.frombuffer(payload, "<i2").astype(np.float32) / np.float32(32768)


def heard(encoding: Encoding, rate: int, payload: bytes, size: int) -> bytes:
    """What we hear of a payload that comes in chunks."""
    decode = decoder(encoding, rate)
    return b"".join(decode(payload[at : at + size]) for at in range(0, len(payload), size))


def middle(samples: Samples, rate: int) -> Samples:
    return samples[rate // 5 : -rate // 5]


def beside(samples: Samples, rate: int, hertz: float) -> float:
    """Return how loud the loudest thing beside the tone is, in dB below it."""
    inner = middle(samples, rate)
    spectrum = np.abs(np.fft.rfft(inner * np.blackman(len(inner))))
    at = round(hertz * len(inner) / rate)
    peak = spectrum[at - 4 : at + 5].max()
    spectrum[max(0, at - 8) : at + 9] = 0
    return float(20 * np.log10(spectrum.max() / peak))


@pytest.mark.parametrize("hertz", [300, 1004, 2477, 3300])
@pytest.mark.parametrize("codec", CODECS)
def test_what_is_sent_keeps_its_level_and_has_no_image(codec: Codec, hertz: float) -> None:
    rate = WIRE[codec][1]
    out = sent(codec, from_float(tone(hertz, 8000)))
    assert abs(rms_dbfs(middle(out, rate)) - rms_dbfs(middle(tone(hertz, 8000), 8000))) < 0.5
    assert beside(out, rate, hertz) < -40


@pytest.mark.parametrize("hertz", [300, 1004, 2477, 3300])
@pytest.mark.parametrize("rate", RATES)
def test_linear_audio_is_heard_at_its_level_and_without_an_alias(rate: int, hertz: float) -> None:
    out = to_float(heard("L16", rate, linear(tone(hertz, rate)), rate // 50 * 2))
    assert abs(rms_dbfs(middle(out, 8000)) - rms_dbfs(middle(tone(hertz, rate), rate))) < 0.5
    assert beside(out, 8000, hertz) < -40


@pytest.mark.parametrize("hertz", [300, 1004, 2477, 3300])
def test_alaw_is_heard_at_its_level(hertz: float) -> None:
    out = to_float(heard("PCMA", 8000, alaw_encode(float_to_pcm(tone(hertz, 8000))), FRAME))
    assert abs(rms_dbfs(middle(out, 8000)) - rms_dbfs(middle(tone(hertz, 8000), 8000))) < 0.5
    assert beside(out, 8000, hertz) < -36


@pytest.mark.parametrize(("rate", "hertz"), [(16000, 4600), (16000, 7000), (24000, 9000), (48000, 20000)])
def test_what_a_telephone_cannot_carry_is_not_heard_as_something_else(rate: int, hertz: float) -> None:
    out = to_float(heard("L16", rate, linear(tone(hertz, rate)), rate // 50 * 2))
    assert rms_dbfs(middle(out, 8000)) < rms_dbfs(middle(tone(hertz, rate), rate)) - 40


@pytest.mark.parametrize("size", [160, 320, 800, 8000])
@pytest.mark.parametrize("codec", CODECS)
def test_chunks_of_any_size_sound_the_same(codec: Codec, size: int) -> None:
    mulaw = from_float(tone(440, 8000))
    assert np.array_equal(sent(codec, mulaw, size), sent(codec, mulaw, len(mulaw)))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("size", [2, 214, 640])
def test_linear_chunks_of_any_size_are_heard_the_same(rate: int, size: int) -> None:
    payload = linear(tone(440, rate, 0.3))
    assert heard("L16", rate, payload, size) == heard("L16", rate, payload, len(payload))


def test_mulaw_is_neither_changed_on_its_way_in_nor_out() -> None:
    every = bytes(range(256))
    assert heard("PCMU", 8000, every, 16) == every
    assert encoder("PCMU").encode(every) == every


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("length", [0, 1, 80, 159, 160, 161, 800, 8000])
def test_a_payload_is_as_long_as_what_it_says_and_no_less_than_20_ms(codec: Codec, length: int) -> None:
    made = encoder(codec)
    for _ in range(3):
        out = played(codec, made.encode(bytes([0x55]) * length))
        assert len(out) == max(length, FRAME) * WIRE[codec][1] // 8000


@pytest.mark.parametrize("codec", CODECS)
def test_what_is_filled_up_is_filled_with_silence(codec: Codec) -> None:
    out = played(codec, encoder(codec).encode(b"\xff" * 10))
    assert rms_dbfs(out) < -70


@pytest.mark.parametrize("codec", CODECS)
def test_after_a_restart_nothing_is_left_of_what_was(codec: Codec) -> None:
    made = encoder(codec)
    made.encode(from_float(tone(440, 8000)[:4321]))
    made.restart()
    loud = from_float(tone(440, 8000))
    assert made.encode(loud) == encoder(codec).encode(loud)


def test_half_a_sample_is_an_error() -> None:
    with pytest.raises(ValueError, match="buffer size"):
        decoder("L16", 16000)(b"\0\0\0")
