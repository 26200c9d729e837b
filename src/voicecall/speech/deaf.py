"""Ears that hear nothing: the transcriber decides when the caller speaks, or nobody wants to know."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from voicecall.speech import Report, Speech


class DeafDetector:
    """Never reports speech; costs nothing."""

    def open(self, report: Callable[[Speech], None]) -> DeafDetector:
        """Listen to a call, in vain."""
        return self

    def feed(self, mulaw: bytes) -> None:
        """Take caller audio."""

    def close(self) -> None:
        """Forget this call."""


class DeafTranscriber:
    """Never understands a word; costs nothing."""

    def open(self, report: Callable[[Report], None], language: str = "en") -> DeafTranscriber:
        """Listen to a call, in vain."""
        return self

    def feed(self, mulaw: bytes) -> None:
        """Take caller audio."""

    def speech_started(self, segment: int, lead: float) -> None:
        """The caller began to speak."""

    def speech_stopped(self, segment: int) -> None:
        """The caller fell silent."""

    def close(self) -> None:
        """Forget this call."""

    async def run(self) -> None:
        """There is nothing to keep ready."""
        await asyncio.Event().wait()
