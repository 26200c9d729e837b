"""The carrier's side of a call: a webhook is answered once, by whatever comes first."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from voicecall.carriers import Callback, ConnectStream, FetchStatus, HangUp, HttpReply
from voicecall.carriers.mock import MockCarrier
from voicecall.core.events import CarrierAsked
from voicecall.core.ids import CallId, CarrierCallId
from voicecall.errors import CarrierError, StoreError
from voicecall.gateway.line import Hand, Line

LEG = CarrierCallId("mc_1")
CONNECT = ConnectStream(
    LEG,
    "wss://gateway.test/voice/stream",
    "token",
    Callback("https://gateway.test/voice/webhook/mock", CallId("call"), "visit"),
)


class FakeHttp:
    """Answers everything with what it was given, and remembers the last request."""

    def __init__(self, status: int, body: bytes = b"") -> None:
        self.answer = status, body
        self.sent: tuple[object, ...] = ()

    async def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        timeout: float,  # noqa: ASYNC109 - the port's
        repeatable: bool = False,
    ) -> tuple[int, bytes]:
        self.sent = (method, url, body, timeout, repeatable)
        return self.answer


def line(status: int = 200, body: bytes = b"") -> tuple[Line, FakeHttp]:
    http = FakeHttp(status, body)
    return Line(MockCarrier("secret", "http://network.test"), http, timeout=7.0), http


async def test_an_action_goes_out_in_the_answer_where_that_is_possible() -> None:
    own, _ = line()
    hand = Hand("key", 0.0)
    assert own.answer(CONNECT, hand)
    assert b"wss://gateway.test/voice/stream" in (await hand.answer).body
    assert not own.answer(CONNECT, hand)


async def test_what_cannot_be_an_answer_is_none() -> None:
    own, _ = line()
    hand = Hand("key", 0.0)
    assert not own.answer(HangUp(LEG), hand)
    assert hand.is_open
    assert own.nothing().body == b"{}"


async def test_a_request_becomes_what_the_carrier_answers() -> None:
    own, http = line(200, b'{"call": "mc_1", "status": "answered"}')
    assert await own.request(FetchStatus(LEG)) == (CarrierAsked("alive"),)
    assert http.sent == ("GET", "http://network.test/calls/mc_1", b"", 7.0, True)


async def test_a_request_that_fails_says_so() -> None:
    own, _ = line(500)
    with pytest.raises(CarrierError, match="500"):
        await own.request(HangUp(LEG))


async def test_only_the_first_answer_counts() -> None:
    hand = Hand("key", 0.0)
    assert (hand.is_open, hand.reply) == (True, None)
    hand.give(HttpReply(body=b"first"))
    hand.give(HttpReply(body=b"second"))
    hand.fail(StoreError("too late"))
    assert (hand.is_open, (await hand.answer).body) == (False, b"first")
    assert hand.reply == HttpReply(body=b"first")


async def test_a_failure_is_an_answer_too() -> None:
    hand = Hand("key", 0.0)
    hand.fail(StoreError("the disk is full"))
    hand.give(HttpReply())
    assert hand.reply is None
    with pytest.raises(StoreError):
        await hand.answer


async def test_one_webhook_is_answered_with_what_answers_another() -> None:
    first, same, failing, copy = Hand("key", 0.0), Hand("key", 0.0), Hand("key", 0.0), Hand("key", 0.0)
    first.pass_on(same)
    failing.pass_on(copy)
    first.give(HttpReply(body=b"first"))
    failing.fail(StoreError("the disk is full"))
    await asyncio.sleep(0)
    assert (await same.answer).body == b"first"
    with pytest.raises(StoreError):
        await copy.answer
    with pytest.raises(StoreError):
        await failing.answer


async def test_a_webhook_that_was_given_up_answers_no_other() -> None:
    first, other = Hand("key", 0.0), Hand("key", 0.0)
    first.pass_on(other)
    first.answer.cancel()
    await asyncio.sleep(0)
    assert other.is_open
