"""What Plivo's webhooks say, in whatever order they come; rubbish is a FrameError."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from voicecall.carriers import Delivery, Inbound, Webhook
from voicecall.carriers.plivo import PlivoCarrier
from voicecall.carriers.plivo.webhooks import callback
from voicecall.core.events import (
    Answered,
    CarrierEnded,
    DigitPressed,
    DocumentAsked,
    Gathered,
    Ringing,
    StreamStopped,
    Warned,
)
from voicecall.core.ids import CallId, StreamId
from voicecall.errors import FrameError

CARRIER = PlivoCarrier("MA1", "token")
BASE = "https://voice.example.com/voice/webhook/plivo"
OVERRIDES = "#rc=2&rp=all"
CALL = CallId("01K8Z0000000000000000000AB")
LEG = "97ceeb52-58b6-11e1-86da-77300b68f8bb"
FORM = {"content-type": "application/x-www-form-urlencoded"}
COMMON = {
    "CallUUID": LEG,
    "RequestUUID": "9834029e-58b6-11e1-b8b7-a5bd0e4e126f",
    "From": "15550100100",
    "To": "15550100101",
    "CallStatus": "in-progress",
    "Direction": "outbound",
    "Event": "StartApp",
    "ForwardedFrom": "",
    "NewThisYear": "yes",
}
ARRIVING = {"Direction": "inbound", "CallStatus": "ringing"}
FROM_OUTSIDE = Inbound(from_="+15550100100", to="+15550100101")


def webhook(parameters: dict[str, str], url: str = BASE) -> Webhook:
    return Webhook("POST", url, FORM, urlencode(parameters).encode())


def said(url: str = BASE, **changes: str) -> Delivery:
    (delivery,) = CARRIER.parse(webhook(COMMON | changes, url))
    return delivery


def bare(url: str = BASE, **parameters: str) -> Delivery:
    (delivery,) = CARRIER.parse(webhook({"CallUUID": LEG} | parameters, url))
    return delivery


# --- documents


def test_an_answered_call_of_ours_asks_for_its_document() -> None:
    delivery = said(callback(BASE, CALL))
    assert (delivery.carrier_call_id, delivery.call_id, delivery.inbound) == (LEG, CALL, None)
    assert delivery.events == (Answered(machine=False), DocumentAsked())


def test_a_call_from_outside_is_told_with_both_numbers() -> None:
    delivery = said(**ARRIVING)
    assert (delivery.call_id, delivery.inbound, delivery.events) == (None, FROM_OUTSIDE, (DocumentAsked(),))


@pytest.mark.parametrize(
    ("from_", "caller"),
    [
        ("15550100100", "+15550100100"),
        ("+15550100100", "+15550100100"),
        ("1234567", "+1234567"),
        ("123456", "123456"),
        ("0305550100", "0305550100"),
        ("1234567890123456", "1234567890123456"),
        ("anonymous", "anonymous"),
        ("Restricted", "Restricted"),
        ("sip:someone@phone.plivo.com", "sip:someone@phone.plivo.com"),
        ("١٥٥٥٠١٠٠١٠٠", "١٥٥٥٠١٠٠١٠٠"),
        ("", ""),
    ],
)
def test_a_number_gets_its_plus_sign_and_a_caller_need_not_have_one(from_: str, caller: str) -> None:
    assert said(**ARRIVING, From=from_).inbound == Inbound(from_=caller, to="+15550100101")
    assert said(**ARRIVING, To=from_ or "1").inbound == Inbound(from_="+15550100100", to=caller or "1")


def test_a_caller_may_be_missing() -> None:
    parameters = COMMON | ARRIVING
    del parameters["From"]
    (delivery,) = CARRIER.parse(webhook(parameters))
    assert delivery.inbound == Inbound(from_="", to="+15550100101")


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_a_leg_that_comes_back_asks_again_and_arrives_only_once(direction: str) -> None:
    delivery = said(callback(BASE, CALL, visit="n1"), Direction=direction, Event="Redirect")
    assert (delivery.call_id, delivery.inbound, delivery.events) == (CALL, None, (DocumentAsked(),))


def test_a_call_that_others_placed_in_our_name_is_told_as_such() -> None:
    delivery = said(Direction="outbound")
    assert delivery.inbound == Inbound(from_="+15550100100", to="+15550100101", placed=True)
    assert (delivery.call_id, delivery.events) == (None, (DocumentAsked(),))


def test_a_direction_of_next_year_is_neither() -> None:
    delivery = said(Direction="sideways")
    assert (delivery.call_id, delivery.inbound, delivery.events) == (None, None, (DocumentAsked(),))


def test_a_get_says_the_same_in_its_url() -> None:
    (delivery,) = CARRIER.parse(Webhook("GET", f"{BASE}?call={CALL}&{urlencode(COMMON)}", {}, b""))
    assert (delivery.call_id, delivery.events) == (CALL, (Answered(machine=False), DocumentAsked()))


# --- prompts


def gather_url(prompt: int | None = 3) -> str:
    return callback(BASE, CALL, kind="gather", visit="n1", prompt=prompt)


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_what_was_said_answers_its_prompt(direction: str) -> None:
    delivery = said(gather_url(), Direction=direction, Event="Redirect", InputType="speech", Speech=" Call me back. \n")
    assert (delivery.call_id, delivery.inbound) == (CALL, None)
    assert delivery.events == (Gathered(3, "Call me back."),)


def test_keys_come_before_the_answer_one_by_one() -> None:
    delivery = said(gather_url(), Digits="1*#D")
    assert delivery.events == (*(DigitPressed(key) for key in "1*#D"), Gathered(3, ""))
    assert said(gather_url(), Digits="1", Speech="One.").events == (DigitPressed("1"), Gathered(3, "One."))


def test_what_is_no_key_is_passed_over() -> None:
    assert said(gather_url(), Digits="1 x\u0661wd2").events == (DigitPressed("1"), DigitPressed("2"), Gathered(3, ""))


def test_nothing_heard_is_an_answer_too() -> None:
    assert said(gather_url(), Event="Redirect").events == (Gathered(3, ""),)
    assert said(gather_url(), Digits="", Speech="").events == (Gathered(3, ""),)


def test_a_leg_that_ended_while_it_was_listened_to_is_over() -> None:
    assert said(gather_url(), CallStatus="completed", Speech="Bye.").events == (CarrierEnded("completed"),)


@pytest.mark.parametrize("prompt", ["", "x", "-1", "1.0", "1e3", "1" * 10, "\u0663", " 3", "3\n", "3&prompt=4"])
def test_the_number_of_a_prompt_must_be_one(prompt: str) -> None:
    with pytest.raises(FrameError, match="prompt"):
        CARRIER.parse(webhook(COMMON | {"Speech": "Yes."}, f"{gather_url(None).partition('#')[0]}&prompt={prompt}"))


def test_a_prompts_number_is_missed() -> None:
    with pytest.raises(FrameError, match="prompt"):
        CARRIER.parse(webhook(COMMON | {"Speech": "Yes."}, gather_url(None)))


@pytest.mark.parametrize("url", [BASE, BASE + "?turnToken=abc", BASE + "?prompt=x"])
def test_an_answer_to_no_prompt_by_name_answers_the_newest(url: str) -> None:
    delivery = bare(url, CallStatus="in-progress", Speech=" Hello ")
    assert (delivery.carrier_call_id, delivery.call_id, delivery.inbound) == (LEG, None, None)
    assert delivery.events == (Gathered(0, "Hello"),)
    assert bare(url, Digits="7").events == (DigitPressed("7"), Gathered(0, ""))
    assert bare(url, Speech="").events == (Gathered(0, ""),)


def test_an_answer_to_no_prompt_by_name_knows_its_call_and_does_not_arrive() -> None:
    delivery = said(callback(BASE, CALL), Speech="Hello", Direction="inbound")
    assert (delivery.call_id, delivery.inbound, delivery.events) == (CALL, None, (Gathered(0, "Hello"),))


def test_a_leg_that_others_listened_to_first_arrives_with_what_was_said() -> None:
    delivery = said(Speech="Hello", Direction="inbound")
    assert (delivery.inbound, delivery.events) == (FROM_OUTSIDE, (Gathered(0, "Hello"),))


def test_a_leg_that_comes_back_for_its_document_says_nothing_again() -> None:
    assert said(callback(BASE, CALL, visit="n2"), Speech="Hello", Digits="1").events == (DocumentAsked(),)


# --- ringing and machines


def test_ringing_is_told_by_our_url_or_by_its_event() -> None:
    by_url = bare(callback(BASE, CALL, kind="ring"), CallStatus="ringing")
    assert (by_url.carrier_call_id, by_url.call_id, by_url.events) == (LEG, CALL, (Ringing(),))
    by_event = said(Event="Ring", CallStatus="ringing")
    assert (by_event.call_id, by_event.inbound, by_event.events) == (None, None, (Ringing(),))


@pytest.mark.parametrize(("verdict", "machine"), [("true", True), ("True", True), ("false", False), ("maybe", False)])
def test_the_verdict_on_machines_is_told_however_it_comes(verdict: str, machine: bool) -> None:
    answered = Answered(machine=machine)
    assert bare(callback(BASE, CALL, kind="amd"), Machine=verdict, IfMachine="continue").events == (answered,)
    assert said(Event="MachineDetection", Machine=verdict).events == (answered,)
    assert said(callback(BASE, CALL), Machine=verdict).events == (answered, DocumentAsked())


# --- the end


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        ("completed", "completed"),
        ("busy", "busy"),
        ("failed", "failed"),
        ("timeout", "no-answer"),
        ("no-answer", "no-answer"),
        ("cancel", "canceled"),
        ("canceled", "canceled"),
        ("machine", "voicemail"),
    ],
)
def test_an_end_is_told_by_our_url_by_its_event_or_by_its_status(status: str, cause: Any) -> None:
    ended = (CarrierEnded(cause),)
    by_url = bare(callback(BASE, CALL, kind="hangup"), CallStatus=status)
    assert (by_url.call_id, by_url.events) == (CALL, ended)
    by_event = said(Event="Hangup", CallStatus=status, Direction="inbound")
    assert (by_event.call_id, by_event.inbound, by_event.events) == (None, None, ended)
    assert said(callback(BASE, CALL, visit="n1"), CallStatus=status).events == ended
    assert said(**ARRIVING | {"CallStatus": status}).inbound is None


def test_a_hangup_of_next_year_is_an_end_all_the_same() -> None:
    assert said(Event="Hangup", CallStatus="evaporated").events == (CarrierEnded("completed"),)
    assert bare(Event="Hangup").events == (CarrierEnded("completed"),)


@pytest.mark.parametrize(
    ("status", "code", "cause"),
    [
        ("failed", "3010", "busy"),
        ("busy", "3020", "rejected"),
        ("failed", "3110", "rejected"),
        ("failed", "3000", "no-answer"),
        ("failed", "6010", "no-answer"),
        ("failed", "1000", "canceled"),
        ("failed", "9100", "voicemail"),
        ("completed", "9100", "voicemail"),
        ("completed", "4000", "completed"),
        ("completed", "4010", "completed"),
        ("completed", "3010", "completed"),
        ("busy", "x", "busy"),
        ("busy", "999999", "busy"),
    ],
)
def test_a_hangup_code_says_more_than_the_status_of_an_unanswered_call(status: str, code: str, cause: str) -> None:
    (event,) = said(Event="Hangup", CallStatus=status, HangupCauseCode=code).events
    assert event == CarrierEnded(cause)  # type: ignore[arg-type]


def test_an_end_out_of_the_ordinary_is_explained_in_our_words() -> None:
    theirs = {"HangupCause": "CALL_REJECTED", "HangupCauseName": "Destination 15550100101 country barred"}
    (event,) = said(Event="Hangup", CallStatus="failed", HangupCauseCode="2030", **theirs).events
    assert isinstance(event, CarrierEnded)
    assert "Geo Permissions" in event.detail
    assert "555" not in event.detail


# --- streams


@pytest.mark.parametrize("event", ["StopStream", "stopped"])
def test_a_stream_that_stopped_is_told(event: str) -> None:
    stopped = bare(callback(BASE, CALL, kind="stream"), StreamID="s-1", Event=event, Timestamp="1")
    assert (stopped.call_id, stopped.inbound, stopped.events) == (CALL, None, (StreamStopped(StreamId("s-1")),))
    assert bare(StreamID="s-1", Event=event).events == (StreamStopped(StreamId("s-1")),)


@pytest.mark.parametrize("event", ["StartStream", "started", "PlayedStream", ""])
def test_what_else_a_stream_does_is_known_already(event: str) -> None:
    assert bare(callback(BASE, CALL, kind="stream"), StreamID="s-1", Event=event).events == ()


@pytest.mark.parametrize("event", ["DroppedStream", "failed"])
@pytest.mark.parametrize(
    ("reason", "words"), [("connection_failed", "reaches"), ("oops 15550100100", "no more"), ("", "no more")]
)
def test_a_stream_that_was_dropped_is_a_warning_in_our_words(event: str, reason: str, words: str) -> None:
    url = callback(BASE, CALL, kind="stream")
    warned, stopped = bare(url, StreamID="s-1", Event=event, StatusReason=reason).events
    assert isinstance(warned, Warned)
    assert words in warned.text
    assert "oops" not in warned.text
    assert stopped == StreamStopped(StreamId("s-1"))
    assert bare(url, Event=event, StatusReason=reason).events == (warned,)


def test_a_stream_that_is_too_full_is_a_warning() -> None:
    for word in ("DegradedStream", "degraded"):
        (event,) = bare(callback(BASE, CALL, kind="stream"), StreamID="s-1", Event=word).events
        assert isinstance(event, Warned)


def test_a_stream_without_a_name_stops_nothing() -> None:
    assert bare(callback(BASE, CALL, kind="stream"), Event="StopStream").events == ()


# --- identity


def test_a_retry_is_the_same_fact_whatever_its_nonce_and_a_new_visit_is_not() -> None:
    keys = set()
    for nonce in ("1", "2"):
        headers = FORM | {"x-plivo-signature-v3-nonce": nonce}
        (delivery,) = CARRIER.parse(Webhook("POST", BASE, headers, urlencode(COMMON).encode()))
        keys.add(delivery.key)
    assert keys == {said().key}
    assert said(callback(BASE, CALL, visit="n1")).key != said(callback(BASE, CALL, visit="n2")).key
    assert said(callback(BASE, CALL)).key != said(callback(BASE, CALL), Event="Hangup").key


@pytest.mark.parametrize("base", [BASE, BASE + "?a=b"])
def test_a_callback_url_carries_our_names(base: str) -> None:
    url = callback(base, CALL, kind="ring", visit="a b&c")
    assert url.startswith(base)
    assert dict(parse_qsl(urlsplit(url).query)).items() >= {"call": CALL, "type": "ring", "visit": "a b&c"}.items()
    assert callback(BASE, CALL) == f"{BASE}?call={CALL}{OVERRIDES}"
    assert callback(BASE, CALL, prompt=0) == f"{BASE}?call={CALL}&prompt=0{OVERRIDES}"
    assert callback(BASE, CallId("\ud800")) == f"{BASE}?call=%3F{OVERRIDES}"


def test_a_streams_callback_cannot_say_how_often_to_try() -> None:
    assert callback(BASE, CALL, kind="stream") == f"{BASE}?call={CALL}&type=stream"


# --- rubbish


@pytest.mark.parametrize("missing", ["CallUUID", "Direction", "To"])
def test_what_is_needed_must_be_there(missing: str) -> None:
    parameters = COMMON | ARRIVING
    for gone in ({missing: ""}, {"x" + missing: parameters.pop(missing)}):
        with pytest.raises(FrameError, match=missing):
            CARRIER.parse(webhook(parameters | gone))


def test_two_values_of_one_name_are_not_chosen_from() -> None:
    body = urlencode([*COMMON.items(), ("CallUUID", "u2")]).encode()
    with pytest.raises(FrameError, match="CallUUID"):
        CARRIER.parse(Webhook("POST", BASE, FORM, body))
    twice = urlencode([*COMMON.items(), *COMMON.items()]).encode()
    assert CARRIER.parse(Webhook("POST", BASE, FORM, twice))[0].carrier_call_id == LEG


@pytest.mark.parametrize(
    "request_",
    [
        Webhook("POST", BASE, FORM, b""),
        Webhook("POST", BASE, FORM, b"CallUUID=%FF"),
        Webhook("POST", f"{BASE}?call=%FF", FORM, urlencode(COMMON).encode()),
        Webhook("POST", BASE, {}, urlencode(COMMON).encode()),
        Webhook("POST", BASE, {"content-type": "application/json"}, b'{"CallUUID": "u"}'),
        Webhook("POST", callback(BASE, CALL, kind="amd"), FORM, b"CallUUID=u"),
        Webhook("POST", callback(BASE, CALL, kind="ring"), FORM, b"CallUUID="),
        Webhook("GET", BASE, FORM, urlencode(COMMON).encode()),
    ],
)
def test_another_form_is_a_frame_error(request_: Webhook) -> None:
    with pytest.raises(FrameError):
        CARRIER.parse(request_)


@pytest.mark.parametrize("name", ["\udcff", "\x00", "a b", "x" * 65, "é"])
def test_no_call_of_ours_is_named_so(name: str) -> None:
    with pytest.raises(FrameError, match="call"):
        CARRIER.parse(Webhook("POST", f"{BASE}?call={name}", FORM, b"CallUUID=u1"))


@pytest.mark.parametrize("name", ["\x00", "a b", "x" * 65, "é", "..", "a/b", "a?b"])
@pytest.mark.parametrize("kind", ["CallUUID", "StreamID"])
def test_no_leg_and_no_stream_is_named_so(kind: str, name: str) -> None:
    with pytest.raises(FrameError, match=kind):
        bare(**{"StreamID": "s1", "Event": "StopStream"} | {kind: name})


@pytest.mark.parametrize("party", ["From", "To"])
@pytest.mark.parametrize("number", ["\x00", "1555\n0100", "x" * 256])
def test_nobody_can_be_called_so(party: str, number: str) -> None:
    with pytest.raises(FrameError, match=party):
        said(**ARRIVING | {party: number})
