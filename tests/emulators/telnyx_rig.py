"""A gateway in memory and a simulated Telnyx in virtual time, for the tests of the simulator."""

from __future__ import annotations

import asyncio
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.emulators.twilio_rig import Tone, now
from voicecall.emulators.clock import run_virtual
from voicecall.emulators.faces import Parties
from voicecall.emulators.faults import Faults
from voicecall.emulators.internet import Answer, Internet
from voicecall.emulators.legs import Leg
from voicecall.emulators.memory import MemorySocket
from voicecall.emulators.network import Network, Wires
from voicecall.emulators.rest import Reply
from voicecall.emulators.script import Step
from voicecall.emulators.telnyx.account import Account
from voicecall.emulators.telnyx.face import TelnyxFace
from voicecall.emulators.telnyx.rest import TelnyxRest
from voicecall.speech import Speaker

Json = dict[str, Any]
ORIGIN = "https://voice.example.org"
PHONE = "+15550100009"
OURS = "+15550100010"
EPOCH = 1_800_000_000
STREAM: Json = {"stream_url": "wss://voice.example.org/media/c1?x=1", "stream_bidirectional_mode": "rtp"}


def state(text: str) -> str:
    """Return a client state."""
    return b64encode(text.encode()).decode()


@dataclass(frozen=True)
class Hook:
    """A webhook that reached the gateway."""

    at: float
    path: str
    headers: Mapping[str, str]
    body: bytes
    data: Json
    meta: Json

    @property
    def type(self) -> str:
        kind: str = self.data["event_type"]
        return kind

    @property
    def payload(self) -> Json:
        payload: Json = self.data["payload"]
        return payload

    def genuine(self, account: Account) -> bool:
        """Return whether the account signed it."""
        key = Ed25519PublicKey.from_public_bytes(b64decode(account.public_key))
        signed = self.headers["telnyx-timestamp"].encode() + b"|" + self.body
        try:
            key.verify(b64decode(self.headers["telnyx-signature-ed25519"]), signed)
        except InvalidSignature:
            return False
        return True


class Stream:
    """The gateway's end of a media stream."""

    def __init__(self, url: str, headers: Mapping[str, str], socket: MemorySocket) -> None:
        self.url = url
        self.headers = headers
        self.socket = socket
        self.got: list[tuple[float, Json]] = []

    def events(self, *names: str) -> list[Json]:
        return [message for _, message in self.got if not names or message["event"] in names]

    def times(self, event: str) -> list[float]:
        return [at for at, message in self.got if message["event"] == event]

    def codes(self) -> list[int]:
        return [message["payload"]["code"] for message in self.events("error")]

    async def read(self) -> None:
        while (text := await self.socket.recv()) is not None:
            self.got.append((now(), msgspec.json.decode(text)))

    async def send(self, event: str, **more: Any) -> None:
        await self.socket.send(msgspec.json.encode({"event": event, **more}).decode())

    async def media(self, payload: bytes) -> None:
        await self.send("media", media={"payload": b64encode(payload).decode()})

    async def play(self, seconds: float) -> None:
        await self.media(b"\x10\x90" * round(seconds * 4000))


