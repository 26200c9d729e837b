"""Where one vendor fails, the next takes over, inside the call and if need be inside a sentence.

Only the one in use is connected. Who failed once is asked again only after all the others failed as well, and never
again in this call once its `run` gave it up.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

from voicecall.audio import TELEPHONE_RATE
from voicecall.errors import SpeechError

from . import (
    Engine,
    Report,
    Synthesizer,
    SynthesizerStream,
    Transcriber,
    TranscriberStream,
    Transcription,
    Trouble,
    Voice,
)

_RING = round(1.5 * TELEPHONE_RATE)
"""Bytes kept of what came before a segment: its beginning is noticed late."""
_PRE_ROLL = 0.3
"""Seconds handed over from before the noticed beginning: soft onsets."""
_LONGEST = 30 * TELEPHONE_RATE
"""Bytes kept of a segment; the oldest go first."""
_CHUNK = TELEPHONE_RATE // 10
"""Bytes handed over at once."""


class FallbackTranscriber:
    """Several transcribers by name, the preferred one first; an engine, for those among them that are."""

    def __init__(self, transcribers: Sequence[tuple[str, Transcriber]]) -> None:
        self._transcribers = tuple(transcribers)

    @asynccontextmanager
    async def ready(self) -> AsyncIterator[None]:
        """Load all that have something to load.

        Raises:
            SpeechError: one of them cannot be loaded.
        """
        async with _all_ready([transcriber for _, transcriber in self._transcribers]):
            yield

    def open(self, report: Callable[[Report], None], language: str = "en") -> FallbackTranscriberStream:
        """Start listening to a call, with the first of them."""
        return FallbackTranscriberStream(self._transcribers, report, language)


class FallbackSynthesizer:
    """Several synthesisers by name, the preferred one first; an engine, for those among them that are."""

    def __init__(self, synthesizers: Sequence[tuple[str, Synthesizer]]) -> None:
        self._synthesizers = tuple(synthesizers)

    @asynccontextmanager
    async def ready(self) -> AsyncIterator[None]:
        """Load all that have something to load.

        Raises:
            SpeechError: one of them cannot be loaded.
        """
        async with _all_ready([synthesizer for _, synthesizer in self._synthesizers]):
            yield

    def open(self, voice: Voice, report: Callable[[Trouble], None]) -> FallbackSynthesizerStream:
        """Return the voice of a call: the first of them."""
        return FallbackSynthesizerStream(self._synthesizers, voice, report)


@asynccontextmanager
async def _all_ready(members: Sequence[object]) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        for member in members:
            if hasattr(member, "ready"):
                await stack.enter_async_context(cast("Engine", member).ready())
        yield


class _Rota:
    """Whose turn it is in a call."""

    def __init__(self, kind: str, names: Sequence[str]) -> None:
        self._kind = kind
        self.names = tuple(names)
        self.now = 0
        self._gone: set[int] = set()

    def strike(self, member: int) -> None:
        """This one is of no use any more."""
        self._gone.add(member)

    def advance(self, why: str) -> Trouble | None:
        """The one in use failed: make it the next one's turn, and say so; None where there is no other."""
        others = ((self.now + step) % len(self.names) for step in range(1, len(self.names)))
        following = next((other for other in others if other not in self._gone), None)
        if following is None:
            return None
        failed, self.now = self.names[self.now], following
        why = why.removeprefix(f"{self._kind}.{failed}: ").rstrip(".")
        return Trouble(f"{self._kind}-fallback", f"{failed} failed: {why}; {self.names[following]} took over.")


@dataclass(slots=True)
class _Segment:
    """A stretch of speech whose final text is due, or will be."""

    number: int
    before: int
    """How many bytes of the audio lie before its beginning."""
    audio: bytearray
    stopped: bool = False
    tries: int = 1

    def take(self, mulaw: bytes) -> None:
        self.audio += mulaw
        excess = max(0, len(self.audio) - _LONGEST)
        del self.audio[:excess]
        self.before = max(0, self.before - excess)


