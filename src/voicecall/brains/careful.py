"""An agent with others behind it: time limits, one repetition, failover, and a bound on how much it may say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

import structlog

from voicecall.errors import AgentError, whereabouts

from . import Brain, Concluding, Conclusion, Conversation, Inquiry, Mind, Opening, Report, Said, Trouble
from .conclusion import ask, cannot

_log = structlog.get_logger()

_PAUSE = 0.2
"""Seconds before an agent is asked again."""
_CONCLUSION = 20.0
"""Seconds that all agents together may take to say what came of a call."""
_WORD = 64
"""Characters of a word that is not to be broken where an answer is cut."""


class Careful:
    """Several agents in the order of asking. Belongs to all calls."""

    def __init__(
        self, brains: Sequence[tuple[str, Brain]], *, first: float | Sequence[float], stall: float, longest: int = 6000
    ) -> None:
        """`brains`: at least one, each with the name by which the record speaks of it.

        `first`: seconds that an attempt may take to begin, for all agents or for each in turn; `stall`: seconds without
        anything amid an answer;
        `longest`: characters of an answer.
        """
        self._brains = tuple(brains)
        self._firsts = tuple(first) if isinstance(first, Sequence) else (first,) * len(self._brains)
        self._stall = stall
        self._longest = longest
        self.early = brains[0][1].early

    def open(self, call: Opening, report: Callable[[Report], None]) -> CarefulMind:
        """Return the agent of a call that begins."""
        named = zip(self._brains, self._firsts, strict=True)
        minds = [_Named(name, brain.open(call, report), first) for (name, brain), first in named]
        return CarefulMind(minds, report, stall=self._stall, longest=self._longest)


@dataclass
class _Named:
    name: str
    mind: Mind
    first: float
    dead: AgentError | None = None


class CarefulMind:
    """One call. Every answer is asked of the first that lives; before its first item, the next may stand in."""

    def __init__(
        self, minds: Sequence[_Named], report: Callable[[Report], None], *, stall: float, longest: int
    ) -> None:
        self._minds = minds
        self._report = report
        self._stall = stall
        self._longest = longest

    async def run(self) -> None:
        """Keep all of them ready.

        Raises:
            AgentError: none of them can be had.
        """
        async with asyncio.TaskGroup() as tasks:
            for named in self._minds:
                tasks.create_task(self._keep(named), name=f"agent {named.name}")
        dead = self._minds[-1].dead
        if dead is not None and not self._living():
            raise dead
        await asyncio.Event().wait()

    async def _keep(self, named: _Named) -> None:
        try:
            await named.mind.run()
        except AgentError as error:
            dead = error
        except Exception as error:  # noqa: BLE001 - an agent may be anybody's code, and must not end the call
            dead = broken(error)
        else:
            return
        named.dead = dead
        living = self._living()
        if living:
            text = f"{named.name} cannot be had, so {living[0].name} answers: {dead}."
            self._report(Trouble("brain-fallback", text))

    def _living(self) -> list[_Named]:
        return [named for named in self._minds if named.dead is None]

    async def reply(self, conversation: Conversation) -> AsyncGenerator[Said, None]:
        """Yield the answer of the first agent that has one; nothing is asked again once it has begun.

        Raises:
            AgentError: none has an answer, or the one that began has no more of it.
        """
        living = self._living()
        failure = self._minds[-1].dead
        for place, named in enumerate(living):
            if failure is not None and place:
                text = f"{living[place - 1].name} has no answer, so {named.name} is asked: {failure}."
                self._report(Trouble("brain-fallback", text))
            for again in (False, True):
                begun = False
                try:
                    async with aclosing(self._bounded(named, conversation)) as items:
                        async for item in items:
                            begun = True
                            yield item
                    return
                except AgentError as error:
                    if begun:
                        raise
                    failure = error
                if again or not failure.retryable or failure.code == "timeout" or named.dead is not None:
                    break
                self._report(Trouble("brain-retried", f"{named.name} failed and is asked again: {failure}."))
                await asyncio.sleep(_PAUSE)
        raise failure or AgentError("there is no agent")

    async def conclude(self, inquiry: Inquiry) -> Conclusion:
        """Return what the first agent says that can say what came of the call.

        Raises:
            AgentError: none can.
        """
        able = [named for named in self._living() if isinstance(named.mind, Concluding)]
        failure = self._minds[0].dead or cannot(self._minds[0].name)
        for place, named in enumerate(able):
            if place:
                text = (
                    f"{able[place - 1].name} does not say what came of the call, so {named.name} is asked: {failure}."
                )
                self._report(Trouble("brain-fallback", text))
            patience = _CONCLUSION / len(able)
            try:
                async with asyncio.timeout(patience):
                    return await _once_more(named.mind, inquiry)
            except TimeoutError:
                failure = AgentError(f"{named.name} did not conclude within {patience:g} s", code="timeout")
            except AgentError as error:
                failure = error
            except Exception as error:  # noqa: BLE001 - an agent may be anybody's code, and must not end the call
                failure = broken(error)
        raise failure

    async def _bounded(self, named: _Named, conversation: Conversation) -> AsyncGenerator[Said, None]:
        """Yield one attempt, as much of it as there is room for."""
        room = _Room(self._longest)
        async with aclosing(self._punctual(named, conversation)) as items:
            async for item in items:
                if not isinstance(item, str):
                    if rest := room.rest():
                        yield rest
                    yield item
                elif not item:
                    yield item
                elif text := room.take(item):
                    yield text
                if room.is_full:
                    break
        if room.is_full:
            why = f"{named.name} said more than {self._longest} characters; the rest was left out."
            self._report(Trouble("answer-cut", why))
        elif rest := room.rest():
            yield rest

    async def _punctual(self, named: _Named, conversation: Conversation) -> AsyncGenerator[Said, None]:
        """Yield one attempt as long as it keeps to its time limits."""
        begun = False
        async with aclosing(named.mind.reply(conversation)) as items:
            while True:
                patience = self._stall if begun else named.first
                try:
                    async with asyncio.timeout(patience):
                        item = await anext(items)
                except StopAsyncIteration:
                    break
                except TimeoutError:
                    what = "fell silent amid its answer" if begun else "said nothing"
                    message = f"{named.name} {what} for {patience:g} s"
                    raise AgentError(message, retryable=True, code="timeout") from None
                except AgentError:
                    raise
                except Exception as error:
                    raise broken(error) from error
                begun = True
                yield item
        if not begun:
            raise AgentError(f"{named.name} answered nothing", code="empty")


async def _once_more(mind: Mind, inquiry: Inquiry) -> Conclusion:
    """Ask, and ask again where that can help."""
    try:
        return await ask(mind, inquiry)
    except AgentError as error:
        if not error.retryable:
            raise
    await asyncio.sleep(_PAUSE)
    return await ask(mind, inquiry)


def broken(error: Exception) -> AgentError:
    """Say that an agent raised what it should not, in the log also where."""
    _log.error("agent.broken", detail=whereabouts(error))
    return AgentError(f"the agent broke: {type(error).__name__}", code="broken")


class _Room:
    """Lets text through up to a number of characters, so that what is cut is cut between two words."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._held = ""
        """A word that has begun close to the end of the room."""
        self.is_full = False

    def take(self, text: str) -> str:
        """Return what of the text may go on now."""
        text = self._held + text
        self._held = ""
        if len(text) > self._room:
            self.is_full = True
            whole = text[: self._room + 1]
            return whole[: _last_space(whole)].rstrip() if len(whole) - _last_space(whole) <= _WORD else whole[:-1]
        if self._room - len(text) < _WORD and len(text) - _last_space(text) <= _WORD:
            text, self._held = text[: _last_space(text)], text[_last_space(text) :]
        self._room -= len(text)
        return text

    def rest(self) -> str:
        """Return what was held back, since nothing continues it."""
        text, self._held = self._held, ""
        self._room -= len(text)
        return text


def _last_space(text: str) -> int:
    """Return where the last word begins."""
    return next((at + 1 for at in range(len(text) - 1, -1, -1) if text[at].isspace()), 0)
