"""Receivers of webhooks that take, refuse and fail, an archive whose disk does, and gateways between them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import msgspec
from structlog.testing import capture_logs

from voicecall.core import events
from voicecall.core.events import Event
from voicecall.core.hooks import Cursor, Receiver
from voicecall.core.ids import CallId, CarrierCallId
from voicecall.core.record import record, replay
from voicecall.core.rules import Rules
from voicecall.emulators.clock import run_virtual
from voicecall.errors import StoreError
from voicecall.gateway.gateway import Bell
from voicecall.gateway.hook import KIND, Hook
from voicecall.gateway.hooks import Hooks
from voicecall.net.http import Http
from voicecall.store import Batch, Entry, Logged, Note, Row
from voicecall.store.memory import Archive, MemoryStore

START = 1_800_000_000.0
KEY = bytes(range(32))
HANG = "hang"
"""Never answers."""
Answer = int | Exception | httpx2.Response | str | float
"""A status, a failure, a whole response, `HANG`, or seconds until it takes the message."""


def receiver(name: str = "crm", **more: Any) -> Receiver:
    """Return a receiver of its own host."""
    return Receiver(name=name, url=f"https://{name}.test/hook?key=hidden", secrets=(KEY,), **more)


@dataclass
class Receivers(httpx2.AsyncBaseTransport):
    """All receivers; each answers what it was told to, in order, and then takes everything."""

    answers: dict[str, list[Answer]] = field(default_factory=dict)
    """By name."""
    asked: list[tuple[float, str, httpx2.Request]] = field(default_factory=list)
    """Every attempt: loop time, name, request."""
    taken: dict[str, list[str]] = field(default_factory=dict)
    """By name: the ids of messages that were taken."""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer."""
        name = request.url.host.removesuffix(".test")
        await request.aread()
        self.asked.append((asyncio.get_running_loop().time(), name, request))
        self._tell()
        answers = self.answers.get(name, [])
        answer = answers.pop(0) if answers else 204
        if answer == HANG:
            await asyncio.Event().wait()
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, float):
            await asyncio.sleep(answer)
            answer = 204
        response = answer if isinstance(answer, httpx2.Response) else httpx2.Response(int(answer))
        if response.is_success:
            self.taken.setdefault(name, []).append(request.headers["webhook-id"])
            self._tell()
        return response

    def _tell(self) -> None:
        self.arrived.set()
        self.arrived = asyncio.Event()

    async def until(self, ready: Callable[[], bool]) -> None:
        """Return once it is so, which only a request can bring about."""
        while not ready():
            await self.arrived.wait()

    async def have(self, name: str, *ids: str) -> None:
        """Return once a receiver has taken exactly these, in this order."""
        await self.until(lambda: len(self.taken.get(name, ())) >= len(ids))
        assert self.taken[name] == list(ids)

    def times(self, name: str) -> list[float]:
        """Return when a receiver was asked."""
        return [at for at, asked, _ in self.asked if asked == name]

    def bodies(self, name: str) -> list[dict[str, Any]]:
        """Return what a receiver was sent, attempt by attempt."""
        return [json.loads(request.content) for _, asked, request in self.asked if asked == name]


class Disk(MemoryStore):
    """An archive whose disk can fail."""

    broken = False
    """Whether nothing can be read or written."""
    read_only = False
    """Whether no note can be written."""
    reads = 0
    """How often the log was read."""

    async def events(self, after: int, limit: int, call_id: CallId | None = None) -> list[Logged]:
        """Read."""
        self.reads += 1
        if self.broken:
            raise StoreError("the disk is gone")
        return await super().events(after, limit, call_id)

    async def write_note(self, note: Note) -> bool:
        """Write."""
        if self.broken or self.read_only:
            raise StoreError("the disk is full")
        await asyncio.sleep(0.002)
        return await super().write_note(note)


