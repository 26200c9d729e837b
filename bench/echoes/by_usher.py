"""Media by picows and webhooks by aiohttp behind one port: a protocol of ours reads the head and hands over.

Leans on what picows does not export, since what it exports can only listen by itself.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from logging import getLogger
from typing import cast

import aiofastnet
from aiohttp import web
from picows import WSAutoPingStrategy
from picows.picows import WSProtocol  # type: ignore[attr-defined]  # not part of what picows exports

from bench.echoes.by_aiohttp import echo_runner
from bench.echoes.by_picows import listen


class _Usher(asyncio.Protocol):
    """Reads a request's head, then gives the connection to picows (an upgrade) or to aiohttp (anything else)."""

    HEAD_LIMIT = 15 * 1024
    """Bytes; what picows can be handed at once is a little less than its first read buffer."""

    def __init__(self, http: web.Server) -> None:
        self._http = http
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport until somebody else has it."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Hand over as soon as the head is whole."""
        self._head += data
        end = self._head.find(b"\r\n\r\n")
        is_upgrade = b"\r\nupgrade: websocket" in self._head[:end].lower()
        if len(self._head) > self.HEAD_LIMIT and (end < 0 or is_upgrade):
            self._transport.abort()
        elif end >= 0:
            self._hand_over(is_upgrade=is_upgrade)

    def _hand_over(self, *, is_upgrade: bool) -> None:
        if not is_upgrade:
            handler = self._http()
            self._transport.set_protocol(handler)
            handler.connection_made(self._transport)
            handler.data_received(self._head)
            return
        ping = WSAutoPingStrategy.PING_WHEN_IDLE
        protocol = WSProtocol(
            None, None, False, listen, getLogger("picows.server"),
            True, 5, False, 20, 20, ping, True, 1 << 20, None, 16 * 1024,
        )  # fmt: skip
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        protocol.get_buffer(-1)[: len(self._head)] = self._head
        protocol.buffer_updated(len(self._head))


@asynccontextmanager
async def serve() -> AsyncIterator[int]:
    """Serve both protocols on one port: media by picows, webhooks by aiohttp, on the transport picows prefers."""
    runner = echo_runner()
    await runner.setup()
    http = runner.server
    if http is None:
        raise RuntimeError("aiohttp has no server")
    try:
        server = await aiofastnet.create_server(asyncio.get_running_loop(), lambda: _Usher(http), "127.0.0.1", 0)
        yield server.sockets[0].getsockname()[1]
        server.close()
    finally:
        await runner.cleanup()
