"""Agents as functions and classes, for tests."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from voicecall.brains import BrainOptions, Conclusion, Conversation, HangUpAfter, Inquiry, Opening, Report, Said

ended: list[str] = []
"""What came to its end."""


def _said(conversation: Conversation) -> str:
    return conversation.lines[-1].text


def plain(conversation: Conversation) -> str:
    return f"{_said(conversation)} in {threading.current_thread().name}"


def several(conversation: Conversation) -> list[Said]:
    return [_said(conversation), HangUpAfter()]


def generated(conversation: Conversation) -> Generator[str, None, None]:
    yield "one "
    yield "two"


def without_end(conversation: Conversation) -> Generator[str, None, None]:
    try:
        while True:
            yield "word "
    finally:
        ended.append("without_end")
        over.set()


over = threading.Event()
given: list[str] = []


def many(conversation: Conversation) -> Generator[str, None, None]:
    for _ in range(5000):
        given.append("word ")
        yield "word "


async def awaited(conversation: Conversation) -> str:
    await asyncio.sleep(0)
    return _said(conversation)


async def nothing(conversation: Conversation) -> None:
    return None


async def streamed(conversation: Conversation) -> AsyncGenerator[Said, None]:
    try:
        yield "one "
        yield "two"
        yield HangUpAfter()
    finally:
        ended.append("streamed")


async def gives_a_stream(conversation: Conversation) -> AsyncGenerator[Said, None]:
    return streamed(conversation)


async def gives_a_list(conversation: Conversation) -> list[Said]:
    return ["one", HangUpAfter()]


async def never(conversation: Conversation) -> str:
    try:
        await asyncio.Event().wait()
    finally:
        ended.append("never")
    return ""


bound = partial(awaited)


class Callee:
    async def __call__(self, conversation: Conversation) -> str:
        return "from an object"


instance = Callee()


def raises(conversation: Conversation) -> str:
    raise KeyError(_said(conversation))


async def raises_later(conversation: Conversation) -> AsyncGenerator[str, None]:
    yield "one"
    raise KeyError(_said(conversation))


def numbers(conversation: Conversation) -> int:
    return 7


async def streams_numbers(conversation: Conversation) -> AsyncGenerator[int, None]:
    yield 7


class Own:
    """A brain of its own."""

    early = True

    def __init__(self, options: BrainOptions) -> None:
        self._text = options.text

    @asynccontextmanager
    async def ready(self) -> AsyncIterator[None]:
        ended.append("ready")
        yield

    def open(self, call: Opening, report: Callable[[Report], None]) -> Own:
        return self

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def reply(self, conversation: Conversation) -> AsyncGenerator[Said, None]:
        yield self._text


class Plain(Own):
    early = False

    def __init__(self) -> None:
        super().__init__(BrainOptions(text="plain"))


class Broken(Own):
    def __init__(self, options: Any) -> None:
        raise RuntimeError("My name is Bond.")


class NoBrain:
    pass


made = Plain()
number = 7


class Talker:
    """An agent that is an object, and that can say what came of its call."""

    def __call__(self, conversation: Conversation) -> str:
        return "Hello."

    def conclude(self, inquiry: Inquiry) -> Conclusion:
        return Conclusion(threading.current_thread().name, {"lines": len(inquiry.conversation.lines)})


class AsyncTalker(Talker):
    async def conclude(self, inquiry: Inquiry) -> Conclusion:  # type: ignore[override]
        return Conclusion("", {"lines": len(inquiry.conversation.lines)})


class Confused(Talker):
    def conclude(self, inquiry: Inquiry) -> Any:
        return "My name is Bond."


class Raising(Talker):
    def conclude(self, inquiry: Inquiry) -> Conclusion:
        raise ValueError("My name is Bond.")


talker, async_talker, confused, broken_talker = Talker(), AsyncTalker(), Confused(), Raising()
