"""From the probability of speech in each window to "the caller started" and "the caller stopped". Pure."""

from __future__ import annotations

from . import Speech


class Voicing:
    """Hysteresis over windows of one length.

    Speech starts with `start_windows` windows in a row of at least `start`, and stops with `stop_windows` in a row
    below `stop`. `window` is the length of one in seconds.
    """

    __slots__ = ("_count", "_speaking", "_start", "_start_windows", "_stop", "_stop_windows", "_window")

    def __init__(
        self,
        *,
        window: float = 0.032,
        start: float = 0.5,
        start_windows: int = 2,
        stop: float = 0.35,
        stop_windows: int = 7,
    ) -> None:
        self._window = window
        self._start, self._start_windows = start, start_windows
        self._stop, self._stop_windows = stop, stop_windows
        self._speaking = False
        self._count = 0

    def take(self, probability: float) -> Speech | None:
        """Take the next window; return what it decides, if anything."""
        if self._speaking:
            if probability >= self._stop:
                self._count = 0
                return None
            self._count += 1
            if self._count < self._stop_windows:
                return None
            decision = Speech(started=False, silence=round(self._count * self._window, 6))
        else:
            if probability < self._start:
                self._count = 0
                return None
            self._count += 1
            if self._count < self._start_windows:
                return None
            decision = Speech(started=True, lead=round(self._count * self._window, 6))
        self._speaking = decision.started
        self._count = 0
        return decision
