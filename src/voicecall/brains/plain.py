"""Development agents without a mind: one that always says the same, and one that repeats the caller."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from voicecall.brains import Conversation, HangUpAfter


class FixedBrain:
    """Always answers with the same text, at once; an empty text answers nothing."""

    def __init__(self, text: str) -> None:
        self._text = text

    async def reply(self, conversation: Conversation) -> AsyncGenerator[str | HangUpAfter, None]:
        """Yield the text."""
        if self._text:
            yield self._text


class EchoBrain:
    """Answers with what the caller said."""

    async def reply(self, conversation: Conversation) -> AsyncGenerator[str | HangUpAfter, None]:
        """Yield the caller's last line."""
        yield conversation.lines[-1].text
