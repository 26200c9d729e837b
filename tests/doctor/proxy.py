"""A reverse proxy with faults: what it does to a request on its way, to its answer, and how late."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

Change = Callable[[str], str]
"""Of the head of a request: its request line and its headers."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """What it does."""

    change: Change = str
    latency: float = 0.0
    """Seconds that every piece waits, either way."""
    holds: bool = False
    """Whether messages are kept until the connection ends."""
    answers: str = ""
    """What it answers by itself, such as `404 Not Found`."""


def target(pattern: str, replacement: str) -> Change:
    """Rewrites the target of the request."""

    def change(head: str) -> str:
        method, path, rest = head.split(" ", 2)
        return f"{method} {re.sub(pattern, replacement, path)} {rest}"

    return change


def without(*names: str) -> Change:
    """Drops headers."""
    return lambda head: re.sub(rf"(?im)^(?:{'|'.join(names)}):.*\r\n", "", head)


def host(name: str) -> Change:
    """Rewrites the header `Host`."""
    return lambda head: re.sub(r"(?im)^host:.*\r$", f"Host: {name}\r", head)


@asynccontextmanager
async def serving(proxy: Proxy, upstream: Callable[[], int]) -> AsyncIterator[int]:
    """Listen, and yield the port. `upstream` tells the one that requests are passed on to."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        at_work.add(cast("asyncio.Task[None]", asyncio.current_task()))
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            if proxy.answers:
                writer.write(f"HTTP/1.1 {proxy.answers}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
                return
            changed = proxy.change(head)
            if "upgrade: websocket" not in changed.lower():
                changed = without("connection")(changed).replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")
            inner, outer = await asyncio.open_connection("127.0.0.1", upstream())
            outer.write(changed.encode("latin-1"))
            try:
                async with asyncio.TaskGroup() as tasks:
                    up = tasks.create_task(pump(reader, outer, holds=False))
                    await pump(inner, writer, holds=proxy.holds and "upgrade" in changed.lower())
                    up.cancel()
            finally:
                outer.close()
        except* (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, holds: bool) -> None:
        first = True
        while data := await reader.read(65536):
            await asyncio.sleep(proxy.latency)
            if first or not holds:
                writer.write(data)
                await writer.drain()
            first = False

    at_work: set[asyncio.Task[None]] = set()
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in at_work:
            task.cancel()
        await asyncio.wait(at_work)
