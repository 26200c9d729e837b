"""How often each of many may do something. Pure: the clock is an argument."""

from __future__ import annotations

from dataclasses import dataclass

_MOST = 4096
"""Of whom is known how often they did it lately; who did it longest ago is forgotten first."""


@dataclass(frozen=True, slots=True)
class TooOften:
    """It was done too often."""

    wait: float
    """Seconds until it may be done again."""
    first: bool
    """Whether it was allowed the last time."""


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float
    refusing: bool = False


class Rate:
    """A token bucket each: `burst` times at once, and `per_second` times a second in the long run; 0 is unbounded."""

    def __init__(self, per_second: float, burst: float) -> None:
        self._per_second = per_second
        self._burst = max(burst, 1.0)
        self._buckets: dict[str | None, _Bucket] = {}

    def take(self, who: str | None, now: float) -> TooOften | None:
        """Count one more by `who` at `now` (seconds), or say why not; what is refused is not counted."""
        if not self._per_second:
            return None
        bucket = self._buckets.pop(who, None) or _Bucket(self._burst, now)
        self._buckets[who] = bucket
        if len(self._buckets) > _MOST:
            del self._buckets[next(iter(self._buckets))]
        bucket.left = min(self._burst, bucket.left + (now - bucket.at) * self._per_second)
        bucket.at = now
        if bucket.left >= 1.0:
            bucket.left -= 1.0
            bucket.refusing = False
            return None
        first, bucket.refusing = not bucket.refusing, True
        return TooOften((1.0 - bucket.left) / self._per_second, first)
