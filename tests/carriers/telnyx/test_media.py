"""Telnyx's media frames: audio comes into its order, the rest is read as what it is, and rubbish is a FrameError."""

from __future__ import annotations

import base64
import json
import random
from typing import Any

import pytest
from hypothesis import given, strategies as st

from tests.carriers.rubbish import NO_OBJECTS
from voicecall.audio.g711 import alaw_encode, mulaw_decode
from voicecall.carriers import MediaAudio, MediaCodec, MediaMark, MediaStarted, MediaStopped
from voicecall.carriers.telnyx import TelnyxCarrier
from voicecall.carriers.telnyx.codecs import Codec
from voicecall.core.ids import CarrierCallId, StreamId
from voicecall.errors import FrameError

FORMAT: dict[str, Any] = {"encoding": "PCMU", "sample_rate": 8000, "channels": 1}
CONNECTED = '{"event": "connected", "version": "1.0.0", "connected": {"x-telnyx-streaming-auth-token": "t"}}'
LEG = "v3:MdI91X4lWFEs7IgbBEOT9M4AigoY08M0"


def codec(name: Codec = "PCMU") -> MediaCodec:
    return TelnyxCarrier("key", "1", "", codec=name).media()


def start(*, stream: Any = "s1", leg: Any = LEG, **media_format: Any) -> str:
    body = {
        "user_id": "u",
        "call_control_id": leg,
        "call_session_id": "c",
        "from": "+15550100100",
        "to": "+15550100101",
        "tags": [],
        "client_state": "e30=",
        "media_format": FORMAT | media_format,
    }
    return json.dumps({"event": "start", "sequence_number": "1", "stream_id": stream, "start": body})


def started(**media_format: Any) -> MediaCodec:
    media = codec()
    media.decode(start(**media_format))
    return media


def media(payload: bytes, chunk: Any = "1", **more: Any) -> str:
    body = {"track": "inbound", "chunk": chunk, "timestamp": "5", "payload": base64.b64encode(payload).decode()} | more
    return json.dumps({"event": "media", "sequence_number": "4", "stream_id": "s1", "media": body})


def frame(number: int) -> bytes:
    return bytes([number % 256]) * 160


def whole(mulaw: bytes) -> MediaAudio:
    return MediaAudio(mulaw, base64.b64encode(mulaw).decode())


def heard(stream: MediaCodec, numbers: list[int]) -> list[bytes | None]:
    frames = [stream.decode(media(frame(number), str(number))) for number in numbers]
    return [one.payload if isinstance(one, MediaAudio) else None for one in frames]


def test_the_greeting_says_nothing() -> None:
    assert codec().decode(CONNECTED) is None


def test_the_start_names_stream_and_leg_and_no_credential() -> None:
    assert codec().decode(start()) == MediaStarted(StreamId("s1"), CarrierCallId(LEG), None)


def test_a_stream_starts_once() -> None:
    with pytest.raises(FrameError, match="twice"):
        started().decode(start())


def test_audio_before_the_start_is_an_error() -> None:
    with pytest.raises(FrameError, match="before"):
        codec().decode(media(frame(1)))


def test_marks_and_the_end_are_read() -> None:
    head = '{"sequence_number": "4", "stream_id": "s1", '
    assert codec().decode(head + '"event": "mark", "mark": {"name": "r1"}}') == MediaMark("r1")
    assert (
        codec().decode(head + '"event": "stop", "stop": {"user_id": "u", "call_control_id": "v3:x"}}') == MediaStopped()
    )


@pytest.mark.parametrize(
    "message",
    [
        '{"event": "dtmf", "stream_id": "s1", "dtmf": {"digit": "1"}}',
        '{"event": "error", "stream_id": "s1", "payload": {"code": 100004, "title": "invalid_media", "detail": "x"}}',
        '{"event": "weather", "weather": {"rain": true}}',
    ],
)
def test_keys_which_the_webhook_tells_and_other_events_say_nothing(message: str) -> None:
    assert codec().decode(message) is None


# --- audio comes


def test_audio_in_order_comes_at_once() -> None:
    assert heard(started(), [1, 2, 3]) == [frame(1), frame(2), frame(3)]


def test_audio_out_of_order_waits_for_what_goes_before_it() -> None:
    assert heard(started(), [2, 3, 1, 4]) == [None, None, frame(1) + frame(2) + frame(3), frame(4)]


def test_a_missing_chunk_is_given_up_after_three_newer_ones() -> None:
    assert heard(started(), [1, 3, 4, 5, 6]) == [frame(1), None, None, frame(3) + frame(4) + frame(5), frame(6)]


def test_several_gaps_are_given_up_one_by_one() -> None:
    assert heard(started(), [1, 3, 5, 7, 8, 9]) == [
        frame(1),
        None,
        None,
        frame(3),
        frame(5),
        frame(7) + frame(8) + frame(9),
    ]


def test_a_chunk_that_comes_twice_or_too_late_is_dropped() -> None:
    assert heard(started(), [1, 1, 3, 3, 2, 2, 5, 6, 7, 4, 8]) == [
        frame(1),
        None,
        None,
        None,
        frame(2) + frame(3),
        None,
        None,
        None,
        frame(5) + frame(6) + frame(7),
        None,
        frame(8),
    ]