class FallbackTranscriberStream:
    """One call. A segment whose transcriber fails is given to the next from its beginning."""

    def __init__(
        self, transcribers: tuple[tuple[str, Transcriber], ...], report: Callable[[Report], None], language: str
    ) -> None:
        self._transcribers = transcribers
        self._report = report
        self._language = language
        self._rota = _Rota("stt", [name for name, _ in transcribers])
        self._due: dict[int, _Segment] = {}
        self._ring = bytearray()
        self._moved = asyncio.Event()
        self._error: SpeechError | None = None
        self._closed = False
        self._shift = 0
        """Counts the streams of this call; what an earlier one says is not heard any more."""
        self._stream: TranscriberStream = self._open()

    def feed(self, mulaw: bytes) -> None:
        """Take caller audio."""
        self._ring += mulaw
        del self._ring[:-_RING]
        for segment in self._due.values():
            if not segment.stopped:
                segment.take(mulaw)
        self._stream.feed(mulaw)

    def speech_started(self, segment: int, lead: float) -> None:
        """The caller began segment `segment`, `lead` seconds ago."""
        audio = self._ring[-round((lead + _PRE_ROLL) * TELEPHONE_RATE) :]
        self._due[segment] = _Segment(segment, len(audio), audio)
        self._stream.speech_started(segment, lead)

    def speech_stopped(self, segment: int) -> None:
        """The caller fell silent."""
        if segment in self._due:
            self._due[segment].stopped = True
        self._stream.speech_stopped(segment)
        if self._error is not None:
            self._give_up(self._error)

    def close(self) -> None:
        """Forget this call."""
        self._closed = True
        self._due.clear()
        self._stream.close()

    async def run(self) -> None:
        """Keep the one in use ready.

        Raises:
            SpeechError: none is left.
        """
        while self._error is None:
            async with asyncio.TaskGroup() as tasks:
                self._moved.clear()
                task = tasks.create_task(self._keep(self._rota.now, self._stream))
                await self._moved.wait()
                task.cancel()
        raise self._error

    async def _keep(self, member: int, stream: TranscriberStream) -> None:
        try:
            await stream.run()
        except SpeechError as error:
            self._rota.strike(member)
            if stream is self._stream and not self._move(str(error)):
                self._give_up(error)

    def _give_up(self, error: SpeechError) -> None:
        self._error = error
        self._moved.set()
        for segment in [segment for segment in self._due.values() if segment.stopped]:
            self._take(Transcription(segment.number, "", final=True, error=str(error)))

    def _open(self) -> TranscriberStream:
        self._shift += 1
        shift = self._shift

        def take(report: Report) -> None:
            if shift == self._shift and not self._closed:
                self._take(report)

        return self._transcribers[self._rota.now][1].open(take, self._language)

    def _take(self, report: Report) -> None:
        if not isinstance(report, Transcription):
            self._report(report)
        elif (segment := self._due.get(report.segment)) is not None:
            retried = report.error and segment.tries < len(self._transcribers) and self._move(report.error)
            if not retried:
                if report.final or report.error:
                    del self._due[report.segment]
                self._report(report)

    def _move(self, why: str) -> bool:
        """Go on with the next one; return whether there is any."""
        trouble = self._rota.advance(why)
        if trouble is None:
            return False
        self._report(trouble)
        self._stream.close()
        self._stream = self._open()
        self._moved.set()
        self._hand_over()
        return True

    def _hand_over(self) -> None:
        shift, stream = self._shift, self._stream
        for segment in tuple(self._due.values()):
            segment.tries += 1
            audio = bytes(segment.audio)
            stream.feed(audio[: segment.before])
            stream.speech_started(segment.number, segment.before / TELEPHONE_RATE)
            for begin in range(segment.before, len(audio), _CHUNK):
                stream.feed(audio[begin : begin + _CHUNK])
            if segment.stopped:
                stream.speech_stopped(segment.number)
            if shift != self._shift:  # it failed at once, and somebody else has them all by now
                return


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
        self._rota = _Rota("tts", [name for name, _ in synthesizers])
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
        return _Shift(self._rota.now, self._synthesizers[self._rota.now][1].open(self._voice, self._report))

    def _move(self, why: str) -> bool:
        """Go on with the next voice; return whether there is any."""
        trouble = self._rota.advance(why)
        if trouble is None:
            return False
        self._report(trouble)
        self._shift.relieved = True
        self._shift.settle()
        self._shift = self._open()
        self._moved.set()
        return True
