"""Machine detection: what answered, judged from what the phone is known to be and when it makes which sound.

Source: Twilio docs `voice/answering-machine-detection`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Detection:
    """What was asked for. Times in seconds."""

    wait_for_end: bool = False
    """`DetectMessageEnd`: a machine is reported when its greeting is over."""
    asynchronous: bool = False
    callback: str = ""
    callback_method: str = "POST"
    timeout: float = 30.0
    speech: float = 2.4
    """Speech that lasts so long comes from a machine."""
    speech_end: float = 1.2
    """Silence after speech that ends it."""
    silence: float = 5.0
    """Initial silence after which nothing is known."""


class Detector:
    """Listens to the journal of one call until it knows who answered."""

    def __init__(self, wanted: Detection) -> None:
        self._wanted = wanted
        self._sounds: asyncio.Queue[str] = asyncio.Queue()

    def noted(self, what: str) -> None:
        """Take an entry of the journal."""
        if what.rpartition("-")[0] in ("say", "wav", "beep"):
            self._sounds.put_nowait(what)

    async def verdict(self, *, machine: bool) -> str:
        """Return `AnsweredBy`. `machine` says what the phone is."""
        try:
            async with asyncio.timeout(self._wanted.timeout):
                return await (self._machine() if machine else self._human())
        except TimeoutError:
            return "unknown"

    async def _human(self) -> str:
        try:
            async with asyncio.timeout(self._wanted.silence):
                await self._until("say-start", "wav-start")
        except TimeoutError:
            return "unknown"
        await self._until("say-end", "wav-end")
        await asyncio.sleep(self._wanted.speech_end)
        return "human"

    async def _machine(self) -> str:
        if not self._wanted.wait_for_end:
            await self._until("say-start", "wav-start")
            await asyncio.sleep(self._wanted.speech)
            return "machine_start"
        await self._until("say-end", "wav-end")
        try:
            async with asyncio.timeout(self._wanted.speech_end):
                await self._until("beep-end")
        except TimeoutError:
            return "machine_end_silence"
        return "machine_end_beep"

    async def _until(self, *sounds: str) -> None:
        while await self._sounds.get() not in sounds:
            pass
