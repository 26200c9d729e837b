"""Actions as TwiML and REST requests, and what Twilio's answers mean."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecall.carriers import (
    Action,
    ConnectStream,
    FetchStatus,
    HangUp,
    PlaceCall,
    PressDigits,
    RejectCall,
    RestResponse,
)
from voicecall.carriers.twilio import Region, TwilioCarrier
from voicecall.core.events import CarrierAsked, Dialled, HangupAccepted
from voicecall.core.ids import CallId, CarrierCallId
from voicecall.errors import CarrierError

CARRIER = TwilioCarrier("AC1", "s3cret")
API = "https://api.twilio.com/2010-04-01/Accounts/AC1/Calls"
LEG = CarrierCallId("CA1")
CALL = CallId("01K8Z0000000000000000000AB")
HOOK = "https://voice.example.com/voice/webhook/twilio"
STREAM = "wss://voice.example.com/voice/stream"
PLACE = PlaceCall(CALL, "+15550100101", "+15550100100", HOOK, 29.2, 310.0)
CONNECT = ConnectStream(LEG, STREAM, "the-token")
REJECT = RejectCall(LEG, "busy")
HANG_UP = HangUp(LEG)
STATUS = FetchStatus(LEG)
PRESS = PressDigits(LEG, "12w#")


class ConnectAgain(ConnectStream, frozen=True, kw_only=True):
    """A stream whose leg can find its way back."""

    call_id: CallId = CALL
    webhook_url: str = HOOK
    nonce: str = "n1"


class PlaceMore(PlaceCall, frozen=True, kw_only=True):
    """A dial with digits and machine detection."""

    digits: str = ""
    detect_machine: bool = False


def twiml(action: Action | None) -> str:
    reply = CARRIER.document(action)
    assert reply is not None
    assert (reply.status, reply.content_type) == (200, "text/xml")
    head, _, text = reply.body.decode("ascii").partition("?>")
    assert head == '<?xml version="1.0" encoding="UTF-8"'
    return text


def fields(action: Action) -> list[tuple[str, str]]:
    return parse_qsl(CARRIER.request(action).body.decode(), keep_blank_values=True, strict_parsing=True)


def failure(action: Action, status: int, body: bytes | dict[str, Any] = b"") -> CarrierError:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(CarrierError) as error:
        CARRIER.outcome(action, RestResponse(status, content))
    return error.value


# --- documents


def test_a_stream_is_connected_with_its_credential_as_a_parameter() -> None:
    assert twiml(CONNECT) == (
        f'<Response><Connect><Stream url="{STREAM}"><Parameter name="token" value="the-token"/></Stream></Connect>'
        "</Response>"
    )


def test_a_leg_that_can_find_its_way_back_is_shown_it() -> None:
    again = f"{HOOK}?call={CALL}&amp;visit=n1"
    assert twiml(ConnectAgain(LEG, STREAM, "the-token")) == (
        f'<Response><Connect action="{again}"><Stream url="{STREAM}" '
        f'statusCallback="{HOOK}?call={CALL}&amp;type=stream"><Parameter name="token" value="the-token"/></Stream>'
        f"</Connect><Redirect>{again}</Redirect></Response>"
    )


@given(st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc", "Cn"]), max_size=80))
def test_no_text_breaks_out_of_its_place(text: str) -> None:
    root = ElementTree.fromstring(twiml(ConnectAgain(LEG, STREAM + text, text, webhook_url=HOOK + "?q=" + text)))  # noqa: S314 - our own
    assert [element.tag for element in root.iter()] == ["Response", "Connect", "Stream", "Parameter", "Redirect"]
    stream, parameter = root[0][0], root[0][0][0]
    assert stream.get("url") == STREAM + text
    assert parameter.attrib == {"name": "token", "value": text}
    assert root[1].text == root[0].get("action") == f"{HOOK}?q={text}&call={CALL}&visit=n1"


def test_a_parameter_keeps_within_twilios_limit() -> None:
    assert "t" * 494 in twiml(ConnectStream(LEG, STREAM, "t" * 494))
    with pytest.raises(CarrierError, match="longer"):
        CARRIER.document(ConnectStream(LEG, STREAM, "t" * 495))


def test_a_rejection_says_why() -> None:
    assert twiml(REJECT) == '<Response><Reject reason="busy"/></Response>'
    assert twiml(RejectCall(LEG, "rejected")) == '<Response><Reject reason="rejected"/></Response>'


def test_without_an_action_nothing_is_asked() -> None:
    assert twiml(None) == "<Response/>"


@pytest.mark.parametrize("action", [PLACE, HANG_UP, STATUS, PRESS])
def test_everything_else_goes_by_rest(action: Action) -> None:
    assert CARRIER.document(action) is None


# --- requests


def test_a_dial_tells_all_and_is_never_repeated() -> None:
    request = CARRIER.request(PLACE)
    assert (request.method, request.url, request.repeatable) == ("POST", f"{API}.json", False)
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert b"To=%2B15550100101" in request.body
    assert fields(PLACE) == [
        ("To", "+15550100101"),
        ("From", "+15550100100"),
        ("Url", f"{HOOK}?call={CALL}"),
        ("StatusCallback", f"{HOOK}?call={CALL}&type=status"),
        ("StatusCallbackEvent", "initiated"),
        ("StatusCallbackEvent", "ringing"),
        ("StatusCallbackEvent", "answered"),
        ("StatusCallbackEvent", "completed"),
        ("Timeout", "30"),
        ("TimeLimit", "310"),
    ]


@pytest.mark.parametrize(("seconds", "sent"), [(0.0, "1"), (600.0, "600"), (4000.0, "600")])
def test_ringing_keeps_within_twilios_limit(seconds: float, sent: str) -> None:
    assert ("Timeout", sent) in fields(PlaceCall(CALL, "+15550100101", "+15550100100", HOOK, seconds, 310.0))


def test_digits_and_machine_detection_are_asked_for_with_the_dial() -> None:
    more = fields(
        PlaceMore(*(getattr(PLACE, name) for name in PLACE.__struct_fields__), digits="1w#", detect_machine=True)
    )
    assert more[: len(fields(PLACE))] == fields(PLACE)
    assert more[len(fields(PLACE)) :] == [
        ("SendDigits", "1w#"),
        ("MachineDetection", "Enable"),
        ("AsyncAmd", "true"),
        ("AsyncAmdStatusCallback", f"{HOOK}?call={CALL}&type=amd"),
    ]


@pytest.mark.parametrize("action", [HANG_UP, REJECT])
def test_hanging_up_completes_the_leg_and_can_be_repeated(action: Action) -> None:
    request = CARRIER.request(action)
    assert (request.method, request.url, request.repeatable) == ("POST", f"{API}/CA1.json", True)
    assert fields(action) == [("Status", "completed")]


def test_asking_after_a_leg_can_be_repeated() -> None:
    request = CARRIER.request(STATUS)
    assert (request.method, request.url, request.body, request.repeatable) == ("GET", f"{API}/CA1.json", b"", True)


def test_a_live_leg_is_connected_by_rest_once() -> None:
    request = CARRIER.request(CONNECT)
    assert (request.method, request.url, request.repeatable) == ("POST", f"{API}/CA1.json", False)
    assert fields(CONNECT) == [("Twiml", twiml(CONNECT))]


def test_inline_twiml_keeps_within_twilios_limit() -> None:
    room = 4000 - len(twiml(CONNECT))
    assert len(fields(ConnectStream(LEG, STREAM + "x" * room, "the-token"))[0][1]) == 4000
    with pytest.raises(CarrierError, match="too long"):
        CARRIER.request(ConnectStream(LEG, STREAM + "x" * (room + 1), "the-token"))


def test_digits_would_end_the_stream_and_are_refused_by_name() -> None:
    assert not CARRIER.capabilities.digits_out
    with pytest.raises(CarrierError, match="end the stream") as error:
        CARRIER.request(PRESS)
    assert (error.value.code, error.value.certain) == ("digits-end-stream", True)


def test_a_legs_name_cannot_leave_its_path() -> None:
    assert CARRIER.request(HangUp(CarrierCallId("../x?y"))).url == f"{API}/{quote('../x?y', safe='')}.json"


@pytest.mark.parametrize(
    ("region", "host"),
    [
        (None, "api.twilio.com"),
        ("us1", "api.twilio.com"),
        ("ie1", "api.dublin.ie1.twilio.com"),
        ("au1", "api.sydney.au1.twilio.com"),
    ],
)
def test_each_region_has_its_own_host(region: Region | None, host: str) -> None:
    carrier = TwilioCarrier("AC1", "s3cret", region=region)
    assert carrier.request(STATUS).url == f"https://{host}/2010-04-01/Accounts/AC1/Calls/CA1.json"


def test_another_origin_takes_the_place_of_the_regions() -> None:
    carrier = TwilioCarrier("AC1", "s3cret", api_base_url="http://127.0.0.1:9/", region="ie1")
    assert carrier.request(PLACE).url == "http://127.0.0.1:9/2010-04-01/Accounts/AC1/Calls.json"


@pytest.mark.parametrize("action", [PLACE, STATUS])
def test_rest_is_signed_by_the_account_or_its_api_key(action: Action) -> None:
    by_key = TwilioCarrier("AC1", "s3cret", api_key=("SK1", "k3y"))
    for carrier, credentials in [(CARRIER, b"AC1:s3cret"), (by_key, b"SK1:k3y")]:
        expected = "Basic " + base64.b64encode(credentials).decode()
        request = carrier.request(action)
        assert request.headers["Authorization"] == expected
        assert "/Accounts/AC1/" in request.url


# --- outcomes


def test_an_accepted_dial_names_the_leg() -> None:
    body = b'{"sid": "CA9", "status": "queued", "from": "+15550100100"}'
    assert CARRIER.outcome(PLACE, RestResponse(201, body)) == (Dialled(CarrierCallId("CA9")),)


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b'{"status": "completed"}'), (404, b""), (404, b'{"code": 20404}'), (400, b'{"code": 21220}')],
)
def test_a_leg_that_is_over_already_counts_as_hung_up(status: int, body: bytes) -> None:
    assert CARRIER.outcome(HANG_UP, RestResponse(status, body)) == (HangupAccepted(),)
    assert CARRIER.outcome(REJECT, RestResponse(status, body)) == ()


def test_a_leg_connected_by_rest_tells_more_by_its_stream() -> None:
    assert CARRIER.outcome(CONNECT, RestResponse(200, b"{}")) == ()
    assert failure(CONNECT, 400, {"code": 21220}).certain


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        *((word, "alive") for word in ("queued", "initiated", "ringing", "in-progress")),
        *((word, "gone") for word in ("completed", "busy", "failed", "no-answer", "canceled")),
        ("a-word-of-next-year", "unknown"),
    ],
)
def test_the_status_says_whether_the_leg_lives(status: str, answer: Any) -> None:
    body = json.dumps({"sid": "CA1", "status": status}).encode()
    assert CARRIER.outcome(STATUS, RestResponse(200, body)) == (CarrierAsked(answer),)


def test_an_unknown_leg_is_gone() -> None:
    assert CARRIER.outcome(STATUS, RestResponse(404, b'{"code": 20404}')) == (CarrierAsked("gone"),)


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (400, 21219, "verified"),
        (400, 21215, "Geo Permissions"),
        (400, 21211, "E.164"),
        (400, 21210, "from_number"),
        (400, 10002, "upgrade"),
        (401, 20003, "twilio.auth_token"),
        (400, 21999, "docs/api/errors/21999"),
    ],
)
def test_a_refused_dial_says_why_in_our_words(status: int, code: int, words: str) -> None:
    theirs = {"code": code, "message": "The number +15550100101 is bad", "more_info": "https://x", "status": status}
    error = failure(PLACE, status, theirs)
    assert words in str(error)
    assert str(code) in str(error)
    assert "555" not in str(error)
    assert (error.certain, error.retryable, error.code) == (True, False, str(code))


def test_a_rate_limited_dial_can_be_tried_again() -> None:
    error = failure(PLACE, 429, {"code": 20429})
    assert (error.certain, error.retryable, error.code) == (True, True, "20429")


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"code": "x"}', b'{"code": -1}', b'{"code": 1' + b"0" * 5000 + b"}"]
)
def test_a_failed_dial_may_have_happened_and_is_not_retried(body: bytes) -> None:
    error = failure(PLACE, 503, body)
    assert (error.certain, error.retryable, error.code) == (False, False, "503")
    assert "may have" in str(error)


@pytest.mark.parametrize("action", [HANG_UP, REJECT, STATUS])
def test_what_does_no_harm_twice_can_be_tried_again(action: Action) -> None:
    error = failure(action, 502)
    assert (error.certain, error.retryable) == (False, True)


def test_a_wrong_password_is_told_without_a_body() -> None:
    assert "twilio.account_sid" in str(failure(HANG_UP, 401))


@pytest.mark.parametrize(("action", "status"), [(PLACE, 201), (STATUS, 200)])
@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"sid": "", "status": 7}', b'{"sid": "\xff", "status": "\xff"}', b"[" * 100_000]
)
def test_an_unreadable_success_is_uncertain(action: Action, status: int, body: bytes) -> None:
    assert not failure(action, status, body).certain


@given(
    st.sampled_from([PLACE, CONNECT, REJECT, HANG_UP, STATUS, PRESS]),
    st.integers(100, 599),
    st.binary() | st.integers().map(lambda code: json.dumps({"code": code, "sid": "CA1", "status": "x"}).encode()),
)
def test_any_answer_is_events_or_a_carrier_error(action: Action, status: int, body: bytes) -> None:
    try:
        events = CARRIER.outcome(action, RestResponse(status, body))
    except CarrierError:
        return
    assert len(events) <= 1


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_numbers_reach_twilio_as_they_are(to: str, from_: str) -> None:
    sent = parse_qs(
        CARRIER.request(PlaceCall(CALL, to, from_, HOOK, 30.0, 310.0)).body.decode(), keep_blank_values=True
    )
    assert (sent["To"], sent["From"]) == ([to], [from_])
