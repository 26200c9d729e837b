"""The agent in a program of one's own: one process a call, lines of JSON on its standard streams.

docs/brains.md says which lines there are.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from voicecall.errors import AgentError, ConfigError, Fault, NetworkError
from voicecall.net.process import PAUSES, Process

from . import BrainOptions, Conclusion, Conversation, HangUpAfter, Inquiry, Opening, Report, Said, Trouble, Volunteered
from .conclusion import cannot, given
from .wire import Ask, Outcome, Start, Turn, noted, pressed, question, start, turn

_MOST_TOLD = 3
"""How many lines that cannot be used the record speaks of in one call."""
_LONGEST_ANSWER = 1 << 20
"""Characters."""


class _Line(msgspec.Struct):
    """A line of the program."""

    type: Literal["text", "done", "hangup", "press", "outcome", "say", "error"]
    turn: int | None = None
    """The question it belongs to; the one at hand when absent."""
    text: str = ""
    digits: str = ""
    disposition: str = ""
    summary: str = ""
    data: dict[str, object] | None = None
    evidence: list[object] = []


@dataclass
class _Answer:
    """The answer to the question at hand, as it comes."""

    turn: int
    concludes: bool = False
    """Whether it is about the call, which is over."""
    items: asyncio.Queue[Said | Conclusion | AgentError | None] = field(default_factory=asyncio.Queue)
    """None ends it."""
    length: int = 0

    def add(self, text: str) -> None:
        """Take more words."""
        self.length += len(text)
        if self.length <= _LONGEST_ANSWER:
            self.items.put_nowait(text)


class CommandBrain:
    """Runs `command` once for each call. Belongs to all calls."""

    def __init__(self, options: BrainOptions, *, pauses: Sequence[float] = PAUSES) -> None:
        """`pauses`: seconds before each further start of a program that ended.

        Raises:
            ConfigError: it is not said what to run.
        """
        if not options.command:
            raise ConfigError([Fault("brain.command", 'name the program and its arguments, such as ["./agent"]')])
        self._command = options.command
        self._pauses = pauses
        self.early = options.early or False

    def open(self, call: Opening, report: Callable[[Report], None]) -> CommandMind:
        """Return the agent of a call that begins."""
        return CommandMind(self._command, call, report, self._pauses)


class CommandMind:
    """One call."""

    def __init__(
        self,
        command: Sequence[str],
        call: Opening,
        report: Callable[[Report], None],
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        self._report = report
        self._start = start(call)
        self._asked = 0
        self._answer: _Answer | None = None
        self._unusable = 0
        self._dead: AgentError | None = None
        self._process = Process(
            "brain.command",
            command,
            receive=self._receive,
            opened=lambda: [_typed("start", self._start)],
            lost=self._lost,
            closing=lambda: [_typed("end")],
            pauses=pauses,
        )

    @property
    def pid(self) -> int | None:
        """The program's process id, while it runs."""
        return self._process.pid

    async def run(self) -> None:
        """Keep the program running.

        Raises:
            AgentError: it cannot be started, or does not stay.
        """
        try:
            await self._process.run()
        except NetworkError as error:
            self._dead = AgentError(str(error))
            if self._answer is not None:
                self._answer.items.put_nowait(self._dead)
            raise self._dead from error

    async def reply(self, conversation: Conversation) -> AsyncGenerator[Said, None]:
        """Yield the answer to the caller's last line.

        Raises:
            AgentError: there is no answer, or no more of it.
        """
        self._asked += 1
        answer = _Answer(self._asked)
        async with aclosing(self._put(answer, _typed("turn", turn(conversation, answer.turn)))) as items:
            async for item in items:
                if not isinstance(item, Conclusion):
                    yield item

    async def conclude(self, inquiry: Inquiry) -> Conclusion:
        """Return what the program makes of a call that is over.

        Raises:
            AgentError: it does not say.
        """
        self._asked += 1
        answer = _Answer(self._asked, concludes=True)
        async with aclosing(self._put(answer, _typed("outcome", question(inquiry, answer.turn)))) as items:
            async for item in items:
                if isinstance(item, Conclusion):
                    return item
        raise cannot("brain.command")

    async def _put(self, answer: _Answer, line: bytes) -> AsyncGenerator[Said | Conclusion, None]:
        """Put a question, and yield what comes."""
        if self._dead is not None:
            raise self._dead
        self._answer = answer
        self._process.send(line)
        over = False
        try:
            while True:
                item = await answer.items.get()
                over = item is None or isinstance(item, AgentError | Conclusion)
                if item is None or isinstance(item, AgentError):
                    break
                yield item
        finally:
            if self._answer is answer:
                self._answer = None
            if not over:
                self._process.send(_typed("cancel", {"turn": answer.turn}))
        if item is not None:
            raise item

    def _lost(self, why: str) -> None:
        self._process.forget()
        error = AgentError(f"brain.command: {why}", retryable=True, code="ended")
        if self._answer is not None:
            self._answer.items.put_nowait(error)
        else:
            self._report(Trouble("agent-restarted", f"brain.command: {why} and is started again."))

    def _receive(self, raw: bytes | None) -> None:
        """Take a line of the program."""
        if raw is None:
            self._skip("is too long")
        elif raw.strip():
            try:
                self._take(msgspec.json.decode(raw, type=_Line))
            except msgspec.ValidationError:
                self._skip("is not one of those that were agreed")
            except msgspec.DecodeError:
                self._skip("is not JSON")
            except ValueError as error:
                self._skip(f"cannot be carried out: {error}")

    def _take(self, line: _Line) -> None:
        answer = self._answer
        if line.type == "say":
            self._report(Volunteered(line.text))
            return
        if answer is None or line.turn not in (None, answer.turn):
            return  # of a question that was cancelled
        match line.type:
            case "text":
                answer.add(line.text)
            case "done":
                answer.items.put_nowait(None)
            case "hangup":
                answer.items.put_nowait(HangUpAfter())
            case "press":
                answer.items.put_nowait(pressed(line.digits))
            case "outcome" if answer.concludes:
                found = {"summary": line.summary, "data": line.data, "evidence": line.evidence}
                answer.items.put_nowait(given(found, "brain.command"))
            case "outcome":
                if not line.disposition:
                    raise ValueError("an outcome needs a disposition")
                answer.items.put_nowait(noted(Outcome(line.disposition, line.summary, line.data or {})))
            case "error":
                answer.items.put_nowait(AgentError("brain.command reported an error", retryable=True, code="reported"))

    def _skip(self, why: str) -> None:
        self._unusable += 1
        if self._unusable <= _MOST_TOLD:
            self._report(Trouble("agent-line-skipped", f"A line of brain.command {why}; it was skipped."))


def _typed(kind: str, told: Start | Turn | Ask | dict[str, int] | None = None) -> bytes:
    """Return a line for the program."""
    members = msgspec.to_builtins(told) if told is not None else {}
    return msgspec.json.encode({**members, "type": kind})
