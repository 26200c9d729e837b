"""`speak`: the network's voice, one text after the other.

Source: Telnyx docs `api-reference/call-commands/speak-text`. Beside a media stream the voice waits its turn in the same
queue; falling silent empties that queue.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Literal

from voicecall.emulators.legs import Leg
from voicecall.emulators.metronome import INTERVAL
from voicecall.emulators.network import Network
from voicecall.errors import SpeechError


class Speaker:
    """Says what it is given, and reports when it begins and ends."""

    def __init__(self, leg: Leg, network: Network, event: Callable[[str, Mapping[str, object]], None]) -> None:
        """`event` sends a webhook."""
        self._leg = leg
        self._network = network
        self._event = event
        self._texts: deque[str] = deque()
        self._task: asyncio.Task[None] | None = None
        self._speaking = False
        self._skip = asyncio.Event()

    def say(self, text: str) -> None:
        """Say this after what is being said and what waits to be."""
        self._texts.append(text)
        if self._task is None or self._task.done():
            self._task = self._network.spawn(self._work())

    def stop(self, which: Literal["current", "all"]) -> None:
        """Break off; with `all` what waits is forgotten, too."""
        if which == "all":
            self._texts.clear()
        if self._speaking:
            self._leg.playout.clear()
            self._skip.set()

    def call_ended(self) -> None:
        """The call is over."""
        if self._task is not None:
            self._task.cancel()
        if self._speaking:
            self._speaking = False
            self._event("call.speak.ended", {"status": "call_hangup"})

    async def _work(self) -> None:
        while self._texts:
            text = self._texts.popleft()
            try:
                audio = await self._network.speak(text)
            except SpeechError as error:
                self._leg.note("notification", f"speak: {error}")
                continue
            self._leg.note("say", text)
            self._event("call.speak.started", {})
            self._leg.playout.queue(audio)
            self._skip.clear()
            self._speaking = True
            with suppress(TimeoutError):
                async with asyncio.timeout(self._leg.playout.seconds + INTERVAL):
                    await self._skip.wait()
            self._speaking = False
            self._event("call.speak.ended", {"status": "completed"})
