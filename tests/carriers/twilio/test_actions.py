"""Actions as TwiML and REST requests, and what Twilio's answers mean."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from voicecall.carriers import (
    Action,
    Callback,
    ComeBack,
    ConnectStream,
    Dismiss,
    EndStream,
    FetchStatus,
    HangUp,
    PlaceCall,
    PressDigits,
    Prompt,
    RejectCall,
    RestResponse,
)
from voicecall.carriers.twilio import Region, TwilioCarrier
from voicecall.carriers.twilio.signatures import OVERRIDES
from voicecall.core.events import Answered, CarrierAsked, Dialled, HangupAccepted
from voicecall.core.ids import CallId, CarrierCallId
from voicecall.errors import CarrierError

CARRIER = TwilioCarrier("AC1", "s3cret")
API = "https://api.twilio.com/2010-04-01/Accounts/AC1/Calls"
LEG = CarrierCallId("CA1")
CALL = CallId("01K8Z0000000000000000000AB")
HOOK = "https://voice.example.com/voice/webhook/twilio"
STREAM = "wss://voice.example.com/voice/stream"
BACK = Callback(HOOK, CALL, "n1")
PLACE = PlaceCall(CALL, "+15550100101", "+15550100100", HOOK, 29.2, 310.0)
CONNECT = ConnectStream(LEG, STREAM, "the-token", BACK)
PROMPT = Prompt(LEG, "Hello.", listen=True, number=3, back=BACK)
COME_BACK = ComeBack(LEG, BACK)
DISMISS = Dismiss(LEG, "Goodbye.")
REJECT = RejectCall(LEG, "busy")
HANG_UP = HangUp(LEG)
STATUS = FetchStatus(LEG)
PRESS = PressDigits(LEG, "12w#", BACK)


def twiml(action: Action | None) -> str:
    reply = CARRIER.document(action)
    assert reply is not None
    assert (reply.status, reply.content_type) == (200, "text/xml")
    return reply.body.decode("ascii").partition("?>")[2]


def fields(action: Action) -> list[tuple[str, str]]:
    return parse_qsl(CARRIER.request(action).body.decode(), keep_blank_values=True, strict_parsing=True)


def failure(action: Action, status: int, body: bytes | dict[str, Any] = b"") -> CarrierError:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(CarrierError) as error:
        CARRIER.outcome(action, RestResponse(status, content))
    return error.value


@pytest.mark.parametrize("action", [PLACE, HANG_UP, STATUS, PRESS])
def test_what_no_document_carries_out_goes_by_rest(action: Action) -> None:
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
        ("Url", f"{HOOK}?call={CALL}{OVERRIDES}"),
        ("StatusCallback", f"{HOOK}?call={CALL}&type=status{OVERRIDES}"),
        ("StatusCallbackEvent", "initiated"),
        ("StatusCallbackEvent", "ringing"),
        ("StatusCallbackEvent", "answered"),
        ("StatusCallbackEvent", "completed"),
        ("Timeout", "30"),
        ("TimeLimit", "310"),
    ]


@pytest.mark.parametrize(("seconds", "sent"), [(0.0, "1"), (600.0, "600"), (4000.0, "600"), (float("inf"), "600")])
def test_ringing_keeps_within_twilios_limit(seconds: float, sent: str) -> None:
    assert ("Timeout", sent) in fields(replace(PLACE, ring_timeout=seconds))


@pytest.mark.parametrize(("seconds", "sent"), [(0.0, "1"), (60.5, "61"), (86400.0, "86400"), (float("inf"), "86400")])
def test_a_call_is_no_longer_than_twilio_lets_it_be(seconds: float, sent: str) -> None:
    assert ("TimeLimit", sent) in fields(replace(PLACE, time_limit=seconds))


def test_digits_and_machine_detection_are_asked_for_with_the_dial() -> None:
    more = fields(replace(PLACE, digits="1w#", detect_machine=True))
    assert more[: len(fields(PLACE))] == fields(PLACE)
    assert more[len(fields(PLACE)) :] == [
        ("SendDigits", "1w#"),
        ("MachineDetection", "Enable"),
        ("AsyncAmd", "true"),
        ("AsyncAmdStatusCallback", f"{HOOK}?call={CALL}&type=amd{OVERRIDES}"),
    ]


@pytest.mark.parametrize(
    ("digits", "sent"),
    [
        ("1,2p3P4w5W6", "1w2w3w4w5W6"),
        ("abcdABCD*#", "ABCDABCD*#"),
        ("w" * 32, "w" * 32),
        ("w" * 40 + "123#", "W" * 20 + "123#"),
        (",p" * 20 + "w1", "W" * 20 + "w1"),
    ],
)
def test_digits_are_spelled_twilios_way(digits: str, sent: str) -> None:
    assert ("SendDigits", sent) in fields(replace(PLACE, digits=digits))


@pytest.mark.parametrize("digits", ["1" * 33, "w" * 70, "1e", "1 2", "\u0661", "\ud800"])
def test_what_twilio_cannot_send_is_refused_before_the_dial(digits: str) -> None:
    with pytest.raises(CarrierError, match="at most 32") as error:
        CARRIER.request(replace(PLACE, digits=digits))
    assert (error.value.code, error.value.certain, error.value.retryable) == ("21206", True, False)
    assert digits not in str(error.value)


@pytest.mark.parametrize("action", [HANG_UP, REJECT])
def test_hanging_up_completes_the_leg_and_can_be_repeated(action: Action) -> None:
    request = CARRIER.request(action)
    assert (request.method, request.url, request.repeatable) == ("POST", f"{API}/CA1.json", True)
    assert fields(action) == [("Status", "completed")]


def test_asking_after_a_leg_can_be_repeated() -> None:
    request = CARRIER.request(STATUS)
    assert (request.method, request.url, request.body, request.repeatable) == ("GET", f"{API}/CA1.json", b"", True)


@pytest.mark.parametrize("action", [CONNECT, PROMPT, DISMISS])
def test_a_live_leg_is_told_by_rest_what_a_document_would_tell_it(action: Action) -> None:
    request = CARRIER.request(action)
    assert (request.method, request.url, request.repeatable) == ("POST", f"{API}/CA1.json", False)
    assert fields(action) == [("Twiml", twiml(action))]


def test_digits_are_pressed_by_rest_and_the_leg_comes_back() -> None:
    request = CARRIER.request(replace(PRESS, digits="1,2P#"))
    assert (request.method, request.url, request.repeatable) == ("POST", f"{API}/CA1.json", False)
    [(name, text)] = fields(replace(PRESS, digits="1,2P#"))
    assert (name, text) == (
        "Twiml",
        f'<Response><Play digits="1w2w#"/><Redirect method="POST">{HOOK}?call={CALL}&amp;visit=n1#rc=2'
        "&amp;rp=all</Redirect>"
        "</Response>",
    )


@pytest.mark.parametrize("digits", ["", "12x", "1\n", "\u0663"])
def test_what_is_no_key_is_not_pressed(digits: str) -> None:
    with pytest.raises(CarrierError, match="0-9"):
        CARRIER.request(replace(PRESS, digits=digits))


def test_nobody_is_made_to_wait_by_rest() -> None:
    with pytest.raises(CarrierError, match="only in answer") as error:
        CARRIER.request(COME_BACK)
    assert (error.value.code, error.value.certain) == ("no-webhook", True)


def test_no_media_stream_is_ended_by_itself() -> None:
    with pytest.raises(CarrierError) as error:
        CARRIER.request(EndStream(LEG))
    assert (error.value.code, error.value.certain) == ("no-streams", True)


def test_inline_twiml_keeps_within_twilios_limit() -> None:
    room = 4000 - len(twiml(PROMPT))
    longest = replace(PROMPT, text=PROMPT.text + "x" * room)
    assert len(dict(fields(longest))["Twiml"]) == 4000
    with pytest.raises(CarrierError, match="the prompt is too long"):
        CARRIER.request(replace(longest, text=longest.text + "x"))
    with pytest.raises(CarrierError, match="the media stream is too long"):
        CARRIER.request(replace(CONNECT, stream_url=STREAM + "x" * 4000))


def test_what_is_no_text_is_sent_all_the_same() -> None:
    assert CARRIER.request(HangUp(CarrierCallId("\ud800"))).url == f"{API}/%3F.json"
    assert ("To", "?") in fields(replace(PLACE, to="\ud800"))
    assert dict(fields(replace(PLACE, call_id=CallId("\ud800"))))["Url"] == f"{HOOK}?call=%3F{OVERRIDES}"


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


@pytest.mark.parametrize("action", [CONNECT, PROMPT, PRESS])
def test_a_leg_that_was_told_something_by_rest_tells_the_rest_itself(action: Action) -> None:
    assert CARRIER.outcome(action, RestResponse(200, b"{}")) == ()
    for status, code in ((400, 21220), (404, 20404)):
        assert failure(action, status, {"code": code}).certain


def test_a_dismissed_leg_is_over_when_it_says_so_or_when_it_is_gone_already() -> None:
    assert CARRIER.outcome(DISMISS, RestResponse(200, b"{}")) == ()
    for response in (RestResponse(404, b""), RestResponse(400, b'{"code": 21220}')):
        assert CARRIER.outcome(DISMISS, response) == (HangupAccepted(),)


@pytest.mark.parametrize(
    ("action", "name"),
    [(CONNECT, "the media stream"), (PROMPT, "the prompt"), (DISMISS, "the farewell"), (PRESS, "the digits")],
)
def test_what_may_have_been_heard_is_not_tried_again(action: Action, name: str) -> None:
    error = failure(action, 503)
    assert (error.certain, error.retryable) == (False, False)
    assert f"failed on {name}" in str(error)


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
    answered = (Answered(),) if status == "in-progress" else ()
    assert CARRIER.outcome(STATUS, RestResponse(200, body)) == (*answered, CarrierAsked(answer))


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
    st.sampled_from([PLACE, CONNECT, PROMPT, COME_BACK, DISMISS, REJECT, HANG_UP, STATUS, PRESS]),
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
    sent = parse_qs(CARRIER.request(replace(PLACE, to=to, from_=from_)).body.decode(), keep_blank_values=True)
    assert (sent["To"], sent["From"]) == ([to], [from_])


@given(
    st.sampled_from([PLACE, CONNECT, PROMPT, COME_BACK, DISMISS, REJECT, HANG_UP, STATUS, PRESS]),
    st.text() | st.text("0123456789wW,pP#*", max_size=40),
    st.text(),
    st.booleans(),
)
def test_any_text_makes_a_request_or_a_carrier_error(action: Action, text: str, more: str, flag: bool) -> None:
    back = Callback(f"https://{more}", CallId(text), more)
    filled: dict[str, Any] = {"text": text, "digits": text, "credential": more, "stream_url": text, "back": back}
    filled |= {"carrier_call_id": text, "call_id": more, "listen": flag, "webhook_url": more}
    action = replace(action, **{name: filled[name] for name in action.__struct_fields__ if name in filled})
    try:
        request = CARRIER.request(action)
    except CarrierError:
        return
    assert request.url.isascii()
    assert request.body.isascii()
