"""The agent in a program: what it is told, what it may say, and what becomes of it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from tests.brains.conversations import CALL, Reports, agent, answer, caller, said, talk, texts
from voicecall.brains import BrainOptions, HangUpAfter, NoteOutcome, PressKeys, Report
from voicecall.brains.careful import Careful
from voicecall.brains.command import CommandBrain, CommandMind
from voicecall.errors import AgentError, ConfigError

PROGRAM = str(Path(__file__).with_name("command_agent.py"))


class Hearing(Reports):
    """Reports that can be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self._news = asyncio.Event()

    def __call__(self, report: Report) -> None:
        super().__call__(report)
        self._news.set()

    async def until(self, number: int) -> None:
        while len(self.all) < number:
            self._news.clear()
            await self._news.wait()


@asynccontextmanager
async def calling(
    note: Path = Path("/dev/null"), pauses: tuple[float, ...] = (0.0, 0.0)
) -> AsyncIterator[tuple[CommandMind, Hearing]]:
    """A call with the program; afterwards nothing of it is left."""
    reports = Hearing()
    brain = CommandBrain(BrainOptions(command=(sys.executable, "-I", PROGRAM, str(note))), pauses=pauses)
    mind = brain.open(CALL, reports)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(mind.run())
        yield mind, reports
        running.cancel()
    assert mind.pid is None
    assert psutil.Process().children() == []


async def test_it_is_told_of_the_call_and_of_every_question() -> None:
    async with calling() as (mind, _):
        lines = (agent("Welcome.", interrupted=True), caller("who"))
        call, turn = json.loads(texts(await answer(mind, talk(*lines, objective="Find out."))))
        assert call == {
            "type": "start",
            "callId": "call-1",
            "direction": "inbound",
            "from": CALL.from_,
            "to": CALL.to,
            "language": "en",
        }
        assert (turn["type"], turn["turn"], turn["text"], turn["objective"]) == ("turn", 1, "who", "Find out.")
        assert turn["lines"][0] == {"speaker": "agent", "text": "Welcome.", "interrupted": True}
        _, turn = json.loads(texts(await answer(mind, said("who"))))
        assert turn["turn"] == 2


async def test_it_may_speak_in_pieces_and_have_things_done() -> None:
    async with calling() as (mind, reports):
        assert await answer(mind, said("everything")) == [
            "Grüße ",
            "to you.",
            PressKeys("1w#"),
            NoteOutcome("greeted", "All well.", {"times": 1}),
            HangUpAfter(),
        ]
        assert await answer(mind, said("nothing")) == []
    assert reports.all == []


async def test_it_runs_before_anybody_asks_and_is_told_of_the_end(tmp_path: Path) -> None:
    note = tmp_path / "note"
    async with calling(note) as (mind, _):
        await answer(mind, said("hello"))
        pid = mind.pid
        await answer(mind, said("hello"))
        assert mind.pid == pid
    assert note.read_text() == "ended"


async def test_an_answer_that_is_left_is_cancelled_and_what_it_still_says_is_not_heard() -> None:
    async with calling() as (mind, reports):
        async with aclosing(mind.reply(said("wait"))) as items:
            assert await anext(items) == "Once "
        await reports.until(1)
        assert reports.volunteered == ["cancelled 1"]
        assert await answer(mind, said("old")) == ["new"]


async def test_cancelling_the_listener_cancels_the_answer() -> None:
    async with calling() as (mind, reports):
        async with asyncio.TaskGroup() as tasks:
            items = mind.reply(said("wait"))
            await anext(items)
            task = tasks.create_task(anext(items))
            await asyncio.sleep(0)
            task.cancel()
        await reports.until(1)
        assert reports.volunteered == ["cancelled 1"]


async def test_it_may_speak_of_its_own_accord() -> None:
    async with calling() as (mind, reports):
        assert await answer(mind, said("news")) == [""]
        assert reports.volunteered == ["By the way."]


