"""A gateway in memory, wired as in production but without a socket, a clock or a file: for virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

import httpx2

from voicecall import plugins
from voicecall.app.carriers import MOCK_NUMBER, from_number
from voicecall.app.profiles import Profiles
from voicecall.app.serving import CALLER_VOICE
from voicecall.carriers import Carrier, HttpReply, Webhook
from voicecall.config.available import check_available
from voicecall.config.check import LOCAL
from voicecall.config.model import Config
from voicecall.config.speech import Tts
from voicecall.core.budget import Budget
from voicecall.core.credentials import mint
from voicecall.core.ids import CallId
from voicecall.emulators.faces import Socket
from voicecall.emulators.memory import MemorySocket
from voicecall.emulators.mock import MockFace
from voicecall.emulators.mock_rest import MockRest
from voicecall.emulators.network import Network, Wires
from voicecall.entrypoints.streams import Streams
from voicecall.entrypoints.webhooks import Webhooks
from voicecall.errors import BadParameters
from voicecall.gateway.budget import OutboundBudget
from voicecall.gateway.gateway import Bell, Defaults, Gateway
from voicecall.gateway.journal import Journal
from voicecall.gateway.line import Line
from voicecall.gateway.outbox import Surroundings
from voicecall.gateway.switchboard import Exchange, Switchboard
from voicecall.net.http import Http
from voicecall.speech import Speaker, onnx
from voicecall.store.memory import MemoryStore

from .reading import SECRET
from .remembering import RememberingEngines
from .stage import CARRIER, Stage

START = 1_800_000_000.0
"""Unix seconds at which virtual time begins."""
_WEBHOOK = "https://gateway.test/voice/webhook/mock"
_STREAM = "wss://gateway.test/voice/stream"
_NETWORK = "http://network.test"
_KEY = b"the key of stream credentials"
_LINE_DELAY = 0.002
"""Seconds that anything takes on its way."""


def now() -> float:
    """Return Unix seconds."""
    return START + asyncio.get_running_loop().time()


class _Plug:
    """The gateway's end of a media socket."""

    def __init__(self) -> None:
        self.phone, self._own = MemorySocket.pair()

    async def recv(self) -> str | bytes | None:
        """Return the next message, or None once the socket is closed."""
        return await self._own.recv()

    async def send(self, message: str) -> None:
        """Send, or drop the message once closed."""
        if self._own.code is None:
            await self._own.send(message)

    async def close(self, code: int, reason: str) -> None:
        """Close it."""
        await self._own.close(code)


class _Rest(httpx2.AsyncBaseTransport):
    """The way to the network's REST API."""

    def __init__(self, api: MockRest) -> None:
        self._api = api

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Carry a request to the network and its answer back."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        reply = await self._api.handle(request.method, request.url.path, headers, await request.aread())
        await asyncio.sleep(_LINE_DELAY)
        return httpx2.Response(reply.status, content=reply.body, headers=reply.headers)


