"""A call whose model is the emulated Gemini Live, over loopback, and all that its session reports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from voicecall.audio.g711 import MULAW_SILENCE, mulaw_encode
from voicecall.emulators.vendors import listening
from voicecall.emulators.vendors.gemini_live import GeminiLive
from voicecall.emulators.vendors.gemini_live_model import sound
from voicecall.errors import RealtimeError, Trouble
from voicecall.realtime import Audio, Brief, Called, CallerWords, Ended, Past, RealtimeOptions, Report, Tool, Worded
from voicecall.realtime.gemini import GeminiRealtime, GeminiSession
from voicecall.realtime.gemini_caller import Patience

KEY = "a-key-that-is-good"
FRAME = 160
SPEECH = mulaw_encode(sound(0.4, 8000))
SILENCE = MULAW_SILENCE * 8000
LOOK_UP = Tool("look_up", "Look something up.", {"type": "object", "properties": {"word": {"type": "string"}}})
BRIEF = Patience(settled=0.05, lasting=0.05)

R = TypeVar("R", bound=Report)


class Call:
    """One call's session, as the gateway has it."""

    def __init__(self, realtime: GeminiRealtime, history: Callable[[], tuple[Past, ...]]) -> None:
        self.reports: list[Report] = []
        self.error: RealtimeError | None = None
        self.react: Callable[[Report], None] = lambda _: None
        """What is done at once about a report."""
        self._changed = asyncio.Event()
        brief = Brief("call-1", "Be brief.", history, "en")
        self.session: GeminiSession = realtime.open(brief, self._told)

    def _told(self, report: Report) -> None:
        self.reports.append(report)
        self._changed.set()
        self.react(report)

    async def run(self, *tools: Tool) -> None:
        try:
            await self.session.run(tools)
        except RealtimeError as error:
            self.error = error
            self._changed.set()

    async def until(self, condition: Callable[[], object]) -> None:
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    def all(self, kind: type[R]) -> list[R]:
        return [report for report in self.reports if isinstance(report, kind)]

    def ended(self, answer: str) -> Ended | None:
        return next((one for one in self.all(Ended) if one.answer == answer), None)

    async def end(self, answer: str) -> Ended:
        await self.until(lambda: self.ended(answer))
        ended = self.ended(answer)
        assert ended is not None
        return ended

    async def called(self, count: int = 1) -> Called:
        await self.until(lambda: len(self.all(Called)) >= count)
        return self.all(Called)[count - 1]

    async def understood(self, count: int = 1) -> CallerWords:
        await self.until(lambda: len(self.all(CallerWords)) >= count)
        return self.all(CallerWords)[count - 1]

    def sound(self, answer: str) -> bytes:
        return b"".join(one.mulaw for one in self.all(Audio) if one.answer == answer)

    def words(self, answer: str) -> str:
        return "".join(one.text for one in self.all(Worded) if one.answer == answer).strip()

    def hear(self, *sounds: bytes) -> None:
        """Have the caller's audio come in, frame by frame."""
        for each in sounds:
            for begin in range(0, len(each), FRAME):
                self.session.feed(each[begin : begin + FRAME])

    def speak(self, speech: bytes = SPEECH) -> None:
        """Have the caller say something that our detector notices."""
        self.session.speech_started()
        self.hear(speech)
        self.session.speech_stopped()

    @property
    def troubles(self) -> list[Trouble]:
        return self.all(Trouble)


@asynccontextmanager
async def conversation(
    google: GeminiLive,
    turn_detection: str = "",
    *,
    key: str = KEY,
    model: str | None = None,
    voice: str | None = None,
    tools: tuple[Tool, ...] = (),
    history: Callable[[], tuple[Past, ...]] = tuple,
    patience: Patience = BRIEF,
) -> AsyncIterator[Call]:
    """Run a session until the block is left."""
    async with asyncio.timeout(15), listening(google.app) as origin, asyncio.TaskGroup() as tasks:
        options = RealtimeOptions(api_key=key, base_url=origin, model=model, voice=voice, turn_detection=turn_detection)
        call = Call(GeminiRealtime(options, patience), history)
        running = tasks.create_task(call.run(*tools))
        yield call
        running.cancel()


def played(scene: Callable[[], Awaitable[None]]) -> None:
    """Run a scene."""

    async def main() -> None:
        await scene()

    asyncio.run(main())
