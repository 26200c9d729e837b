"""Actions as REST requests, and what Plivo's answers mean."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from voicecall.carriers import (
    Action,
    Callback,
    Capabilities,
    ComeBack,
    ConnectStream,
    Dismiss,
    EndStream,
    FetchStatus,
    HangUp,
    Listen,
    PlaceCall,
    PressDigits,
    Prompt,
    RejectCall,
    RestResponse,
)
from voicecall.carriers.plivo import PlivoCarrier
from voicecall.core.events import Answered, CarrierAsked, Dialled, Event, HangupAccepted
from voicecall.core.ids import CallId, CarrierCallId
from voicecall.errors import CarrierError

CARRIER = PlivoCarrier("MA1", "s3cret")
API = "https://api.plivo.com/v1/Account/MA1/Call/"
LEG = CarrierCallId("97ceeb52-58b6-11e1-86da-77300b68f8bb")
CALL = CallId("01K8Z0000000000000000000AB")
HOOK = "https://voice.example.com/voice/webhook/plivo"
OVERRIDES = "#rc=2&rp=all"
BACK = Callback(HOOK, CALL, "n1")
PLACE = PlaceCall(CALL, "+15550100101", "+15550100100", HOOK, 29.2, 310.0)
CONNECT = ConnectStream(LEG, "wss://voice.example.com/voice/stream", "the-token", BACK)
PROMPT = Prompt(LEG, "Hello.", listen=True, number=3, back=BACK)
COME_BACK = ComeBack(LEG, BACK)
LISTEN = Listen(LEG, BACK, answered=True)
DISMISS = Dismiss(LEG, "Good\x00bye.\n")
REJECT = RejectCall(LEG, "busy")
HANG_UP = HangUp(LEG)
STATUS = FetchStatus(LEG)
END_STREAM = EndStream(LEG)
PRESS = PressDigits(LEG, "12w#", BACK)
NO_KEYS = ["12x", "1\n", "\u0663", "1@200"]
OF_A_LEG = [CONNECT, PROMPT, DISMISS, REJECT, HANG_UP, END_STREAM, STATUS, PRESS]


def fields(action: Action, carrier: PlivoCarrier = CARRIER) -> dict[str, Any]:
    request = carrier.request(action)
    assert request.headers["Content-Type"] == "application/json"
    sent: dict[str, Any] = json.loads(request.body)
    return sent


def failure(action: Action, status: int, body: bytes | dict[str, Any] = b"") -> CarrierError:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(CarrierError) as error:
        CARRIER.outcome(action, RestResponse(status, content))
    return error.value


def test_it_says_what_can_be_done() -> None:
    assert CARRIER.capabilities == Capabilities(
        streaming=True,
        prompts=True,
        listens_apart=False,
        digits_at_dial=True,
        digits_end_stream=False,
        redirects=True,
        redirects_on_close=True,
        return_delay=1.0,
        machine_detection=True,
        recording=True,
        transfer=True,
        codecs=("PCMU", "L16/8000", "L16/16000"),
        marks_return_on_clear=False,
        credential_in_start=False,
        signs_handshake=True,
        dials_per_second=2.0,
    )


# --- requests


def test_a_dial_tells_all_and_is_never_repeated() -> None:
    request = CARRIER.request(PLACE)
    assert (request.method, request.url, request.repeatable) == ("POST", API, False)
    assert fields(PLACE) == {
        "from": "15550100100",
        "to": "15550100101",
        "answer_url": f"{HOOK}?call={CALL}{OVERRIDES}",
        "answer_method": "POST",
        "ring_url": f"{HOOK}?call={CALL}&type=ring{OVERRIDES}",
        "ring_method": "POST",
        "hangup_url": f"{HOOK}?call={CALL}&type=hangup{OVERRIDES}",
        "hangup_method": "POST",
        "ring_timeout": 30,
        "time_limit": 310,
    }


@pytest.mark.parametrize("field", ["ring_timeout", "time_limit"])
@pytest.mark.parametrize(("seconds", "sent"), [(0.0, 1), (60.5, 61), (86400.0, 86400), (float("inf"), 86400)])
def test_a_call_is_no_longer_than_plivo_lets_it_be(field: str, seconds: float, sent: int) -> None:
    assert fields(replace(PLACE, **{field: seconds}))[field] == sent


def test_digits_and_machine_detection_are_asked_for_with_the_dial() -> None:
    more = fields(replace(PLACE, digits="1,w#", detect_machine=True))
    assert {name: value for name, value in more.items() if name not in fields(PLACE)} == {
        "send_digits": "1ww#",
        "machine_detection": "true",
        "machine_detection_url": f"{HOOK}?call={CALL}&type=amd{OVERRIDES}",
        "machine_detection_method": "POST",
    }


@pytest.mark.parametrize("to", ["+15550100101<+15550100102", "<", "sip:a@b<sip:c@d"])
def test_a_dial_is_one_call(to: str) -> None:
    with pytest.raises(CarrierError, match="Plivo cannot call") as error:
        CARRIER.request(replace(PLACE, to=to))
    assert (error.value.code, error.value.certain) == ("bad-number", True)
    assert "555010" not in str(error.value)


def test_an_address_is_called_as_it_is() -> None:
    assert fields(replace(PLACE, to="sip:someone@phone.plivo.com"))["to"] == "sip:someone@phone.plivo.com"


@pytest.mark.parametrize("action", [HANG_UP, REJECT])
def test_a_leg_is_hung_up_by_deleting_it_and_that_can_be_repeated(action: Action) -> None:
    request = CARRIER.request(action)
    assert (request.method, request.url, request.body) == ("DELETE", f"{API}{LEG}/", b"")
    assert request.repeatable


def test_a_media_stream_is_ended_by_deleting_all_of_the_leg_and_that_can_be_repeated() -> None:
    request = CARRIER.request(END_STREAM)
    assert (request.method, request.url, request.body) == ("DELETE", f"{API}{LEG}/Stream/", b"")
    assert request.repeatable


def test_asking_after_a_leg_can_be_repeated() -> None:
    request = CARRIER.request(STATUS)
    assert (request.method, request.url, request.body) == ("GET", f"{API}{LEG}/?status=live", b"")
    assert request.repeatable


@pytest.mark.parametrize("action", [CONNECT, PROMPT, replace(PROMPT, text="", listen=False)])
def test_a_live_leg_is_sent_to_ask_for_a_document(action: Action) -> None:
    request = CARRIER.request(action)
    assert (request.method, request.url, request.repeatable) == ("POST", f"{API}{LEG}/", False)
    assert fields(action) == {
        "legs": "aleg",
        "aleg_url": f"{HOOK}?call={CALL}&visit=n1{OVERRIDES}",
        "aleg_method": "POST",
    }


def test_a_farewell_is_spoken_by_rest() -> None:
    assert CARRIER.request(DISMISS).url == f"{API}{LEG}/Speak/"
    spoken = {"text": "Goodbye.", "legs": "aleg"}
    assert fields(DISMISS) == spoken | {"voice": "WOMAN", "language": "en-US"}
    assert fields(DISMISS, PlivoCarrier("MA1", "x", voice="", language="")) == spoken
    with pytest.raises(CarrierError, match="3001 characters"):
        CARRIER.request(replace(DISMISS, text="x" * 3001))


@pytest.mark.parametrize(
    ("digits", "sent"), [("12w#", "12w#"), ("1,2p3P4", "1w2w3w4"), ("abcdABCD*#W", "ABCDABCD*#W"), ("w" * 99, "w" * 99)]
)
def test_digits_are_pressed_in_plivos_spelling(digits: str, sent: str) -> None:
    action = replace(PRESS, digits=digits)
    assert CARRIER.request(action).url == f"{API}{LEG}/DTMF/"
    assert fields(action) == {"digits": sent, "leg": "aleg"}


@pytest.mark.parametrize(
    "action", [replace(PRESS, digits=""), *(replace(one, digits=no) for one in (PRESS, PLACE) for no in NO_KEYS)]
)
def test_what_is_no_key_is_not_pressed(action: Any) -> None:
    with pytest.raises(CarrierError, match="0-9") as error:
        CARRIER.request(action)
    assert (error.value.code, error.value.certain) == ("bad-digits", True)
    assert not action.digits or action.digits not in str(error.value)


@pytest.mark.parametrize("action", [COME_BACK, LISTEN])
def test_nobody_is_made_to_wait_by_rest(action: Action) -> None:
    with pytest.raises(CarrierError, match="only in answer") as error:
        CARRIER.request(action)
    assert (error.value.code, error.value.certain) == ("no-webhook", True)


@pytest.mark.parametrize("leg", ["", ".", "..", "a/b", "../x", "a?b", "a b", "a\n", "\ud800", "x" * 65])
@pytest.mark.parametrize("action", OF_A_LEG)
def test_only_one_leg_is_meant_and_never_all_calls_at_once(action: Any, leg: str) -> None:
    with pytest.raises(CarrierError, match="named") as error:
        CARRIER.request(replace(action, carrier_call_id=CarrierCallId(leg)))
    assert (error.value.code, error.value.certain, error.value.retryable) == ("no-leg", True, False)


@pytest.mark.parametrize("base", ["http://127.0.0.1:9", "http://127.0.0.1:9/"])
def test_another_origin_takes_the_place_of_plivos(base: str) -> None:
    carrier = PlivoCarrier("MA1/..", "s3cret", api_base_url=base)
    assert carrier.request(PLACE).url == "http://127.0.0.1:9/v1/Account/MA1%2F../Call/"


@pytest.mark.parametrize("action", [PLACE, *OF_A_LEG])
def test_rest_is_signed_by_the_account(action: Action) -> None:
    expected = "Basic " + base64.b64encode(b"MA1:s3cret").decode()
    assert CARRIER.request(action).headers["Authorization"] == expected


def test_what_is_no_text_is_sent_all_the_same() -> None:
    sent = fields(replace(PLACE, to="\ud800", call_id=CallId("\ud800")))
    assert (sent["to"], sent["answer_url"]) == ("?", f"{HOOK}?call=%3F{OVERRIDES}")


# --- outcomes

UNNAMED = (Dialled(CarrierCallId("")),)


@pytest.mark.parametrize("message", ["call fired", "call queued"])
def test_an_accepted_dial_names_no_leg_yet(message: str) -> None:
    body = json.dumps({"api_id": "x", "message": message, "request_uuid": str(LEG)}).encode()
    assert CARRIER.outcome(PLACE, RestResponse(201, body)) == UNNAMED
    assert CARRIER.outcome(PLACE, RestResponse(202, b"not looked at")) == UNNAMED


@pytest.mark.parametrize("status", [204, 200, 404])
def test_a_leg_that_is_over_already_counts_as_hung_up(status: int) -> None:
    assert CARRIER.outcome(HANG_UP, RestResponse(status, b"")) == (HangupAccepted(),)
    assert CARRIER.outcome(REJECT, RestResponse(status, b"")) == ()


@pytest.mark.parametrize("status", [204, 200, 404])
def test_a_media_stream_that_is_over_already_counts_as_ended(status: int) -> None:
    assert CARRIER.outcome(END_STREAM, RestResponse(status, b"")) == ()


@pytest.mark.parametrize("action", [CONNECT, PROMPT, PRESS, DISMISS])
def test_a_leg_that_was_told_something_by_rest_tells_the_rest_itself(action: Action) -> None:
    assert CARRIER.outcome(action, RestResponse(202, b"{}")) == ()
    assert CARRIER.outcome(action, RestResponse(200, b"")) == ()


def test_a_leg_that_is_gone_needs_no_farewell_and_can_be_told_nothing_else() -> None:
    assert CARRIER.outcome(DISMISS, RestResponse(404, b"")) == (HangupAccepted(),)
    for action in (CONNECT, PROMPT, PRESS):
        assert failure(action, 404).certain


@pytest.mark.parametrize(
    ("action", "name"),
    [
        (PLACE, "the call"),
        (CONNECT, "the media stream"),
        (PROMPT, "the prompt"),
        (DISMISS, "the farewell"),
        (PRESS, "the digits"),
    ],
)
@pytest.mark.parametrize("status", [500, 502, 503, 302, 0])
def test_what_may_have_been_done_is_not_tried_again(action: Action, name: str, status: int) -> None:
    error = failure(action, status, {"error": "server error"})
    assert (error.certain, error.retryable, error.code) == (False, False, str(status))
    assert f"failed on {name}" in str(error)
    assert "may have" in str(error)


@pytest.mark.parametrize(
    ("status", "events"),
    [
        ("in-progress", (Answered(), CarrierAsked("alive"))),
        *((word, (CarrierAsked("alive"),)) for word in ("queued", "initiated", "ringing", "early-media")),
        *(
            (word, (CarrierAsked("gone"),))
            for word in ("completed", "busy", "failed", "timeout", "no-answer", "cancel", "machine", "hangup")
        ),
        ("a-word-of-next-year", (CarrierAsked("unknown"),)),
    ],
)
def test_the_status_says_whether_the_leg_lives(status: str, events: tuple[Event, ...]) -> None:
    body = json.dumps({"api_id": "x", "call_uuid": LEG, "call_status": status, "from": "15550100100"}).encode()
    assert CARRIER.outcome(STATUS, RestResponse(200, body)) == events


def test_an_unknown_leg_is_gone() -> None:
    assert CARRIER.outcome(STATUS, RestResponse(404, b'{"error": "not found"}')) == (CarrierAsked("gone"),)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"call_status": 7}', b'{"call_status": "\xff"}', b"[" * 100_000])
def test_an_unreadable_success_is_uncertain(body: bytes) -> None:
    assert not failure(STATUS, 200, body).certain


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (400, "15550100100 is not a valid caller id", "from_number"),
        (400, {"to": ["15550100101 is not a valid number"]}, "E.164"),
        (400, "Insufficient credit for 15550100101", "credit"),
        (400, None, "no more"),
        (401, "invalid token", "plivo.auth_token"),
        (403, "15550100101", "Geo Permissions"),
        (404, "not found", "plivo.auth_id"),
    ],
)
def test_a_refused_dial_says_why_in_our_words(status: int, error: object, words: str) -> None:
    refused = failure(PLACE, status, {"api_id": "x", "error": error})
    assert words in str(refused)
    assert f"refused the call (HTTP {status})" in str(refused)
    assert "555" not in str(refused)
    assert (refused.certain, refused.retryable, refused.code) == (True, False, str(status))


def test_a_rate_limited_dial_can_be_tried_again() -> None:
    error = failure(PLACE, 429)
    assert (error.certain, error.retryable, error.code) == (True, True, "429")


@pytest.mark.parametrize("action", [HANG_UP, REJECT, END_STREAM, STATUS])
def test_what_does_no_harm_twice_can_be_tried_again(action: Action) -> None:
    error = failure(action, 502, b"<html>")
    assert (error.certain, error.retryable) == (False, True)


def test_a_question_is_answered_with_200_only() -> None:
    assert not failure(STATUS, 204).certain


@given(
    st.sampled_from([PLACE, *OF_A_LEG, COME_BACK]),
    st.text() | st.text("0123456789wW,pP#*", max_size=40),
    st.text(),
    st.booleans(),
)
def test_any_text_makes_a_request_or_a_carrier_error(action: Action, text: str, more: str, flag: bool) -> None:
    back = Callback(f"https://{more}", CallId(text), more)
    filled: dict[str, Any] = {"text": text, "digits": text, "credential": more, "stream_url": text, "back": back}
    filled |= {"call_id": more, "listen": flag, "webhook_url": more, "to": text, "from_": more}
    action = replace(action, **{name: filled[name] for name in action.__struct_fields__ if name in filled})
    try:
        request = CARRIER.request(action)
    except CarrierError:
        return
    assert request.url.isascii()
    assert not request.body or json.loads(request.body)
