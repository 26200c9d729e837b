"""Machine detection: what answered, judged from what the phone is known to be and when it makes which sound.

Source: Telnyx docs `docs/voice/programmable-voice/answering-machine-detection`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from .commands import Detecting, DetectionConfig

WORD = 0.4
"""Seconds that a word takes."""
_PREMIUM: Mapping[str, str] = {"human": "human_residence"}


class Detector:
    """Listens to the journal of one call until it knows who answered, and when the greeting is over."""

    def __init__(
        self, mode: Detecting, limits: DetectionConfig, event: Callable[[str, Mapping[str, object]], None]
    ) -> None:
        """`event` sends a webhook."""
        self._mode = mode
        self._limits = limits
        self._event = event
        self._sounds: asyncio.Queue[str] = asyncio.Queue()

    def noted(self, what: str) -> None:
        """Take an entry of the journal."""
        if what.rpartition("-")[0] in ("say", "wav", "beep"):
            self._sounds.put_nowait(what)

    async def run(self, *, machine: bool) -> None:
        """Detect. `machine` says what the phone is."""
        result = await self._who(machine=machine)
        if self._mode == "premium":
            self._event("call.machine.premium.detection.ended", {"result": _PREMIUM.get(result, result)})
        else:
            self._event("call.machine.detection.ended", {"result": result})
        if result != "machine":
            return
        if self._mode == "premium":
            ending = await self._ending({"beep": "beep_detected", "silence": "no_beep_detected"}, "no_beep_detected")
            self._event("call.machine.premium.greeting.ended", {"result": ending})
        elif self._mode in ("greeting_end", "detect_beep"):
            waits_for_beep = self._mode == "detect_beep"
            ending = await self._ending(
                {"beep": "beep_detected"} if waits_for_beep else {"silence": "ended"}, "not_sure"
            )
            self._event("call.machine.greeting.ended", {"result": ending})

    async def _who(self, *, machine: bool) -> str:
        limits = self._limits
        try:
            async with asyncio.timeout(limits.total_analysis_time_millis / 1000):
                try:
                    async with asyncio.timeout(limits.initial_silence_millis / 1000):
                        await self._until("say-start", "wav-start")
                except TimeoutError:
                    return "silence" if self._mode == "premium" else "machine"
                if machine:
                    greeting = limits.greeting_duration_millis / 1000
                    await asyncio.sleep(min(greeting, (limits.maximum_number_of_words + 1) * WORD))
                    return "machine"
                await self._until("say-end", "wav-end")
                await asyncio.sleep(limits.after_greeting_silence_millis / 1000)
                return "human"
        except TimeoutError:
            return "not_sure"

    async def _ending(self, results: Mapping[str, str], otherwise: str) -> str:
        """Return how the greeting ended: the result for `silence` after it, or for the `beep`."""
        limits = self._limits
        try:
            async with asyncio.timeout(limits.greeting_total_analysis_time_millis / 1000):
                await self._until("say-end", "wav-end")
                if "silence" not in results:
                    await self._until("beep-end")
                    return results["beep"]
                try:
                    async with asyncio.timeout(limits.greeting_silence_duration_millis / 1000):
                        await self._until("beep-end")
                except TimeoutError:
                    return results["silence"]
                return results.get("beep", results["silence"])
        except TimeoutError:
            return otherwise

    async def _until(self, *sounds: str) -> None:
        while await self._sounds.get() not in sounds:
            pass
