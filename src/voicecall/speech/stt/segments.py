"""What every transcriber needs whose engine recognises whole stretches of speech: collecting, queueing, reporting.

A bounded number of threads recognise for all calls. Finals go first; a partial is tried about every half second of
speech and skipped when that would keep a final waiting. A pause that may be the end is recognised as soon as it is
there: if nothing was said in it by the time it is known to be the end, those are the last words.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from voicecall.audio import TELEPHONE_RATE, Samples
from voicecall.audio.g711 import to_float
from voicecall.audio.levels import gain, mulaw_rms
from voicecall.errors import SpeechError
from voicecall.speech import Report, Transcription

_PRE_ROLL = 0.3  # seconds kept before the speech was noticed to begin: soft onsets
_RING = round(1.5 * TELEPHONE_RATE)
_FRAME = 160
_PAUSE = 6  # frames so much quieter than the loudest that the speech may be over
_QUIET = gain(-20.0)
_HANGOVER = round(0.3 * TELEPHONE_RATE)
"""Bytes that may come between a pause and the news that it was the end."""


class Recognizer(Protocol):
    """A loaded engine. Several threads use it at once."""

    def recognize(self, samples: Samples) -> str:
        """Return the words in 8 kHz samples; blocks."""


@dataclass(slots=True)
class _Segment:
    number: int
    audio: bytearray
    parts: list[str | None] = field(default_factory=list)
    """The text of what was cut off because it grew too long; None where it is still awaited."""
    over: bool = False
    error: str = ""
    partial_at: int = 0
    """How long the audio was at the last attempt at a partial."""
    loudest: float = 0.0
    quiet: int = 0
    """Frames since anything was said."""
    early: _Early | None = None
    """The recognition of all that was said before the pause at hand."""

    def text(self, last: str = "") -> str:
        return " ".join(part for part in (*self.parts, last) if part)


@dataclass(slots=True)
class _Early:
    """A recognition that was begun before it was known to be the last."""

    length: int
    """Bytes of the segment that it was given."""
    text: str | None = None
    wanted: Callable[[str, str], None] | None = None
    """Takes its text and error."""


@dataclass(slots=True)
class _Job:
    audio: bytes
    deliver: Callable[[str, str], None]
    """Takes the text and the error."""
    stream: SegmentStream


class SegmentTranscriber:
    """Transcriber and engine around a recogniser that `load` makes, in a thread.

    `threads` bounds how many recognitions run at once. A part of a segment is at most `longest` seconds.
    """

    def __init__(
        self,
        name: str,
        load: Callable[[], Recognizer],
        *,
        threads: int = 2,
        partials: float = 0.5,
        longest: float = 25.0,
    ) -> None:
        self.name = name
        self.partials = round(partials * TELEPHONE_RATE)
        self.longest = round(longest * TELEPHONE_RATE)
        self._load = load
        self._threads = threads
        self._recognizer: Recognizer | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._finals: deque[_Job] = deque()
        self._running = 0
        self._partials_running = 0

    @asynccontextmanager
    async def ready(self) -> AsyncIterator[None]:
        """Load and warm up; on exit stop the threads.

        Raises:
            SpeechError: a model file is missing, damaged or cannot be loaded.
        """
        pool = ThreadPoolExecutor(self._threads, "stt")
        try:
            self._recognizer = await asyncio.get_running_loop().run_in_executor(pool, self._load)
            self._pool = pool
            yield
        finally:
            self._pool = self._recognizer = None
            pool.shutdown(cancel_futures=True)

    def open(self, report: Callable[[Report], None], language: str = "en") -> SegmentStream:
        """Start listening to a call.

        Raises:
            SpeechError: the engine is not ready.
        """
        if self._pool is None:
            raise SpeechError(f"the {self.name} transcriber is not ready: enter ready() before the first call")
        return SegmentStream(self, report)

    def final(self, job: _Job) -> None:
        """Recognise as soon as a thread is free."""
        self._finals.append(job)
        self._next()

    def partial(self, job: _Job) -> bool:
        """Recognise now if that leaves a thread for the next final; return whether it does."""
        room = max(1, self._threads - 1) - self._partials_running
        if self._pool is None or self._finals or self._running >= self._threads or room <= 0:
            return False
        self._partials_running += 1
        self._run(job, partial=True)
        return True

    def _next(self) -> None:
        while self._finals and self._running < self._threads:
            job = self._finals.popleft()
            if not job.stream.closed:
                self._run(job, partial=False)

    def _run(self, job: _Job, *, partial: bool) -> None:
        if self._pool is None or self._recognizer is None:
            job.deliver("", f"the {self.name} transcriber has stopped")
            return
        self._running += 1
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._pool, _recognize, self._recognizer, job.audio)
        work.add_done_callback(lambda done: self._finish(job, done, partial=partial))

    def _finish(self, job: _Job, done: asyncio.Future[str], *, partial: bool) -> None:
        self._running -= 1
        self._partials_running -= partial
        self._next()
        if done.cancelled() or job.stream.closed:
            return
        error = done.exception()
        if error is None:
            job.deliver(done.result(), "")
        else:
            job.deliver("", f"{self.name} failed: {type(error).__name__}: {error}")


def _recognize(recognizer: Recognizer, mulaw: bytes) -> str:
    return recognizer.recognize(to_float(mulaw))


class SegmentStream:
    """One call. All but the port's methods and `closed` is the transcriber's."""

    def __init__(self, transcriber: SegmentTranscriber, report: Callable[[Report], None]) -> None:
        self._transcriber = transcriber
        self._report = report
        self._ring = bytearray()
        self._segment: _Segment | None = None
        self._partial_running = False
        self.closed = False

    def feed(self, mulaw: bytes) -> None:
        """Take caller audio; during speech, now and then start a recognition in another thread."""
        self._ring += mulaw
        if len(self._ring) > 2 * _RING:
            del self._ring[:-_RING]
        segment = self._segment
        if segment is None:
            return
        segment.audio += mulaw
        self._listen_for_a_pause(segment, mulaw)
        if len(segment.audio) >= self._transcriber.longest:
            self._cut(segment)
        elif len(segment.audio) - segment.partial_at >= self._transcriber.partials and not self._partial_running:
            self._try_partial(segment)

    def speech_started(self, segment: int, lead: float) -> None:
        """Collect from `lead` seconds ago and a little more."""
        if self._segment is not None:
            self.speech_stopped(self._segment.number)
        before = round((lead + _PRE_ROLL) * TELEPHONE_RATE)
        audio = self._ring[-min(before, _RING) :]
        self._segment = _Segment(number=segment, audio=audio, partial_at=len(audio))

    def speech_stopped(self, segment: int) -> None:
        """Make the final transcription of what was collected due; an unknown segment had no words."""
        stopped, self._segment = self._segment, None
        if stopped is None or stopped.number != segment:
            self._segment = stopped
            stopped = _Segment(number=segment, audio=bytearray(), over=True)
            asyncio.get_running_loop().call_soon(self._settle, stopped)
            return
        stopped.over = True
        early = stopped.early
        if early is not None and len(stopped.audio) - early.length > _HANGOVER:
            early = None  # it was quieter, and not the end
        self._submit(stopped, bytes(stopped.audio), early)

    def close(self) -> None:
        """Forget this call; nothing is reported afterwards."""
        self.closed = True
        self._segment = None

    async def run(self) -> None:
        """There is nothing to keep ready."""
        await asyncio.Event().wait()

    def _listen_for_a_pause(self, segment: _Segment, frame: bytes) -> None:
        level = mulaw_rms(frame)
        segment.loudest = max(segment.loudest, level)
        if level > segment.loudest * _QUIET:
            segment.quiet, segment.early = 0, None
            return
        segment.quiet += 1
        if segment.quiet == _PAUSE:
            early = _Early(len(segment.audio))

            def deliver(text: str, error: str) -> None:
                if early.wanted is not None:
                    early.wanted(text, error)
                elif not error:
                    early.text = text
                elif segment.early is early:
                    segment.early = None

            if self._transcriber.partial(_Job(bytes(segment.audio), deliver, self)):
                segment.early = early

    def _submit(self, segment: _Segment, audio: bytes, early: _Early | None = None) -> None:
        place = len(segment.parts)
        segment.parts.append(None)

        def deliver(text: str, error: str) -> None:
            segment.parts[place] = text
            segment.error = segment.error or error
            self._settle(segment)

        if early is None:
            self._transcriber.final(_Job(audio, deliver, self))
        elif early.text is None:
            early.wanted = deliver
        else:
            asyncio.get_running_loop().call_soon(deliver, early.text, "")

    def _settle(self, segment: _Segment) -> None:
        if self.closed or not segment.over or None in segment.parts:
            return
        self._report(Transcription(segment=segment.number, text=segment.text(), final=True, error=segment.error))

    def _cut(self, segment: _Segment) -> None:
        place = quietest(bytes(segment.audio))
        part = bytes(segment.audio[:place])
        del segment.audio[:place]
        segment.early = None
        segment.partial_at = len(segment.audio)
        self._submit(segment, part)

    def _try_partial(self, segment: _Segment) -> None:
        segment.partial_at = len(segment.audio)

        def deliver(text: str, error: str) -> None:
            self._partial_running = False
            if text and not error and not segment.over:
                self._report(Transcription(segment=segment.number, text=segment.text(text), final=False))

        self._partial_running = self._transcriber.partial(_Job(bytes(segment.audio), deliver, self))


def quietest(mulaw: bytes) -> int:
    """Return the middle of the quietest 100 ms in the last fifth of the audio, as an offset in bytes."""
    begin = len(mulaw) * 4 // 5
    frames = to_float(mulaw[begin : len(mulaw) - (len(mulaw) - begin) % _FRAME]).reshape(-1, _FRAME)
    power = np.convolve(np.mean(np.square(frames), axis=1), np.ones(5), mode="valid")
    return begin + (int(np.argmin(power)) * 2 + 5) * _FRAME // 2
