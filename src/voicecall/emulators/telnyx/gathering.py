"""`gather`: which keys the phone presses, until there are enough.

Source: Telnyx docs `api-reference/call-commands/gather`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from voicecall.emulators.network import Network

from .commands import Gather


class Gatherer:
    """Collects keys for one command at a time; a new one takes the place of the old."""

    def __init__(self, network: Network, event: Callable[[str, Mapping[str, object]], None]) -> None:
        """`event` sends a webhook."""
        self._network = network
        self._event = event
        self._keys: asyncio.Queue[str] = asyncio.Queue()
        self._digits = ""
        self._task: asyncio.Task[None] | None = None

    def start(self, wanted: Gather) -> None:
        """Collect what is pressed from now on."""
        self._break_off("cancelled")
        self._keys, self._digits = asyncio.Queue(), ""
        self._task = self._network.spawn(self._collect(wanted))

    def pressed(self, digit: str) -> None:
        """The phone pressed a key."""
        self._keys.put_nowait(digit)

    def call_ended(self) -> None:
        """The call is over."""
        self._break_off("call_hangup")

    def _break_off(self, status: str) -> None:
        if self._task is not None and not self._task.done():
            self._task.cancel()
            self._tell(status)

    async def _collect(self, wanted: Gather) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + wanted.timeout_millis / 1000
        pause = wanted.initial_timeout_millis
        ended_by_time = False
        while len(self._digits) < wanted.maximum_digits:
            try:
                async with asyncio.timeout_at(min(end, loop.time() + pause / 1000)):
                    key = await self._keys.get()
            except TimeoutError:
                ended_by_time = not self._digits
                break
            if key == wanted.terminating_digit:
                break
            pause = wanted.inter_digit_timeout_millis
            self._digits += key
        expected = len(self._digits) >= wanted.minimum_digits and set(self._digits) <= set(wanted.valid_digits)
        self._tell("timeout" if ended_by_time else "valid" if expected else "invalid")

    def _tell(self, status: str) -> None:
        self._event("call.gather.ended", {"digits": self._digits, "status": status})
