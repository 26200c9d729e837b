"""What lies around a gateway and outlives it: the telephone network, the archive, the wires between, the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx2
import msgspec
from structlog.testing import capture_logs

from tests.gateway.spelling import Alphabet, SpellingSynthesizer
from voicecall.carriers import Carrier, HttpReply, Webhook
from voicecall.core.ids import CallId
from voicecall.core.spending import Spent
from voicecall.emulators.faces import Face, Socket
from voicecall.emulators.faults import Faults
from voicecall.emulators.internet import Answer, Internet
from voicecall.emulators.memory import MemorySocket
from voicecall.emulators.network import Network, Wires
from voicecall.emulators.rest import RestApi
from voicecall.errors import StoreError
from voicecall.store import Batch, Claim, Logged, Note
from voicecall.store.memory import Archive, MemoryStore

START = 1_800_000_000.0
"""Unix seconds at which every town begins."""
API = "http://network.test"


@dataclass(frozen=True, slots=True)
class Kit:
    """Everything that differs between carriers."""

    name: str
    carrier: Callable[[], Carrier]
    face: Callable[[Internet], Face]
    rest: Callable[[Network, Face], RestApi]
    action: Callable[[str, str, bytes], str]
    """From method, path and body: `dial`, `hang-up`, `status`, `digits`, or `instruct` for anything else."""
    mark: str
    """What every message that asks for a mark contains, and no other."""
    ringing: str = "call.ringing"
    """The event with which the phone rings: the dial, where ringing is not told."""
    connects: Callable[[bytes, bytes], bool] = lambda webhook, answer: b"/voice/stream" in answer
    """From a webhook and what it was answered: whether a media stream is opened thereupon."""
    webhooks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Its names in fault plans for what the mock network calls otherwise: every webhook that tells the same."""
    signs_handshakes: bool = False
    """Whether the handshakes of its media sockets are signed."""
    reports_lost_streams: bool = False
    """Whether it reports a media stream that was lost, which is then a warning of the call."""
    complaints: Callable[[Face], list[str]] = lambda face: []
    """What it blames on the gateway, whatever the weather."""
    names_later: bool = False
    """Whether it takes a call first and names it with its first report."""
    gives_up: bool = False
    """Whether it ends a call at once whose gateway cannot be reached when it asks what to do."""
    listens: float = 0.0
    """Seconds that it listens by itself to a caller who says nothing, before it comes back."""
    sign: Callable[[str, Sequence[tuple[str, str]]], Mapping[str, str]] = lambda url, form: {}
    """From URL and form: what makes a webhook its own."""
    sorry: str = ""
    """The first word of what it says to a caller whose gateway is down; empty if it says nothing."""

    def faults(self, plan: Faults) -> Faults:
        """Return a fault plan in this carrier's own names."""
        return msgspec.structs.replace(
            plan,
            webhook_delay={own: late for name, late in plan.webhook_delay.items() for own in self._own(name)},
            webhook_duplicate=tuple(own for name in plan.webhook_duplicate for own in self._own(name)),
            webhook_lose=tuple(own for name in plan.webhook_lose for own in self._own(name)),
        )

    def _own(self, name: str) -> tuple[str, ...]:
        return self.webhooks.get(name, (name,))


OF_CALLS = {
    *("call", "media", "outbox", "reply", "stream", "webhook"),
    *("dial", "ConnectStream", "Prompt", "Dismiss", "RejectCall", "HangUp", "FetchStatus", "PressDigits", "ghost"),
}
"""How the tasks of calls are named."""


class Front(Protocol):
    """The public door of a gateway."""

    async def post(self, webhook: Webhook) -> HttpReply:
        """Answer a webhook."""

    def connect(self, plug: Plug, handshake: Webhook) -> None:
        """Serve a media stream.

        Raises:
            ConnectionRefusedError: its handshake is not admitted.
        """


class Phone(MemorySocket):
    """The network's end of a media socket; it counts what it has not read yet."""

    def __init__(self) -> None:
        super().__init__()
        self.unread = 0

    async def recv(self) -> str | None:
        """Return the next message."""
        message = await super().recv()
        self.unread -= message is not None
        return message


