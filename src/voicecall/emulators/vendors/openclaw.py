"""An OpenClaw gateway on loopback, as far as its chat completions endpoint goes.

Source: protocols.md 9.2 and 9.7; docs.openclaw.ai/gateway/openai-http-api (2026-11).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Faults:
    """What goes wrong; may be changed at any time."""

    enabled: bool = True
    """Whether the endpoint is switched on, which it is not in a fresh gateway."""
    status: int = 0
    """Answered in place of 200, where it is not 0."""
    only: int = 0
    """How many requests get that status; 0 for all."""
    retry_after: str = ""
    held: asyncio.Event | None = None
    """Until it is set, an answer does not begin."""
    piece: int = 0
    """Bytes written at once, where it is not 0."""
    after: int | None = None
    """How many chunks with words come before what `then` says."""
    then: str = ""
    """`error`: an error object in the stream; `drop`: the connection breaks; `stop`: nothing more comes."""
    done: bool = True
    """Whether the stream ends in `[DONE]`."""
    crlf: bool = False
    """Whether lines end in CRLF, and comments come in between."""
    kind: str = "text/event-stream"


@dataclass
class Seen:
    """A request as it came."""

    headers: dict[str, str]
    body: dict[str, Any]
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the client went away before the answer ended."""

    @property
    def said(self) -> str:
        """The words of its last message."""
        return str(self.body["messages"][-1]["content"])


class OpenClawGateway:
    """Answers every request with the words of `answer`, in chunks of one word."""

    def __init__(self, token: str, answer: Callable[[Seen], str]) -> None:
        self._token = token
        self.answer = answer
        self.faults = Faults()
        self.seen: list[Seen] = []
        self.sessions: dict[str, list[str]] = {}
        """What each session was told, one entry a request."""
        self.asked = asyncio.Semaphore(0)
        """Released once for each request."""
        self.app = web.Application()
        self.app.router.add_post("/v1/chat/completions", self._complete)

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        faults = self.faults
        if not faults.enabled:
            return web.Response(status=404, text="Not Found")
        if request.headers.get("Authorization") != f"Bearer {self._token}":
            return _error(401, "unauthorized", "Unauthorized")
        seen = Seen(dict(request.headers), await request.json())
        self.seen.append(seen)
        self.asked.release()
        if faults.status and (not faults.only or len(self.seen) <= faults.only):
            extra = {"Retry-After": faults.retry_after} if faults.retry_after else {}
            return _error(faults.status, "api_error", "failed", extra)
        key = request.headers.get("x-openclaw-session-key") or str(seen.body.get("user") or len(self.seen))
        self.sessions.setdefault(key, []).append(seen.said)
        try:
            if faults.held is not None:
                await _until(faults.held, request)
            if not seen.body.get("stream"):
                return web.json_response(_chunk(self.answer(seen), "message"))
            return await self._stream(request, faults, self.answer(seen))
        except ConnectionError:
            seen.cancelled.set()
            raise

    async def _stream(self, request: web.Request, faults: Faults, answer: str) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": faults.kind})
        await response.prepare(request)
        end = "\r\n" if faults.crlf else "\n"

        async def write(data: str) -> None:
            line = f": keep-alive{end}{end}" if faults.crlf else ""
            raw = f"{line}data: {data}{end}{end}".encode()
            size = faults.piece or len(raw)
            for start in range(0, len(raw), size):
                await response.write(raw[start : start + size])

        await write(json.dumps(_chunk("", "delta")))
        for place, word in enumerate(answer.split(" ")):
            if place == faults.after:
                if faults.then == "error":
                    await write(json.dumps({"error": {"message": "out of credits", "type": "overloaded_error"}}))
                    break
                if faults.then == "stop":
                    await _until(asyncio.Event(), request)
                assert request.transport is not None  # noqa: S101 - it is open
                request.transport.abort()
                raise ConnectionError
            await write(json.dumps(_chunk(f" {word}" if place else word, "delta"), ensure_ascii=False))
        if faults.done:
            await write("[DONE]")
        await response.write_eof()
        return response


async def _until(event: asyncio.Event, request: web.Request) -> None:
    """Wait for the event, unless the client goes away."""
    while not event.is_set():
        if request.transport is None or request.transport.is_closing():
            raise ConnectionResetError
        await asyncio.sleep(0.002)  # aiohttp tells nobody that a client is gone


def _chunk(text: str, part: str) -> dict[str, Any]:
    kind = "chat.completion" if part == "message" else "chat.completion.chunk"
    choice = {"index": 0, part: {"role": "assistant", "content": text}, "finish_reason": None}
    return {"id": "chatcmpl_1", "object": kind, "created": 0, "model": "openclaw", "choices": [choice]}


def _error(status: int, kind: str, message: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"error": {"message": message, "type": kind}}, status=status, headers=headers)
