"""A vendor that takes note of whoever comes, and turns everybody away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from multidict import CIMultiDictProxy

from voicecall.emulators.vendors import listening

KEY = "the-key-of-the-account"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came."""

    path: str
    query: dict[str, str]
    headers: CIMultiDictProxy[str]
    body: dict[str, Any]

    @property
    def key(self) -> str:
        """The key that it bore, in whichever header."""
        names = ("Authorization", "xi-api-key", "x-api-key", "x-goog-api-key")
        borne = next((self.headers[name] for name in names if name in self.headers), "")
        return borne.removeprefix("Bearer ").removeprefix("Token ")


class Reception:
    """All paths of a server on loopback."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.asked: list[Asked] = []
        self._news = asyncio.Event()

    def note(self, asked: Asked) -> None:
        """Take note."""
        self.asked.append(asked)
        self._news.set()

    async def first(self) -> Asked:
        """Return who came first, once somebody came."""
        async with asyncio.timeout(10.0):
            await self._news.wait()
        return self.asked[0]


@asynccontextmanager
async def receiving() -> AsyncIterator[Reception]:
    """Listen."""
    app = web.Application()

    async def refuse(request: web.Request) -> web.Response:
        if request.method == "HEAD":
            return web.Response()
        body = await request.json() if request.can_read_body else {}
        reception.note(Asked(request.path, dict(request.query), request.headers, body))
        return web.json_response({"error": {"message": "no", "code": "invalid_api_key"}}, status=401)

    app.router.add_route("*", "/{rest:.*}", refuse)
    async with listening(app) as origin:
        reception = Reception(origin)
        yield reception
