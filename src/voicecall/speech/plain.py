"""The voice of a call where the engine needs nothing prepared: every call speaks straight through it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from . import Speaker, Voice


class PlainVoice:
    """One call."""

    def __init__(self, speaker: Speaker, voice: Voice) -> None:
        self._speaker = speaker
        self._voice = voice

    def speak(self, text: str) -> AsyncGenerator[bytes, None]:
        """Yield `text` as audio."""
        return self._speaker.speak(text, self._voice)

    async def run(self) -> None:
        """There is nothing to keep ready."""
        await asyncio.Event().wait()
