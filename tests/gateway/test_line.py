"""The carrier's side of a call: a webhook is answered once, by whatever comes first."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from voicecall.carriers import Action, Callback, ConnectStream, FetchStatus, HangUp, HttpReply
from voicecall.carriers.mock import MockCarrier
from voicecall.core.events import CarrierAsked
from voicecall.core.ids import CallId, CarrierCallId
from voicecall.errors import CarrierError, StoreError
from voicecall.gateway.line import Hand, Line, nonce_of

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


async def test_a_document_that_the_carrier_cannot_have_is_no_answer() -> None:
    class Strict(MockCarrier):
        """Has no document for streams."""

        def document(self, action: Action | None) -> HttpReply | None:
            raise CarrierError("the credential is too long for a document", code="too-long")

    own, hand = Line(Strict("secret", "http://network.test"), FakeHttp(200), timeout=7.0), Hand("key", 0.0)
    assert not own.answer(CONNECT, hand)
    assert hand.is_open


async def test_the_credential_in_an_answer_is_named_after_the_webhook() -> None:
    hand, copy, other = Hand("key", 1.0), Hand("key", 2.0), Hand("another key", 1.0)
    assert hand.nonce == copy.nonce == nonce_of("key")
    assert other.nonce != hand.nonce
    assert len(hand.nonce) == 24


# --- dials in turn


def slow(dials_per_second: float | None) -> Line:
    return Line(
        MockCarrier("secret", "http://network.test"), FakeHttp(200), timeout=7.0, dials_per_second=dials_per_second
    )


async def dial(own: Line, times: list[tuple[str, float]], *names: str) -> None:
    """Wait for a dial under each of these names, all at once."""

    async def one(name: str) -> None:
        await own.await_dial(asyncio.Event())
        times.append((name, asyncio.get_running_loop().time()))

    async with asyncio.TaskGroup() as tasks:
        for name in names:
            tasks.create_task(one(name))


async def test_dials_go_out_at_the_carriers_pace_and_in_order() -> None:
    own, times = slow(2.0), list[tuple[str, float]]()
    await dial(own, times, "a", "b", "c", "d")
    assert times == [("a", 0.0), ("b", 0.5), ("c", 1.0), ("d", 1.5)]


async def test_a_dial_after_a_pause_goes_out_at_once_and_saves_up_nothing() -> None:
    own, times = slow(0.5), list[tuple[str, float]]()
    await dial(own, times, "a")
    await asyncio.sleep(60)
    await dial(own, times, "b", "c")
    assert times == [("a", 0.0), ("b", 60.0), ("c", 62.0)]


async def test_a_line_knows_whether_a_dial_would_wait() -> None:
    own = slow(2.0)
    assert not own.is_dialling_slowly
    await own.await_dial(asyncio.Event())
    assert own.is_dialling_slowly
    await asyncio.sleep(0.6)
    assert not own.is_dialling_slowly


async def test_without_a_bound_no_dial_waits() -> None:
    own, times = slow(None), list[tuple[str, float]]()
    await dial(own, times, *"abcdefgh")
    assert not own.is_dialling_slowly
    assert times == [(name, 0.0) for name in "abcdefgh"]
