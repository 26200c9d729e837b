"""Actions as the mock network's documents and REST requests, and what its answers mean."""

from __future__ import annotations

import json

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
    PlaceCall,
    PressDigits,
    Prompt,
    RejectCall,
    RestResponse,
)
from voicecall.carriers.mock import MockCarrier
from voicecall.core.events import CarrierAsked, Dialled, HangupAccepted
from voicecall.core.ids import CallId, CarrierCallId
from voicecall.errors import CarrierError

CARRIER = MockCarrier("secret", "http://127.0.0.1:9000/")
LEG = CarrierCallId("mc_1")
HOOK = "http://127.0.0.1:3334/voice/webhook/mock"
BACK = Callback(HOOK, CallId("01J"), "n1")
PLACE = PlaceCall(CallId("01J"), "+15550100101", "+15550100100", HOOK, 30.0, 310.0)
CONNECT = ConnectStream(LEG, "ws://127.0.0.1:3334/voice/stream", "the-token", BACK)
PROMPT = Prompt(LEG, "Hello.", listen=True, number=1, back=BACK)
COME_BACK = ComeBack(LEG, BACK)
DISMISS = Dismiss(LEG, "Goodbye.")
REJECT = RejectCall(LEG, "busy")
HANG_UP = HangUp(LEG)
STATUS = FetchStatus(LEG)
PRESS = PressDigits(LEG, "12w#", BACK)
actions = st.sampled_from([PLACE, PROMPT, COME_BACK, DISMISS, REJECT, HANG_UP, STATUS, PRESS])


def document(action: Action | None) -> object:
    reply = CARRIER.document(action)
    assert reply is not None
    assert (reply.status, reply.content_type) == (200, "application/json")
    return json.loads(reply.body)


def failure(action: Action, status: int, body: bytes = b"") -> CarrierError:
    with pytest.raises(CarrierError) as error:
        CARRIER.outcome(action, RestResponse(status, body))
    return error.value


def test_documents_carry_what_only_a_webhook_can_ask_for() -> None:
    assert document(None) == {}
    assert document(CONNECT) == {
        "connect": {"stream": "ws://127.0.0.1:3334/voice/stream", "parameters": {"token": "the-token"}}
    }
    assert document(REJECT) == {"reject": "busy"}
    assert document(RejectCall(LEG, "rejected")) == {"reject": "rejected"}


def test_it_says_what_can_be_done() -> None:
    assert CARRIER.capabilities == Capabilities(machine_detection=True)


@pytest.mark.parametrize("action", [PLACE, PROMPT, COME_BACK, DISMISS, HANG_UP, STATUS, PRESS])
def test_everything_else_goes_by_rest(action: Action) -> None:
    assert CARRIER.document(action) is None


def test_a_dial_is_never_repeated() -> None:
    request = CARRIER.request(PLACE)
    assert CARRIER.request(replace(PLACE, digits="1w#", detect_machine=True)) == request
    assert (request.method, request.url, request.repeatable) == ("POST", "http://127.0.0.1:9000/calls", False)
    assert request.headers == {"Authorization": "Bearer secret", "Content-Type": "application/json"}
    assert json.loads(request.body) == {
        "to": "+15550100101",
        "from": "+15550100100",
        "webhook": "http://127.0.0.1:3334/voice/webhook/mock",
        "ring_timeout": 30.0,
        "time_limit": 310.0,
        "reference": "01J",
    }


def test_digits_are_never_repeated() -> None:
    request = CARRIER.request(PRESS)
    assert (request.method, request.url) == ("POST", "http://127.0.0.1:9000/calls/mc_1/digits")
    assert json.loads(request.body) == {"digits": "12w#"}
    assert not request.repeatable


@pytest.mark.parametrize(
    ("action", "method"), [(HANG_UP, "DELETE"), (DISMISS, "DELETE"), (REJECT, "DELETE"), (STATUS, "GET")]
)
def test_hanging_up_and_asking_can_be_repeated(action: Action, method: str) -> None:
    request = CARRIER.request(action)
    assert (request.method, request.url) == (method, "http://127.0.0.1:9000/calls/mc_1")
    assert request.headers == {"Authorization": "Bearer secret"}
    assert request.body == b""
    assert request.repeatable


