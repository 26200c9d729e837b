"""A vendor's socket: there before it is needed, kept alive, back after it was lost, gone when that is sure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import WSMsgType, web

from voicecall.emulators.vendors import listening
from voicecall.errors import ProviderError, SpeechError
from voicecall.net.link import Link, Message
from voicecall.speech import Trouble

KEY = "hidden-key-0123456789"


class Vendor:
    """Accepts connections, keeps what comes, and refuses or breaks on demand."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        """What the next handshakes are refused with."""
        self.reasons: list[bytes] = []
        """What the next connections are closed with, as soon as they stand."""
        self.attempts: list[float] = []
        self.received: list[list[str]] = []
        self.sockets: list[web.WebSocketResponse] = []
        self.requests: list[web.Request] = []
        self._changed = asyncio.Event()
        self.app = web.Application()
        self.app.router.add_get("/", self._serve)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.attempts.append(asyncio.get_running_loop().time())
        self._changed.set()
        if self.statuses:
            return web.Response(status=self.statuses.pop(0), text=f"{KEY} is wrong")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        received: list[str] = []
        self.sockets.append(socket)
        self.requests.append(request)
        self.received.append(received)
        self._changed.set()
        if self.reasons:
            await socket.close(code=1008, message=self.reasons.pop(0))
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                received.append(message.data)
                self._changed.set()
        return socket

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(2.0):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    def abort(self) -> None:
        transport = self.requests[-1].transport
        assert transport is not None
        transport.abort()


class Wire:
    """A link under test, and all that it told."""

    def __init__(self, vendor: Vendor, origin: str, **options: Any) -> None:
        self.vendor = vendor
        self.messages: list[Message] = []
        self.troubles: list[Trouble] = []
        self.losses: list[str] = []
        self.ended: SpeechError | None = None
        self.heard = asyncio.Event()
        self.lost = asyncio.Event()
        self.over = asyncio.Event()
        self.refuse: SpeechError | None = None
        self.greeting: Iterable[str] = ()
        self.link = Link(
            "stt.test",
            origin.replace("http", "ws", 1),
            {"Authorization": f"Bearer {KEY}"},
            receive=self._receive,
            report=self.troubles.append,
            opened=lambda: self.greeting,
            lost=self._lost,
            **{"pauses": (0.01,) * 4, "steady": 60.0, **options},
        )

    def _receive(self, message: Message) -> None:
        self.messages.append(message)
        self.heard.set()
        if self.refuse is not None:
            raise self.refuse

    def _lost(self, why: str) -> None:
        self.losses.append(why)
        self.lost.set()

    async def run(self) -> None:
        try:
            await self.link.run()
        except SpeechError as error:
            self.ended = error
            self.over.set()


@asynccontextmanager
async def wired(prepare: Callable[[Vendor, Wire], None] = lambda *_: None, **options: Any) -> AsyncIterator[Wire]:
    vendor = Vendor()
    async with asyncio.timeout(5.0), listening(vendor.app) as origin:
        wire = Wire(vendor, origin, **options)
        prepare(vendor, wire)
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(wire.run())
            yield wire
            task.cancel()


def play(
    act: Callable[[Wire], Awaitable[None]], prepare: Callable[[Vendor, Wire], None] = lambda *_: None, **options: Any
) -> Wire:
    async def main() -> Wire:
        async with wired(prepare, **options) as wire:
            await act(wire)
        return wire

    return asyncio.run(main())


def test_it_connects_by_itself_and_says_its_greeting_first() -> None:
    def prepare(_: Vendor, wire: Wire) -> None:
        wire.greeting = ("configure", "begin")
        wire.link.send("words")

    async def act(wire: Wire) -> None:
        await wire.link.connected(2.0)
        assert wire.link.is_up
        await wire.vendor.until(lambda: len(wire.vendor.received[0]) == 3)
        assert wire.vendor.received == [["configure", "begin", "words"]]
        assert wire.vendor.requests[0].headers["Authorization"] == f"Bearer {KEY}"

    play(act, prepare)


def test_what_comes_is_handed_over_in_order() -> None:
    async def act(wire: Wire) -> None:
        await wire.link.connected(2.0)
        await wire.vendor.sockets[0].send_str("one")
        await wire.vendor.sockets[0].send_bytes(b"two")
        while len(wire.messages) < 2:
            wire.heard.clear()
            await wire.heard.wait()
        assert wire.messages == ["one", b"two"]

    play(act)


@pytest.mark.parametrize("gently", [True, False], ids=["closed", "broken"])
def test_a_lost_connection_is_told_once_and_comes_back_with_its_greeting(*, gently: bool) -> None:
    def prepare(_: Vendor, wire: Wire) -> None:
        wire.greeting = ("configure",)

    async def act(wire: Wire) -> None:
        await wire.link.connected(2.0)
        if gently:
            await wire.vendor.sockets[0].close(code=1011, message=b"idle")
        else:
            wire.vendor.abort()
        await wire.lost.wait()
        assert not wire.link.is_up
        wire.link.send("words")
        await wire.vendor.until(lambda: len(wire.vendor.received) == 2 and len(wire.vendor.received[1]) == 2)
        assert wire.vendor.received[1] == ["configure", "words"]
        assert len(wire.losses) == 1
        (trouble,) = wire.troubles
        assert trouble.code == "reconnected"
        assert trouble.text.startswith("stt.test: ")

    play(act, prepare)


def test_only_so_much_waits_for_a_connection_and_the_newest_is_kept() -> None:
    def prepare(_: Vendor, wire: Wire) -> None:
        for number in range(5):
            wire.link.send(f"{number}")

    async def act(wire: Wire) -> None:
        await wire.vendor.until(lambda: wire.vendor.received and len(wire.vendor.received[0]) == 3)
        assert wire.vendor.received == [["2", "3", "4"]]

    play(act, prepare, backlog=3)


def test_a_vendor_that_does_not_read_costs_the_oldest_of_what_waits_and_no_more_room() -> None:
    sent = [f"{number:04}" + "." * 8000 for number in range(3000)]

    async def act(wire: Wire) -> None:
        await wire.link.connected(2.0)
        transport = wire.vendor.requests[-1].transport
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()
        for message in sent:
            wire.link.send(message)
            await asyncio.sleep(0)
        transport.resume_reading()
        received = wire.vendor.received[-1]
        await wire.vendor.until(lambda: received and received[-1] == sent[-1])
        assert received[-10:] == sent[-10:]
        assert len(received) < len(sent)
        assert received == sorted(received)

    play(act, backlog=10)


def test_what_was_forgotten_is_not_sent() -> None:
    def prepare(_: Vendor, wire: Wire) -> None:
        wire.link.send("stale")
        wire.link.forget()
        wire.link.send("fresh")

    async def act(wire: Wire) -> None:
        await wire.vendor.until(lambda: wire.vendor.received and wire.vendor.received[0])
        assert wire.vendor.received == [["fresh"]]

    play(act, prepare)


def test_silence_is_filled_with_keep_alives() -> None:
    async def act(wire: Wire) -> None:
        await wire.vendor.until(lambda: wire.vendor.received and len(wire.vendor.received[0]) == 3)
        assert wire.vendor.received == [["still here"] * 3]

    play(act, keepalive=(0.02, "still here"))


def test_no_keep_alive_is_sent_while_there_is_something_to_say() -> None:
    async def act(wire: Wire) -> None:
        await wire.link.connected(2.0)
        for number in range(20):
            wire.link.send(f"{number}")
            await wire.vendor.until(lambda number=number: len(wire.vendor.received[0]) == number + 1)  # type: ignore[misc]
        assert "still here" not in wire.vendor.received[0]

    play(act, keepalive=(1.0, "still here"))


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_ends_it_for_good_and_names_the_key_to_check(status: int) -> None:
    def prepare(vendor: Vendor, _: Wire) -> None:
        vendor.statuses = [status]

    async def act(wire: Wire) -> None:
        await wire.over.wait()
        assert wire.ended is not None
        assert "check stt.test.api_key" in str(wire.ended)
        assert (wire.ended.retryable, wire.ended.code) == (False, f"{status}")
        assert wire.losses == ["127.0.0.1 refused the connection: " + str(status)]
        assert not wire.link.is_up
        with pytest.raises(SpeechError, match="api_key"):
            await wire.link.connected(2.0)

    assert len(play(act, prepare).vendor.attempts) == 1


def test_it_tries_on_with_growing_pauses_while_that_can_help() -> None:
    def prepare(vendor: Vendor, _: Wire) -> None:
        vendor.statuses = [429, 503]

    async def act(wire: Wire) -> None:
        await wire.link.connected(2.0)
        first, second, third = wire.vendor.attempts
        assert second - first >= 0.02
        assert third - second >= 0.06
        assert len(wire.troubles) == 1

    play(act, prepare, pauses=(0.02, 0.06, 5.0))


def test_after_the_last_attempt_it_is_gone_for_good() -> None:
    def prepare(vendor: Vendor, _: Wire) -> None:
        vendor.statuses = [503] * 9

    async def act(wire: Wire) -> None:
        await wire.over.wait()
        assert wire.ended is not None
        assert not wire.ended.retryable
        with pytest.raises(SpeechError, match="503"):
            await wire.link.connected(2.0)

    assert len(play(act, prepare, pauses=(0.01, 0.01)).vendor.attempts) == 3


def test_a_vendor_that_greets_and_then_closes_is_not_asked_for_ever() -> None:
    def prepare(vendor: Vendor, _: Wire) -> None:
        vendor.reasons = [b"quota"] * 9

    async def act(wire: Wire) -> None:
        await wire.over.wait()

    assert len(play(act, prepare, pauses=(0.01, 0.01)).vendor.attempts) == 3


def test_a_connection_that_stood_long_begins_the_count_anew() -> None:
    def prepare(vendor: Vendor, _: Wire) -> None:
        vendor.reasons = [b"idle"] * 5

    async def act(wire: Wire) -> None:
        await wire.vendor.until(lambda: len(wire.vendor.attempts) == 6)
        await wire.link.connected(2.0)
        assert wire.ended is None

    play(act, prepare, pauses=(0.01,), steady=0.0)


def test_waiting_for_a_connection_is_bounded_and_says_what_is_wrong() -> None:
    def prepare(vendor: Vendor, _: Wire) -> None:
        vendor.statuses = [429]

    async def act(wire: Wire) -> None:
        await wire.lost.wait()
        with pytest.raises(SpeechError, match="429") as caught:
            await wire.link.connected(0.05)
        assert caught.value.retryable

    play(act, prepare, pauses=(5.0,))


def test_a_key_that_the_vendor_quotes_is_not_passed_on() -> None:
    def prepare(vendor: Vendor, _: Wire) -> None:
        vendor.reasons = [b"no such key: " + KEY.encode()] * 2

    async def act(wire: Wire) -> None:
        await wire.over.wait()
        said = [str(wire.ended), *wire.losses, *(trouble.text for trouble in wire.troubles)]
        assert all("no such key: ***" in one and KEY not in one for one in said)

    play(act, prepare, pauses=(0.01,))


@pytest.mark.parametrize("retryable", [True, False])
def test_a_message_that_is_a_refusal_ends_the_connection_and_perhaps_the_link(*, retryable: bool) -> None:
    def prepare(_: Vendor, wire: Wire) -> None:
        wire.refuse = SpeechError("no more today", retryable=retryable, code="quota")

    async def act(wire: Wire) -> None:
        await wire.link.connected(2.0)
        await wire.vendor.sockets[0].send_str("error")
        await wire.lost.wait()
        if retryable:
            await wire.vendor.until(lambda: len(wire.vendor.received) == 2)
        else:
            await wire.over.wait()
            assert wire.ended is not None
            assert (str(wire.ended), wire.ended.code) == ("stt.test: no more today", "quota")

    play(act, prepare)


def test_a_fresh_connection_takes_the_place_of_one_that_is_renewed_and_nobody_is_troubled() -> None:
    def prepare(_: Vendor, wire: Wire) -> None:
        wire.greeting = ("configure",)

    async def act(wire: Wire) -> None:
        await wire.vendor.until(lambda: wire.vendor.received and wire.vendor.received[0])
        wire.link.renew()
        wire.link.send("words")
        await wire.vendor.until(lambda: len(wire.vendor.received) == 2 and len(wire.vendor.received[1]) == 2)

    wire = play(act, prepare)
    assert wire.vendor.received == [["configure"], ["configure", "words"]]
    assert not wire.troubles
    assert not wire.losses


def test_what_the_end_of_a_connection_means_may_stand_in_its_reason() -> None:
    def judged(error: ProviderError) -> ProviderError:
        assert error.code == "1008"
        return SpeechError("there is no such model", code="404")

    def prepare(vendor: Vendor, _: Wire) -> None:
        vendor.reasons.append(b"models/x is not found")

    async def act(wire: Wire) -> None:
        await wire.over.wait()
        assert str(wire.ended) == "stt.test: there is no such model; check stt.test.model"
        assert len(wire.vendor.attempts) == 1

    play(act, prepare, judged=judged)
