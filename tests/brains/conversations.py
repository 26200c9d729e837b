"""Conversations for tests of brains, and what they report."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any

from voicecall.brains import Conversation, Line, Mind, Opening, Report, Said, Trouble, Volunteered

CALL = Opening("call-1", "inbound", "+15550100123", "+15550100999")


def caller(text: str, *, keys: bool = False) -> Line:
    """What the caller said."""
    return Line("caller", text, keys=keys)


def agent(text: str, *, interrupted: bool = False) -> Line:
    """What the caller heard of the agent."""
    return Line("agent", text, interrupted=interrupted)


def talk(*lines: Line, **members: Any) -> Conversation:
    """A conversation of `CALL` that has come to the last of these lines."""
    return Conversation(CALL.call_id, CALL.direction, CALL.from_, CALL.to, lines, **members)


def said(text: str) -> Conversation:
    """The caller said one thing."""
    return talk(caller(text))


async def answer(mind: Mind, conversation: Conversation) -> list[Said]:
    """The whole answer."""
    async with aclosing(mind.reply(conversation)) as items:
        return [item async for item in items]


class Reports:
    """What a mind reported."""

    def __init__(self) -> None:
        self.all: list[Report] = []

    def __call__(self, report: Report) -> None:
        self.all.append(report)

    @property
    def codes(self) -> list[str]:
        return [report.code for report in self.all if isinstance(report, Trouble)]

    @property
    def troubles(self) -> list[str]:
        return [report.text for report in self.all if isinstance(report, Trouble)]

    @property
    def volunteered(self) -> list[str]:
        return [report.text for report in self.all if isinstance(report, Volunteered)]


class Scripted:
    """A brain that does what it is told, one function for each question, the last one for ever."""

    def __init__(
        self,
        *replies: Callable[[Conversation], AsyncGenerator[Said, None]],
        life: Callable[[], Any] | None = None,
        early: bool = False,
    ) -> None:
        self.replies = list(replies)
        self.life = life
        self.early = early
        self.asked: list[Conversation] = []
        self.ended: list[str] = []

    def open(self, call: Opening, report: Callable[[Report], None]) -> Scripted:
        return self

    async def run(self) -> None:
        if self.life is not None:
            await self.life()

    async def reply(self, conversation: Conversation) -> AsyncGenerator[Said, None]:
        self.asked.append(conversation)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        end = "left"
        try:
            async with aclosing(reply(conversation)) as items:
                async for item in items:
                    yield item
            end = "complete"
        finally:
            self.ended.append(end)


def saying(*items: Said) -> Callable[[Conversation], AsyncGenerator[Said, None]]:
    """A reply of these items, at once."""

    async def reply(_: Conversation) -> AsyncGenerator[Said, None]:
        for item in items:
            yield item

    return reply


def failing(error: Exception, *items: Said) -> Callable[[Conversation], AsyncGenerator[Said, None]]:
    """A reply that fails after these items."""

    async def reply(_: Conversation) -> AsyncGenerator[Said, None]:
        for item in items:
            yield item
        raise error

    return reply


def texts(items: Sequence[Said]) -> str:
    """The words of an answer."""
    return "".join(item for item in items if isinstance(item, str))
