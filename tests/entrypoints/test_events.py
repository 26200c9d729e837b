"""Event streams: what is sent, how long they stay open, and what ends them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from starlette.types import Message

from voicecall.emulators.clock import run_virtual
from voicecall.entrypoints.closing import Closing
from voicecall.entrypoints.events import EventStream, encode

EVENT = {"seq": 7, "at": "2026-01-02T03:04:05Z", "callId": "01J", "type": "call.ended", "data": {"text": "a\nb"}}


class Feed:
    """Yields these events, then waits for more unless it is over."""

    def __init__(self, *events: dict[str, Any], over: bool = False) -> None:
        self.events, self.over, self.let_go = events, over, False

    async def read(self) -> AsyncIterator[dict[str, Any]]:
        try:
            for event in self.events:
                yield event
            if not self.over:
                await asyncio.Event().wait()
        finally:
            self.let_go = True


class Browser:
    """An ASGI client that leaves after some seconds, or never."""

    def __init__(self, *, leaves_after: float | None = None, stuck: bool = False) -> None:
        self.leaves_after, self.stuck = leaves_after, stuck
        self.got: list[tuple[float, Message]] = []

    async def receive(self) -> Message:
        if not self.got:
            return {"type": "http.request"}
        if self.leaves_after is None:
            await asyncio.Event().wait()
        await asyncio.sleep(self.leaves_after or 0.0)
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.got.append((asyncio.get_running_loop().time(), message))
        if self.stuck and b"id:" in message.get("body", b""):
            await asyncio.Event().wait()

    @property
    def bodies(self) -> list[tuple[float, bytes]]:
        return [(at, message["body"]) for at, message in self.got[1:]]


def show(feed: Feed, browser: Browser, *, closes_after: float | None = None) -> float:
    """Stream the feed to the browser and return how long it took."""

    async def main() -> float:
        closing = Closing()
        if closes_after is not None:
            asyncio.get_running_loop().call_later(closes_after, closing.begin)
        await EventStream(feed.read(), closing)({"type": "http"}, browser.receive, browser.send)
        return asyncio.get_running_loop().time()

    return run_virtual(main)


def test_an_event_is_three_lines_and_names_itself() -> None:
    assert encode(EVENT).decode() == (
        "id: 7\nevent: call.ended\n"
        'data: {"seq":7,"at":"2026-01-02T03:04:05Z","callId":"01J","type":"call.ended","data":{"text":"a\\nb"}}\n\n'
    )


def test_events_are_sent_at_once_and_the_stream_ends_with_them() -> None:
    feed, browser = Feed(EVENT, EVENT, over=True), Browser()
    assert show(feed, browser) == 0.0
    start = browser.got[0][1]
    headers = dict(start["headers"])
    assert start["status"] == 200
    assert headers[b"content-type"].startswith(b"text/event-stream")
    assert b"content-length" not in headers
    assert [body for _, body in browser.bodies][1:] == [encode(EVENT), encode(EVENT), b""]


def test_a_silent_stream_is_kept_open_by_comments() -> None:
    browser = Browser(leaves_after=40.0)
    show(Feed(), browser)
    assert [at for at, body in browser.bodies if body.startswith(b":")] == [0.0, 15.0, 30.0]


def test_a_client_that_leaves_ends_the_stream() -> None:
    feed = Feed(EVENT)
    assert show(feed, Browser(leaves_after=4.0)) == 4.0
    assert feed.let_go


def test_closing_ends_the_stream() -> None:
    feed, browser = Feed(EVENT), Browser()
    assert show(feed, browser, closes_after=2.0) == 2.0
    assert feed.let_go
    assert browser.got[-1][1] == {"type": "http.response.body", "body": b"", "more_body": False}


def test_a_client_that_does_not_read_is_let_go_as_well() -> None:
    feed = Feed(EVENT, EVENT)
    assert show(feed, Browser(stuck=True), closes_after=2.0) == 2.0
    assert feed.let_go
