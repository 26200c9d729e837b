"""Questions to the agent, alone: what is taken back, and what is known from before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.gateway.brains import Answers, Part
from voicecall.brains import Conversation, HangUpAfter, Line, NoteOutcome, PressKeys
from voicecall.core.events import Event, Warned
from voicecall.core.utterances import (
    ConsultBegan,
    ConsultOver,
    FarewellAsked,
    KeysWanted,
    OutcomeNoted,
    Volunteered,
)
from voicecall.gateway.consulting import WORKING, Consultant, Consulting

TALK = Conversation("call-1", "inbound", "+15550100009", "+15550000000", (Line("caller", "Where is my order?"),))


class Desk:
    """A consultant, and what came of it."""

    def __init__(self, *answers: Any, **options: Any) -> None:
        self.brain = Answers(*answers)
        self.posted: list[Event] = []
        self.told: dict[str, Any] = {}
        self.notes: list[str] = []
        self.consultant = Consultant(self.brain, lambda: TALK, self.posted.append, Consulting(**options))

    def ask(self, call: str, question: str = "Where is it?") -> None:
        """Ask."""
        self.consultant.ask(call, question, "", 1)


@asynccontextmanager
async def desk(*answers: Any, **options: Any) -> AsyncIterator[Desk]:
    """Open one."""
    async with asyncio.TaskGroup() as tasks:
        opened = Desk(*answers, **options)
        opened.consultant.start(
            tasks.create_task,
            lambda call, output, reply: opened.told.update({call: output}),
            opened.notes.append,
        )
        yield opened


SLOW: tuple[Part, ...] = (30.0, "It was shipped")


async def test_what_the_model_takes_back_is_cancelled() -> None:
    async with desk(SLOW) as at:
        at.ask("one")
        await asyncio.sleep(0.5)
        at.consultant.uncall("one")
        await asyncio.sleep(0.1)
        warned = [event.code for event in at.posted if isinstance(event, Warned)]
        assert (at.told, at.brain.left_early, warned) == ({}, 1, ["consult-cancelled"])
        assert (at.posted[0], at.posted[-1]) == (ConsultBegan(1), ConsultOver(1))


async def test_what_another_call_waits_for_goes_on() -> None:
    async with desk((0.5, "It was shipped")) as at:
        at.ask("one")
        at.ask("two")
        at.consultant.uncall("one")
        await asyncio.sleep(0.6)
        assert at.told == {"two": {"answer": "It was shipped"}}


async def test_what_was_promised_is_not_taken_back() -> None:
    async with desk(SLOW) as at:
        at.ask("one")
        await asyncio.sleep(2)
        at.consultant.uncall("one")
        await asyncio.sleep(30)
        assert (at.told, at.posted[1]) == ({"one": {"working": WORKING}}, Volunteered("It was shipped"))


async def test_a_question_that_was_taken_back_can_be_asked_again() -> None:
    async with desk((0.2, "No"), (0.2, "Yes")) as at:
        at.ask("one")
        await asyncio.sleep(0.1)
        at.consultant.uncall("one")
        at.ask("two")
        await asyncio.sleep(1)
        assert at.told == {"two": {"answer": "Yes"}}


async def test_all_that_is_under_way_can_be_abandoned() -> None:
    async with desk(SLOW) as at:
        at.ask("one")
        at.ask("two", "And when?")
        await asyncio.sleep(2)
        at.consultant.abandon()
        await asyncio.sleep(0.1)
        assert at.brain.left_early == 1
        assert [event for event in at.posted if isinstance(event, ConsultOver)] == [ConsultOver(1), ConsultOver(2)]


async def test_an_agent_that_says_nothing_is_told_as_such() -> None:
    async with desk(("",), (2.0, "")) as at:
        at.ask("one")
        at.ask("two", "And when?")
        await asyncio.sleep(5)
        silence = "The assistant has nothing to say to that."
        assert at.told == {"one": {"answer": silence}, "two": {"working": WORKING}}
        assert at.notes == [f"[Of what you asked: {silence}]"]
        assert not [event for event in at.posted if isinstance(event, Volunteered)]


async def test_only_what_is_to_be_spoken_is_given() -> None:
    async with desk('{"spoken": "It was **shipped**."}') as at:
        at.ask("one")
        await asyncio.sleep(0.1)
        assert at.told == {"one": {"answer": "It was shipped."}}


# --- earlier calls


async def known(text: str, after: float = 0.1) -> str:
    """Return what is known."""
    await asyncio.sleep(after)
    return "2026-11-01, they said: Elm Street." if "street" in text else ""


async def test_what_is_known_from_earlier_calls_is_not_asked() -> None:
    async with desk("Never", recall=known) as at:
        at.ask("one", "Which street?")
        await asyncio.sleep(0.2)
        told = at.told["one"]
        assert told["earlier calls with them"] == "2026-11-01, they said: Elm Street."
        assert ("data" in told["note"], at.brain.asked) == (True, [])


async def test_what_is_looked_up_for_long_is_never_promised() -> None:
    async def slow(text: str) -> str:
        return await known(text, after=3.0)

    async with desk("Never", recall=slow) as at:
        at.ask("one", "Which street?")
        at.ask("two", "Which town?")
        await asyncio.sleep(4)
        assert [set(told) for told in at.told.values()] == [{"earlier calls with them", "note"}, {"answer"}]


async def test_what_is_asked_after_a_long_look_is_promised_at_once() -> None:
    async def slow(text: str) -> str:
        return await known(text, after=3.0)

    async with desk((2.0, "In May"), recall=slow, falls_back=True) as at:
        at.ask("one", "Which month?")
        await asyncio.sleep(3.1)
        assert at.told == {"one": {"working": WORKING}}
        await asyncio.sleep(2)
        assert Volunteered("In May") in at.posted


@pytest.mark.parametrize("falls_back", [False, True])
async def test_what_is_not_known_is_admitted_or_asked(falls_back: bool) -> None:
    async with desk("It was shipped", recall=known, falls_back=falls_back) as at:
        at.ask("one")
        await asyncio.sleep(0.2)
        assert ("you do not know" in at.told["one"]["answer"]) is not falls_back
        assert len(at.brain.asked) == falls_back


# --- every turn


async def test_what_the_agent_wants_done_in_its_turn_is_done() -> None:
    parts = (PressKeys("1"), NoteOutcome("done"), "Good bye", HangUpAfter())
    async with desk(parts, always=True, read_only=False) as at:
        said: list[str] = []
        at.consultant.relay(2, said.append)
        await asyncio.sleep(0.1)
        assert (said, at.posted) == (["Good bye"], [KeysWanted(2, "1"), OutcomeNoted("done"), FarewellAsked(2)])
        assert not at.brain.asked[0].read_only
