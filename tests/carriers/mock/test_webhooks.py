"""The mock network's webhooks: only its own are believed, and any body yields deliveries or a FrameError."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from voicecall.carriers import Delivery, Inbound, Webhook
from voicecall.carriers.mock import MockCarrier
from voicecall.core.events import Answered, CarrierEnded, DocumentAsked, Ringing
from voicecall.core.ids import CarrierCallId
from voicecall.errors import FrameError, SignatureError

URL = "https://voice.example.com/voice/webhook/mock?n=1"
CARRIER = MockCarrier("secret", "http://127.0.0.1:9000/")


def webhook(body: bytes, *, at: str = "1000", key: str = "secret", url: str = URL) -> Webhook:
    mac = hmac.new(key.encode(), f"{at}.{URL}.".encode() + body, hashlib.sha256).hexdigest()
    return Webhook("POST", url, {"x-mock-timestamp": at, "x-mock-signature": mac}, body)


def report(kind: str, **more: Any) -> Webhook:
    base = {"id": "e1", "type": kind, "call": "mc_1", "direction": "outbound", "from": "+15550100100"}
    return webhook(msgspec.json.encode(base | {"to": "+15550100101", "reference": "01J", "at": 999.5} | more))


def fact(kind: str, **more: Any) -> Delivery:
    (delivery,) = CARRIER.parse(report(kind, **more))
    return delivery


def refused(request: Webhook, now: float = 1000.0) -> SignatureError:
    with pytest.raises(SignatureError) as error:
        CARRIER.verify(request, now)
    return error.value


@pytest.mark.parametrize("at", ["700", "1000", "1300", "1000.25"])
def test_a_signed_webhook_of_these_five_minutes_is_believed(at: str) -> None:
    CARRIER.verify(webhook(b"{}", at=at), 1000.0)


def test_a_webhook_without_a_signature_is_refused_and_the_url_form_named() -> None:
    error = refused(Webhook("POST", URL, {"x-mock-timestamp": "1000"}, b"{}"))
    assert "missing" in str(error)
    assert error.tried == (URL,)


def test_a_webhook_without_a_timestamp_is_refused() -> None:
    assert "missing" in str(refused(Webhook("POST", URL, {"x-mock-signature": "00"}, b"{}")))


@pytest.mark.parametrize("at", ["", "soon", "nan", "1e3", "-1000", "\u0661\u0660"])
def test_a_timestamp_that_is_no_number_is_refused(at: str) -> None:
    assert "timestamp" in str(refused(webhook(b"{}", at=at)))


@pytest.mark.parametrize("at", ["699", "1301"])
def test_an_old_or_future_webhook_is_refused(at: str) -> None:
    assert "300 s" in str(refused(webhook(b"{}", at=at)))


def test_another_secret_url_or_body_is_refused() -> None:
    assert "wrong" in str(refused(webhook(b"{}", key="other")))
    assert "wrong" in str(refused(webhook(b"{}", url=URL + "&m=2")))
    assert "wrong" in str(refused(msgspec.structs.replace(webhook(b"{}"), body=b"[]")))


@given(st.text(), st.text())
def test_any_headers_are_refused_and_nothing_worse(at: str, mac: str) -> None:
    refused(Webhook("POST", URL, {"x-mock-timestamp": at, "x-mock-signature": mac}, b""))


def test_bytes_that_are_no_text_in_the_url_are_refused_and_nothing_worse() -> None:
    refused(webhook(b"{}", url=URL + "\udcff"))


def test_the_signature_header_tells_the_carrier() -> None:
    assert CARRIER.recognises({"x-mock-signature": ""})
    assert not CARRIER.recognises({"x-twilio-signature": ""})


def test_an_incoming_call_is_told_with_both_numbers() -> None:
    assert fact("incoming", reference=None) == Delivery(
        carrier_call_id=CarrierCallId("mc_1"), key="e1", inbound=Inbound(from_="+15550100100", to="+15550100101")
    )


def test_our_own_id_comes_back() -> None:
    assert fact("ringing").call_id == "01J"
    assert fact("ringing", reference="").call_id is None


def test_each_report_is_its_event() -> None:
    assert fact("ringing").events == (Ringing(),)
    assert fact("answered").events == (Answered(machine=False), DocumentAsked())
    assert fact("answered", machine=True).events == (Answered(machine=True), DocumentAsked())
    assert fact("stream-ended", reason="lost").events == (DocumentAsked(),)


@pytest.mark.parametrize("cause", ["completed", "busy", "no-answer", "failed", "canceled", "voicemail"])
def test_the_end_has_its_cause(cause: Any) -> None:
    assert fact("ended", cause=cause).events == (CarrierEnded(cause=cause),)


@pytest.mark.parametrize(
    "request_",
    [
        webhook(b""),
        webhook(b"\xff"),
        webhook(b'{"type": "ringing", "id": "\xff"}'),
        webhook(b"[" * 100_000),
        webhook(b'{"type": "ringing", "x": ' + b"[" * 100_000),
        report("vanished"),
        report("ended"),
        report("ended", cause="boredom"),
        report("ringing", id=""),
        report("ringing", call=7),
    ],
)
def test_another_form_is_a_frame_error(request_: Webhook) -> None:
    with pytest.raises(FrameError):
        CARRIER.parse(request_)


@given(st.binary())
def test_any_bytes_are_a_frame_error(body: bytes) -> None:
    with pytest.raises(FrameError):
        CARRIER.parse(webhook(body))


json_values = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=8), st.lists, max_leaves=5)


@given(
    st.sampled_from(["incoming", "ringing", "answered", "stream-ended", "ended"]),
    st.dictionaries(st.sampled_from(["id", "call", "from", "to", "reference", "machine", "cause", "x"]), json_values),
)
def test_any_members_yield_one_delivery_or_a_frame_error(kind: str, members: dict[str, Any]) -> None:
    try:
        deliveries = CARRIER.parse(report(kind, **members))
    except FrameError:
        return
    assert len(deliveries) == 1
