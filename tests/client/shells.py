"""Both clients, played in the same way: whatever holds for one of them holds for the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from operator import attrgetter
from typing import Any, Protocol

import httpx2

from voicecall import AsyncClient, Client

URL = "http://127.0.0.1:3335"
Handler = Callable[[httpx2.Request], httpx2.Response]


class Pieces(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body that comes in pieces and then breaks off."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts

    def __iter__(self) -> Iterator[bytes]:
        for text in self._texts:
            yield text.encode()
        raise httpx2.ReadError("lost")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


class Shell(Protocol):
    """A client that sends what it is told to a handler, and notes in `pauses` how long it would have paused."""

    pauses: list[float]

    def do(
        self, handler: Handler, method: str, *args: Any, options: dict[str, Any] | None = None, **kwargs: Any
    ) -> Any:
        """Return what a method returns; `a.b` is the method b of the group a."""

    def take(self, handler: Handler, method: str, count: int | None, *args: Any, **kwargs: Any) -> list[Any]:
        """Return so many of what a method yields, or all of it."""


class BlockingShell:
    def __init__(self) -> None:
        self.pauses: list[float] = []

    def _client(self, handler: Handler) -> Client:
        return Client(URL, "door", transport=httpx2.MockTransport(handler), pause=self.pauses.append)

    def do(
        self, handler: Handler, method: str, *args: Any, options: dict[str, Any] | None = None, **kwargs: Any
    ) -> Any:
        with self._client(handler) as client:
            asked = client if options is None else client.with_options(**options)
            return attrgetter(method)(asked)(*args, **kwargs)

    def take(self, handler: Handler, method: str, count: int | None, *args: Any, **kwargs: Any) -> list[Any]:
        found: list[Any] = []
        with self._client(handler) as client:
            for one in getattr(client, method)(*args, **kwargs):
                found.append(one)
                if len(found) == count:
                    break
        return found


class AwaitedShell:
    def __init__(self) -> None:
        self.pauses: list[float] = []

    def _client(self, handler: Handler) -> AsyncClient:
        async def pause(seconds: float) -> None:
            self.pauses.append(seconds)

        return AsyncClient(URL, "door", transport=httpx2.MockTransport(handler), pause=pause)

    def do(
        self, handler: Handler, method: str, *args: Any, options: dict[str, Any] | None = None, **kwargs: Any
    ) -> Any:
        async def main() -> Any:
            async with self._client(handler) as client:
                asked = client if options is None else client.with_options(**options)
                return await attrgetter(method)(asked)(*args, **kwargs)

        return asyncio.run(main())

    def take(self, handler: Handler, method: str, count: int | None, *args: Any, **kwargs: Any) -> list[Any]:
        async def main() -> list[Any]:
            found: list[Any] = []
            async with self._client(handler) as client:
                async for one in getattr(client, method)(*args, **kwargs):
                    found.append(one)
                    if len(found) == count:
                        break
            return found

        return asyncio.run(main())
