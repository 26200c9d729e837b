"""What a model that hears and speaks says in one go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from voicecall.brains import Conversation
from voicecall.realtime import Called

UNWANTED = '{"failed": "You were interrupted: this was not done."}'
"""What a tool tells that was called in the course of an answer which nobody wants."""


@dataclass(slots=True)
class Answer:
    """Something the model says."""

    name: str
    text: str | None = None
    """What it was asked to say; None where it answers."""
    reply: int = 0
    """What it is said as; 0 as long as nobody wants it."""
    audio: list[bytes] = field(default_factory=list)
    """What came before it was wanted."""
    size: int = 0
    words: str = ""
    ended: bool = False
    failed: str = ""
    again: bool = False
    """Whether it was asked for a second time."""
    calls: list[Called] = field(default_factory=list)
    """Tools that it called before it was wanted."""
    due: set[str] = field(default_factory=set)
    """Calls of tools that have not told yet."""
    goes_on: bool = False
    """Whether a tool that has told asks for more of it."""

    def told(self, call: str, *, more: bool) -> bool:
        """Take note that a tool has told; return whether the model is to go on now."""
        if call not in self.due:
            return False
        self.due.remove(call)
        goes_on = self.goes_on or more
        self.goes_on = goes_on and bool(self.due)
        return goes_on and not self.due

    def uncall(self, call: str) -> None:
        """The model does not wait for this tool any more."""
        self.due.discard(call)
        self.calls = [one for one in self.calls if one.call != call]


class Due:
    """What the model was asked for is waited for, and not for ever."""

    def __init__(self, patience: float, late: Callable[[], None]) -> None:
        """Call `late` once that took `patience` seconds."""
        self._loop = asyncio.get_running_loop()
        self._patience = patience
        self._late = late
        self._timer: asyncio.TimerHandle | None = None

    def expect(self) -> None:
        """Something is due from now on."""
        self.settle()
        self._timer = self._loop.call_later(self._patience, self._late)

    def settle(self) -> None:
        """It has come, or nobody waits for it any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def unspoken(conversation: Conversation, *, warned: bool) -> Iterator[str]:
    """Yield what the model is to know before it answers, and nobody says; `warned`: it knows that the end is near."""
    if conversation.lines and conversation.lines[-1].keys:
        yield f"The caller pressed the keys {conversation.lines[-1].text}."
    if conversation.seconds_left is not None and not warned:
        left = f"{conversation.seconds_left:.0f} seconds"
        yield f"Only {left} are left before the call ends: come to a close and say goodbye."
