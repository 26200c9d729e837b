"""Mu-law that comes in base64 is there as it came, and what has to be converted is counted."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, strategies as st

from voicecall.audio.transcoding import transcoded
from voicecall.carriers import MediaAudio, MediaCodec
from voicecall.carriers.mock.media import MockMedia
from voicecall.carriers.payloads import as_written
from voicecall.carriers.plivo.media import PlivoMedia
from voicecall.carriers.telnyx.codecs import Codec
from voicecall.carriers.telnyx.media import TelnyxMedia
from voicecall.carriers.twilio.media import TwilioMedia
from voicecall.errors import FrameError

FRAME = bytes(range(160))
Json = dict[str, Any]


def telnyx(encoding: str = "PCMU", rate: int = 8000, codec: Codec = "PCMU") -> TelnyxMedia:
    media = TelnyxMedia(codec)
    agreed = {"encoding": encoding, "sample_rate": rate, "channels": 1}
    start = {"call_control_id": "v3:abc", "media_format": agreed}
    media.decode(json.dumps({"event": "start", "stream_id": "abc", "start": start}))
    return media


def plivo(encoding: str = "audio/x-mulaw", rate: int = 8000) -> PlivoMedia:
    media = PlivoMedia()
    start = {"streamId": "s", "callId": "c", "mediaFormat": {"encoding": encoding, "sampleRate": rate}}
    media.decode(json.dumps({"event": "start", "start": start}))
    return media


def nested(payload: str, **more: str) -> Json:
    return {"event": "media", "media": {"track": "inbound", **more, "payload": payload}, "streamSid": "MZ1"}


def flat(payload: str) -> Json:
    return {"event": "media", "payload": payload}


MULAW: dict[str, tuple[Callable[[], MediaCodec], Callable[[str], Json]]] = {
    "mock": (MockMedia, flat),
    "twilio": (TwilioMedia, nested),
    "plivo": (plivo, nested),
    "telnyx": (telnyx, lambda payload: nested(payload, chunk="1")),
}
LINEAR: dict[str, Callable[[], MediaCodec]] = {
    "telnyx L16": lambda: telnyx("L16", 16000, "L16/16000"),
    "telnyx PCMA": lambda: telnyx("PCMA", 8000, "PCMA"),
    "plivo L16": lambda: plivo("audio/x-l16", 16000),
}


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")], ids=["dense", "spaced"])
@pytest.mark.parametrize("carrier", MULAW)
def test_mulaw_is_there_as_it_came_and_nothing_is_converted(carrier: str, separators: tuple[str, str]) -> None:
    make, message = MULAW[carrier]
    media, text = make(), b64encode(FRAME).decode()
    before = transcoded.total()
    assert media.decode(json.dumps(message(text), separators=separators)) == MediaAudio(FRAME, text)
    media.audio(FRAME)
    assert transcoded.total() == before


@pytest.mark.parametrize("payload", ["A", "AA", "AA=A", "A" * 214, "####", "ÄAAA"])
@pytest.mark.parametrize("carrier", MULAW)
def test_malformed_base64_is_a_frame_error(carrier: str, payload: str) -> None:
    make, message = MULAW[carrier]
    with pytest.raises(FrameError):
        make().decode(json.dumps(message(payload)))


@pytest.mark.parametrize("carrier", LINEAR)
def test_what_is_not_mulaw_has_no_base64_and_is_counted_in_each_direction(carrier: str) -> None:
    media, before = LINEAR[carrier](), transcoded["carrier"]
    heard = media.decode(json.dumps(nested(b64encode(FRAME * 4).decode())))
    assert isinstance(heard, MediaAudio)
    assert heard.base64 == ""
    assert transcoded["carrier"] == before + 1
    media.audio(FRAME)
    assert transcoded["carrier"] == before + 2


def test_audio_that_waited_for_its_turn_is_not_said_to_be_what_came_with_it() -> None:
    media = telnyx()

    def chunk(number: int) -> object:
        text = b64encode(bytes([number]) * 160).decode()
        return media.decode(json.dumps(nested(text, chunk=str(number))))

    assert chunk(1) == MediaAudio(b"\x01" * 160, b64encode(b"\x01" * 160).decode())
    assert [chunk(3), chunk(5)] == [None, None]
    assert chunk(6) == MediaAudio(b"\x03" * 160)


@given(st.binary(max_size=400), st.text(max_size=20))
def test_what_is_found_is_the_base64_of_the_payload(payload: bytes, other: str) -> None:
    text = b64encode(payload).decode()
    message = json.dumps({"other": other, "media": {"payload": text, "more": other}})
    assert as_written(message, payload) == text


@pytest.mark.parametrize("message", ["", "{}", '"payload"', '{"payload":"AA\\/="}', '{"p\\u0061yload":"AAA="}'])
def test_what_a_look_does_not_find_is_left_to_others(message: str) -> None:
    assert as_written(message, b"\0\0") == ""