class Gateway:
    """Answers every webhook with the next of its statuses, the last one for ever."""

    def __init__(self, *statuses: int | Exception) -> None:
        self.hooks: list[Hook] = []
        self.streams: list[Stream] = []
        self.statuses = list(statuses) or [200]
        self.refuses_streams: Exception | None = None
        self.handshake = 0.0
        """Seconds that opening a media stream takes."""
        self.tasks: asyncio.TaskGroup

    def types(self) -> list[str]:
        return [hook.type for hook in self.hooks]

    def at(self, *types: str) -> list[Hook]:
        return [hook for hook in self.hooks if hook.type in types]

    def payload(self, kind: str) -> Json:
        """Return the payload of the only webhook of this type."""
        (hook,) = self.at(kind)
        return hook.payload

    async def fetch(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        assert method == "POST"
        told = msgspec.json.decode(body)
        self.hooks.append(Hook(now(), urlsplit(url).path, headers, body, told["data"], told["meta"]))
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        if isinstance(status, TimeoutError):
            await asyncio.sleep(60)
        if isinstance(status, Exception):
            raise status
        return Answer(status)

    async def connect(self, url: str, headers: Mapping[str, str]) -> MemorySocket:
        if self.refuses_streams is not None:
            raise self.refuses_streams
        await asyncio.sleep(self.handshake)
        near, far = MemorySocket.pair()
        stream = Stream(url, headers, far)
        self.streams.append(stream)
        self.tasks.create_task(stream.read())
        return near


class World:
    """The simulator with a gateway, driven by REST and by phones."""

    def __init__(self, network: Network, face: TelnyxFace, gateway: Gateway) -> None:
        self.network = network
        self.face = face
        self.gateway = gateway
        self.rest = TelnyxRest(network, face)

    async def request(self, method: str, path: str, body: bytes = b"", key: str | None = None) -> Reply:
        authorization = f"Bearer {self.face.account.api_key if key is None else key}"
        return await self.rest.handle(method, f"/v2{path}", {"authorization": authorization}, body)

    async def ask(self, method: str, path: str, body: Json | None = None, *, status: int = 200) -> Json:
        """Return the `data` of an answer, or the only one of its errors."""
        reply = await self.request(method, path, msgspec.json.encode(body or {}))
        assert reply.status == status, reply.body
        answer: Json = msgspec.json.decode(reply.body)
        data: Json = answer["data"] if status == 200 else answer["errors"][0]
        return data

    async def dial(self, to: str = PHONE, **more: Any) -> Leg:
        body = {"connection_id": self.face.account.connection_id, "to": to, "from": OURS, **more}
        call = await self.ask("POST", "/calls", {name: value for name, value in body.items() if value is not None})
        return self.network.legs[call["call_control_id"]]

    async def answered(self, to: str = PHONE, **more: Any) -> Leg:
        """Dial and wait for the answer."""
        leg = await self.dial(to, **more)
        await asyncio.sleep(0.7)
        assert leg.status == "answered"
        return leg

    async def do(self, leg: Leg, action: str, *, status: int = 200, **more: Any) -> Json:
        """Send a command; return its result, or the error."""
        method = "PUT" if action == "client_state_update" else "POST"
        return await self.ask(method, f"/calls/{leg.parties.call}/actions/{action}", more, status=status)

    async def code(self, leg: Leg, action: str, **more: Any) -> str:
        """Return the code with which a command is refused."""
        code: str = (await self.do(leg, action, status=422, **more))["code"]
        return code

    async def alive(self, leg: Leg) -> bool:
        alive: bool = (await self.ask("GET", f"/calls/{leg.parties.call}"))["is_alive"]
        return alive

    async def ring(self, *steps: Step) -> Leg:
        leg = await self.network.ring(self.face, Parties("", "inbound", PHONE, OURS, ""), steps)
        await asyncio.sleep(0.01)
        return leg

    async def stream(self, leg: Leg, **more: Any) -> Stream:
        """Open a media stream and return it a tenth of a second later."""
        await self.do(leg, "streaming_start", **{**STREAM, **more})
        await asyncio.sleep(0.1)
        return self.gateway.streams[-1]

    def codes(self) -> list[str]:
        return [notification.code for notification in self.face.notifications]


def play(
    scene: Callable[[World], Awaitable[None]],
    *statuses: int | Exception,
    account: Account | None = None,
    faults: Faults | None = None,
    voice: Speaker | None = None,
) -> Gateway:
    """Run a scene in which the gateway gives these answers; what it got is returned. `voice` is the network's."""
    gateway = Gateway(*statuses)

    async def main() -> None:
        loop = asyncio.get_running_loop()

        async def post(url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
            raise AssertionError(url)

        async def connect(url: str) -> MemorySocket:
            raise AssertionError(url)

        network = Network(Wires(post, connect, lambda: EPOCH + loop.time()), voice or Tone(), name="t")
        network.faults = faults or Faults()
        face = TelnyxFace(account or Account(webhook_url=f"{ORIGIN}/telnyx"), Internet(gateway.fetch, gateway.connect))
        async with asyncio.TaskGroup() as gateway.tasks, network.running():
            await scene(World(network, face, gateway))
            for stream in gateway.streams:
                stream.socket.drop()

    run_virtual(main)
    return gateway
