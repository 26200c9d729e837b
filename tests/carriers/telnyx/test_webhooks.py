"""What Telnyx's webhooks say, in whatever order they come; rubbish is a FrameError."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given, strategies as st

from voicecall.carriers import Callback, ConnectStream, Delivery, Dismiss, Inbound, Listen, PlaceCall, Prompt, Webhook
from voicecall.carriers.telnyx import TelnyxCarrier
from voicecall.core.events import (
    Answered,
    CarrierEnded,
    Dialled,
    DigitPressed,
    DocumentAsked,
    Event,
    Gathered,
    StreamStopped,
    Told,
    Warned,
)
from voicecall.core.ids import CallId, CarrierCallId, StreamId
from voicecall.errors import FrameError

CARRIER = TelnyxCarrier("key", "1494404757140276705", "")
LEG = CarrierCallId("v3:MdI91X4lWFEs7IgbBEOT9M4AigoY08M0WWZFISt1Yw2axZ_IiE4pqg")
CALL = CallId("01K8Z0000000000000000000AB")
BACK = Callback("https://voice.example.com/voice/webhook", CALL, "n1")
PLACE = PlaceCall(CALL, "+15550100101", "+15550100100", BACK.webhook_url, 30.0, 300.0)
COMMON = {
    "call_control_id": LEG,
    "call_leg_id": "428c31b6-7af4-4bcb-b7f5-5013ef9657c1",
    "call_session_id": "428c31b6-abf3-3bc1-b7f4-5013ef9657c1",
    "connection_id": "1494404757140276705",
    "from": "+15550100100",
    "to": "+15550100101",
    "new_this_year": [{}],
}
PROMPT = Prompt(LEG, "Hello.", listen=True, number=3, back=BACK)
CONNECT = ConnectStream(LEG, "wss://voice.example.com/voice/stream", "token", BACK, answered=False)


def state(action: Any) -> dict[str, str]:
    """What the webhooks bring back after an action."""
    return {"client_state": json.loads(CARRIER.request(action).body)["client_state"]}


def webhook(event: str, sent: dict[str, Any], **envelope: Any) -> Webhook:
    data = {"record_type": "event", "event_type": event, "id": "e1", "occurred_at": "2026-11-21T10:00:00Z"}
    whole = {"data": data | {"payload": COMMON | sent} | envelope, "meta": {"attempt": 1, "delivered_to": "https://x"}}
    return Webhook("POST", BACK.webhook_url, {}, json.dumps(whole).encode())


def parse(event: str, sent: dict[str, Any] | None = None, **envelope: Any) -> tuple[Delivery, ...]:
    return CARRIER.parse(webhook(event, sent or {}, **envelope))


def said(event: str, sent: dict[str, Any] | None = None) -> tuple[Event, ...]:
    deliveries = parse(event, sent)
    return deliveries[0].events if deliveries else ()


# --- how a leg begins


@pytest.mark.parametrize("event", ["call.initiated", "call_initiated"])
def test_a_call_that_arrives_asks_what_to_do(event: str) -> None:
    (delivery,) = parse(event, {"direction": "incoming", "state": "parked"})
    assert delivery == Delivery(LEG, "e1", (DocumentAsked(),), Inbound("+15550100100", "+15550100101"))


@pytest.mark.parametrize(
    ("from_", "caller"), [(None, ""), ("anonymous", "anonymous"), ("sip:a@example.com", "sip:a@example.com")]
)
def test_a_caller_may_be_nobody_or_no_number(from_: str | None, caller: str) -> None:
    (delivery,) = parse("call.initiated", {"direction": "incoming", "from": from_})
    assert delivery.inbound == Inbound(caller, "+15550100101")


@pytest.mark.parametrize("wrong", [{"from": "x" * 256}, {"from": "a\nb"}, {"to": ""}, {"to": None}, {"to": "\x00"}])
def test_a_call_from_or_to_something_garbled_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(FrameError, match="garbled"):
        parse("call.initiated", {"direction": "incoming"} | wrong)


def test_a_dial_under_way_names_its_leg_and_our_call() -> None:
    (delivery,) = parse("call.initiated", {"direction": "outgoing", "state": "bridging"} | state(PLACE))
    assert delivery == Delivery(LEG, "e1", (Dialled(LEG),), None, CALL)


def test_a_dial_that_is_not_ours_says_nothing() -> None:
    assert parse("call.initiated", {"direction": "outgoing"}) == ()


def test_a_dialled_leg_that_was_answered_asks_what_to_do() -> None:
    (delivery,) = parse("call.answered", {"state": "answered"} | state(PLACE))
    assert (delivery.events, delivery.call_id) == ((Answered(), DocumentAsked()), CALL)


def test_a_leg_that_was_answered_with_its_stream_asks_nothing() -> None:
    assert said("call.answered", state(CONNECT)) == (Answered(),)


def test_a_leg_that_was_answered_to_be_listened_to_asks_what_to_do() -> None:
    assert said("call.answered", state(Listen(LEG, BACK, answered=False))) == (Answered(), DocumentAsked())


@pytest.mark.parametrize(
    "foreign",
    [
        None,
        "",
        "bm90aGluZw==",
        "no base64",
        "e30",
        "\u00e9",
        b64encode(b'{"call":""}').decode(),
        "W10=",
        "eyJj*YWxsIjoiYSJ9",
    ],
)
def test_a_state_that_is_absent_or_somebody_elses_leaves_the_leg_to_name_the_call(foreign: str | None) -> None:
    (delivery,) = parse("call.answered", {"client_state": foreign})
    assert delivery == Delivery(LEG, "e1", (Answered(), DocumentAsked()))


@pytest.mark.parametrize("connection", ["1494404757140276705", 1494404757140276705, None])
def test_our_own_application_may_be_named_or_not(connection: Any) -> None:
    assert parse("call.answered", {"connection_id": connection})


def test_another_application_of_the_account_is_not_ours() -> None:
    with pytest.raises(FrameError, match="connection_id"):
        parse("call.initiated", {"direction": "incoming", "connection_id": "7"})


# --- machines, keys


@pytest.mark.parametrize(
    ("event", "result", "machine"),
    [
        ("call.machine.detection.ended", "machine", True),
        ("call.machine.detection.ended", "human", False),
        ("call.machine.detection.ended", "not_sure", False),
        ("call_machine_detection_ended", "machine", True),
        ("call.machine.premium.detection.ended", "machine", True),
        ("call.machine.premium.detection.ended", "fax_detected", True),
        ("call.machine.premium.detection.ended", "human_residence", False),
        ("call.machine.premium.detection.ended", "silence", False),
    ],
)
def test_a_machine_is_told_from_a_human(event: str, result: str, machine: bool) -> None:
    assert said(event, {"result": result}) == (Answered(machine=machine),)


@pytest.mark.parametrize("digit", "0123456789*#ABCD")
def test_a_key_is_told(digit: str) -> None:
    assert said("call.dtmf.received", {"digit": digit}) == (DigitPressed(digit),)


@pytest.mark.parametrize("digit", ["", "12", "e", None])
def test_what_is_no_key_is_none(digit: str | None) -> None:
    assert parse("call.dtmf.received", {"digit": digit}) == ()


# --- prompts


@pytest.mark.parametrize("status", ["completed", None])
def test_a_prompt_that_was_spoken_is_told_or_brings_the_leg_back(status: str | None) -> None:
    assert said("call.speak.ended", {"status": status} | state(PROMPT)) == (Told(3),)
    deaf = Prompt(LEG, "Hello.", listen=False, number=4, back=BACK)
    assert said("call.speak.ended", {"status": status} | state(deaf)) == (Gathered(4),)


@pytest.mark.parametrize("status", ["call_hangup", "cancelled", "news"])
def test_a_prompt_that_was_cut_off_says_nothing(status: str) -> None:
    assert parse("call.speak.ended", {"status": status} | state(PROMPT)) == ()


def test_a_prompt_that_was_taken_for_a_machines_is_asked_for_anew() -> None:
    assert said("call.speak.ended", {"status": "cancelled_amd"} | state(PROMPT)) == (DocumentAsked(),)


@pytest.mark.parametrize("action", [PLACE, CONNECT, Dismiss(LEG, "Goodbye.")])
def test_words_that_are_no_prompt_say_nothing_when_they_end(action: Any) -> None:
    assert parse("call.speak.ended", {"status": "completed"} | state(action)) == ()


def test_what_the_caller_said_answers_the_newest_prompt() -> None:
    words = {"transcript": " Yes, please. ", "is_final": True, "confidence": 0.9, "transcription_track": "inbound"}
    (delivery,) = parse("call.transcription", {"transcription_data": words} | state(PROMPT))
    assert (delivery.events, delivery.call_id) == ((Gathered(0, "Yes, please."),), CALL)


def test_words_are_final_and_the_callers_unless_they_say_otherwise() -> None:
    assert said("call.transcription", {"transcription_data": {"transcript": "Yes."}}) == (Gathered(0, "Yes."),)


@pytest.mark.parametrize(
    "words",
    [
        None,
        {},
        {"transcript": None, "is_final": True},
        {"transcript": " ", "is_final": True},
        {"transcript": "Yes", "is_final": False},
        {"transcript": "Yes", "is_final": True, "transcription_track": "outbound"},
    ],
)
def test_words_that_are_not_final_not_the_callers_or_none_say_nothing(words: Any) -> None:
    assert parse("call.transcription", {"transcription_data": words, "transcript": "Yes"}) == ()


# --- streams


def test_a_stream_that_stopped_is_told_by_name() -> None:
    assert said("streaming.stopped", {"stream_id": "s1"}) == (StreamStopped(StreamId("s1")),)


@pytest.mark.parametrize("stream", [None, "", "a b", "x" * 65])
def test_a_stream_that_stopped_without_a_name_says_nothing(stream: str | None) -> None:
    assert parse("streaming.stopped", {"stream_id": stream}) == ()


def test_a_stream_that_failed_is_a_warning_and_its_leg_has_nothing_to_do() -> None:
    warned, *rest = said("streaming.failed", {"stream_id": "s1", "failure_reason": "connection_failed"})
    assert isinstance(warned, Warned)
    assert "(connection_failed)" in warned.text
    assert rest == [StreamStopped(StreamId("s1")), DocumentAsked()]


def test_why_a_stream_failed_is_not_told_where_it_may_hold_a_secret() -> None:
    warned, _ = said("streaming.failed", {"failure_reason": "cannot reach wss://voice.example.com/voice/stream/1.k.c"})
    assert isinstance(warned, Warned)
    assert "wss" not in warned.text


# --- the end


@pytest.mark.parametrize(
    ("cause", "sip", "ended"),
    [
        ("normal_clearing", "200", CarrierEnded("completed")),
        ("originator_cancel", "487", CarrierEnded("canceled")),
        ("timeout", None, CarrierEnded("no-answer")),
        ("no_answer", "480", CarrierEnded("no-answer")),
        ("user_busy", "486", CarrierEnded("busy")),
        ("call_rejected", "603", CarrierEnded("rejected")),
        ("unspecified", "200", CarrierEnded("completed")),
        ("unspecified", 503, CarrierEnded("failed", "The network refused the call (SIP 503).")),
        ("unspecified", "unspecified", CarrierEnded("failed")),
        ("brand_new", None, CarrierEnded("failed")),
        (None, None, CarrierEnded("failed")),
    ],
)
def test_why_a_call_ended_is_told(cause: str | None, sip: Any, ended: CarrierEnded) -> None:
    assert said("call.hangup", {"hangup_cause": cause, "sip_hangup_cause": sip}) == (ended,)


@pytest.mark.parametrize(
    ("cause", "sip", "kind", "words"),
    [
        ("time_limit", "200", "completed", "longest"),
        ("not_found", "404", "failed", "nobody"),
        ("call_rejected", "D35", "failed", "caller id"),
        ("unspecified", "D99", "failed", "D99"),
    ],
)
def test_an_end_that_needs_words_has_them(cause: str, sip: str, kind: str, words: str) -> None:
    (ended,) = said("call.hangup", {"hangup_cause": cause, "sip_hangup_cause": sip})
    assert isinstance(ended, CarrierEnded)
    assert ended.cause == kind
    assert words in ended.detail
    assert ended.detail.endswith(".")


# --- the rest


@pytest.mark.parametrize(
    "event",
    "call.bridged call.speak.started streaming.started call.recording.saved call.cost call.gather.ended "
    "call.machine.greeting.ended conference.created weather".split(),
)
def test_other_events_say_nothing(event: str) -> None:
    assert parse(event) == ()
    assert parse(event, payload=7) == ()


def test_a_fact_keeps_its_name_however_often_it_comes() -> None:
    assert [delivery.key for delivery in parse("call.answered", id="e7") + parse("call.answered", id="e7")] == [
        "e7"
    ] * 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"{}",
        b'{"data":{}}',
        b'{"data":{"event_type":"call.hangup","id":"e1"}}',
        b'{"data":{"event_type":"call.hangup","id":"","payload":{"call_control_id":"x"}}}',
        b'{"data":{"event_type":"call.hangup","id":"e1","payload":{}}}',
        b'{"data":{"event_type":"call.hangup","id":"e1","payload":{"call_control_id":""}}}',
        b'{"data":{"event_type":"call.hangup","id":"e1","payload":{"call_control_id":"a b"}}}',
        b'{"data":{"event_type":"call.hangup","id":"e1","payload":{"call_control_id":"x","digit":7}}}',
        b'{"data":{"event_type":"call.hangup","id":"e1","payload":' + b"[" * 100_000,
        b'{"data":{"event_type":"call.hangup","id":"\xff","payload":{"call_control_id":"x"}}}',
    ],
)
def test_another_form_is_a_frame_error(body: bytes) -> None:
    with pytest.raises(FrameError) as error:
        CARRIER.parse(Webhook("POST", BACK.webhook_url, {}, body))
    assert len(str(error.value)) <= 300


def test_a_webhook_without_a_body_is_none_of_ours() -> None:
    with pytest.raises(FrameError):
        CARRIER.parse(Webhook("GET", f"{BACK.webhook_url}?event_type=call.answered", {}, b""))


@given(st.binary() | st.text().map(str.encode))
def test_any_body_is_a_frame_error(body: bytes) -> None:
    with pytest.raises(FrameError):
        CARRIER.parse(Webhook("POST", "https://x", {}, body))
