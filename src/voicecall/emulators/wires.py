"""The network on real loopback: an HTTP server for its REST API, an HTTP and WebSocket client towards the gateway.

The only file here that knows the web library.
"""

from __future__ import annotations

import os
import secrets
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import UTC, datetime
from socket import SHUT_RDWR, socket
from types import TracebackType
from typing import Generic, Self, TypeVar

import aiohttp
from aiohttp import web
from yarl import URL

from voicecall.errors import FrameError
from voicecall.speech import Speaker, Voice

from .faces import Face, Socket
from .internet import Answer, Internet, detour
from .mock import MockFace
from .mock_rest import MockRest
from .network import Network, Wires
from .rest import Reply, RestApi

AnyAccount = TypeVar("AnyAccount")
AnyFace = TypeVar("AnyFace", bound=Face)

_CLOSING = 2.0
"""Seconds given to the gateway to answer a close frame."""
_LARGEST = 256 * 1024
"""Bytes in a message from the gateway."""


class WebSocket:
    """A client WebSocket that carries text."""

    def __init__(self, response: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = response

    @property
    def code(self) -> int | None:
        """The peer's close code; None while open, 1006 where it sent none."""
        return self._socket.close_code

    async def send(self, text: str) -> None:
        """Send one message.

        Raises:
            ConnectionError: the socket is closed.
        """
        await self._socket.send_str(text)

    async def recv(self) -> str | None:
        """Return the next message, or None once the socket is closed.

        Raises:
            FrameError: a message that is not text arrived.
        """
        message = await self._socket.receive()
        if message.type is aiohttp.WSMsgType.TEXT:
            text: str = message.data
            return text
        if message.type is aiohttp.WSMsgType.BINARY:
            raise FrameError("a binary message on a text stream")
        return None

    async def close(self, code: int = 1000) -> None:
        """Close it politely; closing twice is nothing."""
        await self._socket.close(code=code)

    def drop(self) -> None:
        """Cut the connection without a close frame."""
        connection = self._socket.get_extra_info("socket")
        if connection is not None:
            with suppress(OSError), socket(fileno=os.dup(connection.fileno())) as line:  # the gateway may be quicker
                line.shutdown(SHUT_RDWR)  # on a duplicate, because uvloop's own object cannot


@asynccontextmanager
async def real_wires(now: Callable[[], float] | None = None) -> AsyncIterator[Wires]:
    """Provide the wires over loopback. `now` returns Unix seconds; default the wall clock."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def post(url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
            try:
                async with session.post(url, headers=headers, data=body, allow_redirects=False) as response:
                    return response.status, await response.read()
            except aiohttp.ClientError as error:
                raise ConnectionError(str(error)) from error

        async def connect(url: str) -> Socket:
            closing = aiohttp.ClientWSTimeout(ws_close=_CLOSING)
            try:
                return WebSocket(await session.ws_connect(url, timeout=closing, max_msg_size=_LARGEST))
            except aiohttp.ClientError as error:
                raise ConnectionError(str(error)) from error

        yield Wires(post, connect, now or _wall_clock)


@asynccontextmanager
async def real_internet(via: Mapping[str, str] | None = None) -> AsyncIterator[Internet]:
    """Provide the internet. `via` sends what is meant for a public origin to another one, see `detour`."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def fetch(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
            there, host = detour(url, via or {})
            _still_there(session)
            try:
                address = URL(there, encoded=True)
                async with session.request(
                    method, address, headers={**headers, **host}, data=body or None, allow_redirects=False
                ) as response:
                    lowered = {name.lower(): value for name, value in response.headers.items()}
                    return Answer(response.status, await response.read(), lowered)
            except (aiohttp.ClientError, ValueError) as error:
                raise ConnectionError(str(error)) from error

        async def connect(url: str, headers: Mapping[str, str]) -> Socket:
            there, host = detour(url, via or {})
            closing = aiohttp.ClientWSTimeout(ws_close=_CLOSING)
            _still_there(session)
            try:
                response = await session.ws_connect(
                    URL(there, encoded=True), headers={**headers, **host}, timeout=closing, max_msg_size=_LARGEST
                )
            except (aiohttp.ClientError, ValueError) as error:
                raise ConnectionError(str(error)) from error
            return WebSocket(response)

        yield Internet(fetch, connect)


class Server(ABC):
    """Serves, from a URL of its own, as long as it is entered."""

    def __init__(self) -> None:
        self.url = ""
        """Known once it serves."""
        self._context = self._running()

    async def __aenter__(self) -> Self:
        await self._context.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return await self._context.__aexit__(kind, error, trace)

    @abstractmethod
    def _running(self) -> AbstractAsyncContextManager[None]:
        """Serve, and set `url`."""


class NetworkServer(Server):
    """The mock network with its REST API on a port of its own; an async context manager."""

    def __init__(
        self,
        synthesizer: Speaker,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        secret: str = "mock",  # noqa: S107 - the documented default of a network that exists on this machine only
        voice: Voice | None = None,
    ) -> None:
        """Port 0 takes a free one; `url` tells which."""
        super().__init__()
        self.network: Network
        self._synthesizer = synthesizer
        self._host = host
        self._port = port
        self._secret = secret
        self._voice = voice

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        async with real_wires() as wires:
            self.network = Network(wires, self._synthesizer, name=secrets.token_hex(4), voice=self._voice)
            rest = MockRest(self.network, MockFace(self._secret), self._secret)
            async with self.network.running(), serve(rest, self._host, self._port) as self.url:
                yield


class CarrierServer(Server, Generic[AnyAccount, AnyFace]):
    """A simulated carrier with its REST API on a port of its own, beside the network's; an async context manager.

    `/phones` and `/faults` drive the network as they do on the mock network's server; a ring needs no webhook there,
    because the carrier's account says where calls are announced.
    """

    def __init__(
        self,
        network: Network,
        account: AnyAccount | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        via: Mapping[str, str] | None = None,
        secret: str = "mock",  # noqa: S107 - the documented default of a network that exists on this machine only
    ) -> None:
        """Port 0 takes a free one, `url` tells which; `via` maps public origins to local ones.

        `secret` is the bearer token of `/phones` and `/faults`.
        """
        super().__init__()
        self.face: AnyFace
        self._network = network
        self._account = account
        self._host = host
        self._port = port
        self._via = via
        self._secret = secret

    @abstractmethod
    def _open(self, internet: Internet) -> tuple[AnyFace, RestApi]:
        """Return the carrier of `_account` on `_network`, and its REST API."""

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        async with real_internet(self._via) as internet:
            self.face, rest = self._open(internet)
            phones = MockRest(self._network, self.face, self._secret, numbers_have_webhooks=True)
            async with serve(_Doors(rest, phones), self._host, self._port) as self.url:
                yield


class _Doors:
    """A carrier's API, and the one that drives the phones."""

    def __init__(self, carrier: RestApi, phones: MockRest) -> None:
        self._carrier = carrier
        self._phones = phones

    async def handle(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Answer one request."""
        api = self._phones if path.startswith(("/phones/", "/faults")) else self._carrier
        return await api.handle(method, path, headers, body)


@asynccontextmanager
async def serve(rest: RestApi, host: str, port: int) -> AsyncIterator[str]:
    """Serve `rest` and provide the URL it is reached at. Paths are decoded, queries are not."""

    async def handle(request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        query = request.rel_url.raw_query_string
        path = f"{request.path}?{query}" if query else request.path
        reply = await rest.handle(request.method, path, headers, await request.read())
        content_type = reply.content_type if reply.body else None
        return web.Response(
            status=reply.status, body=reply.body or None, content_type=content_type, headers=reply.headers
        )

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        taken = runner.addresses[0][1]
        yield f"http://{f'[{host}]' if ':' in host else host}:{taken}"
    finally:
        await runner.cleanup()


def _still_there(session: aiohttp.ClientSession) -> None:
    if session.closed:
        raise ConnectionRefusedError("the carrier has stopped")


def _wall_clock() -> float:
    return datetime.now(UTC).timestamp()
