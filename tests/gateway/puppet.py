"""A model that reports whatever it is told to, and a telephone that plays what it is sent; time is virtual."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from tests.gateway.brains import Answers
from voicecall.brains import Conversation, Opening
from voicecall.core.events import Event
from voicecall.errors import RealtimeError
from voicecall.gateway.desk import Desk
from voicecall.gateway.duplex import Duplex
from voicecall.gateway.player import RATE
from voicecall.realtime import Brief, Report, Tool, Traits


class Puppet:
    """The model, and its one session."""

    def __init__(self, traits: Traits) -> None:
        self.traits = traits
        self.asked: list[tuple[str, ...]] = []
        """What was asked of the session."""
        self.fed: list[tuple[bytes, str]] = []
        self.report: Callable[[Report], None] = lambda report: None
        self._end = asyncio.get_running_loop().create_future()

    def open(self, brief: Brief, report: Callable[[Report], None]) -> Puppet:
        self.report = report
        return self

    def feed(self, mulaw: bytes, base64: str = "") -> None:
        self.fed.append((mulaw, base64))

    def speech_started(self) -> None:
        pass

    def speech_stopped(self) -> None:
        pass

    def respond(self, answer: str) -> None:
        self.asked.append(("respond", answer))

    def say(self, answer: str, text: str) -> None:
        self.asked.append(("say", answer, text))

    def cancel(self, answer: str, heard: int) -> None:
        self.asked.append(("cancel", answer, str(heard)))

    def result(self, call: str, output: str, *, more: bool) -> None:
        self.asked.append(("result", call, str(more)))

    def note(self, text: str) -> None:
        pass

    async def run(self, tools: tuple[Tool, ...]) -> None:
        await self._end

    def fail(self) -> None:
        if not self._end.done():
            self._end.set_exception(RealtimeError("gone"))


class Telephone:
    """Plays what it is sent in real time, and returns marks once it has."""

    def __init__(self, returned: Callable[[str], None], played: Callable[[bytes], None]) -> None:
        self._returned = returned
        self._played = played
        self._loop = asyncio.get_running_loop()
        self._until = 0.0
        self._marks: list[asyncio.TimerHandle] = []

    async def audio(self, mulaw: bytes) -> None:
        self._played(mulaw)
        self._until = max(self._until, self._loop.time()) + len(mulaw) / RATE

    async def mark(self, name: str) -> None:
        self._marks.append(self._loop.call_at(max(self._until, self._loop.time()), self._returned, name))

    async def clear(self) -> None:
        for mark in self._marks:
            mark.cancel()
        self._until = 0.0


@asynccontextmanager
async def conversing(
    traits: Traits, post: Callable[[Event], None], played: Callable[[bytes], None], *, patience: float = 10.0
) -> AsyncIterator[tuple[Duplex, Puppet]]:
    """Open the mouth of a call that a puppet leads; `played` takes what is sent to the telephone."""
    puppet, brain = Puppet(traits), Answers("You are welcome")

    def told() -> Conversation:
        return Conversation("call", "inbound", "", "", ())

    mind = brain.open(Opening("call", "inbound", "", ""), lambda report: None)
    brief = Brief("call", "", lambda: ())
    duplex = Duplex(puppet, brief, post, mind=mind, desk=Desk(told, post), lead=0.3, patience=patience)
    duplex.player.attach(Telephone(duplex.player.mark_returned, played))
    running = asyncio.get_running_loop().create_task(duplex.run(), name="duplex")
    await asyncio.sleep(0)
    try:
        yield duplex, puppet
        assert not running.done()
    finally:
        running.cancel()
        await asyncio.wait([running])