async def test_lines_that_cannot_be_used_are_told_and_skipped() -> None:
    async with calling() as (mind, reports):
        assert await answer(mind, said("rubbish")) == ["All the same."]
        assert await answer(mind, said("rubbish")) == ["All the same."]
    assert reports.codes == ["agent-line-skipped"] * 3
    assert reports.troubles == [
        "A line of brain.command is not JSON; it was skipped.",
        "A line of brain.command is not one of those that were agreed; it was skipped.",
        "A line of brain.command is not one of those that were agreed; it was skipped.",
    ]


async def test_more_than_a_megabyte_is_not_kept() -> None:
    async with calling() as (mind, _):
        heard = texts(await answer(mind, said("much")))
    assert 900_000 < len(heard) <= 1 << 20


async def test_an_error_that_it_reports_is_one() -> None:
    async with calling() as (mind, _):
        with pytest.raises(AgentError) as error:
            await answer(mind, said("error"))
    assert (error.value.code, error.value.retryable) == ("reported", True)
    assert "Bond" not in str(error.value)


async def test_a_program_that_dies_fails_its_question_and_answers_the_next() -> None:
    async with calling() as (mind, _):
        with pytest.raises(AgentError, match="the program ended with exit status 3") as error:
            await answer(mind, said("die"))
        assert (error.value.code, error.value.retryable) == ("ended", True)
        call, _turn = json.loads(texts(await answer(mind, said("who"))))
        assert call["callId"] == "call-1"


async def test_a_program_that_dies_amid_its_answer_is_heard_that_far() -> None:
    async with calling() as (mind, _):
        items = mind.reply(said("die amid"))
        assert await anext(items) == "Once "
        with pytest.raises(AgentError, match="exit status 3"):
            await anext(items)


async def test_a_program_that_is_killed_between_questions_is_told_and_started_again() -> None:
    async with calling() as (mind, reports):
        await answer(mind, said("hello"))
        psutil.Process(mind.pid).kill()
        await reports.until(1)
        assert reports.troubles == ["brain.command: the program ended with signal 9 and is started again."]
        assert texts(await answer(mind, said("everything"))) == "Grüße to you."


async def test_one_that_dies_again_and_again_is_given_up() -> None:
    mind = CommandBrain(BrainOptions(command=(sys.executable, "-Ic", "raise SystemExit(4)")), pauses=(0.0,)).open(
        CALL, Reports()
    )
    with pytest.raises(AgentError, match="exit status 4, 2 times in a row"):
        await mind.run()
    with pytest.raises(AgentError, match="exit status 4, 2 times in a row"):
        await answer(mind, said("hello"))


async def test_one_that_cannot_be_started_fails_the_question_that_waits() -> None:
    mind = CommandBrain(BrainOptions(command=("/nowhere/to/be/found",))).open(CALL, Reports())

    async def ask() -> str:
        with pytest.raises(AgentError) as error:
            await answer(mind, said("hello"))
        return str(error.value)

    async with asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(ask())
        await asyncio.sleep(0)
        with pytest.raises(AgentError):
            await mind.run()
    assert asking.result() == "brain.command: cannot start /nowhere/to/be/found: No such file or directory"


async def test_asked_with_care_it_answers_although_it_died(tmp_path: Path) -> None:
    reports = Hearing()
    command = (sys.executable, "-I", PROGRAM, str(tmp_path / "note"))
    brain = CommandBrain(BrainOptions(command=command), pauses=(0.0,))
    mind = Careful([("my agent", brain)], first=10, stall=10).open(CALL, reports)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(mind.run())
        assert await answer(mind, said("die once")) == ["Here I am again."]
        running.cancel()
    assert reports.troubles == [
        "my agent failed and is asked again: brain.command: the program ended with exit status 3."
    ]


def test_it_must_be_said_what_to_run_and_whether_that_may_be_asked_early() -> None:
    with pytest.raises(ConfigError, match=r"brain\.command"):
        CommandBrain(BrainOptions())
    assert not CommandBrain(BrainOptions(command=("true",))).early
    assert CommandBrain(BrainOptions(command=("true",), early=True)).early
