"""Rubbish in Plivo's name: whatever comes is read, or refused by the one error that is meant for it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, strategies as st

from tests.carriers.plivo.rubbish import (
    BASE,
    START,
    TOKEN,
    json_values,
    likely,
    mutants,
    one_of,
    signed,
    texts,
    webhooks,
)
from voicecall.carriers import (
    Action,
    Callback,
    ComeBack,
    ConnectStream,
    Delivery,
    Dismiss,
    EndStream,
    FetchStatus,
    HangUp,
    MediaAudio,
    MediaDigit,
    MediaFrame,
    MediaMark,
    MediaStarted,
    MediaStopped,
    PlaceCall,
    PressDigits,
    Prompt,
    RejectCall,
    RestResponse,
    Webhook,
)
from voicecall.carriers.plivo import PlivoCarrier
from voicecall.core import events
from voicecall.core.ids import CallId, CarrierCallId
from voicecall.errors import CarrierError, FrameError, SignatureError, VoicecallError

CARRIER = PlivoCarrier("MA1", TOKEN)
LONGEST_REASON = 300
"""Characters of what is said, and logged, about rubbish."""


@contextmanager
def allowed(refusal: type[VoicecallError]) -> Iterator[None]:
    """Allow this error, if it says what it says in short."""
    try:
        yield
    except refusal as error:
        shown(error)


def shown(error: VoicecallError) -> None:
    assert 0 < len(str(error)) <= LONGEST_REASON


# --- webhooks


def check(delivery: Delivery) -> None:
    """See that a delivery can be kept: in the log, in the archive's columns, in its indexes."""
    assert len(delivery.key) == 64
    for event in delivery.events:
        assert events.decode(events.encode(event)) == event
    for name in (delivery.carrier_call_id, delivery.call_id or delivery.carrier_call_id):
        assert 1 <= len(name) <= 64
        assert name.isprintable()
    parties = [delivery.inbound.from_, delivery.inbound.to] if delivery.inbound else []
    for text in parties:
        assert len(text) <= 255
        assert text.isprintable()
    assert delivery.inbound is None or delivery.call_id is None


@given(webhooks)
def test_what_nobody_signed_is_refused_and_the_reason_is_short(webhook: Webhook) -> None:
    with pytest.raises(SignatureError) as refused:
        CARRIER.verify(webhook, 0.0)
    assert len(str(refused.value)) <= LONGEST_REASON
    assert len(refused.value.tried) in {1, 8}


@given(webhooks | likely)
def test_what_is_signed_rightly_is_read_or_not_of_plivos_form(webhook: Webhook) -> None:
    right = signed(webhook)
    if right is None:
        return
    CARRIER.verify(right, 0.0)
    with allowed(FrameError):
        (delivery,) = CARRIER.parse(right)
        check(delivery)


@given(webhooks | likely)
def test_what_is_read_unsigned_is_read_or_not_of_plivos_form(webhook: Webhook) -> None:
    with allowed(FrameError):
        for delivery in CARRIER.parse(webhook):
            check(delivery)


# --- media messages


def check_frame(frame: MediaFrame | None) -> None:
    """See that a frame is what the gateway takes it for."""
    match frame:
        case MediaStarted(stream_id, carrier_call_id, credential):
            assert {1 <= len(name) <= 64 and name.isprintable() for name in (stream_id, carrier_call_id)} == {True}
            assert credential is None
        case MediaAudio(payload):
            assert isinstance(payload, bytes)
        case MediaMark(name):
            name.encode()
        case MediaDigit(digit):
            assert digit in "0123456789*#ABCD"
        case _:
            assert frame is None or isinstance(frame, MediaStopped)


@given(st.booleans(), st.lists(mutants(), max_size=4))
def test_a_message_after_an_accident_is_a_frame_or_a_frame_error(linear: bool, messages: list[str]) -> None:
    codec = CARRIER.media()
    for message in [json.dumps(START)] * linear + messages:
        with allowed(FrameError):
            check_frame(codec.decode(message))
    for sent in (codec.audio(b"\xff" * 160), codec.mark("r1"), codec.clear()):
        assert json.loads(sent)["event"] in {"playAudio", "checkpoint", "clearAudio"}


@pytest.mark.parametrize(
    "message",
    [f'{{"event": "{"x" * 60_000}", "broken": }}', json.dumps(START).replace("audio/x-l16", "x" * 60_000)],
)
def test_the_reason_does_not_repeat_a_long_message(message: str) -> None:
    with pytest.raises(FrameError) as refused:
        CARRIER.media().decode(message)
    shown(refused.value)


# --- what we write, and what the REST API answers

BACK = Callback(BASE, CallId("01K8Z0000000000000000000AB"), "n1")
short = st.text()
said = short | one_of(["x" * 3000, "x" * 3001, "&" * 3000, "]]>", "<!--", "\x85\u2028", "a\xa0b"])
legs = (short | st.just("u1")).map(CarrierCallId)
backs = st.builds(Callback, one_of([BASE, f"{BASE}?a=b&c"]) | short, short.map(CallId), short)
spans = st.floats(allow_nan=False)
keys = st.text("0123456789*#wW,pABCDabcd", max_size=40)
actions: st.SearchStrategy[Action] = st.one_of(
    st.builds(PlaceCall, short.map(CallId), said, said, said, spans, spans, keys | said, st.booleans()),
    st.builds(ConnectStream, legs, short, said, backs),
    st.builds(Prompt, legs, said, st.booleans(), st.integers(), backs),
    st.builds(ComeBack, legs, backs),
    st.builds(Dismiss, legs, said),
    st.builds(RejectCall, legs, one_of(["busy", "rejected"])),
    st.builds(HangUp, legs),
    st.builds(EndStream, legs),
    st.builds(FetchStatus, legs),
    st.builds(PressDigits, legs, keys | said, backs),
)


@given(actions)
def test_whatever_the_text_the_request_is_well_formed_or_not_written(action: Action) -> None:
    with allowed(CarrierError):
        request = CARRIER.request(action)
        path = r"Call/([\w-]+/((Speak|DTMF|Stream)/|\?status=live)?)?"
        assert re.fullmatch(rf"https://api\.plivo\.com/v1/Account/MA1/{path}", request.url, re.ASCII)
        assert request.method == "POST" or not request.url.endswith("/MA1/Call/")
        assert not request.body or json.loads(request.body)


@given(actions)
def test_whatever_the_text_the_document_is_written_or_not(action: Action) -> None:
    with allowed(CarrierError):
        reply = CARRIER.document(action)
        assert reply is None or len(reply.body) < 100_000


replies = st.binary() | (
    st.dictionaries(one_of(["request_uuid", "call_status", "error", "message"]), json_values | texts, max_size=4)
    | st.fixed_dictionaries({"call_status": one_of(["in-progress", "ringing", "completed", ""]) | st.text()})
    | json_values
).map(lambda value: json.dumps(value).encode())
statuses = one_of([200, 201, 202, 204, 301, 400, 401, 403, 404, 429, 500, 503, 0, 999]) | st.integers(-1, 2000)


@given(actions, statuses, replies)
def test_any_answer_means_something_or_is_a_carrier_error(action: Action, status: int, body: bytes) -> None:
    certain = None
    try:
        for event in CARRIER.outcome(action, RestResponse(status, body)):
            assert events.decode(events.encode(event)) == event
    except CarrierError as error:
        shown(error)
        certain = error.certain
    assert certain in {None, 400 <= status < 500}
