"""Webhooks: told apart, verified before they are read, and answered with what the desk decided."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

import msgspec
import pytest
from structlog.testing import capture_logs

from voicecall.carriers import Delivery, HttpReply, Webhook
from voicecall.carriers.mock import MockCarrier
from voicecall.core.ids import CarrierCallId
from voicecall.emulators.clock import run_virtual
from voicecall.entrypoints import Desk
from voicecall.entrypoints.webhooks import Webhooks
from voicecall.errors import SignatureError, StoreError
from voicecall.net import MediaSocket

URL = "https://v.example.com/voice/webhook"
BODY = b'{"id": "e1", "type": "ringing", "call": "mc_1", "from": "+15550100100", "to": "+15550100101"}'


class OtherCarrier(MockCarrier):
    """A carrier with another signature header and another form."""

    def __init__(self) -> None:
        super().__init__("other", "http://127.0.0.1:1")
        self.name = "other"

    def recognises(self, headers: Mapping[str, str]) -> bool:
        return "x-other-signature" in headers

    def verify(self, webhook: Webhook, now: float) -> None:
        if webhook.headers.get("x-other-signature") != "good":
            raise SignatureError("signature wrong", [webhook.url, webhook.url + "/"])

    def parse(self, webhook: Webhook) -> tuple[Delivery, ...]:
        if webhook.body.startswith(b"other"):
            return ()
        return super().parse(webhook)


class FakeDesk:
    """Remembers what was delivered and answers `ok`."""

    def __init__(self, failure: StoreError | None = None) -> None:
        self.delivered: list[tuple[str, tuple[Delivery, ...]]] = []
        self.failure = failure

    async def deliver(self, carrier: str, deliveries: tuple[Delivery, ...]) -> HttpReply:
        self.delivered.append((carrier, deliveries))
        if self.failure is not None:
            raise self.failure
        return HttpReply(body=b"ok")

    async def stream(
        self, carrier: str, codec: object, started: object, credential: object, socket: MediaSocket
    ) -> None:
        raise AssertionError

    def refused(self, carrier: str, carrier_call_id: CarrierCallId, reason: str) -> None:
        raise AssertionError


def signed(body: bytes = BODY) -> Webhook:
    mac = hmac.new(b"secret", b"1000." + URL.encode() + b"." + body, hashlib.sha256).hexdigest()
    return Webhook("POST", URL, {"x-mock-timestamp": "1000", "x-mock-signature": mac}, body, "203.0.113.5")


def unsigned(body: bytes = BODY) -> Webhook:
    return Webhook("POST", URL, {}, body, "203.0.113.5")


def handle(
    webhook: Webhook, desk: Desk, *, named: str | None = None, skip: bool = False, default: str = "mock"
) -> tuple[HttpReply, int]:
    """Return the answer and how often the sender was reported as known."""
    carriers = {"mock": MockCarrier("secret", "http://127.0.0.1:1"), "other": OtherCarrier()}
    webhooks = Webhooks(carriers, desk, lambda: 1000.0, default=default, skip_verification=skip)
    known: list[None] = []

    async def main() -> HttpReply:
        return await webhooks.handle(webhook, named, lambda: known.append(None))

    return run_virtual(main), len(known)


@pytest.mark.parametrize("named", [None, "mock"])
def test_a_signed_webhook_is_answered_with_what_the_desk_decided(named: str | None) -> None:
    desk = FakeDesk()
    assert handle(signed(), desk, named=named) == (HttpReply(body=b"ok"), 1)
    ((carrier, (delivery,)),) = desk.delivered
    assert (carrier, delivery.key) == ("mock", "e1")


def test_the_signature_header_tells_the_carriers_apart() -> None:
    desk = FakeDesk()
    handle(Webhook("POST", URL, {"x-other-signature": "good"}, b"other"), desk)
    assert desk.delivered == [("other", ())]


def test_without_a_signature_the_answer_says_that_the_daemon_was_reached() -> None:
    desk = FakeDesk()
    with capture_logs() as logs:
        reply, known = handle(unsigned(), desk)
    assert (reply.status, known, desk.delivered) == (403, 0, [])
    assert reply.body.count(b"\n") == 1
    assert b"reached" in reply.body
    assert b"missing" in reply.body
    assert [(log["event"], log["reason"], log["peer"]) for log in logs] == [
        ("webhook.refused", "signature missing", "203.0.113.5")
    ]


def test_a_wrong_signature_is_refused_before_the_body_is_read_and_the_tried_urls_are_logged() -> None:
    desk = FakeDesk()
    with capture_logs() as logs:
        reply, known = handle(Webhook("POST", URL, {"x-other-signature": "bad"}, b"\xff"), desk)
    assert (reply.status, known, desk.delivered) == (403, 0, [])
    assert [log["tried"] for log in logs] == [(URL, URL + "/")]


def test_a_named_carrier_believes_only_its_own_signature() -> None:
    assert handle(signed(), FakeDesk(), named="other")[0].status == 403
    assert handle(unsigned(), FakeDesk(), named="mock")[0].status == 403


def test_a_signed_body_of_another_form_is_malformed() -> None:
    desk = FakeDesk()
    with capture_logs() as logs:
        reply, known = handle(signed(b"{}"), desk)
    assert (reply.status, known, desk.delivered) == (400, 1, [])
    assert [log["event"] for log in logs] == ["webhook.malformed"]


def test_the_carrier_is_to_come_again_when_the_archive_fails() -> None:
    with capture_logs() as logs:
        assert handle(signed(), FakeDesk(StoreError("disk full")))[0].status == 503
    assert [log["event"] for log in logs] == ["webhook.unsaved"]


def test_with_verification_skipped_an_unsigned_webhook_is_the_default_carriers() -> None:
    desk = FakeDesk()
    assert handle(unsigned(), desk, skip=True, default="mock")[0].status == 200
    assert [carrier for carrier, _ in desk.delivered] == ["mock"]


def test_with_verification_skipped_an_unsigned_webhook_may_be_of_another_carriers_form() -> None:
    desk = FakeDesk()
    assert handle(unsigned(b"other"), desk, skip=True, default="mock")[0].status == 200
    assert [carrier for carrier, _ in desk.delivered] == ["other"]


def test_with_verification_skipped_a_wrong_signature_still_tells_the_carrier() -> None:
    desk = FakeDesk()
    assert handle(Webhook("POST", URL, {"x-other-signature": "bad"}, BODY), desk, skip=True)[0].status == 200
    assert [carrier for carrier, _ in desk.delivered] == ["other"]


def test_with_verification_skipped_an_empty_webhook_gets_an_empty_document() -> None:
    desk = FakeDesk()
    reply, _ = handle(unsigned(b""), desk, skip=True)
    assert (reply.status, msgspec.json.decode(reply.body)) == (200, {})
    assert desk.delivered == []


def test_with_verification_skipped_a_form_that_no_carrier_knows_is_malformed() -> None:
    assert handle(unsigned(b"rubbish"), FakeDesk(), skip=True)[0].status == 400
