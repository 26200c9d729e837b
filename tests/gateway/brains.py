"""An agent that answers as it was told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence

from voicecall.brains import Conversation, HangUpAfter, NoteOutcome, Opening, PressKeys, Report, Said

Part = str | float | HangUpAfter | PressKeys | NoteOutcome | Exception
"""A piece of text, seconds to think, the wish to hang up, or what goes wrong."""


class Answers:
    """Gives one answer after the other, the last one over and over; an answer is a text or its parts."""

    def __init__(self, *answers: str | Sequence[Part], early: bool = False) -> None:
        self.early = early
        self.report: Callable[[Report], None]
        self.asked: list[Conversation] = []
        """What it was told, each time."""
        self.left_early = 0
        """How many answers nobody wanted to the end."""
        self._answers = [(answer,) if isinstance(answer, str) else tuple(answer) for answer in answers] or [()]

    def open(self, call: Opening, report: Callable[[Report], None]) -> Answers:
        """Return the agent of a call: the same for all."""
        self.report = report
        return self

    async def run(self) -> None:
        """There is nothing to keep ready."""
        await asyncio.Event().wait()

    def next(self, conversation: Conversation) -> tuple[Part, ...]:
        """Return the parts of the next answer."""
        parts = self._answers[min(len(self.asked), len(self._answers) - 1)]
        self.asked.append(conversation)
        return tuple(parts)

    async def reply(self, conversation: Conversation) -> AsyncGenerator[Said, None]:
        """Yield the next answer."""
        parts = self.next(conversation)
        try:
            for part in parts:
                match part:
                    case float():
                        await asyncio.sleep(part)
                    case Exception():
                        raise part
                    case _:
                        yield part
        except (GeneratorExit, asyncio.CancelledError):
            self.left_early += 1
            raise
