"""The public listener's connections, over aiohttp: let go of when nothing is asked, and as media sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from aiohttp import StreamReader, WebSocketError, WSMsgType, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage
from yarl import URL

_log: structlog.stdlib.BoundLogger = structlog.get_logger()
_Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Server(web.Server):
    """A server that lets go of connections which do not get to a request within `patience` seconds."""

    def __init__(self, handler: _Handler, *, patience: float, **options: Any) -> None:
        super().__init__(handler, request_factory=self._request, **options)
        self._patience = patience
        self._silent: dict[web.RequestHandler, asyncio.TimerHandle] = {}

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        loop = asyncio.get_running_loop()
        self._silent[handler] = loop.call_later(self._patience, transport.close)

    def connection_lost(self, handler: web.RequestHandler, exc: BaseException | None = None) -> None:
        super().connection_lost(handler, exc)
        self._forget(handler)

    def _request(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: web.RequestHandler,
        writer: AbstractStreamWriter,
        task: asyncio.Task[None],
    ) -> web.BaseRequest:
        """Return the request of a message; one without a target, which aiohttp lets through, gets one."""
        if message.path is None:
            message = message._replace(path="/", url=URL("/"))
        return web.BaseRequest(message, payload, protocol, writer, task, asyncio.get_running_loop())

    def heard(self, request: web.BaseRequest) -> None:
        """Take note that a connection got to a request."""
        self._forget(request.protocol)

    def _forget(self, handler: web.RequestHandler) -> None:
        timer = self._silent.pop(handler, None)
        if timer is not None:
            timer.cancel()


class Socket:
    """A media socket over aiohttp's."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket

    async def recv(self) -> str | bytes | None:
        """Return the next message, or None once the socket is closed."""
        if self._socket.closed:
            return None
        message = await self._socket.receive()
        if message.type is WSMsgType.TEXT or message.type is WSMsgType.BINARY:
            data: str | bytes = message.data
            return data
        if message.type is WSMsgType.ERROR:
            broken = message.data
            code = broken.code if isinstance(broken, WebSocketError) else self._socket.close_code
            _log.warning("stream.broken", code=code and int(code))
        return None

    async def send(self, message: str) -> None:
        """Send, waiting while the peer reads too slowly; a message for a peer that is gone is dropped."""
        try:
            await self._socket.send_str(message)
        except ConnectionResetError:
            return

    async def close(self, code: int, reason: str) -> None:
        """Close; closing twice does nothing."""
        await self._socket.close(code=code, message=reason.encode())
