"""Twilio's media frames: each is read as what it is, and any rubbish is a FrameError."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from tests.carriers.rubbish import NO_OBJECTS
from voicecall.carriers import MediaAudio, MediaCodec, MediaDigit, MediaMark, MediaStarted, MediaStopped
from voicecall.carriers.twilio import TwilioCarrier
from voicecall.core.ids import CarrierCallId, StreamId
from voicecall.errors import FrameError

BODY: dict[str, Any] = {
    "streamSid": "MZ1",
    "accountSid": "AC1",
    "callSid": "CA1",
    "tracks": ["inbound"],
    "customParameters": {"token": "the-token", "more": "x"},
    "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
}
CONNECTED = '{"event": "connected", "protocol": "Call", "version": "1.0.0"}'


def codec() -> MediaCodec:
    return TwilioCarrier("AC1", "token").media()


def start(**changes: Any) -> str:
    return json.dumps({"event": "start", "sequenceNumber": "1", "streamSid": "MZ1", "start": BODY | changes})


def started(stream: str = "MZ1") -> MediaCodec:
    media = codec()
    media.decode(start(streamSid=stream))
    return media


def media(payload: str, **more: Any) -> str:
    body = {"track": "inbound", "chunk": "1", "timestamp": "20", "payload": payload} | more
    return json.dumps({"event": "media", "sequenceNumber": "2", "streamSid": "MZ1", "media": body})


def test_the_greeting_says_nothing() -> None:
    assert codec().decode(CONNECTED) is None


def test_the_start_names_stream_leg_and_credential() -> None:
    assert codec().decode(start()) == MediaStarted(StreamId("MZ1"), CarrierCallId("CA1"), "the-token")


@pytest.mark.parametrize("parameters", [{}, {"Token": "x"}])
def test_a_start_without_a_token_has_no_credential(parameters: dict[str, str]) -> None:
    frame = codec().decode(start(customParameters=parameters))
    assert isinstance(frame, MediaStarted)
    assert frame.credential is None


def test_a_stream_starts_once() -> None:
    with pytest.raises(FrameError, match="twice"):
        started().decode(start())


@given(st.binary(max_size=400))
def test_audio_arrives_as_it_was_sent(mulaw: bytes) -> None:
    payload = base64.b64encode(mulaw).decode()
    assert codec().decode(media(payload)) == MediaAudio(mulaw, payload)


def test_our_own_audio_is_not_taken_for_the_callers() -> None:
    assert codec().decode(media("AAAA", track="outbound")) is None


def test_marks_keys_and_the_end_are_read() -> None:
    head = '{"sequenceNumber": "4", "streamSid": "MZ1", '
    assert codec().decode(head + '"event": "mark", "mark": {"name": "r1"}}') == MediaMark("r1")
    assert codec().decode(head + '"event": "dtmf", "dtmf": {"track": "inbound_track", "digit": "#"}}') == MediaDigit(
        "#"
    )
    assert codec().decode(head + '"event": "stop", "stop": {"accountSid": "AC1", "callSid": "CA1"}}') == MediaStopped()


def test_an_event_that_twilio_adds_says_nothing() -> None:
    assert codec().decode('{"event": "weather", "weather": {"rain": true}}') is None


# --- what is sent


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=64), st.binary(max_size=8000))
def test_audio_is_sent_as_base64_to_the_stream_that_started(stream: str, mulaw: bytes) -> None:
    message = json.loads(started(stream).audio(mulaw))
    payload = base64.b64encode(mulaw).decode()
    assert message == {"event": "media", "streamSid": stream, "media": {"payload": payload}}


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_mark_comes_back_under_its_name(name: str) -> None:
    message = started().mark(name)
    assert json.loads(message) == {"event": "mark", "streamSid": "MZ1", "mark": {"name": name}}
    assert codec().decode(message) == MediaMark(name)


def test_clear_is_its_own_message() -> None:
    assert json.loads(started().clear()) == {"event": "clear", "streamSid": "MZ1"}


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
        '{"event": "dtmf", "dtmf": {"digit": "12"}}',
        '{"event": "dtmf", "dtmf": {"digit": "1\\n"}}',
        '{"event": "mark", "mark": {"name": "\udcff"}}',
        '{"event": "stop", "x": ' + "[" * 100_000,
        '{"event": "weather", "x": ' + "[" * 100_000,
        start(streamSid=""),
        start(callSid=""),
        start(customParameters={"token": 7}),
        start(mediaFormat={"encoding": "audio/x-l16", "sampleRate": 16000, "channels": 1}),
        start(mediaFormat={"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 2}),
        start(mediaFormat={"encoding": "audio/x-mulaw", "sampleRate": 16000, "channels": 1}),
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
bodies = json_values | st.dictionaries(
    st.sampled_from(["streamSid", "callSid", "customParameters", "mediaFormat", "payload", "track", "name", "digit"]),
    json_values,
)


@given(
    st.sampled_from(["connected", "start", "media", "mark", "dtmf", "stop", "weather"]),
    st.dictionaries(st.sampled_from(["start", "media", "mark", "dtmf", "stop", "streamSid"]), bodies),
)
def test_any_members_are_a_frame_or_a_frame_error(event: str, members: dict[str, Any]) -> None:
    try:
        frame = codec().decode(json.dumps({"event": event} | members))
    except FrameError:
        return
    assert frame is None or isinstance(frame, MediaStarted | MediaAudio | MediaMark | MediaDigit | MediaStopped)
