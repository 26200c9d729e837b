"""How long the stages of a turn took, for whoever waits at the other end."""

from __future__ import annotations


class Stopwatch:
    """The stages of one turn in milliseconds; where nothing else is said, each from the end of the one before.

    `silence` is what the decision chose to wait, `transcript` when the last words were known, `wait` when the turn was
    taken as over, and `response` when the first audio left: these four from the caller's last sound on.
    """

    def __init__(self, turn: int, now: float, *, silent_since: float, heard_at: float, waited: float) -> None:
        """Loop times: `now`, the end of the caller's last sound, and when its words were known; `waited` in seconds."""
        self.turn = turn
        self.told = False
        self._silent_since = silent_since
        self._last = now
        self.stages: dict[str, float] = {
            "silence": _ms(waited),
            "transcript": _ms(max(0.0, heard_at - silent_since)),
            "wait": _ms(now - silent_since),
        }

    @property
    def is_complete(self) -> bool:
        """Whether an answer has left, and nobody was told yet how long it took."""
        return "response" in self.stages and not self.told

    def lap(self, stage: str, now: float) -> None:
        """The stage ended; only its first end counts."""
        if stage not in self.stages:
            self.stages[stage] = _ms(now - self._last)
            self._last = now

    def sent(self, now: float) -> None:
        """The first frame left: the caller waited this long in all."""
        self.lap("send", now)
        self.stages["response"] = _ms(now - self._silent_since)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
