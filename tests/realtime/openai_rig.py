"""A session with OpenAI's emulator over loopback, and what it reports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar, cast

from voicecall.emulators.vendors import listening
from voicecall.emulators.vendors.openai_realtime import OpenAIRealtime as Vendor
from voicecall.emulators.vendors.openai_realtime_hearing import tone
from voicecall.emulators.vendors.openai_realtime_script import Script, Wrong
from voicecall.emulators.vendors.openai_realtime_session import Session as Served
from voicecall.errors import RealtimeError
from voicecall.realtime import Audio, Brief, Past, RealtimeOptions, Report, Tool, Trouble
from voicecall.realtime.openai import OpenAIRealtime, OpenAISession, Patience

KEY = "hidden-key-0123456789"
TOOL = Tool("look_up", "Looks somebody up.", {"type": "object", "properties": {"name": {"type": "string"}}})
QUICK = Patience(settled=1.0, going_on=0.3, cancelled=0.3, pause=0.0)
FRAME = b"\xff" * 160

AnyReport = TypeVar("AnyReport")


@dataclass
class Rig:
    """One call's session and its vendor."""

    vendor: Vendor
    session: OpenAISession
    reports: list[Report] = field(default_factory=list)
    failure: RealtimeError | None = None
    _heard: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def script(self) -> Script:
        return self.vendor.script

    @property
    def served(self) -> Served:
        """The vendor's side of the latest session."""
        return self.vendor.sessions[-1]

    def told(self, report: Report) -> None:
        """Take a report."""
        self.reports.append(report)
        self._heard.set()

    def fails(self, wrong: str | None) -> None:
        """Have the vendor do something wrong from now on."""
        self.script.wrong = cast("Wrong | None", wrong)

    def all(self, kind: type[AnyReport]) -> list[AnyReport]:
        """Return what was reported of a kind."""
        return [report for report in self.reports if isinstance(report, kind)]

    def troubles(self) -> list[str]:
        """Return the codes of what stopped nothing."""
        return [trouble.code for trouble in self.all(Trouble)]

    def sound(self, answer: str) -> bytes:
        """Return what was heard of an answer."""
        return b"".join(audio.mulaw for audio in self.all(Audio) if audio.answer == answer)

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something was reported that makes it so."""
        while not holds():
            self._heard.clear()
            await self._heard.wait()

    async def reported(self, report: Report) -> None:
        """Wait for this very report."""
        await self.until(lambda: report in self.reports)

    async def settled(self) -> None:
        """Wait until the vendor knows the session's settings."""
        await self.script.until(lambda: bool(self.vendor.sessions) and self.served.is_settled)

    def speak(self, seconds: float = 0.4, silence: float = 0.6) -> None:
        """Have the caller speak, noticed by our detector as well."""
        self.session.speech_started()
        self.feed(tone(seconds))
        self.session.speech_stopped()
        self.feed(b"\xff" * round(silence * 8000))

    def feed(self, mulaw: bytes) -> None:
        """Have the session hear this, frame by frame."""
        for begin in range(0, len(mulaw), 160):
            self.session.feed(mulaw[begin : begin + 160])


def options(origin: str, turn_detection: str = "", **extra: str) -> RealtimeOptions:
    """Return the options of a session with the emulator."""
    own = tuple(sorted(extra.items()))
    return RealtimeOptions(api_key=KEY, base_url=origin, turn_detection=turn_detection, extra=own)


def play(
    scene: Callable[[Rig], Awaitable[None]],
    *,
    wrong: str | None = None,
    turn_detection: str = "",
    patience: Patience = QUICK,
    history: tuple[Past, ...] = (),
    vendor: Vendor | None = None,
    extra: Mapping[str, str] = MappingProxyType({}),
) -> Rig:
    """Play a scene with a session that runs."""

    async def main() -> Rig:
        async with asyncio.timeout(8.0), running(vendor or Vendor(), turn_detection, patience, history, extra) as rig:
            rig.fails(wrong)
            await scene(rig)
        return rig

    return asyncio.run(main())


@asynccontextmanager
async def running(
    vendor: Vendor, turn_detection: str, patience: Patience, history: tuple[Past, ...], extra: Mapping[str, str]
) -> AsyncIterator[Rig]:
    """Run a session; what ends it is the rig's `failure`."""
    async with listening(vendor.app) as origin:
        made = OpenAIRealtime(options(origin, turn_detection, **extra), patience)
        brief = Brief("call", "Be brief.", lambda: history, "de-AT")
        rig = Rig(vendor, made.open(brief, lambda report: rig.told(report)))
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(_run(rig), name="the session")
            yield rig
            task.cancel()


async def _run(rig: Rig) -> None:
    try:
        await rig.session.run((TOOL,))
    except RealtimeError as error:
        rig.failure = error
        rig._heard.set()
