"""What Telnyx's answers to our requests mean."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from tests.carriers.telnyx.test_actions import (
    CARRIER,
    COME_BACK,
    COMMANDS,
    CONNECT,
    DISMISS,
    HANG_UP,
    LEG,
    LISTEN,
    PLACE,
    PRESS,
    PROMPT,
    REJECT,
    SILENT,
    STATUS,
)
from voicecall.carriers import Action, RestResponse
from voicecall.core.events import CarrierAsked, Dialled, Gathered, HangupAccepted
from voicecall.errors import CarrierError

OK = RestResponse(200, b'{"data":{"result":"ok"}}')


def failure(action: Action, status: int, content: bytes | dict[str, Any] = b"") -> CarrierError:
    body = content if isinstance(content, bytes) else json.dumps({"errors": [content]}).encode()
    with pytest.raises(CarrierError) as error:
        CARRIER.outcome(action, RestResponse(status, body))
    return error.value


@pytest.mark.parametrize("status", [200, 201])
def test_an_accepted_dial_names_the_leg(status: int) -> None:
    answer = json.dumps({"data": {"call_control_id": LEG, "is_alive": False, "record_type": "call"}}).encode()
    assert CARRIER.outcome(PLACE, RestResponse(status, answer)) == (Dialled(LEG),)


@pytest.mark.parametrize("action", [CONNECT, LISTEN, PROMPT, SILENT, DISMISS, REJECT, PRESS])
def test_an_accepted_command_says_no_more(action: Action) -> None:
    assert CARRIER.outcome(action, OK) == ()


def test_a_prompt_without_words_that_awaits_none_brings_the_leg_back() -> None:
    assert CARRIER.outcome(replace(SILENT, listen=False), OK) == (Gathered(4),)


def test_an_accepted_hang_up_is_one() -> None:
    assert CARRIER.outcome(HANG_UP, OK) == (HangupAccepted(),)


OVER = [
    RestResponse(404, b""),
    RestResponse(422, b'{"errors":[{"code":"90018","title":"Call has already ended"}]}'),
    RestResponse(422, b'{"errors":[{"code":"90015","title":"Invalid Call Control ID"}]}'),
]


@pytest.mark.parametrize("response", OVER)
def test_a_leg_that_is_over_needs_no_hang_up(response: RestResponse) -> None:
    assert CARRIER.outcome(HANG_UP, response) == (HangupAccepted(),)
    assert CARRIER.outcome(DISMISS, response) == (HangupAccepted(),)
    assert CARRIER.outcome(REJECT, response) == ()
    assert CARRIER.outcome(STATUS, response) == (CarrierAsked("gone"),)
    with pytest.raises(CarrierError):
        CARRIER.outcome(PROMPT, response)


@pytest.mark.parametrize(
    ("data", "answer"), [({"is_alive": True}, "alive"), ({"is_alive": False}, "gone"), ({}, "unknown")]
)
def test_a_leg_lives_or_not(data: dict[str, bool], answer: Any) -> None:
    response = RestResponse(200, json.dumps({"data": data}).encode())
    assert CARRIER.outcome(STATUS, response) == (CarrierAsked(answer),)


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (403, "D38", "outbound voice profile"),
        (403, "D36", "from_number"),
        (422, "10016", "E.164"),
        (401, "10009", "telnyx.api_key"),
        (422, "90999", "developers.telnyx.com"),
    ],
)
def test_a_refused_dial_says_why_in_our_words(status: int, code: str, words: str) -> None:
    error = failure(PLACE, status, {"code": code, "detail": "+15550100101 is bad", "meta": {"url": "https://x"}})
    assert words in str(error)
    assert code in str(error)
    assert "555" not in str(error)
    assert (error.certain, error.retryable, error.code) == (True, False, code)


def test_a_rate_limited_dial_can_be_tried_again() -> None:
    error = failure(PLACE, 429, {"code": "10011"})
    assert (error.certain, error.retryable, error.code) == (True, True, "10011")


def test_a_stream_that_is_refused_while_another_ends_can_be_tried_again() -> None:
    error = failure(CONNECT, 422, {"code": "90045"})
    assert (error.certain, error.retryable, error.code) == (True, True, "90045")


@pytest.mark.parametrize("status", [408, 500, 503, 302])
@pytest.mark.parametrize("content", [b"", b"<html>", b'{"errors":[]}', b'{"errors":[{"code":7}]}', b"[" * 100_000])
def test_a_failed_dial_may_have_happened_and_is_not_retried(status: int, content: bytes) -> None:
    error = failure(PLACE, status, content)
    assert (error.certain, error.retryable, error.code) == (False, False, str(status))
    assert "may have" in str(error)


@pytest.mark.parametrize("action", COMMANDS)
def test_a_failed_command_does_no_harm_when_it_is_sent_again(action: Action) -> None:
    error = failure(action, 502)
    assert (error.certain, error.retryable) == (False, True)


@pytest.mark.parametrize("action", [PLACE, STATUS])
@pytest.mark.parametrize("content", [b"", b"{}", b'{"data":{"call_control_id":"","is_alive":7}}', b'{"data":"\xff"}'])
def test_an_unreadable_success_is_uncertain(action: Action, content: bytes) -> None:
    assert not failure(action, 200, content).certain


@given(
    st.sampled_from([PLACE, STATUS, COME_BACK, *COMMANDS]),
    st.integers(100, 599),
    st.binary()
    | st.text(max_size=9).map(lambda code: json.dumps({"errors": [{"code": code}], "data": {"is_alive": 1}}).encode()),
)
def test_any_answer_is_events_or_a_carrier_error(action: Action, status: int, content: bytes) -> None:
    try:
        events = CARRIER.outcome(action, RestResponse(status, content))
    except CarrierError:
        return
    assert len(events) <= 1
