"""Notices that a model which is to say something says nothing any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_LOOKS = 8
"""In the time of its patience, while there is something to be played."""


class Stall:
    """Waits for one answer at a time. What the caller still has to hear is no silence."""

    def __init__(self, patience: float, *, has_more: Callable[[], bool], lost: Callable[[str], None]) -> None:
        """`patience` in seconds. `has_more` says whether there is audio yet to be played; `lost` is told why."""
        self._patience = patience
        self._has_more = has_more
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._since = 0.0
        """Loop time of the last sign of life."""
        self._begun = False
        self._due: set[str] = set()
        """Tool calls whose results the answer waits for."""

    def expect(self) -> None:
        """From now on, something is to come."""
        self._due.clear()
        self._since, self._begun = self._loop.time(), False
        if self._timer is None:
            self._timer = self._loop.call_later(self._patience, self._look)

    def heard(self) -> None:
        """Something came, and it is to go on."""
        self._since, self._begun = self._loop.time(), True

    def called(self, call: str) -> None:
        """It waits for a tool itself."""
        self._due.add(call)
        self.rest()

    def settled(self, call: str) -> None:
        """It does not wait for this tool any more; after the last one it goes on, or ends."""
        if self._due == {call}:
            self.expect()
        self._due.discard(call)

    def rest(self) -> None:
        """Nothing is to come."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        now = self._loop.time()
        if self._has_more():
            self._since = now
            self._timer = self._loop.call_later(self._patience / _LOOKS, self._look)
            return
        due = self._since + self._patience
        if due > now:
            self._timer = self._loop.call_at(due, self._look)
            return
        self._timer = None
        did = "stopped in the middle of an answer" if self._begun else "was asked for an answer"
        self._lost(f"The model {did} and said nothing for {self._patience:g} s.")
