"""A public listener on the loopback, the desk behind it, and who visits it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs
from yarl import URL

from voicecall.carriers import Carrier, Delivery, HttpReply, MediaCodec, MediaStarted
from voicecall.carriers.mock import MockCarrier
from voicecall.core.credentials import Credential, mint
from voicecall.core.ids import CallId, CarrierCallId
from voicecall.entrypoints import PublicOptions
from voicecall.entrypoints.public import PublicListener
from voicecall.net import MediaSocket

KEY = b"key"
TOKEN = mint(KEY, call_id=CallId("01J"), nonce="n", expires=2000.0)
MOCK = MockCarrier("secret", "http://127.0.0.1:1")
START = json.dumps(
    {
        "event": "start",
        "stream": "ms_1",
        "call": "mc_1",
        "parameters": {"token": TOKEN},
        "format": {"encoding": "mulaw", "rate": 8000},
    }
)
BODY = b'{"id": "e1", "type": "ringing", "call": "mc_1", "from": "+15550100100", "to": "+15550100101"}'


class FakeDesk:
    """Answers webhooks once `decided` is set, and echoes media streams."""

    def __init__(self) -> None:
        self.delivered: list[Delivery] = []
        self.decided = asyncio.Event()
        self.decided.set()
        self.taken = asyncio.Event()
        self.received: list[str | bytes] = []
        self.ended = asyncio.Event()
        self.refusals: list[tuple[str, CarrierCallId, str]] = []

    async def deliver(self, carrier: str, deliveries: tuple[Delivery, ...]) -> HttpReply:
        self.delivered.extend(deliveries)
        await self.decided.wait()
        return HttpReply(201, b"<x/>", "text/xml")

    async def stream(
        self, carrier: str, codec: MediaCodec, started: MediaStarted, credential: Credential, socket: MediaSocket
    ) -> None:
        self.taken.set()
        while (message := await socket.recv()) is not None:
            self.received.append(message)
            await socket.send(f"echo {message!r}")
        await socket.send("nobody hears this")
        self.ended.set()

    def refused(self, carrier: str, carrier_call_id: CarrierCallId, reason: str) -> None:
        self.refusals.append((carrier, carrier_call_id, reason))


class House:
    """A running listener, its desk, and a client."""

    def __init__(self, listener: PublicListener, desk: FakeDesk, client: aiohttp.ClientSession) -> None:
        self.listener, self.desk, self.client = listener, desk, client

    async def post(self, path: str, body: Any = b"", **headers: str) -> tuple[int, bytes]:
        exact = URL(f"http://127.0.0.1:{self.listener.port}{path}", encoded=True)
        async with self.client.post(exact, data=body, headers=headers) as response:
            return response.status, await response.read()

    async def signed(self, path: str = "/voice/webhook/mock", **headers: str) -> tuple[int, bytes]:
        url = self.listener.public_url.removesuffix("/voice/webhook") + path
        mac = hmac.new(b"secret", b"1000." + url.encode() + b"." + BODY, hashlib.sha256).hexdigest()
        return await self.post(path, BODY, **{"X-Mock-Timestamp": "1000", "X-Mock-Signature": mac} | headers)

    @asynccontextmanager
    async def raw(self, request: bytes) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.listener.port)
        try:
            writer.write(request)
            yield reader, writer
        finally:
            writer.close()
            await writer.wait_closed()

    async def refused_upgrade(self, path: str, **headers: str) -> int:
        with pytest.raises(aiohttp.WSServerHandshakeError) as error:
            await self.client.ws_connect(path, headers=headers)
        return error.value.status


def visit(
    play: Callable[[House], Awaitable[None]], carriers: tuple[Carrier, ...] = (MOCK,), **options: Any
) -> list[dict[str, Any]]:
    """Run a listener, let `play` visit it, and return what was logged."""

    async def main() -> None:
        desk = FakeDesk()
        listener = PublicListener(
            PublicOptions(port=0, credential_keys=(KEY,), **options),
            {carrier.name: carrier for carrier in carriers},
            desk,
            lambda: 1000.0,
        )
        async with (
            asyncio.timeout(5.0),
            listener,
            aiohttp.ClientSession(f"http://127.0.0.1:{listener.port}") as client,
        ):
            await play(House(listener, desk, client))

    with capture_logs() as logs:
        asyncio.run(main())
    return [dict(log) for log in logs]
