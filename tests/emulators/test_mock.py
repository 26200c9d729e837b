"""The mock wire: signatures, documents and media messages, against vectors written by hand."""

from __future__ import annotations

import hashlib
import hmac

import msgspec
import pytest
from hypothesis import given, strategies as st

from voicecall.emulators.faces import (
    Answered,
    Audio,
    Clear,
    Command,
    Connect,
    Ended,
    HangUp,
    Happening,
    Incoming,
    Mark,
    Parties,
    Reject,
    Ringing,
    Sent,
    Stay,
    StreamEnded,
)
from voicecall.emulators.mock import MockDialect, MockFace
from voicecall.emulators.playout import SILENCE
from voicecall.errors import FrameError

PARTIES = Parties("mc_7", "inbound", "+15550100009", "+15550100010", "http://127.0.0.1:3334/hook?x=1&y=%20")


def test_a_webhook_is_signed_over_timestamp_url_and_body() -> None:
    request = MockFace("geheim").request(PARTIES, Incoming(), "wh_1", 1_800_000_000.25, 1_800_000_003.9)
    signed = b"1800000003.http://127.0.0.1:3334/hook?x=1&y=%20." + request.body
    assert request.url == PARTIES.webhook
    assert request.headers["X-Mock-Timestamp"] == "1800000003"
    assert request.headers["X-Mock-Signature"] == hmac.new(b"geheim", signed, hashlib.sha256).hexdigest()
    assert msgspec.json.decode(request.body) == {
        "id": "wh_1",
        "type": "incoming",
        "call": "mc_7",
        "direction": "inbound",
        "from": "+15550100009",
        "to": "+15550100010",
        "reference": None,
        "at": 1_800_000_000.25,
    }


@pytest.mark.parametrize(
    ("happening", "kind", "details"),
    [
        (Ringing(), "ringing", {}),
        (Answered(machine=True), "answered", {"machine": True}),
        (StreamEnded("lost"), "stream-ended", {"reason": "lost"}),
        (Ended("no-answer"), "ended", {"cause": "no-answer"}),
    ],
)
def test_each_happening_has_its_type_and_details(happening: Happening, kind: str, details: dict[str, object]) -> None:
    report = msgspec.json.decode(MockFace("s").request(PARTIES, happening, "i", 0, 0).body)
    assert report["type"] == MockFace("s").kind(happening) == kind
    assert {name: report[name] for name in ("machine", "reason", "cause") if name in report} == details


@pytest.mark.parametrize(
    ("body", "command"),
    [
        (b'{"connect":{"stream":"wss://h/s","parameters":{"token":"t"}}}', Connect("wss://h/s", {"token": "t"})),
        (b'{"connect":{"stream":"ws://h/s"}}', Connect("ws://h/s", {})),
        (b'{"reject":"busy"}', Reject("busy")),
        (b'{"reject":"rejected"}', Reject("rejected")),
        (b'{"hangup":true}', HangUp()),
        (b"{}", Stay()),
        (b"", Stay()),
    ],
)
def test_every_document_is_understood(body: bytes, command: Command) -> None:
    assert MockFace("s").command(body) == command


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"\xff",
        b'{"connect":{"stream":"http://h"}}',
        b'{"reject":"no"}',
        b'{"hangup":false}',
        b'{"hangup":true,"reject":"busy"}',
        b'{"dial":1}',
    ],
)
def test_other_documents_are_refused(body: bytes) -> None:
    with pytest.raises(FrameError, match="not a document"):
        MockFace("s").command(body)


def test_the_messages_of_a_stream_are_as_documented() -> None:
    dialect = MockFace("s").dialect(PARTIES, "ms_1", {"token": "t"})
    messages = [
        dialect.start(),
        dialect.audio(SILENCE),
        dialect.audio(bytes(range(160))),
        dialect.mark('say "1"'),
        dialect.digit("5"),
        dialect.stop(),
    ]
    decoded = [msgspec.json.decode(message) for message in messages]
    assert decoded[0] == {
        "event": "start",
        "stream": "ms_1",
        "call": "mc_7",
        "parameters": {"token": "t"},
        "format": {"encoding": "mulaw", "rate": 8000},
    }
    assert [(message["event"], message["chunk"]) for message in decoded[1:3]] == [("media", 1), ("media", 2)]
    assert msgspec.convert(decoded[1]["payload"], bytes) == SILENCE
    assert msgspec.convert(decoded[2]["payload"], bytes) == bytes(range(160))
    assert decoded[3:] == [
        {"event": "mark", "name": 'say "1"'},
        {"event": "digit", "digit": "5"},
        {"event": "stop"},
    ]


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ('{"event":"media","payload":"AAEC"}', Audio(b"\x00\x01\x02")),
        ('{"event":"mark","name":"m"}', Mark("m")),
        ('{"event":"clear"}', Clear()),
    ],
)
def test_what_a_gateway_sends_is_understood(text: str, sent: Sent) -> None:
    assert MockDialect("c", "s", {}).read(text) == sent


def test_a_message_holds_at_most_a_second_of_audio() -> None:
    for length, fits in ((8000, True), (8001, False)):
        text = msgspec.json.encode({"event": "media", "payload": bytes(length)}).decode()
        if fits:
            assert MockDialect("c", "s", {}).read(text) == Audio(bytes(length))
        else:
            with pytest.raises(FrameError, match="8001 bytes"):
                MockDialect("c", "s", {}).read(text)


@given(
    st.one_of(st.text(), st.sampled_from(['{"event":"start"}', '{"event":"media"}', '{"event":"media","payload":"*"}']))
)
def test_any_other_text_is_a_frame_error(text: str) -> None:
    with pytest.raises(FrameError):
        MockDialect("c", "s", {}).read(text)
