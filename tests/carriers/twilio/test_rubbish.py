"""Rubbish in Twilio's name: whatever comes is read, or refused by the one error that is meant for it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl, quote, urlencode
from xml.etree import ElementTree

import pytest
from hypothesis import given, strategies as st

from tests.carriers.twilio.rubbish import (
    BASE,
    FORM,
    MESSAGES,
    SHARED,
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
from voicecall.carriers.twilio import TwilioCarrier
from voicecall.core import events
from voicecall.core.ids import CallId, CarrierCallId
from voicecall.emulators.twilio import verbs
from voicecall.emulators.twilio.twiml import parse
from voicecall.errors import CarrierError, FrameError, SignatureError, VoicecallError

CARRIER = TwilioCarrier("AC1", TOKEN, signing_keys=[SHARED])
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
    names = [delivery.carrier_call_id, *([delivery.call_id] if delivery.call_id is not None else [])]
    for name in names:
        assert 1 <= len(name) <= 64
    parties = [delivery.inbound.from_, delivery.inbound.to] if delivery.inbound else []
    for text in names + parties:
        assert len(text) <= 255
        assert text.isprintable()


@given(webhooks)
def test_what_nobody_signed_is_refused_and_the_reason_is_short(webhook: Webhook) -> None:
    with pytest.raises(SignatureError) as refused:
        CARRIER.verify(webhook, 0.0)
    assert len(str(refused.value)) <= LONGEST_REASON
    assert len(refused.value.tried) <= 9


@given(webhooks | likely)
def test_what_is_signed_rightly_is_read_or_not_of_twilios_form(webhook: Webhook) -> None:
    right = signed(webhook)
    if right is None:
        return
    CARRIER.verify(right, 0.0)
    with allowed(FrameError):
        (delivery,) = CARRIER.parse(right)
        check(delivery)


@given(webhooks | likely)
def test_what_is_read_unsigned_is_read_or_not_of_twilios_form(webhook: Webhook) -> None:
    with allowed(FrameError):
        for delivery in CARRIER.parse(webhook):
            check(delivery)


@pytest.mark.parametrize("name", ["\udcff", "\x00", "a b", "x" * 65, "é"])
def test_no_call_of_ours_is_named_so(name: str) -> None:
    webhook = Webhook("POST", f"{BASE}?call={name}", {"content-type": FORM}, b"CallSid=CA1&CallStatus=ringing")
    with pytest.raises(FrameError, match="call"):
        CARRIER.parse(webhook)


@pytest.mark.parametrize("name", ["\x00", "a b", "x" * 65, "é"])
@pytest.mark.parametrize("sid", ["CallSid", "StreamSid"])
def test_no_leg_and_no_stream_is_named_so(sid: str, name: str) -> None:
    sent = {"CallSid": "CA1", "StreamSid": "MZ1", "StreamEvent": "stream-stopped"} | {sid: name}
    with pytest.raises(FrameError, match=sid):
        CARRIER.parse(Webhook("POST", BASE, {"content-type": FORM}, urlencode(sent).encode()))


@pytest.mark.parametrize("party", ["From", "To"])
@pytest.mark.parametrize("number", ["\x00", "+1555\n0100", "x" * 256])
def test_nobody_can_be_called_so(party: str, number: str) -> None:
    sent = {"CallSid": "CA1", "CallStatus": "ringing", "Direction": "inbound", "From": "+1", "To": "+2"}
    with pytest.raises(FrameError, match=party):
        CARRIER.parse(Webhook("POST", BASE, {"content-type": FORM}, urlencode(sent | {party: number}).encode()))


# --- media messages


def check_frame(frame: MediaFrame | None) -> None:
    """See that a frame is what the gateway takes it for."""
    match frame:
        case MediaStarted(stream_id, carrier_call_id, credential):
            assert {1 <= len(name) <= 64 and name.isprintable() for name in (stream_id, carrier_call_id)} == {True}
            assert credential is None or isinstance(credential, str)
        case MediaAudio(payload):
            assert isinstance(payload, bytes)
        case MediaMark(name):
            name.encode()
        case MediaDigit(digit):
            assert digit in "0123456789*#ABCD"
        case _:
            assert frame is None or isinstance(frame, MediaStopped)


@given(st.lists(mutants(), max_size=4))
def test_a_message_after_an_accident_is_a_frame_or_a_frame_error(messages: list[str]) -> None:
    codec = CARRIER.media()
    for message in messages:
        with allowed(FrameError):
            check_frame(codec.decode(message))
    for sent in (codec.audio(b"\xff" * 160), codec.mark("r1"), codec.clear()):
        assert json.loads(sent)["event"] in {"media", "mark", "clear"}


@pytest.mark.parametrize(
    "message",
    [
        f'{{"event": "{"x" * 60_000}", "broken": }}',
        json.dumps(MESSAGES[1]).replace("audio/x-mulaw", "x" * 60_000),
    ],
)
def test_the_reason_does_not_repeat_a_long_message(message: str) -> None:
    with pytest.raises(FrameError) as refused:
        CARRIER.media().decode(message)
    assert len(str(refused.value)) <= LONGEST_REASON


@pytest.mark.parametrize("name", ["x" * 65, "M Z", "\\u0000"])
@pytest.mark.parametrize("sid", ["MZ1", "CA1"])
def test_no_stream_starts_with_such_a_name(sid: str, name: str) -> None:
    with pytest.raises(FrameError):
        CARRIER.media().decode(json.dumps(MESSAGES[1]).replace(sid, name))


# --- what we write

BACK = Callback(BASE, CallId("01K8Z0000000000000000000AB"), "n1")
LEG = CarrierCallId("CA1")
long_texts = one_of(["x" * 4096, "x" * 4097, "&" * 4096, "\U0001f389" * 4000, "]]>", "<!--", "\x85\u2028", "a\xa0b"])
said = st.text() | long_texts
short = st.text()
legs = short.map(CarrierCallId)
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
    st.builds(FetchStatus, legs),
    st.builds(PressDigits, legs, keys | said, backs),
)
VERBS: dict[type[Action], set[tuple[type[verbs.Verb], ...]]] = {
    ConnectStream: {(verbs.ConnectStream, verbs.Redirect)},
    Prompt: {(verbs.Gather, verbs.Redirect), (verbs.Say, verbs.Redirect), (verbs.Redirect,)},
    ComeBack: {(verbs.Pause, verbs.Redirect)},
    Dismiss: {(verbs.Say, verbs.Hangup), (verbs.Hangup,)},
    RejectCall: {(verbs.Reject,)},
    PressDigits: {(verbs.Play, verbs.Redirect)},
}


def check_document(action: Action, text: bytes) -> None:
    """See that a document says what it should, and that nothing in it is not understood."""
    ElementTree.fromstring(text)  # noqa: S314 - our own
    document = parse(text)
    assert document.warnings == ()
    assert tuple(map(type, document.verbs)) in VERBS[type(action)]


@given(actions)
def test_whatever_the_text_the_document_is_understood_or_not_written(action: Action) -> None:
    with allowed(CarrierError):
        reply = CARRIER.document(action)
        if reply is not None:
            check_document(action, reply.body)


@given(actions)
def test_whatever_the_text_the_request_is_well_formed_or_not_written(action: Action) -> None:
    with allowed(CarrierError):
        request = CARRIER.request(action)
        assert re.fullmatch(r"https://api\.twilio\.com/2010-04-01/Accounts/AC1/Calls(/[!-~]+)?\.json", request.url)
        assert not set(request.url) & set("?#")
        form = dict(parse_qsl(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(request.body)))
        if "Twiml" in form:
            check_document(action, form["Twiml"].encode())


# --- what the REST API answers

replies = st.binary() | (
    st.dictionaries(one_of(["sid", "status", "code", "message"]), json_values | texts, max_size=4)
    | st.fixed_dictionaries({"sid": one_of(["CA1", "x" * 65, "\x00", "a/../b"]) | st.text()})
    | st.fixed_dictionaries({"code": one_of([20003, 21220, 0, -1, 10**6, 99_999]) | st.integers()})
    | json_values
).map(lambda value: json.dumps(value).encode())
statuses = one_of([200, 201, 204, 301, 400, 401, 404, 429, 500, 503, 0, 999]) | st.integers(-1, 2000)


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


@pytest.mark.parametrize("sid", ["x" * 65, "\\u0000", "a b", "\\u00e9"])
def test_no_call_was_placed_under_such_a_name(sid: str) -> None:
    placing = PlaceCall(BACK.call_id, "+15550100101", "+15550100100", BASE, 30.0, 600.0)
    with pytest.raises(CarrierError, match="read") as failed:
        CARRIER.outcome(placing, RestResponse(201, f'{{"sid": "{sid}"}}'.encode()))
    assert not failed.value.certain


def test_a_leg_cannot_lead_a_request_astray() -> None:
    leg = CarrierCallId("../Calls/CA2?x#y")
    assert CARRIER.request(HangUp(leg)).url.endswith(f"/Calls/{quote(leg, safe='')}.json")
