"""A transcriber that hears what it was told to hear, for development and tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext

from voicecall.speech import Report, Transcription


class ScriptedTranscriber:
    """Returns the next of `text` at each end of speech of a call; the last one over and over.

    `delay` is how many seconds after the end of speech the transcript comes.
    """

    def __init__(self, text: str | Sequence[str], delay: float = 0.0) -> None:
        self._texts = (text,) if isinstance(text, str) else tuple(text) or ("",)
        self._delay = delay

    def ready(self) -> AbstractAsyncContextManager[None]:
        """There is nothing to load."""
        return nullcontext()

    def open(self, report: Callable[[Report], None], language: str = "en") -> ScriptedTranscriberStream:
        """Start listening to a call, from the first text."""
        return ScriptedTranscriberStream(report, self._texts, self._delay)


class ScriptedTranscriberStream:
    """One call."""

    def __init__(self, report: Callable[[Report], None], texts: tuple[str, ...], delay: float) -> None:
        self._report: Callable[[Report], None] | None = report
        self._texts = texts
        self._delay = delay
        self._heard = 0

    def feed(self, mulaw: bytes) -> None:
        """Take caller audio, and ignore it."""

    def speech_started(self, segment: int, lead: float) -> None:
        """Take note of nothing: only ends of speech count."""

    def speech_stopped(self, segment: int) -> None:
        """Make the final transcript due."""
        text = self._texts[min(self._heard, len(self._texts) - 1)]
        self._heard += 1
        loop = asyncio.get_running_loop()
        if self._delay > 0:
            loop.call_later(self._delay, self._deliver, segment, text)
        else:
            loop.call_soon(self._deliver, segment, text)

    def _deliver(self, segment: int, text: str) -> None:
        if self._report is not None:
            self._report(Transcription(segment=segment, text=text, final=True))

    def close(self) -> None:
        """Forget this call; what is due is not reported."""
        self._report = None

    async def run(self) -> None:
        """There is nothing to keep ready."""
        await asyncio.Event().wait()