class MemoryStages:
    """Gateways that share their engines. To be used on one virtual loop."""

    def __init__(self, caller: Speaker, profiles: Mapping[int, Profiles]) -> None:
        """`caller` is the voice of the phones; `profiles` are by the identity of their configuration."""
        self._caller = caller
        self._profiles = profiles
        self._count = 0

    @asynccontextmanager
    async def open(self, config: Config) -> AsyncIterator[Stage]:
        """Open a gateway.

        Raises:
            VoicecallError: it cannot start.
        """
        self._count += 1
        async with asyncio.TaskGroup() as doors:
            front = _Front(doors)
            network = Network(Wires(front.post, front.connect, now), self._caller, name="s", voice=CALLER_VOICE)
            face = MockFace(SECRET)
            rest = _Rest(MockRest(network, face, SECRET))
            store = MemoryStore(instance=f"stage {self._count}", clock=now)
            await store.open()
            profiles = self._profiles[id(config)]
            bell = Bell()
            async with network.running(), Http(rest) as http, Journal(store, bell.ring) as journal:
                carrier: Carrier = plugins.find("carrier", CARRIER)(SECRET, _NETWORK)
                around = self._around(carrier, config, http, journal)
                switchboard = Switchboard(
                    Exchange(
                        store=store,
                        journal=journal,
                        carriers={CARRIER: around},
                        clock=now,
                        entropy=self._entropy,
                        instance=f"stage {self._count}",
                        rules=profiles.rules,
                        reception=profiles.reception,
                        open_media=profiles.open_media,
                        max_calls=config.limits.max_concurrent_calls,
                    )
                )
                defaults = Defaults((CARRIER,), config.outbound.default_mode, config.to_number)
                unlimited = OutboundBudget(Budget(), store, now)
                gateway = Gateway(
                    switchboard, store, bell, defaults, None, budget=unlimited, failing=lambda: journal.failing
                )
                front.open({CARRIER: carrier}, switchboard)
                ready = asyncio.Event()
                serving = doors.create_task(switchboard.run(ready.set), name="switchboard")
                await ready.wait()
                yield Stage(
                    gateway=gateway,
                    switchboard=switchboard,
                    network=network,
                    face=face,
                    webhook=_WEBHOOK,
                    line=config.from_number or MOCK_NUMBER,
                    clock=now,
                )
                serving.cancel()

    def _around(self, carrier: Carrier, config: Config, http: Http, journal: Journal) -> Surroundings:
        def credential(call_id: CallId, nonce: str, expires: float) -> str:
            return mint(_KEY, call_id=call_id, nonce=nonce, expires=expires, carrier=CARRIER)

        return Surroundings(
            journal=journal,
            line=Line(carrier, http, timeout=10.0, dials_per_second=None),
            clock=now,
            nonce=lambda: self._entropy(10).hex(),
            credential=credential,
            stream_url=lambda: _STREAM,
            webhook_url=lambda: _WEBHOOK,
            from_number=from_number(config, CARRIER),
        )

    def _entropy(self, size: int) -> bytes:
        self._count += 1
        return self._count.to_bytes(size, "big")


@asynccontextmanager
async def memory_stages(configs: Iterable[Config], *, speaking: bool, seed: int) -> AsyncIterator[MemoryStages]:
    """Provide gateways of these configurations, with all their engines loaded; the same `seed` makes the same voices.

    `speaking`: whether the phones need a voice; without one, they whistle.

    Raises:
        VoicecallError: one of them cannot be had.
    """
    onnx.seed(seed)
    engines = RememberingEngines()
    profiles = {}
    for config in configs:
        check_available(config)
        _check_near(config)
        profiles[id(config)] = Profiles(config, engines)
    caller = engines.speaker(Tts() if speaking else Tts(provider="tone"))
    async with AsyncExitStack() as stack:
        await engines.load(stack)
        yield MemoryStages(caller, profiles)


def _check_near(config: Config) -> None:
    """Refuse what virtual time cannot wait for.

    Raises:
        BadParameters: somebody beyond this process hears, speaks or answers.
    """
    for number in ("", *config.lines):
        line = config.line(number)
        for key, name, near in (
            ("stt.provider", line.stt.provider, LOCAL | {"scripted"}),
            ("tts.provider", line.tts.provider, LOCAL | {"tone"}),
            ("brain.kind", line.brain.kind, {"demo", "fixed", "echo", "python"}),
        ):
            if name not in near:
                raise BadParameters(f"{key} = {name} is not in this process, so it needs real time: no --virtual")


class _Front:
    """The public door of a gateway."""

    def __init__(self, doors: asyncio.TaskGroup) -> None:
        self._doors = doors
        self._carriers: Mapping[str, Carrier] = {}
        self._webhooks: Webhooks
        self._streams: Streams

    def open(self, carriers: Mapping[str, Carrier], switchboard: Switchboard) -> None:
        """Let webhooks and streams in."""
        self._carriers = carriers
        self._webhooks = Webhooks(carriers, switchboard, now, default=CARRIER)
        self._streams = Streams(carriers, switchboard, now, default=CARRIER, keys=(_KEY,), pre_start_timeout=5.0)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """Answer a webhook."""
        lowered = {name.lower(): value for name, value in headers.items()}
        webhook = Webhook("POST", url, lowered, body, "127.0.0.1")
        await asyncio.sleep(_LINE_DELAY)
        reply: HttpReply = await self._webhooks.handle(webhook, CARRIER, lambda: None)
        return reply.status, reply.body

    async def connect(self, url: str) -> Socket:
        """Serve a media stream beside everything else."""
        plug = _Plug()
        await asyncio.sleep(_LINE_DELAY)
        serving = self._streams.serve(self._carriers[CARRIER], None, plug, lambda: None)
        self._doors.create_task(serving, name="stream")
        return plug.phone
