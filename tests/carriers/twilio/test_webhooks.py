"""What Twilio's webhooks say, in whatever order they come; rubbish is a FrameError."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given, strategies as st

from voicecall.carriers import Delivery, Inbound, Webhook
from voicecall.carriers.twilio import TwilioCarrier
from voicecall.carriers.twilio.signatures import OVERRIDES
from voicecall.carriers.twilio.webhooks import callback
from voicecall.core.events import (
    Answered,
    CarrierEnded,
    DigitPressed,
    DocumentAsked,
    Event,
    Gathered,
    Ringing,
    StreamStopped,
    Warned,
)
from voicecall.core.ids import CallId, CarrierCallId, StreamId
from voicecall.errors import FrameError

CARRIER = TwilioCarrier("AC1", "token")
BASE = "https://voice.example.com/voice/webhook/twilio"
CALL = CallId("01K8Z0000000000000000000AB")
FORM = {"content-type": "application/x-www-form-urlencoded"}
COMMON = {
    "CallSid": "CA1",
    "AccountSid": "AC1",
    "From": "+15550100100",
    "To": "+15550100101",
    "CallStatus": "in-progress",
    "Direction": "outbound-api",
    "ForwardedFrom": "",
    "NewThisYear": "yes",
}
PROGRESS = {"CallbackSource": "call-progress-events", "SequenceNumber": "0", "Timestamp": "Fri, 20 Nov 2026 10:00:00"}


def webhook(parameters: dict[str, str], url: str = BASE) -> Webhook:
    return Webhook("POST", url, FORM, urlencode(parameters).encode())


def said(url: str = BASE, **changes: str) -> Delivery:
    (delivery,) = CARRIER.parse(webhook(COMMON | changes, url))
    return delivery


def bare(url: str = BASE, **parameters: str) -> Delivery:
    (delivery,) = CARRIER.parse(webhook({"CallSid": "CA1", "AccountSid": "AC1"} | parameters, url))
    return delivery


# --- documents


def test_an_answered_call_of_ours_asks_for_its_document() -> None:
    delivery = said(callback(BASE, CALL))
    assert (delivery.carrier_call_id, delivery.call_id, delivery.inbound) == ("CA1", CALL, None)
    assert delivery.events == (Answered(machine=False), DocumentAsked())


def test_a_call_from_outside_is_told_with_both_numbers() -> None:
    delivery = said(Direction="inbound", CallStatus="ringing")
    assert delivery.inbound == Inbound(from_="+15550100100", to="+15550100101")
    assert (delivery.call_id, delivery.events) == (None, (DocumentAsked(),))


@pytest.mark.parametrize(
    ("from_", "caller"),
    [
        ("anonymous", "anonymous"),
        ("Restricted", "Restricted"),
        ("+266696687", "anonymous"),
        ("sip:someone@example.com", "sip:someone@example.com"),
        ("client:kiosk", "client:kiosk"),
        ("", ""),
    ],
)
def test_a_caller_need_not_have_a_number(from_: str, caller: str) -> None:
    delivery = said(Direction="inbound", CallStatus="ringing", From=from_)
    assert delivery.inbound == Inbound(from_=caller, to="+15550100101")


def test_a_caller_may_be_missing() -> None:
    parameters = COMMON | {"Direction": "inbound", "CallStatus": "ringing"}
    del parameters["From"]
    (delivery,) = CARRIER.parse(webhook(parameters))
    assert delivery.inbound == Inbound(from_="", to="+15550100101")


@pytest.mark.parametrize("direction", ["inbound", "outbound-api"])
def test_a_leg_whose_stream_ended_asks_again_and_arrives_only_once(direction: str) -> None:
    delivery = said(callback(BASE, CALL, visit="n1"), Direction=direction, AnsweredBy="machine_start")
    assert (delivery.call_id, delivery.inbound, delivery.events) == (CALL, None, (DocumentAsked(),))


@pytest.mark.parametrize("direction", ["outbound-api", "outbound-dial", "trunking-originating", "trunking-terminating"])
def test_a_call_that_others_placed_in_our_name_is_told_as_such(direction: str) -> None:
    delivery = said(Direction=direction)
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


@pytest.mark.parametrize("direction", ["inbound", "outbound-api"])
def test_what_was_said_answers_its_prompt(direction: str) -> None:
    delivery = said(gather_url(), Direction=direction, SpeechResult=" Call me back. \n", Confidence="0.9")
    assert (delivery.call_id, delivery.inbound) == (CALL, None)
    assert delivery.events == (Gathered(3, "Call me back."),)


def test_keys_come_before_the_answer_one_by_one() -> None:
    delivery = said(gather_url(), Digits="1*#D")
    assert delivery.events == (*(DigitPressed(key) for key in "1*#D"), Gathered(3, ""))
    assert said(gather_url(), Digits="1", SpeechResult="One.").events == (DigitPressed("1"), Gathered(3, "One."))


def test_what_is_no_key_is_passed_over() -> None:
    assert said(gather_url(), Digits="1 x\u0661wd2").events == (DigitPressed("1"), DigitPressed("2"), Gathered(3, ""))


def test_nothing_heard_is_an_answer_too() -> None:
    assert said(gather_url()).events == (Gathered(3, ""),)
    assert said(gather_url(), Digits="", SpeechResult="").events == (Gathered(3, ""),)


def test_a_leg_that_ended_while_it_was_listened_to_is_over() -> None:
    assert said(gather_url(), CallStatus="completed", SpeechResult="Bye.").events == (CarrierEnded("completed"),)


@pytest.mark.parametrize("prompt", ["", "x", "-1", "1.0", "1e3", "1" * 10, "\u0663", " 3", "3\n", "3&prompt=4"])
def test_the_number_of_a_prompt_must_be_one(prompt: str) -> None:
    url = f"{gather_url(None)}&prompt={prompt}"
    with pytest.raises(FrameError, match="prompt"):
        CARRIER.parse(webhook(COMMON | {"SpeechResult": "Yes."}, url))


def test_a_prompts_number_is_missed() -> None:
    with pytest.raises(FrameError, match="prompt"):
        CARRIER.parse(webhook(COMMON | {"SpeechResult": "Yes."}, gather_url(None)))


@pytest.mark.parametrize("url", [BASE, BASE + "?turnToken=abc", BASE + "?prompt=x"])
def test_an_answer_to_no_prompt_by_name_answers_the_newest(url: str) -> None:
    delivery = bare(url, CallStatus="in-progress", SpeechResult=" Hello ")
    assert (delivery.carrier_call_id, delivery.call_id, delivery.inbound) == ("CA1", None, None)
    assert delivery.events == (Gathered(0, "Hello"),)
    assert bare(url, SpeechResult="Hello").events == (Gathered(0, "Hello"),)
    assert bare(url, Digits="7").events == (DigitPressed("7"), Gathered(0, ""))
    assert bare(url, SpeechResult="").events == (Gathered(0, ""),)


def test_an_answer_to_no_prompt_by_name_knows_its_call_and_does_not_arrive() -> None:
    delivery = said(callback(BASE, CALL), SpeechResult="Hello", Direction="inbound")
    assert (delivery.call_id, delivery.inbound, delivery.events) == (CALL, None, (Gathered(0, "Hello"),))


def test_a_leg_that_others_listened_to_first_arrives_with_what_was_said() -> None:
    delivery = said(SpeechResult="Hello", Direction="inbound")
    assert delivery.inbound == Inbound(from_="+15550100100", to="+15550100101")
    assert delivery.events == (Gathered(0, "Hello"),)


def test_a_leg_that_comes_back_for_its_document_says_nothing_again() -> None:
    assert said(callback(BASE, CALL, visit="n2"), SpeechResult="Hello", Digits="1").events == (DocumentAsked(),)


# --- status


@pytest.mark.parametrize(
    ("status", "events"),
    [
        ("queued", ()),
        ("initiated", ()),
        ("ringing", (Ringing(),)),
        ("in-progress", (Answered(machine=False),)),
        ("completed", (CarrierEnded("completed"),)),
        ("busy", (CarrierEnded("busy"),)),
        ("no-answer", (CarrierEnded("no-answer"),)),
        ("failed", (CarrierEnded("failed"),)),
        ("canceled", (CarrierEnded("canceled"),)),
        ("a-word-of-next-year", ()),
    ],
)
def test_a_status_is_its_event_by_our_url_or_by_its_source(status: str, events: tuple[Event, ...]) -> None:
    by_url = said(callback(BASE, CALL, kind="status"), CallStatus=status, AnsweredBy="machine_start")
    assert (by_url.call_id, by_url.events) == (CALL, events)
    by_source = said(CallStatus=status, Direction="inbound", **PROGRESS)
    assert (by_source.call_id, by_source.inbound, by_source.events) == (None, None, events)


def test_a_leg_that_is_over_asks_for_nothing_wherever_it_says_so() -> None:
    assert said(callback(BASE, CALL, visit="n1"), CallStatus="completed").events == (CarrierEnded("completed"),)
    assert said(Direction="inbound", CallStatus="completed").inbound is None


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"ErrorCode": "13227"}, "Geo Permissions"),
        ({"ErrorCode": "13999"}, "docs/api/errors/13999"),
        ({"SipResponseCode": "404"}, "SIP 404"),
        ({"SipResponseCode": "404", "ErrorCode": "13224"}, "E.164"),
    ],
)
def test_a_failure_is_explained_in_our_words(more: dict[str, str], words: str) -> None:
    (event,) = said(callback(BASE, CALL, kind="status"), CallStatus="failed", **more).events
    assert isinstance(event, CarrierEnded)
    assert words in event.detail
    assert "55501" not in event.detail


@pytest.mark.parametrize(
    "more", [{}, {"ErrorCode": "", "SipResponseCode": ""}, {"ErrorCode": "<b>", "SipResponseCode": "x"}]
)
def test_a_failure_without_a_cause_has_no_detail(more: dict[str, str]) -> None:
    assert said(CallStatus="failed", **more).events == (CarrierEnded("failed"),)


def test_the_networks_code_explains_failures_only() -> None:
    assert said(CallStatus="completed", SipResponseCode="200").events == (CarrierEnded("completed"),)


# --- machines


@pytest.mark.parametrize(
    ("verdict", "machine"),
    [
        ("human", False),
        ("unknown", False),
        ("machine_start", True),
        ("machine_end_beep", True),
        ("machine_end_silence", True),
        ("machine_end_other", True),
        ("fax", True),
    ],
)
def test_the_verdict_on_machines_is_told_however_it_comes(verdict: str, machine: bool) -> None:
    answered = Answered(machine=machine)
    assert said(callback(BASE, CALL), AnsweredBy=verdict).events == (answered, DocumentAsked())
    assert bare(callback(BASE, CALL, kind="amd"), AnsweredBy=verdict).events == (answered,)
    assert said(callback(BASE, CALL, kind="amd"), AnsweredBy=verdict).events == (answered,)
    assert bare(AnsweredBy=verdict).events == (answered,)


# --- streams


def test_a_stream_that_stopped_is_told_and_one_that_started_is_known_already() -> None:
    url = callback(BASE, CALL, kind="stream")
    stopped = bare(url, StreamSid="MZ1", StreamEvent="stream-stopped")
    assert (stopped.call_id, stopped.events) == (CALL, (StreamStopped(StreamId("MZ1")),))
    assert bare(url, StreamSid="MZ1", StreamEvent="stream-started").events == ()


@pytest.mark.parametrize(
    ("error", "words"),
    [("31920", "WebSocket"), ("31901 - no connection", "31901"), ("oops", "no more"), ("", "no more")],
)
def test_a_stream_that_failed_is_a_warning_in_our_words(error: str, words: str) -> None:
    (event,) = bare(StreamSid="MZ1", StreamEvent="stream-error", StreamError=error).events
    assert isinstance(event, Warned)
    assert words in event.text
    assert "oops" not in event.text


# --- identity


def test_a_retry_is_the_same_fact_and_a_new_visit_is_not() -> None:
    keys = {said().key, said(ForwardedFrom="").key}
    assert len(keys) == 1
    assert said(callback(BASE, CALL, visit="n1")).key != said(callback(BASE, CALL, visit="n2")).key
    assert said(**PROGRESS).key != said(**PROGRESS | {"SequenceNumber": "1"}).key


@pytest.mark.parametrize("base", [BASE, BASE + "?a=b"])
def test_a_callback_url_carries_our_names(base: str) -> None:
    url = callback(base, CALL, kind="status", visit="a b&c")
    assert url.startswith(base)
    assert dict(parse_qsl(urlsplit(url).query)).items() >= {"call": CALL, "type": "status", "visit": "a b&c"}.items()
    assert callback(BASE, CALL) == f"{BASE}?call={CALL}{OVERRIDES}"
    assert callback(BASE, CALL, prompt=0) == f"{BASE}?call={CALL}&prompt=0{OVERRIDES}"
    assert callback(BASE, CallId("\ud800")) == f"{BASE}?call=%3F{OVERRIDES}"


# --- rubbish


@pytest.mark.parametrize("missing", ["CallSid", "CallStatus", "Direction", "To"])
def test_what_is_needed_must_be_there(missing: str) -> None:
    parameters = COMMON | {"Direction": "inbound", "CallStatus": "ringing"}
    for gone in ({missing: ""}, {"x" + missing: parameters.pop(missing)}):
        with pytest.raises(FrameError):
            CARRIER.parse(webhook(parameters | gone))


def test_two_values_of_one_name_are_not_chosen_from() -> None:
    body = urlencode([*COMMON.items(), ("CallSid", "CA2")]).encode()
    with pytest.raises(FrameError, match="CallSid"):
        CARRIER.parse(Webhook("POST", BASE, FORM, body))
    twice = urlencode([*COMMON.items(), *COMMON.items()]).encode()
    assert CARRIER.parse(Webhook("POST", BASE, FORM, twice))[0].carrier_call_id == CarrierCallId("CA1")


@pytest.mark.parametrize(
    "request_",
    [
        Webhook("POST", BASE, FORM, b""),
        Webhook("POST", BASE, FORM, b"CallSid=%FF"),
        Webhook("POST", BASE, {}, urlencode(COMMON).encode()),
        Webhook("POST", BASE, {"content-type": "application/json"}, b'{"CallSid": "CA1"}'),
        Webhook("POST", callback(BASE, CALL, kind="status"), FORM, b"CallSid=CA1"),
        Webhook("POST", BASE, FORM, b"CallSid=CA1&StreamEvent=stream-stopped"),
        Webhook("GET", BASE, FORM, urlencode(COMMON).encode()),
    ],
)
def test_another_form_is_a_frame_error(request_: Webhook) -> None:
    with pytest.raises(FrameError):
        CARRIER.parse(request_)


@given(st.sampled_from(["GET", "POST"]), st.text(), st.binary(), st.sampled_from([FORM, {}]))
def test_anything_else_is_a_frame_error(method: str, query: str, body: bytes, headers: dict[str, str]) -> None:
    with pytest.raises(FrameError):
        CARRIER.parse(Webhook(method, f"{BASE}?{query}", headers, body))


words = (
    st.sampled_from(["", "CA1", "completed", "ringing", "inbound", "outbound-api", "stream-error", "human", "1#"])
    | st.text()
)


@given(
    st.sampled_from(["", "status", "amd", "stream", "gather"]),
    st.sampled_from([CallId(""), CALL]),
    st.sampled_from(["", "n1"]),
    st.none() | st.integers(),
    st.dictionaries(
        st.sampled_from(
            [*COMMON, *PROGRESS, "AnsweredBy", "StreamEvent", "StreamSid", "ErrorCode", "SpeechResult", "Digits"]
        ),
        words,
    ),
)
def test_any_parameters_yield_one_delivery_or_a_frame_error(
    kind: str, call: CallId, visit: str, prompt: int | None, changes: dict[str, Any]
) -> None:
    parameters = {name: value.encode("utf-8", "replace") for name, value in (COMMON | changes).items()}
    url = callback(BASE, call, kind=kind, visit=visit, prompt=prompt)
    try:
        (delivery,) = CARRIER.parse(Webhook("POST", url, FORM, urlencode(parameters).encode()))
    except FrameError:
        return
    assert delivery.carrier_call_id
    assert delivery.call_id == (call or None)
    assert delivery.inbound is None or not call
