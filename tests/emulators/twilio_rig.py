"""A gateway in memory and a simulated Twilio in virtual time, for the tests of the simulator."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from voicecall.emulators.clock import run_virtual
from voicecall.emulators.faces import Parties
from voicecall.emulators.faults import Faults
from voicecall.emulators.internet import Answer, Internet
from voicecall.emulators.legs import Leg
from voicecall.emulators.memory import MemorySocket
from voicecall.emulators.network import Network, Wires
from voicecall.emulators.script import Step
from voicecall.emulators.twilio.account import Account
from voicecall.emulators.twilio.face import TwilioFace
from voicecall.emulators.twilio.rest import TwilioRest
from voicecall.speech import Voice

Json = dict[str, Any]
ORIGIN = "https://voice.example.org"
PHONE = "+15550100009"
OURS = "+15550100010"
STATUS: dict[str, Any] = {
    "StatusCallback": f"{ORIGIN}/status",
    "StatusCallbackEvent": ["initiated", "ringing", "answered", "completed"],
}
STREAM = (
    '<Connect><Stream url="wss://voice.example.org/media" statusCallback="https://voice.example.org/stream">'
    '<Parameter name="token" value="t&amp;1"/></Stream></Connect>'
)


def basic(user: str, password: str) -> str:
    """Return the header of Basic authentication."""
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


class Tone:
    """A second of loud audio for any text."""

    async def speak(self, text: str, voice: Voice) -> AsyncGenerator[bytes, None]:
        yield b"\x10\x90" * 4000


@dataclass(frozen=True)
class Hook:
    """A request that reached the gateway."""

    at: float
    method: str
    url: str
    path: str
    form: Mapping[str, str]
    headers: Mapping[str, str]


class Stream:
    """The gateway's end of a media stream."""

    def __init__(self, url: str, headers: Mapping[str, str], socket: MemorySocket) -> None:
        self.url = url
        self.headers = headers
        self.socket = socket
        self.got: list[tuple[float, Json]] = []

    @property
    def sid(self) -> str:
        sid: str = self.got[1][1]["streamSid"]
        return sid

    def events(self, *names: str) -> list[Json]:
        return [message for _, message in self.got if not names or message["event"] in names]

    def times(self, event: str) -> list[float]:
        return [at for at, message in self.got if message["event"] == event]

    async def read(self) -> None:
        while (text := await self.socket.recv()) is not None:
            self.got.append((now(), msgspec.json.decode(text)))

    async def send(self, event: str, **more: Any) -> None:
        await self.socket.send(msgspec.json.encode({"event": event, "streamSid": self.sid, **more}).decode())

    async def play(self, seconds: float) -> None:
        await self.send("media", media={"payload": b64encode(b"\x10\x90" * round(seconds * 4000)).decode()})


def now() -> float:
    return round(asyncio.get_running_loop().time(), 2)


Page = str | Answer | Exception | Callable[[Hook], str | Answer]


class Gateway:
    """Answers each path with its page; a list of pages is used up one by one, but for the last."""

    def __init__(self, pages: Mapping[str, Page | list[Page]]) -> None:
        self.hooks: list[Hook] = []
        self.streams: list[Stream] = []
        self.refuses_streams: Exception | None = None
        self.handshake = 0.0
        """Seconds that opening a media stream takes."""
        self.tasks: asyncio.TaskGroup
        self._pages = dict(pages)

    def paths(self) -> list[str]:
        return [hook.path for hook in self.hooks]

    def at(self, path: str) -> list[Hook]:
        return [hook for hook in self.hooks if hook.path == path]

    async def fetch(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        parts = urlsplit(url)
        form = dict(parse_qsl(body.decode() if method == "POST" else parts.query, keep_blank_values=True))
        hook = Hook(now(), method, url, parts.path, form, headers)
        self.hooks.append(hook)
        page = self._pages.get(parts.path, Answer(204))
        if isinstance(page, list):
            page = page.pop(0) if len(page) > 1 else page[0]
        if callable(page):
            page = page(hook)
        if isinstance(page, TimeoutError):
            await asyncio.sleep(60)
        if isinstance(page, Exception):
            raise page
        if isinstance(page, Answer):
            return page
        return Answer(200, f"<Response>{page}</Response>".encode(), {"content-type": "text/xml; charset=utf-8"})

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

    def __init__(self, network: Network, face: TwilioFace, gateway: Gateway) -> None:
        self.network = network
        self.face = face
        self.gateway = gateway
        self.rest = TwilioRest(network, face)
        self.root = f"/2010-04-01/Accounts/{face.account.sid}"

    async def ask(self, method: str, path: str, form: Mapping[str, Any] | None = None, *, status: int = 200) -> Json:
        account = self.face.account
        headers = {"authorization": basic(account.sid, account.auth_token)}
        body = urlencode(form or {}, doseq=True)
        if method == "GET" and body:
            path, body = f"{path}?{body}", ""
        reply = await self.rest.handle(method, self.root + path, headers, body.encode())
        assert reply.status == status, reply.body
        answer: Json = msgspec.json.decode(reply.body)
        return answer

    async def dial(self, to: str = PHONE, **form: Any) -> Leg:
        form = {"To": to, "From": OURS, "Url": f"{ORIGIN}/voice", **form}
        call = await self.ask("POST", "/Calls.json", {k: v for k, v in form.items() if v is not None}, status=201)
        return self.network.legs[call["sid"]]

    async def update(self, leg: Leg, *, status: int = 200, **form: Any) -> Json:
        return await self.ask("POST", f"/Calls/{leg.parties.call}.json", form, status=status)

    async def status(self, leg: Leg) -> str:
        status: str = (await self.ask("GET", f"/Calls/{leg.parties.call}.json"))["status"]
        return status

    async def ring(self, *steps: Step) -> Leg:
        return await self.network.ring(self.face, Parties("", "inbound", PHONE, OURS, ""), steps)

    def codes(self) -> list[int]:
        return [notification.code for notification in self.face.notifications]


def play(
    scene: Callable[[World], Awaitable[None]],
    pages: Mapping[str, Page | list[Page]] | None = None,
    *,
    account: Account | None = None,
    faults: Faults | None = None,
) -> Gateway:
    """Run a scene; what the gateway got is returned."""
    gateway = Gateway(pages or {})

    async def main() -> None:
        loop = asyncio.get_running_loop()

        async def post(url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
            raise AssertionError(url)

        async def connect(url: str) -> MemorySocket:
            raise AssertionError(url)

        network = Network(Wires(post, connect, lambda: 1_800_000_000 + loop.time()), Tone(), name="t")
        network.faults = faults or Faults()
        face = TwilioFace(account, Internet(gateway.fetch, gateway.connect))
        async with asyncio.TaskGroup() as gateway.tasks, network.running():
            await scene(World(network, face, gateway))
            for stream in gateway.streams:
                stream.socket.drop()

    run_virtual(main)
    return gateway


def journal(leg: Leg, *kinds: str) -> list[tuple[float, str, str]]:
    """Return the entries of these kinds."""
    return [(entry.at, entry.what, entry.text) for entry in leg.journal if entry.what in kinds]
