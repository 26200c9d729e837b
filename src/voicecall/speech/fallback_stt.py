"""One call's transcribers: the audio of a segment is kept until its final has come, and the next one hears it again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from voicecall.audio import TELEPHONE_RATE
from voicecall.errors import SpeechError

from . import Report, Transcriber, TranscriberStream, Transcription
from .rota import Rota

_RING = round(1.5 * TELEPHONE_RATE)
"""Bytes kept of what came before a segment: its beginning is noticed late."""
_PRE_ROLL = 0.3
"""Seconds handed over from before the noticed beginning: soft onsets."""
_LONGEST = 30 * TELEPHONE_RATE
"""Bytes kept of a segment; the oldest go first."""
_CHUNK = TELEPHONE_RATE // 10
"""Bytes handed over at once."""


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
        self._rota = Rota("stt", [name for name, _ in transcribers])
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
        self._due.setdefault(segment, _Segment(segment, 0, bytearray())).stopped = True
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
        """Open the one whose turn it is, or the first after it that can be opened.

        Raises:
            SpeechError: none can be.
        """
        try:
            return self._open_one()
        except SpeechError as error:
            self._rota.strike(self._rota.now)
            if (trouble := self._rota.advance(str(error))) is None:
                raise
            self._report(trouble)
            return self._open()

    def _open_one(self) -> TranscriberStream:
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
        try:
            self._stream = self._open()
        except SpeechError as error:
            self._give_up(error)
            return True
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
