"""Plivo's media frames: each is read as what it is, whatever it carries, and any rubbish is a FrameError."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from tests.carriers.rubbish import NO_OBJECTS
from voicecall.audio import Samples
from voicecall.audio.g711 import MULAW_SILENCE, from_float, mulaw_decode, to_float
from voicecall.audio.levels import rms_dbfs
from voicecall.carriers import MediaAudio, MediaCodec, MediaDigit, MediaMark, MediaStarted, MediaStopped
from voicecall.carriers.plivo import PlivoCarrier
from voicecall.core.ids import CarrierCallId, StreamId
from voicecall.errors import FrameError

BODY: dict[str, Any] = {
    "callId": "97ceeb52-58b6-11e1-86da-77300b68f8bb",
    "streamId": "s-1",
    "accountId": "1",
    "tracks": ["inbound"],
    "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000},
}
FORMATS = [("audio/x-mulaw", 8000), ("audio/x-l16", 8000), ("audio/x-l16", 16000)]
LINEAR = FORMATS[1:]


def codec() -> MediaCodec:
    return PlivoCarrier("MA1", "token").media()


def start(**changes: Any) -> str:
    return json.dumps({"event": "start", "sequenceNumber": 0, "start": BODY | changes, "extra_headers": "{}"})


def started(encoding: str = "audio/x-mulaw", rate: int = 8000, stream: str = "s-1") -> MediaCodec:
    codec_ = codec()
    codec_.decode(start(streamId=stream, mediaFormat={"encoding": encoding, "sampleRate": rate}))
    return codec_


def media(payload: bytes, **more: Any) -> str:
    body = {"track": "inbound", "timestamp": "1732190000000", "chunk": 1, "payload": base64.b64encode(payload).decode()}
    return json.dumps({"event": "media", "sequenceNumber": 2, "streamId": "s-1", "media": body | more})


def test_the_start_names_stream_and_leg_and_has_no_credential() -> None:
    assert codec().decode(start()) == MediaStarted(StreamId("s-1"), CarrierCallId(BODY["callId"]), None)


def test_a_stream_starts_once() -> None:
    with pytest.raises(FrameError, match="twice"):
        started().decode(start())


@given(st.binary(max_size=400))
def test_mulaw_arrives_as_it_was_sent(mulaw: bytes) -> None:
    assert started().decode(media(mulaw)) == MediaAudio(mulaw, base64.b64encode(mulaw).decode())


def test_our_own_audio_is_not_taken_for_the_callers() -> None:
    assert started().decode(media(b"\x00\x00", track="outbound")) is None


def test_checkpoints_keys_and_the_end_are_read() -> None:
    head = '{"sequenceNumber": 4, "streamId": "s-1", "extra_headers": "a=b;c=d", '
    assert codec().decode(head + '"event": "playedStream", "name": "r1"}') == MediaMark("r1")
    dtmf = '"event": "dtmf", "dtmf": {"track": "inbound", "digit": "#", "timestamp": "20"}}'
    assert codec().decode(head + dtmf) == MediaDigit("#")
    assert codec().decode(head + '"event": "stop"}') == MediaStopped()


@pytest.mark.parametrize("event", ["clearedAudio", "playFailed", "error", "muted", "connected", "weather"])
def test_what_only_confirms_or_is_new_says_nothing(event: str) -> None:
    assert codec().decode(json.dumps({"event": event, "reason": ["x"], "streamId": 7})) is None


# --- what is sent


@given(st.from_regex(r"\A[0-9A-Za-z_-]{1,64}\Z"), st.binary(max_size=8000))
def test_mulaw_is_played_on_the_stream_that_started(stream: str, mulaw: bytes) -> None:
    payload = base64.b64encode(mulaw).decode()
    assert json.loads(started(stream=stream).audio(mulaw)) == {
        "event": "playAudio",
        "streamId": stream,
        "media": {"contentType": "audio/x-mulaw", "sampleRate": 8000, "payload": payload},
    }


@pytest.mark.parametrize(("encoding", "rate"), FORMATS)
def test_what_is_played_has_the_streams_own_format(encoding: str, rate: int) -> None:
    played = json.loads(started(encoding, rate).audio(b"\xff" * 160))["media"]
    assert (played["contentType"], played["sampleRate"]) == (encoding, rate)
    width = 1 if encoding == "audio/x-mulaw" else 2
    assert len(base64.b64decode(played["payload"])) == rate // 50 * width


@pytest.mark.parametrize(("encoding", "rate"), FORMATS)
def test_messages_keep_within_plivos_limits(encoding: str, rate: int) -> None:
    """16 KB are advised and 64 KB allowed; the player sends a tenth of a second at once, and nothing over a second."""
    assert len(started(encoding, rate).audio(bytes(800))) < 16_000 // 3
    assert len(started(encoding, rate).audio(bytes(8000))) < 64_000


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_checkpoint_comes_back_under_its_name(name: str) -> None:
    message = json.loads(started().mark(name))
    assert message == {"event": "checkpoint", "streamId": "s-1", "name": name}
    assert codec().decode(json.dumps(message | {"event": "playedStream"})) == MediaMark(name)


def test_clear_is_its_own_message() -> None:
    assert json.loads(started().clear()) == {"event": "clearAudio", "streamId": "s-1"}


# --- linear PCM, proved by tones


def tone(hertz: float, rate: int, seconds: float = 1.0, decibels: float = -9.0) -> Samples:
    wave = np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)
    return (wave * 2**0.5 * 10 ** (decibels / 20)).astype(np.float32)


def as_linear(samples: Samples) -> bytes:
    return np.rint(samples * 32767).astype("<i2").tobytes()


def from_linear(payload: bytes) -> Samples:
    samples: Samples = np.frombuffer(payload, "<i2").astype(np.float32) / np.float32(32768)
    return samples


def heard(codec_: MediaCodec, payloads: list[bytes]) -> bytes:
    frames = [codec_.decode(media(payload)) for payload in payloads]
    assert all(isinstance(frame, MediaAudio) for frame in frames)
    return b"".join(frame.payload for frame in frames if isinstance(frame, MediaAudio))


def played(codec_: MediaCodec, mulaw: bytes, size: int) -> bytes:
    messages = [json.loads(codec_.audio(mulaw[at : at + size])) for at in range(0, len(mulaw), size)]
    return b"".join(base64.b64decode(message["media"]["payload"]) for message in messages)


def purity(samples: Samples, hertz: float, rate: int) -> tuple[float, float]:
    """Return the level of the tone, in dBFS, and how far everything else is below it, in dB."""
    middle = samples[len(samples) // 8 : -len(samples) // 8]
    window = np.hanning(len(middle))
    power = np.abs(np.fft.rfft(middle * window)) ** 2 / np.sum(window**2) / len(middle) * 2
    near = np.abs(np.fft.rfftfreq(len(middle), 1 / rate) - hertz) < 20
    signal, rest = power[near].sum(), power[~near].sum()
    return 10 * np.log10(signal), 10 * np.log10(signal / rest)


@pytest.mark.parametrize(("encoding", "rate"), LINEAR)
@pytest.mark.parametrize("hertz", [203.0, 997.0, 2989.0])
@pytest.mark.parametrize("odd", [0, 1, 7])
def test_the_callers_tone_arrives_pure_however_it_is_cut(encoding: str, rate: int, hertz: float, odd: int) -> None:
    sent = as_linear(tone(hertz, rate))
    size = rate // 50 * 2 + odd
    mulaw = heard(started(encoding, rate), [sent[at : at + size] for at in range(0, len(sent), size)])
    assert len(mulaw) == 8000
    level, ratio = purity(to_float(mulaw), hertz, 8000)
    assert level == pytest.approx(-9.0, abs=0.2)
    assert ratio > 35  # mu-law itself has 37 dB


@pytest.mark.parametrize(("encoding", "rate"), LINEAR)
def test_twenty_milliseconds_are_160_bytes_from_the_first_frame_on(encoding: str, rate: int) -> None:
    codec_ = started(encoding, rate)
    assert [len(heard(codec_, [bytes(rate // 50 * 2)])) for _ in range(5)] == [160] * 5


def test_what_a_telephone_cannot_carry_does_not_fold_back() -> None:
    mulaw = heard(started("audio/x-l16", 16000), [as_linear(tone(6000, 16000))])
    assert rms_dbfs(to_float(mulaw)[100:-100]) < -60


@pytest.mark.parametrize(("encoding", "rate"), LINEAR)
@pytest.mark.parametrize("hertz", [203.0, 997.0, 2989.0])
@pytest.mark.parametrize("size", [160, 333, 800])
def test_our_tone_is_played_pure_however_it_is_cut(encoding: str, rate: int, hertz: float, size: int) -> None:
    pcm = played(started(encoding, rate), from_float(tone(hertz, 8000)), size)
    assert len(pcm) == 2 * rate
    level, ratio = purity(from_linear(pcm), hertz, rate)
    assert level == pytest.approx(-9.0, abs=0.2)
    assert ratio > 35


@pytest.mark.parametrize(("encoding", "rate"), LINEAR)
def test_silence_stays_silence(encoding: str, rate: int) -> None:
    codec_ = started(encoding, rate)
    assert played(codec_, MULAW_SILENCE * 1600, 160) == bytes(rate // 5 * 2)
    assert heard(codec_, [bytes(rate // 5 * 2)]) == MULAW_SILENCE * 1600


@given(st.binary(max_size=400))
def test_at_8_khz_samples_are_neither_changed_nor_delayed(mulaw: bytes) -> None:
    pcm = played(started("audio/x-l16", 8000), mulaw, 100)
    assert from_linear(pcm).tolist() == from_linear(mulaw_decode(mulaw)).tolist()
    canonical = from_float(to_float(mulaw))  # mu-law has two zeros
    assert heard(started("audio/x-l16", 8000), [pcm]) == canonical


def test_nothing_of_what_was_cleared_is_heard_in_what_follows() -> None:
    codec_ = started("audio/x-l16", 16000)
    codec_.audio(from_float(tone(1000, 8000, 0.1)))
    codec_.clear()
    assert played(codec_, MULAW_SILENCE * 800, 800) == bytes(3200)


def test_two_streams_know_nothing_of_each_other() -> None:
    one, other = started("audio/x-l16", 16000), started("audio/x-l16", 16000)
    heard(one, [as_linear(tone(1000, 16000)) + b"x"])
    one.audio(from_float(tone(1000, 8000)))
    assert heard(other, [bytes(640)]) == MULAW_SILENCE * 160
    assert played(other, MULAW_SILENCE * 160, 160) == bytes(640)


# --- rubbish


@pytest.mark.parametrize(
    "message",
    [
        start().encode(),
        "",
        "{}",
        "null",
        '{"event": 7}',
        '{"event": "start"}',
        '{"event": "media"}',
        '{"event": "media", "media": {"payload": "not base64!"}}',
        '{"event": "dtmf", "dtmf": {"digit": "12"}}',
        '{"event": "dtmf", "dtmf": {"digit": "1\\n"}}',
        '{"event": "playedStream"}',
        '{"event": "playedStream", "name": "\udcff"}',
        '{"event": "stop", "x": ' + "[" * 100_000,
        '{"event": "weather", "x": ' + "[" * 100_000,
        start(streamId=""),
        start(streamId="a/b"),
        start(streamId="x" * 65),
        start(callId=""),
        start(callId="a b"),
        start(mediaFormat=None),
        start(mediaFormat={"encoding": "audio/x-mulaw", "sampleRate": 16000}),
        start(mediaFormat={"encoding": "audio/x-mulaw;rate=8000", "sampleRate": 8000}),
        start(mediaFormat={"encoding": "audio/x-l16", "sampleRate": 24000}),
        start(mediaFormat={"encoding": "audio/x-l16", "sampleRate": "8000"}),
    ],
)
def test_another_form_is_a_frame_error(message: str | bytes) -> None:
    with pytest.raises(FrameError):
        codec().decode(message)


@given(NO_OBJECTS)
def test_any_text_or_bytes_are_a_frame_error(message: str | bytes) -> None:
    with pytest.raises(FrameError):
        codec().decode(message)
