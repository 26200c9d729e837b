"""Development agents without a mind: one that always says the same, and one that repeats the caller."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

from voicecall.brains import Conversation, Opening, Report, Said


class FixedBrain:
    """Always answers with the same text, at once; an empty text answers nothing. The same for every call."""

    early = True

    def __init__(self, text: str) -> None:
        self._text = text

    def open(self, call: Opening, report: Callable[[Report], None]) -> FixedBrain:
        """Return the agent of a call."""
        return self

    async def reply(self, conversation: Conversation) -> AsyncGenerator[Said, None]:
        """Yield the text."""
        yield self._text

    async def run(self) -> None:
        """There is nothing to keep ready."""
        await asyncio.Event().wait()


class EchoBrain:
    """Answers with what the caller said. The same for every call."""

    early = True

    def open(self, call: Opening, report: Callable[[Report], None]) -> EchoBrain:
        """Return the agent of a call."""
        return self

    async def reply(self, conversation: Conversation) -> AsyncGenerator[Said, None]:
        """Yield the caller's last line."""
        yield conversation.lines[-1].text

    async def run(self) -> None:
        """There is nothing to keep ready."""
        await asyncio.Event().wait()
