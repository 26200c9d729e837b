"""A call's model that says and does what a test has it do, and a stream that plays at once what it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from tests.gateway.brains import Answers
from voicecall.brains import Conversation
from voicecall.brains.tools import Toolbox
from voicecall.core.events import Event
from voicecall.gateway.desk import Desk
from voicecall.gateway.duplex import Duplex
from voicecall.gateway.player import RATE
from voicecall.realtime import Brief, Report, Tool, Traits

TALK = Conversation("call-1", "inbound", "+15550100009", "+15550000000", ())
SECOND = b"\x10" * RATE


class Puppet:
    """A model with one session, which is itself."""

    def __init__(self, traits: Traits) -> None:
        self.traits = traits
        self.asked: list[str] = []
        """What was asked of it, in order."""
        self.fed: list[bytes] = []
        self.notes: list[str] = []
        self.outputs: dict[str, bool] = {}
        """By call, whether it was to go on."""
        self.report: Callable[[Report], None] = lambda report: None

    def open(self, brief: Brief, report: Callable[[Report], None]) -> Puppet:
        """Return the session."""
        self.report = report
        return self

    def feed(self, mulaw: bytes, base64: str = "") -> None:
        """Take sound."""
        self.fed.append(mulaw)

    def speech_started(self) -> None:
        """Take no notice."""

    def speech_stopped(self) -> None:
        """Take no notice."""

    def respond(self, answer: str) -> None:
        """Remember that."""
        self.asked.append(f"respond {answer}")

    def say(self, answer: str, text: str) -> None:
        """Remember that."""
        self.asked.append(f"say {answer} {text}")

    def cancel(self, answer: str, heard: int) -> None:
        """Remember that."""
        self.asked.append(f"cancel {answer} {heard}")

    def result(self, call: str, output: str, *, more: bool) -> None:
        """Remember that."""
        self.outputs[call] = more

    def note(self, text: str) -> None:
        """Remember that."""
        self.notes.append(text)

    async def run(self, tools: tuple[Tool, ...]) -> None:
        """Be there."""
        await asyncio.Event().wait()


class Far:
    """A stream whose far end plays what it is sent, and returns its marks when that was played."""

    def __init__(self, duplex: Duplex) -> None:
        self._duplex = duplex
        self._until = 0.0

    async def audio(self, mulaw: bytes) -> None:
        """Play it after what came before."""
        self._until = max(self._until, asyncio.get_running_loop().time()) + len(mulaw) / RATE

    async def mark(self, name: str) -> None:
        """Return it in its time."""
        asyncio.get_running_loop().call_at(self._until, self._duplex.player.mark_returned, name)

    async def clear(self) -> None:
        """Play no more of it."""
        self._until = 0.0


class Stage:
    """A mouth whose model is a puppet, and what it posted."""

    def __init__(self, traits: Traits, toolbox: Toolbox | None) -> None:
        self.model = Puppet(traits)
        self.posted: list[Event] = []
        post = self.posted.append
        desk = Desk(lambda: TALK, post, toolbox=toolbox, read_only=False)
        brief = Brief("call-1", "", tuple)
        self.duplex = Duplex(self.model, brief, post, mind=Answers("Yes"), desk=desk, lead=0.3)
        self.duplex.player.attach(Far(self.duplex))

    def respond(self, reply: int) -> None:
        """Have it answer."""
        self.duplex.respond(reply, 1, TALK, silent_since=0.0, waited=None)

    def of(self, *kinds: type[Event]) -> list[Event]:
        """Return what was posted of these kinds."""
        return [event for event in self.posted if isinstance(event, kinds)]


@asynccontextmanager
async def stage(traits: Traits = Traits(), toolbox: Toolbox | None = None) -> AsyncIterator[Stage]:  # noqa: B008 - it is frozen
    """Open one."""
    at = Stage(traits, toolbox)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(at.duplex.run())
        await asyncio.sleep(0.01)
        yield at
        running.cancel()