class Gateway:
    """As much of a gateway as tells receivers."""

    def __init__(self, town: Town, instance: str, *told: Receiver) -> None:
        self.store = Disk(instance=instance, clock=town.now, archive=town.archive)
        self.http = Http(town.receivers)
        self.bell = Bell()
        hooks = [
            Hook(one, self.store, self.http, instance=instance, clock=town.now, chance=lambda: 0.0) for one in told
        ]
        self.hooks = Hooks(hooks, grown=self.bell.next, clock=town.now, new_id=lambda: "NEW")

    def hook(self, name: str = "crm") -> Hook:
        """Return the hook of a receiver."""
        return next(hook for hook in self.hooks.all if hook.receiver.name == name)


@dataclass
class Town:
    """Receivers, and an archive that several gateways may share."""

    receivers: Receivers
    logs: list[Any]
    archive: Archive = field(default_factory=Archive)

    def now(self) -> float:
        """Return Unix seconds."""
        return START + asyncio.get_running_loop().time()

    @asynccontextmanager
    async def gateway(self, *told: Receiver, instance: str = "one") -> AsyncIterator[Gateway]:
        """Run a gateway."""
        gateway = Gateway(self, instance, *told)
        await gateway.store.open()
        async with gateway.http, gateway.hooks:
            await asyncio.sleep(0.1)  # it has looked where it stands
            yield gateway

    async def killed(self, *told: Receiver, until: Callable[[Gateway], Coroutine[Any, Any, None]]) -> None:
        """Run a gateway until then, and end it as a power cut would."""

        class _Cut(Exception):
            """The power is gone."""

        try:
            async with self.gateway(*told) as gateway:
                await until(gateway)
                raise _Cut
        except _Cut:
            pass

    async def happens(self, gateway: Gateway, call: str, *what: Event, at: float | None = None) -> list[str]:
        """Have events of a call logged; return the ids of the messages about them."""
        log = await gateway.store.log(CallId(call))
        at = self.now() if at is None else at
        entries = tuple(
            Entry(CallId(call), seq, at, type(event).__name__, events.encode(event))
            for seq, event in enumerate(what, len(log) + 1)
        )
        known = [(one.at, events.decode(one.data)) for one in log] + [(at, event) for event in what]
        shown = record(replay(known))
        row = Row(
            call_id=CallId(call),
            carrier="mock",
            carrier_call_id=call,
            direction="inbound",
            state=shown["state"],
            from_=shown["from"],
            to=shown["to"],
            started_at=known[0][0],
            ended_at=None,
            record=json.dumps(shown).encode(),
            seq=entries[-1].seq,
        )
        (logged,) = await gateway.store.write([Batch(entries, row)])
        assert isinstance(logged, list)
        gateway.bell.ring(logged)
        return [f"evt_{call}_{entry.seq}" for entry in entries]

    async def cursor(self, gateway: Gateway, name: str = "crm") -> Cursor:
        """Return what the archive says of a receiver."""
        note = await gateway.store.note(KIND, name)
        assert note is not None
        return msgspec.json.decode(note.data, type=Cursor)

    def named(self, event: str) -> list[Any]:
        """Return the log lines of this name."""
        return [line for line in self.logs if line["event"] == event]


def arrived(call: str) -> events.Arrived:
    """Return how a call begins."""
    return events.Arrived(
        call_id=CallId(call),
        carrier="mock",
        carrier_call_id=CarrierCallId(call),
        from_="+15550100009",
        to="+15550000000",
        greeting="Good morning",
        rules=Rules(),
    )


def meet(scene: Callable[[Town], Coroutine[Any, Any, None]], limit: float = 200_000.0) -> None:
    """Play a scene in virtual time, at most `limit` seconds of it."""

    async def main() -> None:
        with capture_logs() as logs:
            town = Town(Receivers(), logs)
            await scene(town)
            assert "hidden" not in str(logs)

    run_virtual(main, limit)


def scene(play: Callable[[Town], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Make a test of a scene, which plays in virtual time."""

    def test() -> None:
        meet(play)

    return test
