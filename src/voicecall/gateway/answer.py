"""What a model that hears and speaks says in one go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from voicecall.brains import Conversation
from voicecall.realtime import Called

LONGEST = 120.0
"""Seconds of audio that a model may be ahead of what was sent, before its call is ended."""
MOST_WORDS = 20_000
"""Characters of an answer."""
MOST_OWN = 8
"""Answers that nobody asked for and that wait."""
MOST_TROUBLE = 30
"""Warnings of one session."""
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


def unspoken(conversation: Conversation, *, warned: bool) -> Iterator[str]:
    """Yield what the model is to know before it answers, and nobody says; `warned`: it knows that the end is near."""
    if conversation.lines and conversation.lines[-1].keys:
        yield f"The caller pressed the keys {conversation.lines[-1].text}."
    if conversation.seconds_left is not None and not warned:
        left = f"{conversation.seconds_left:.0f} seconds"
        yield f"Only {left} are left before the call ends: come to a close and say goodbye."