def test_the_count_may_begin_anywhere_and_anew() -> None:
    assert heard(started(), [700, 701, 702, 703]) == [None, None, frame(700) + frame(701) + frame(702), frame(703)]
    stream = started()
    heard(stream, list(range(1, 102)))
    assert heard(stream, [1, 2]) == [frame(1), frame(2)]


def test_audio_without_a_count_is_taken_as_it_comes() -> None:
    stream = started()
    assert stream.decode(media(frame(1), None)) == whole(frame(1))
    assert stream.decode(media(frame(2), None)) == whole(frame(2))
    assert heard(stream, [3]) == [frame(3)]


@given(st.integers(0, 2**32), st.integers(1, 60))
def test_what_is_shuffled_within_three_arrives_whole_and_in_order(seed: int, count: int) -> None:
    chance = random.Random(seed)
    order = sorted(range(1, count + 1), key=lambda number: number + chance.random() * 2)
    assert b"".join(filter(None, heard(started(), order))) == b"".join(map(frame, range(1, count + 1)))


@given(st.lists(st.integers(0, 200) | st.integers(0, 10**18 - 1), max_size=80))
def test_no_order_makes_it_wait_for_ever(numbers: list[int]) -> None:
    stream = started()
    heard(stream, numbers)
    fresh = max([number for number in numbers if number < 10**17], default=0)
    after = heard(stream, [fresh + step for step in range(1, 9)])
    assert any(after)


def test_our_own_audio_is_not_taken_for_the_callers() -> None:
    assert started().decode(media(frame(1), track="outbound")) is None


def test_audio_without_samples_says_nothing() -> None:
    assert started().decode(media(b"")) is None
    assert started(encoding="L16", sample_rate=16000).decode(media(b"")) is None


def test_alaw_is_heard_as_mulaw() -> None:
    mulaw = bytes(range(128, 256))
    alaw = alaw_encode(mulaw_decode(mulaw))
    out = started(encoding="PCMA").decode(media(alaw))
    assert isinstance(out, MediaAudio)
    there, back = mulaw_decode(mulaw), mulaw_decode(out.payload)
    assert len(there) == len(back)
    assert alaw_encode(back) == alaw


def test_linear_audio_is_heard_as_mulaw_whatever_its_order() -> None:
    stream = started(encoding="L16", sample_rate=16000)
    frames = [stream.decode(media(bytes(640), str(number))) for number in (2, 1, 3, 4)]
    audio = b"".join(one.payload for one in frames if isinstance(one, MediaAudio))
    assert set(audio) == {0xFF}
    assert 4 * 160 - 32 < len(audio) <= 4 * 160


# --- what is sent


@given(st.binary(min_size=160, max_size=8000))
def test_audio_is_sent_as_base64(mulaw: bytes) -> None:
    payload = base64.b64encode(mulaw).decode()
    assert json.loads(codec().audio(mulaw)) == {"event": "media", "media": {"payload": payload}}


@pytest.mark.parametrize(("name", "length"), [("PCMU", 160), ("PCMA", 160), ("L16/16000", 640)])
def test_audio_is_sent_in_the_codec_that_was_agreed_and_never_less_than_20_ms(name: Codec, length: int) -> None:
    for mulaw in (b"", b"\xff", b"\xff" * 160):
        message = json.loads(codec(name).audio(mulaw))
        assert len(base64.b64decode(message["media"]["payload"])) == length


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_mark_comes_back_under_its_name(name: str) -> None:
    message = codec().mark(name)
    assert json.loads(message) == {"event": "mark", "mark": {"name": name}}
    assert codec().decode(message) == MediaMark(name)


def test_clear_is_its_own_message_and_ends_what_was_under_way() -> None:
    stream = codec("L16/16000")
    stream.audio(b"\x80" * 777)
    assert json.loads(stream.clear()) == {"event": "clear"}
    assert stream.audio(b"\x90" * 160) == codec("L16/16000").audio(b"\x90" * 160)


# --- rubbish


@pytest.mark.parametrize(
    "message",
    [
        CONNECTED.encode(),
        "",
        "{}",
        "null",
        '{"event": 7}',
        '{"event": "start"}',
        '{"event": "media"}',
        '{"event": "media", "media": {"payload": "not base64!"}}',
        '{"event": "mark", "mark": {"name": "\udcff"}}',
        '{"event": "stop", "x": ' + "[" * 100_000,
        '{"event": "weather", "x": ' + "[" * 100_000,
        start(stream=""),
        start(stream="a b"),
        start(leg=""),
        start(leg="x" * 256),
        start(encoding="OPUS"),
        start(encoding="G722"),
        start(encoding="PCMU", sample_rate=16000),
        start(encoding="PCMA", sample_rate=16000),
        start(encoding="L16", sample_rate=44100),
        start(channels=2),
        media(frame(1), ""),
        media(frame(1), "-1"),
        media(frame(1), "1" * 19),
        media(frame(1), "١"),
        media(frame(1), 1.5),
    ],
)
def test_another_form_is_a_frame_error(message: str | bytes) -> None:
    with pytest.raises(FrameError) as error:
        codec().decode(message)
    assert len(str(error.value)) <= 300


def test_half_a_sample_is_a_frame_error() -> None:
    with pytest.raises(FrameError, match="half"):
        started(encoding="L16", sample_rate=16000).decode(media(b"\0\0\0"))


@given(NO_OBJECTS)
def test_any_text_or_bytes_are_a_frame_error(message: str | bytes) -> None:
    with pytest.raises(FrameError):
        codec().decode(message)
