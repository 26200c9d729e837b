"""An agent behind a URL, for tests: it answers what it is told, and remembers what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from voicecall.emulators.vendors import listening


@dataclass
class Agent:
    """Answers every question alike."""

    chunks: list[bytes]
    kind: str = "application/json"
    status: int = 200
    endless: bool = False
    """Whether the answer stays open after its last chunk."""
    breaks: bool = False
    """Whether the connection breaks there."""
    asked: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the client went away in the middle."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.json())
        self.headers.append(dict(request.headers))
        response = web.StreamResponse(status=self.status, headers={"Content-Type": self.kind} if self.kind else {})
        if self.status == 204:
            return web.Response(status=204)
        await response.prepare(request)
        for chunk in self.chunks:
            await response.write(chunk)
            await asyncio.sleep(0)
        if self.breaks and request.transport is not None:
            request.transport.abort()
        elif self.endless:
            while request.transport is not None and not request.transport.is_closing():  # noqa: ASYNC110 - aiohttp tells nobody
                await asyncio.sleep(0.002)
            self.left.set()
        else:
            await response.write_eof()
        return response


@asynccontextmanager
async def serving(agent: Agent) -> AsyncIterator[str]:
    """Yield the URL at which it listens."""
    app = web.Application()
    app.router.add_post("/turn", agent.answer)
    async with listening(app) as origin:
        yield f"{origin}/turn"
