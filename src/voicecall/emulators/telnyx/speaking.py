"""`speak`: the network's voice, one text after the other.

Source: Telnyx docs `api-reference/call-commands/speak-text`. How voice and media stream go together is not published:
here they share one queue, which `playback_stop` and a `clear` of the stream empty, and the end of the stream does not.
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
from voicecall.emulators.playout import RATE
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
        self._audio = b""
        self._ends = 0.0
        """When the voice will have said everything, in event loop time."""
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

    def stream_ended(self) -> None:
        """The leg dropped what was queued, because its media stream is over; say the rest once more."""
        left = round((self._ends - asyncio.get_running_loop().time()) * RATE)
        if self._speaking and left > 0 and not self._leg.playout.seconds:
            self._leg.playout.queue(self._audio[-left:])

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
                self._audio = await self._network.speak(text)
            except SpeechError as error:
                self._leg.note("notification", f"speak: {error}")
                continue
            self._leg.note("say", text)
            self._event("call.speak.started", {})
            self._leg.playout.queue(self._audio)
            self._ends = asyncio.get_running_loop().time() + self._leg.playout.seconds
            self._skip.clear()
            self._speaking = True
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._ends + INTERVAL):
                    await self._skip.wait()
            self._speaking = False
            self._event("call.speak.ended", {"status": "completed"})
