"""The mock network's media frames: each is read as what it is, and any rubbish is a FrameError."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from tests.carriers.rubbish import NO_OBJECTS
from voicecall.carriers import MediaAudio, MediaCodec, MediaDigit, MediaMark, MediaStarted, MediaStopped
from voicecall.carriers.mock import MockCarrier
from voicecall.core.ids import CarrierCallId, StreamId
from voicecall.errors import FrameError

START = {
    "event": "start",
    "stream": "ms_1",
    "call": "mc_1",
    "parameters": {"token": "the-token"},
    "format": {"encoding": "mulaw", "rate": 8000},
}


def codec() -> MediaCodec:
    return MockCarrier("secret", "http://127.0.0.1:9000").media()


def test_the_start_names_stream_leg_and_credential() -> None:
    started = MediaStarted(StreamId("ms_1"), CarrierCallId("mc_1"), "the-token")
    assert codec().decode(json.dumps(START)) == started


def test_a_start_without_a_token_has_no_credential() -> None:
    started = codec().decode(json.dumps(START | {"parameters": {}}))
    assert isinstance(started, MediaStarted)
    assert started.credential is None


def test_a_stream_starts_once() -> None:
    media = codec()
    media.decode(json.dumps(START))
    with pytest.raises(FrameError, match="twice"):
        media.decode(json.dumps(START))


@given(st.binary(max_size=400))
def test_audio_arrives_as_it_was_sent(mulaw: bytes) -> None:
    payload = base64.b64encode(mulaw).decode()
    frame = codec().decode(json.dumps({"event": "media", "chunk": 1, "payload": payload}))
    assert frame == MediaAudio(mulaw, payload)


@given(st.binary(max_size=8000))
def test_audio_is_sent_as_base64(mulaw: bytes) -> None:
    message = json.loads(codec().audio(mulaw))
    assert message.keys() == {"event", "payload"}
    assert message["event"] == "media"
    assert base64.b64decode(message["payload"], validate=True) == mulaw


@given(st.text())
def test_a_mark_comes_back_under_its_name(name: str) -> None:
    assert codec().decode(codec().mark(name)) == MediaMark(name)


def test_clear_is_its_own_message() -> None:
    assert json.loads(codec().clear()) == {"event": "clear"}


def test_keys_and_the_end_are_read() -> None:
    assert codec().decode('{"event": "digit", "digit": "#"}') == MediaDigit("#")
    assert codec().decode('{"event": "stop"}') == MediaStopped()


@pytest.mark.parametrize(
    "message",
    [
        b'{"event": "stop"}',
        "",
        "{}",
        '{"event": "dance"}',
        '{"event": "digit", "digit": "12"}',
        '{"event": "digit", "digit": "1\\n"}',
        '{"event": "digit", "digit": "x"}',
        '{"event": "media"}',
        '{"event": "media", "payload": "not base64!"}',
        '{"event": "stop", "x": ' + "[" * 100_000,
        '{"event": "mark", "name": "\udcff"}',
        json.dumps(START | {"format": {"encoding": "opus", "rate": 48000}}),
        json.dumps(START | {"stream": ""}),
        json.dumps(START | {"parameters": {"token": 7}}),
    ],
)
def test_another_form_is_a_frame_error(message: str | bytes) -> None:
    with pytest.raises(FrameError):
        codec().decode(message)


@given(NO_OBJECTS)
def test_any_text_or_bytes_are_a_frame_error(message: str | bytes) -> None:
    with pytest.raises(FrameError):
        codec().decode(message)


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.sampled_from(["start", "media", "mark", "digit", "stop"]),
    st.dictionaries(
        st.sampled_from(["stream", "call", "parameters", "format", "payload", "name", "digit"]), json_values
    ),
)
def test_any_members_are_a_frame_or_a_frame_error(event: str, members: dict[str, Any]) -> None:
    try:
        frame = codec().decode(json.dumps({"event": event} | members))
    except FrameError:
        return
    assert isinstance(frame, MediaStarted | MediaAudio | MediaMark | MediaDigit | MediaStopped)
