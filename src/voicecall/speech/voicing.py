"""From the probability of speech in each window to "the caller started", "surely" and "stopped". Pure."""

from __future__ import annotations

from . import Speech


class Voicing:
    """Hysteresis over windows of one length.

    Speech starts with `start_windows` windows in a row of at least `start`, and stops with `stop_windows` in a row
    below `stop`. It is sure once `sure_windows` of the newest `sure_span` were of at least `sure`. `window` is the
    length of one in seconds.
    """

    __slots__ = (
        "_clear",
        "_count",
        "_lasted",
        "_span",
        "_speaking",
        "_start",
        "_start_windows",
        "_stop",
        "_stop_windows",
        "_sure",
        "_sure_windows",
        "_told",
        "_window",
    )

    def __init__(
        self,
        *,
        window: float = 0.032,
        start: float = 0.5,
        start_windows: int = 2,
        stop: float = 0.35,
        stop_windows: int = 7,
        sure: float = 0.8,
        sure_windows: int = 8,
        sure_span: int = 11,
    ) -> None:
        self._window = window
        self._start, self._start_windows = start, start_windows
        self._stop, self._stop_windows = stop, stop_windows
        self._sure, self._sure_windows, self._span = sure, sure_windows, (1 << sure_span) - 1
        self._speaking = False
        self._count = 0
        self._lasted = 0  # windows since the speech began
        self._clear = 0  # a bit for each of the newest windows, the last one lowest: was it clearly voiced?
        self._told = False

    def take(self, probability: float) -> Speech | None:
        """Take the next window; return what it decides, if anything."""
        self._clear = (self._clear << 1 | (probability >= self._sure)) & self._span
        return self._on(probability) if self._speaking else self._off(probability)

    def _off(self, probability: float) -> Speech | None:
        if probability < self._start:
            self._count = 0
            return None
        self._count += 1
        if self._count < self._start_windows:
            return None
        self._speaking, self._lasted, self._told, self._count = True, self._count, False, 0
        return Speech(started=True, lead=self._seconds(self._lasted))

    def _on(self, probability: float) -> Speech | None:
        self._lasted += 1
        self._count = 0 if probability >= self._stop else self._count + 1
        if self._count >= self._stop_windows:
            silence = self._seconds(self._count)
            self._speaking, self._clear, self._count = False, 0, 0
            return Speech(started=False, silence=silence)
        if self._told or self._clear.bit_count() < self._sure_windows:
            return None
        self._told = True
        return Speech(started=True, lead=self._seconds(self._lasted), sure=True)

    def _seconds(self, windows: int) -> float:
        return round(windows * self._window, 6)