def test_a_legs_name_cannot_leave_its_path() -> None:
    assert CARRIER.request(HangUp(CarrierCallId("../x?y"))).url == "http://127.0.0.1:9000/calls/..%2Fx%3Fy"


@pytest.mark.parametrize(
    ("action", "code", "words"),
    [
        (CONNECT, "no-webhook", "only in answer to a webhook"),
        (PROMPT, "no-prompts", "neither speaks nor listens"),
        (COME_BACK, "no-waiting", "a second time"),
        (EndStream(LEG), "no-streams", "ends no media stream"),
    ],
)
def test_what_the_network_cannot_do_is_refused_by_name(action: Action, code: str, words: str) -> None:
    with pytest.raises(CarrierError, match=words) as error:
        CARRIER.request(action)
    assert (error.value.certain, error.value.code) == (True, code)


def test_an_accepted_dial_names_the_leg() -> None:
    assert CARRIER.outcome(PLACE, RestResponse(201, b'{"call": "mc_9"}')) == (Dialled(CarrierCallId("mc_9")),)


@pytest.mark.parametrize("action", [HANG_UP, DISMISS])
def test_a_leg_that_is_over_already_counts_as_hung_up(action: Action) -> None:
    assert CARRIER.outcome(action, RestResponse(204, b"")) == (HangupAccepted(),)
    assert CARRIER.outcome(action, RestResponse(404, b"")) == (HangupAccepted(),)


def test_rejections_and_digits_report_nothing_more() -> None:
    assert CARRIER.outcome(REJECT, RestResponse(204, b"")) == ()
    assert CARRIER.outcome(REJECT, RestResponse(404, b"")) == ()
    assert CARRIER.outcome(PRESS, RestResponse(204, b"")) == ()


@pytest.mark.parametrize(("status", "answer"), [("ringing", "alive"), ("answered", "alive"), ("ended", "gone")])
def test_the_status_says_whether_the_leg_lives(status: str, answer: str) -> None:
    body = json.dumps({"call": "mc_1", "status": status}).encode()
    (event,) = CARRIER.outcome(STATUS, RestResponse(200, body))
    assert isinstance(event, CarrierAsked)
    assert event.answer == answer


def test_an_unknown_leg_is_gone() -> None:
    assert CARRIER.outcome(STATUS, RestResponse(404, b"")) == (CarrierAsked("gone"),)


def test_a_refused_dial_did_certainly_not_happen() -> None:
    error = failure(PLACE, 400, b'{"error": {"code": "invalid-number", "message": "not E.164"}}')
    assert (error.certain, error.retryable, error.code) == (True, False, "invalid-number")
    assert "not E.164" in str(error)


def test_a_failed_dial_may_have_happened_and_is_not_retried() -> None:
    error = failure(PLACE, 503, b"<html>")
    assert (error.certain, error.retryable, error.code) == (False, False, "503")


def test_a_rate_limited_dial_can_be_tried_again() -> None:
    error = failure(PLACE, 429, b'{"error": {"code": "rate-limited"}}')
    assert (error.certain, error.retryable, error.code) == (True, True, "rate-limited")


def test_a_failed_hang_up_can_be_tried_again() -> None:
    error = failure(HANG_UP, 500)
    assert (error.certain, error.retryable) == (False, True)


def test_digits_for_a_leg_that_is_over_are_refused() -> None:
    assert failure(PRESS, 404, b'{"error": {"code": "not-found"}}').certain


@pytest.mark.parametrize(("action", "status"), [(PLACE, 201), (STATUS, 200)])
@pytest.mark.parametrize("body", [b"", b"{}", b'{"call": "\xff"}', b'{"status": "\xff"}', b"[" * 100_000])
def test_an_unreadable_success_is_uncertain(action: Action, status: int, body: bytes) -> None:
    assert not failure(action, status, body).certain


@given(actions, st.integers(100, 599), st.binary())
def test_any_answer_is_events_or_a_carrier_error(action: Action, status: int, body: bytes) -> None:
    try:
        events = CARRIER.outcome(action, RestResponse(status, body))
    except CarrierError:
        return
    assert len(events) <= 1
