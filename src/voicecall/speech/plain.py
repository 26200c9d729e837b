"""The voice of a call where the engine needs nothing prepared: every call speaks straight through it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from voicecall.errors import SpeechError

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


class NoVoice:
    """The voice of a call that cannot have one, and why."""

    def __init__(self, why: SpeechError) -> None:
        self._why = why

    async def speak(self, text: str) -> AsyncGenerator[bytes, None]:
        """Yield nothing.

        Raises:
            SpeechError: always.
        """
        raise self._why
        yield b""

    async def run(self) -> None:
        """Say once why there is none.

        Raises:
            SpeechError: always.
        """
        raise self._why