class Plug:
    """The gateway's end of a media socket: sending waits while a window of messages is unread."""

    WINDOW = 64

    def __init__(self, lost: str = "") -> None:
        """Messages that contain `lost` get lost on their way to the phone."""
        near, self._own = Phone.pair()
        assert isinstance(near, Phone)
        self.phone: Phone = near
        self._lost = lost
        self.closed: list[tuple[int, str]] = []
        """How the gateway closed it."""
        self.most_unread = 0
        self.slow_close = 0.0
        """Seconds until a peer that is gone is given up."""

    async def recv(self) -> str | bytes | None:
        """Return the next message, or None once the socket is closed."""
        return await self._own.recv()

    async def send(self, message: str) -> None:
        """Send; wait while the peer reads too slowly; drop the message once closed."""
        while self.phone.unread >= self.WINDOW and self._own.code is None:  # noqa: ASYNC110 - time is virtual
            await asyncio.sleep(0.005)
        if self._own.code is None and not (self._lost and self._lost in message):
            self.phone.unread += 1
            self.most_unread = max(self.most_unread, self.phone.unread)
            await self._own.send(message)

    async def close(self, code: int, reason: str) -> None:
        """Close it."""
        self.closed.append((code, reason))
        await asyncio.sleep(self.slow_close)
        await self._own.close(code)

    def drop(self) -> None:
        """Cut the connection."""
        self._own.drop()


