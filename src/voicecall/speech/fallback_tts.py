"""One call's voices: one speaks, and another takes its place where it fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field

from voicecall.errors import SpeechError

from . import Synthesizer, SynthesizerStream, Trouble, Voice
from .rota import Rota


@dataclass(slots=True, eq=False)
class _Shift:
    """The voice in use, or one that still finishes what it has begun."""

    member: int
    stream: SynthesizerStream
    speaking: int = 0
    relieved: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def settle(self) -> None:
        if self.relieved and not self.speaking:
            self.over.set()


class FallbackSynthesizerStream:
    """One call. A piece that fails before its first audio is spoken by the next voice; later, only the next piece."""

    def __init__(
        self, synthesizers: tuple[tuple[str, Synthesizer], ...], voice: Voice, report: Callable[[Trouble], None]
    ) -> None:
        self._synthesizers = synthesizers
        self._voice = voice
        self._report = report
        self._rota = Rota("tts", [name for name, _ in synthesizers])
        self._moved = asyncio.Event()
        self._error: SpeechError | None = None
        self._shift = self._open()

    async def speak(self, text: str) -> AsyncGenerator[bytes, None]:
        """Yield `text` as audio, from the first voice that can.

        Raises:
            SpeechError: none could, or the one that spoke broke off.
        """
        tries = 0
        while True:
            shift, begun = self._shift, False
            tries += 1
            shift.speaking += 1
            try:
                async with aclosing(shift.stream.speak(text)) as chunks:
                    async for chunk in chunks:
                        begun = begun or bool(chunk)
                        yield chunk
                return
            except SpeechError as error:
                other = shift is not self._shift or self._move(str(error))
                if begun or not other or tries >= len(self._synthesizers):
                    raise
            finally:
                shift.speaking -= 1
                shift.settle()

    async def run(self) -> None:
        """Keep the voice in use ready.

        Raises:
            SpeechError: none is left.
        """
        async with asyncio.TaskGroup() as tasks:
            kept: _Shift | None = None
            while self._error is None:
                if kept is not self._shift:
                    kept = self._shift
                    tasks.create_task(self._keep(kept))
                await self._moved.wait()
                self._moved.clear()
        raise self._error

    async def _keep(self, shift: _Shift) -> None:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self._work(shift))
            await shift.over.wait()
            task.cancel()

    async def _work(self, shift: _Shift) -> None:
        try:
            await shift.stream.run()
        except SpeechError as error:
            self._rota.strike(shift.member)
            if shift is self._shift and not self._move(str(error)):
                self._error = error
                shift.over.set()
                self._moved.set()

    def _open(self) -> _Shift:
        """Open the voice whose turn it is, or the first after it that can be opened.

        Raises:
            SpeechError: none can be.
        """
        now = self._rota.now
        try:
            return _Shift(now, self._synthesizers[now][1].open(self._voice, self._report))
        except SpeechError as error:
            self._rota.strike(now)
            if (trouble := self._rota.advance(str(error))) is None:
                raise
            self._report(trouble)
            return self._open()

    def _move(self, why: str) -> bool:
        """Go on with the next voice; return whether there is any."""
        trouble = self._rota.advance(why)
        if trouble is None:
            return False
        self._report(trouble)
        relieved = self._shift
        try:
            self._shift = self._open()
        except SpeechError as error:
            self._error = error
            self._moved.set()
            return False
        relieved.relieved = True
        relieved.settle()
        self._moved.set()
        return True
