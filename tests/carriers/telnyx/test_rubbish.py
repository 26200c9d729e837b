"""Rubbish in Telnyx's name: whatever comes is read, or refused by the one error that is meant for it."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given, strategies as st

from tests.carriers.twilio.rubbish import json_values, one_of, paths, texts
from voicecall.carriers import MediaAudio, MediaMark, MediaStarted, MediaStopped, Webhook
from voicecall.carriers.telnyx import TelnyxCarrier
from voicecall.core import events
from voicecall.errors import FrameError, SignatureError

CARRIER = TelnyxCarrier("key", "149", "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=")
LONGEST_REASON = 300
"""Characters of what is said, and logged, about rubbish."""
KINDS = (
    "call.initiated call.answered call.hangup call.dtmf.received call.speak.ended call.transcription "
    "call.machine.detection.ended streaming.stopped streaming.failed call_answered weather"
).split()
STATE = b64encode(b'{"call":"01K8Z0000000000000000000AB","why":"stream","prompt":3,"listen":true}').decode()
PAYLOAD: dict[str, Any] = {
    "call_control_id": "v3:x",
    "connection_id": "149",
    "client_state": STATE,
    "from": "+15550100100",
    "to": "+15550100101",
    "direction": "incoming",
    "hangup_cause": "normal_clearing",
    "sip_hangup_cause": "486",
    "digit": "1",
    "status": "completed",
    "result": "machine",
    "stream_id": "s1",
    "failure_reason": "timeout",
    "transcription_data": {"transcript": "Yes.", "is_final": True, "confidence": 0.9, "transcription_track": "inbound"},
}
START = {
    "event": "start",
    "sequence_number": "1",
    "stream_id": "s1",
    "start": {
        "call_control_id": "v3:x",
        "client_state": STATE,
        "media_format": {"encoding": "PCMU", "sample_rate": 8000, "channels": 1},
    },
}
MESSAGES: list[dict[str, Any]] = [
    {"event": "connected", "version": "1.0.0"},
    START,
    {"event": "media", "stream_id": "s1", "media": {"track": "inbound", "chunk": "1", "payload": "/" * 216}},
    {"event": "mark", "stream_id": "s1", "mark": {"name": "r1"}},
    {"event": "dtmf", "stream_id": "s1", "dtmf": {"digit": "#"}},
    {"event": "stop", "stream_id": "s1", "stop": {"call_control_id": "v3:x"}},
    {"event": "error", "stream_id": "s1", "payload": {"code": 100003}},
]


@st.composite
def mutants(draw: st.DrawFn, tree: Any) -> str:
    """Return JSON after a few accidents."""
    tree = json.loads(json.dumps(tree))
    for _ in range(draw(st.integers(0, 3))):
        places = paths(tree)
        if not places:
            break
        *way, last = draw(one_of(places))
        inner = tree
        for part in way:
            inner = inner[part]
        if draw(st.booleans()):
            inner[last] = draw(json_values | texts)
        else:
            del inner[last]
    text = json.dumps(tree, ensure_ascii=draw(st.booleans()))
    for _ in range(draw(st.integers(0, 1))):
        at, length = draw(st.integers(0, len(text))), draw(st.integers(0, 3))
        extra = draw(one_of(["", '"', "\\", "{", "[" * 10_000, "9" * 5000, "1e999", "\\ud800", ",", "\x00", "é\udcff"]))
        text = text[:at] + extra + text[at + length :]
    return text


bodies = one_of(KINDS).flatmap(
    lambda kind: mutants({"data": {"event_type": kind, "id": "e1", "payload": PAYLOAD}, "meta": {"attempt": 1}})
)


@given(bodies)
def test_what_is_signed_is_read_and_can_be_kept_or_is_not_of_telnyxs_form(body: str) -> None:
    webhook = Webhook("POST", "https://x", {}, body.encode(errors="surrogatepass"))
    try:
        deliveries = CARRIER.parse(webhook)
    except FrameError as error:
        assert 0 < len(str(error)) <= LONGEST_REASON  # noqa: PT017 - either end is right
        return
    for delivery in deliveries:
        assert 1 <= len(delivery.key) <= 64
        assert 1 <= len(delivery.carrier_call_id) <= 255
        assert delivery.call_id is None or 1 <= len(delivery.call_id) <= 64
        assert delivery.events
        for event in delivery.events:
            assert events.decode(events.encode(event)) == event
        for party in [delivery.inbound.from_, delivery.inbound.to] if delivery.inbound else []:
            assert len(party) <= 255
            assert party.isprintable()


@given(
    st.dictionaries(
        one_of(["telnyx-signature-ed25519", "telnyx-timestamp", "host"]), st.text() | st.just("1795219200"), max_size=3
    ),
    st.binary(),
)
def test_what_nobody_signed_is_refused_and_the_reason_is_short(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(SignatureError) as refused:
        CARRIER.verify(Webhook("POST", "https://x", headers, body), 1795219200.0)
    assert len(str(refused.value)) <= LONGEST_REASON


@given(st.lists(one_of(MESSAGES).flatmap(mutants), max_size=6), st.booleans())
def test_any_message_is_a_frame_or_a_frame_error(messages: list[str], begun: bool) -> None:
    codec = CARRIER.media()
    for message in [json.dumps(START)] * begun + messages:
        try:
            frame = codec.decode(message)
        except FrameError as error:
            assert 0 < len(str(error)) <= LONGEST_REASON  # noqa: PT017 - either end is right
            continue
        assert frame is None or isinstance(frame, MediaStarted | MediaAudio | MediaMark | MediaStopped)
        assert not isinstance(frame, MediaAudio) or frame.payload
