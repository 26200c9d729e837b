"""Who is asked in a call where several could do it."""

from __future__ import annotations

from collections.abc import Sequence

from . import Trouble


class Rota:
    """Whose turn it is in a call."""

    def __init__(self, kind: str, names: Sequence[str]) -> None:
        self._kind = kind
        self.names = tuple(names)
        self.now = 0
        self._gone: set[int] = set()

    def strike(self, member: int) -> None:
        """This one is of no use any more."""
        self._gone.add(member)

    def advance(self, why: str) -> Trouble | None:
        """The one in use failed: make it the next one's turn, and say so; None where there is no other."""
        others = ((self.now + step) % len(self.names) for step in range(1, len(self.names)))
        following = next((other for other in others if other not in self._gone), None)
        if following is None:
            return None
        failed, self.now = self.names[self.now], following
        why = why.removeprefix(f"{self._kind}.{failed}: ").rstrip(".")
        return Trouble(f"{self._kind}-fallback", f"{failed} failed: {why}; {self.names[following]} took over.")