class Rest(httpx2.AsyncBaseTransport):
    """The way to the carrier's REST API. Every request is noted in `sent` as (loop time, action)."""

    def __init__(self, api: RestApi, action: Callable[[str, str, bytes], str]) -> None:
        self.sent: list[tuple[float, str]] = []
        self.statuses: dict[str, list[int]] = {}
        """By action: what the next requests are answered with instead of being carried out."""
        self.late: dict[str, float] = {}
        """By action: seconds from the deed to its answer."""
        self.lost: set[str] = set()
        """Actions that are carried out, but whose answer is lost."""
        self._api = api
        self._action = action

    def count(self, action: str) -> int:
        """Return how often this was asked for."""
        return [name for _, name in self.sent].count(action)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Carry a request to the network and its answer back."""
        body = await request.aread()
        action = self._action(request.method, request.url.path, body)
        self.sent.append((asyncio.get_running_loop().time(), action))
        statuses = self.statuses.get(action)
        if statuses:
            return httpx2.Response(statuses.pop(0), content=b"{}")
        headers = {name.lower(): value for name, value in request.headers.items()}
        query = request.url.query.decode()
        path = f"{request.url.path}?{query}" if query else request.url.path
        reply = await self._api.handle(request.method, path, headers, body)
        await asyncio.sleep(self.late.get(action, 0.01))
        if action in self.lost:
            raise httpx2.ReadError("the connection broke")
        return httpx2.Response(reply.status, content=reply.body, headers=reply.headers)


class Disk(MemoryStore):
    """The archive, with a disk that takes its time, stalls and fails."""

    def __init__(self, *, instance: str, lease: float, clock: Callable[[], float], archive: Archive) -> None:
        super().__init__(instance=instance, lease=lease, clock=clock, archive=archive)
        self.writes = 0
        self.failing: set[int] = set()
        """Numbers of the writes that fail, from 1."""
        self.broken = False
        """Whether every write fails."""
        self.unreadable = False
        """Whether no record can be read."""
        self.illegible = False
        """Whether no note can be read."""
        self.uncountable = False
        """Whether calls cannot be summed up."""
        self.stall = 0.0
        """Seconds that the next write takes longer."""

    async def write(self, batches: Sequence[Batch]) -> list[list[Logged] | Exception]:
        """Write, in two milliseconds."""
        self.writes += 1
        number, stall, self.stall = self.writes, self.stall, 0.0
        await asyncio.sleep(0.002 + stall)
        if self.broken or number in self.failing:
            raise StoreError("the disk is full")
        return await super().write(batches)

    async def claim_key(self, claim: Claim, since: float) -> Claim:
        """Claim, in two milliseconds."""
        await self._reach()
        return await super().claim_key(claim, since)

    async def settle_key(self, claim: Claim) -> None:
        """Settle, in two milliseconds."""
        await self._reach()
        await super().settle_key(claim)

    async def note(self, kind: str, key: str) -> Note | None:
        """Read a note."""
        if self.broken or self.illegible:
            raise StoreError("the disk cannot be read")
        return await super().note(kind, key)

    async def write_note(self, note: Note) -> bool:
        """Write a note, in two milliseconds."""
        await self._reach()
        return await super().write_note(note)

    async def _reach(self) -> None:
        await asyncio.sleep(0.002)
        if self.broken:
            raise StoreError("the disk is full")

    async def record(self, call_id: CallId) -> dict[str, Any] | None:
        """Read a record."""
        if self.unreadable:
            raise StoreError("the disk cannot be read")
        return await super().record(call_id)

    async def spent(self, since: float, number: str | None = None) -> Spent:
        """Sum up calls, in a millisecond; what is written meanwhile is not counted."""
        if self.uncountable:
            raise StoreError("the disk cannot be read")
        found = await super().spent(since, number)
        await asyncio.sleep(0.001)
        return found

    async def find(self, carrier: str, carrier_call_id: str) -> CallId | None:
        """Find a call, in a millisecond."""
        await asyncio.sleep(0.001)
        return await super().find(carrier, carrier_call_id)

    async def events(self, after: int, limit: int, call_id: CallId | None = None) -> list[Logged]:
        """Read the log, in a millisecond; what is written meanwhile is not in it."""
        found = await super().events(after, limit, call_id)
        await asyncio.sleep(0.001)
        return found

    async def log(self, call_id: CallId) -> list[Logged]:
        """Read the log of a call, in a millisecond."""
        await asyncio.sleep(0.001)
        return await super().log(call_id)


@dataclass(slots=True)
class Town:
    """A telephone network of one carrier, an archive, and whichever gateway has opened its door."""

    kit: Kit
    tasks: asyncio.TaskGroup
    logs: list[MutableMapping[str, Any]]
    alphabet: Alphabet = field(default_factory=Alphabet)
    archive: Archive = field(default_factory=Archive)
    front: Front | None = None
    plugs: list[Plug] = field(default_factory=list)
    """All media sockets, in order."""
    posted: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)
    """All webhooks that were answered, as they were posted."""
    marks_get_lost: bool = False
    closed_to_sockets: int = 0
    """So many media sockets cannot be opened."""
    opening: Callable[[], None] = lambda: None
    """Called before a media socket is opened."""
    between: Callable[[str, Mapping[str, str], bytes], Awaitable[Answer]] | None = None
    """What carries the webhooks instead of `deliver`."""
    network: Network = field(init=False)
    face: Face = field(init=False)
    rest: Rest = field(init=False)

    def __post_init__(self) -> None:
        self.face = self.kit.face(Internet(self._fetch, self._connect))
        wires = Wires(self._post, lambda url: self._connect(url, {}), self.now)
        self.network = Network(wires, SpellingSynthesizer(self.alphabet), name="t", keep=1000)
        self.rest = Rest(self.kit.rest(self.network, self.face), self.kit.action)

    def now(self) -> float:
        """Return Unix seconds."""
        return START + asyncio.get_running_loop().time()

    def named(self, event: str) -> list[MutableMapping[str, Any]]:
        """Return the log lines of this name."""
        return [line for line in self.logs if line["event"] == event]

    @property
    def faults(self) -> Faults:
        """What goes wrong on calls from now on, in this carrier's names."""
        return self.network.faults

    @faults.setter
    def faults(self, plan: Faults) -> None:
        self.network.faults = self.kit.faults(plan)

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        answer = await self._fetch("POST", url, headers, body)
        return answer.status, answer.body

    async def _fetch(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        assert method == "POST"
        answer = await (self.between or self.deliver)(url, headers, body)
        self.posted.append((url, headers, body))
        return answer

    async def deliver(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Post a webhook to the gateway."""
        if self.front is None:
            raise ConnectionRefusedError("the gateway is down")
        reply = await self.front.post(_request("POST", url, headers, body))
        return Answer(reply.status, reply.body, {"content-type": reply.content_type})

    async def _connect(self, url: str, headers: Mapping[str, str]) -> Socket:
        self.opening()
        if self.front is None:
            raise ConnectionRefusedError("the gateway is down")
        if self.closed_to_sockets:
            self.closed_to_sockets -= 1
            raise ConnectionRefusedError("a proxy knows no WebSocket")
        plug = Plug(self.kit.mark if self.marks_get_lost else "")
        self.front.connect(plug, _request("GET", url, headers))
        self.plugs.append(plug)
        return plug.phone


def _request(method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Webhook:
    return Webhook(method, url, {name.lower(): value for name, value in headers.items()}, body, "192.0.2.1")


MakeTown = Callable[[], AbstractAsyncContextManager[Town]]


@asynccontextmanager
async def open_town(kit: Kit) -> AsyncIterator[Town]:
    """Found a town, whose carrier is to have no complaint about the gateway in the end."""
    with capture_logs() as logs:
        async with asyncio.TaskGroup() as tasks:
            town = Town(kit, tasks, logs)
            async with town.network.running():
                yield town
                assert kit.complaints(town.face) == []
