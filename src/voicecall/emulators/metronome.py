"""The clock of the calls: every 20 ms, on an absolute schedule, each call leg plays and sends a frame."""

from __future__ import annotations

import asyncio
from typing import Protocol

INTERVAL = 0.02
"""Seconds between two frames."""
BURST = 10
"""Frames that may be made up for at once after a stall; older ones are skipped."""


class Ticker(Protocol):
    """What is ticked."""

    def tick(self, at: float) -> None:
        """Do one frame's work. `at` is when it was due (event loop time). Must return within microseconds."""


class Metronome:
    """Ticks everything that was added, as long as there is anything."""

    def __init__(self) -> None:
        self.skipped = 0
        """Ticks that were left out because the event loop stood still for longer than a burst."""
        self._tickers: dict[Ticker, None] = {}
        self._wake = asyncio.Event()

    def add(self, ticker: Ticker) -> None:
        """Tick this one too, from the next tick on."""
        self._tickers[ticker] = None
        self._wake.set()

    def remove(self, ticker: Ticker) -> None:
        """Tick it no more."""
        self._tickers.pop(ticker, None)

    async def run(self) -> None:
        """Tick for ever."""
        while True:
            self._wake.clear()
            if not self._tickers:
                await self._wake.wait()
            await self._run_while_needed(asyncio.get_running_loop())

    async def _run_while_needed(self, loop: asyncio.AbstractEventLoop) -> None:
        origin, count = loop.time(), 0
        while self._tickers:
            count += 1
            await asyncio.sleep(max(0.0, origin + count * INTERVAL - loop.time()))
            behind = int((loop.time() - origin) / INTERVAL) - count
            if behind > BURST:
                self.skipped += behind - BURST
                count += behind - BURST
            due = origin + count * INTERVAL
            for ticker in tuple(self._tickers):
                ticker.tick(due)
