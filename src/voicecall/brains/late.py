"""An agent that is slow: an answer that was not there when the caller spoke again is kept, and said later."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from typing import Any

from voicecall.errors import AgentError

from . import Brain, Conclusion, Conversation, Inquiry, Mind, Opening, Report, Said, Trouble, Volunteered
from .conclusion import ask

PATIENCE = 120.0
"""Seconds after which an answer is given up."""
_FENCE = re.compile(r"^```[a-z]*\s*(.*?)\s*```$", re.DOTALL)


class Late:
    """A brain that goes on working on an answer whose time has passed. Belongs to all calls."""

    early = False

    def __init__(self, brain: Brain, *, patience: float = PATIENCE) -> None:
        self._brain = brain
        self._patience = patience

    def open(self, call: Opening, report: Callable[[Report], None]) -> LateMind:
        """Return the agent of a call that begins."""
        return LateMind(self._brain.open(call, report), report, patience=self._patience)

    def ready(self) -> AbstractAsyncContextManager[None]:
        """Make ready what is wrapped."""
        ready: Callable[[], AbstractAsyncContextManager[None]] = getattr(self._brain, "ready", nullcontext)
        return ready()


class _Question:
    """One question and as much of its answer as nobody has taken yet."""

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self.items: list[Said] = []
        self.error: AgentError | None = None
        self.done = False
        self.asking: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    def add(self, item: Said) -> None:
        """More of the answer is there."""
        self.items.append(item)
        self._news.set()

    def end(self, error: AgentError | None) -> None:
        """There is no more."""
        self.done, self.error = True, error
        self._news.set()

    async def answer(self) -> AsyncGenerator[Said, None]:
        """Yield the answer as it comes."""
        while True:
            self._news.clear()
            while self.items:
                yield self.items.pop(0)
            if self.done:
                break
            await self._news.wait()
        if self.error is not None:
            raise self.error

    async def whole(self) -> list[Said]:
        """Return the answer once it is complete: its words in one piece, and what is to be done.

        Raises:
            AgentError: there is none, or no more of it.
        """
        while not self.done:
            self._news.clear()
            await self._news.wait()
        if self.error is not None:
            raise self.error
        return joined(self.items)

    async def drop(self) -> None:
        """Stop working on it, and wait until that has stopped."""
        if self.asking is not None and not self.done:
            self.asking.cancel()
            await asyncio.wait([self.asking])


class LateMind:
    """One call. Questions are put in `run`, so that they outlive whoever waits for the answer.

    One at a time: whoever asks the next one waits for the late answer first.
    """

    def __init__(self, mind: Mind, report: Callable[[Report], None], *, patience: float = PATIENCE) -> None:
        self._mind = mind
        self._report = report
        self._patience = patience
        self._questions: asyncio.Queue[_Question] = asyncio.Queue()
        self._late: _Question | None = None
        """Was left before it had an answer, and is owed one."""
        self._dead: AgentError | None = None

    async def run(self) -> None:
        """Put the questions, until cancelled.

        Raises:
            AgentError: the agent cannot be had.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep(), name="agent")
                while True:
                    question = await self._questions.get()
                    question.asking = tasks.create_task(self._ask(question), name="question")
        except* AgentError:
            pass  # it is in `_dead`
        finally:
            while not self._questions.empty():
                self._questions.get_nowait().end(self._stopped())
        if self._dead is not None:
            raise self._dead

    async def _keep(self) -> None:
        try:
            await self._mind.run()
        except AgentError as error:
            self._dead = error
            raise

    def _stopped(self) -> AgentError:
        return self._dead or AgentError("the agent was stopped")

    async def _ask(self, question: _Question) -> None:
        try:
            async with asyncio.timeout(self._patience), aclosing(self._mind.reply(question.conversation)) as items:
                async for item in items:
                    question.add(item)
        except TimeoutError:
            question.end(AgentError(f"there was no answer within {self._patience:g} s", code="timeout"))
        except AgentError as error:
            question.end(error)
        except asyncio.CancelledError:
            question.end(self._stopped())
            raise
        else:
            question.end(None)
        if question is self._late:
            self._volunteer(question)

    def _volunteer(self, late: _Question) -> None:
        """Offer an answer that nobody waits for; one with something to be done is kept for the next question."""
        if late.error is not None:
            self._lose(late.error)
            return
        match joined(late.items):
            case [] | [""]:
                self._late = None
            case [str(text)]:
                self._late = None
                self._report(Volunteered(text))
            case _:
                pass  # with something to be done

    def _lose(self, error: AgentError) -> None:
        self._late = None
        self._report(Trouble("late-answer-lost", f"The answer that the caller did not wait for failed: {error}."))

    async def reply(self, conversation: Conversation) -> AsyncGenerator[Said, None]:
        """Yield what is owed from before, then the answer. If it is left before its first item, the work goes on.

        Raises:
            AgentError: there is no answer, or no more of it.
        """
        owed = await self._owed()
        for item in owed:
            yield item
        if self._dead is not None:
            raise self._dead
        question = _Question(conversation)
        self._questions.put_nowait(question)
        begun = False
        try:
            if owed:  # two answers in one: each must be understood as a whole
                question.items = await question.whole()
            async with aclosing(question.answer()) as items:
                async for item in items:
                    begun = True
                    yield item
        finally:
            if begun:
                await question.drop()
            elif question.error is None:
                self._late = question
                if question.done:
                    self._volunteer(question)

    async def conclude(self, inquiry: Inquiry) -> Conclusion:
        """Return what came of the call; what is late does not matter any more.

        Raises:
            AgentError: it cannot be said.
        """
        return await ask(self._mind, inquiry)

    async def _owed(self) -> list[Said]:
        """Return the answer that is late, which ends its being so; nothing if there is none, or it failed."""
        late, self._late = self._late, None
        if late is None:
            return []
        items: list[Said] = []
        try:
            items = await late.whole()
        except AgentError as error:
            self._lose(error)
        except asyncio.CancelledError:
            self._late = late
            raise
        return [f"{item}\n\n" if isinstance(item, str) else item for item in items if item]


def joined(items: list[Said]) -> list[Said]:
    """Return an answer with its words in one piece, first and as they are to be spoken."""
    texts = [item for item in items if isinstance(item, str)]
    others: list[Said] = [item for item in items if not isinstance(item, str)]
    return [words("".join(texts)), *others] if texts else others


def words(answer: str) -> str:
    """Return what is to be spoken of a whole answer: the `spoken` of a JSON object where it is or holds one."""
    answer = answer.strip()
    fenced = _FENCE.match(answer)
    text = fenced[1] if fenced else answer
    try:
        found: Any = json.loads(text[text.index("{") : text.rindex("}") + 1])
    except ValueError:
        return answer
    return found["spoken"].strip() if isinstance(found, dict) and isinstance(found.get("spoken"), str) else answer
