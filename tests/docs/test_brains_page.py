"""The page about brains says what is so: its examples are sent, answered and run, its tables compared."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.brains.agents import Agent, serving
from tests.brains.conversations import CALL, Reports, agent, answer, caller, said, talk
from voicecall.app.engines import Engines
from voicecall.brains import BrainOptions, HangUpAfter, Mind, NoteOutcome, PressKeys, Report, Said
from voicecall.brains.command import CommandBrain
from voicecall.brains.http import HttpBrain
from voicecall.brains.python import PythonBrain
from voicecall.config.load import load
from voicecall.config.reference import reference
from voicecall.plugins import TABLE

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "brains.md").read_text("utf-8")
SECRETS = dict.fromkeys(("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OPENCLAW_GATEWAY_TOKEN", "AGENT_TOKEN"), "secret")


def section(name: str) -> str:
    """What stands under a heading."""
    return next(part for part in PAGE.split("\n## ") if part.startswith(f"`{name}`"))


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


CONFIGURATIONS = blocks(PAGE, "toml")
REQUEST, *ANSWERS = blocks(section("http"), "json")
(EVENTS,) = blocks(section("http"), "text")
WRITTEN, READ, NEWS = blocks(section("command"), "jsonl")
(PROGRAM,) = blocks(section("command"), "python")
(MODULE,) = blocks(section("python"), "python")


def hearing(listener: Agent, ask: Callable[[Mind], Awaitable[list[Said]]]) -> list[Said]:
    async def main() -> list[Said]:
        async with serving(listener) as url:
            brain = HttpBrain(BrainOptions(url=url))
            async with brain.ready():
                return await ask(brain.open(CALL, Reports()))

    return asyncio.run(main())


def test_the_question_is_sent_as_shown() -> None:
    lines = (
        agent("Riverside Bakery, what can I do for you?"),
        caller("I would like to order two loaves."),
        agent("Gladly. When would you", interrupted=True),
        caller("Tomorrow at eight."),
    )
    listener = Agent([b"{}"])

    async def ask(mind: Mind) -> list[Said]:
        await answer(mind, talk(*lines[:2]))
        return await answer(mind, talk(*lines))

    hearing(listener, ask)
    assert listener.asked[1] == json.loads(REQUEST)


@pytest.mark.parametrize(
    ("shown", "kind", "items"),
    [
        (
            ANSWERS[0],
            "application/json",
            [
                "Two loaves, tomorrow at eight. See you then!",
                NoteOutcome("ordered", "Two loaves for eight.", {"loaves": 2}),
                HangUpAfter(),
            ],
        ),
        (ANSWERS[1], "application/json", ["One moment, I put you through.", PressKeys("12#")]),
        (EVENTS, "text/event-stream", ["Two loaves,", " tomorrow", " at eight.", HangUpAfter()]),
    ],
)
def test_the_answers_shown_mean_what_the_page_says(shown: str, kind: str, items: list[Said]) -> None:
    assert hearing(Agent([shown.encode()], kind), lambda mind: answer(mind, said("Hello."))) == items
    assert len(ANSWERS) == 2


@asynccontextmanager
async def running(program: str, report: Callable[[Report], None]) -> AsyncIterator[Mind]:
    mind = CommandBrain(BrainOptions(command=(sys.executable, "-Ic", program))).open(CALL, report)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(mind.run())
        yield mind
        task.cancel()


def test_the_lines_that_a_program_reads_are_those_shown(tmp_path: Path) -> None:
    note = tmp_path / "lines"
    program = f"""
import sys
with open({str(note)!r}, "w", encoding="utf-8") as note:
    for line in sys.stdin:
        note.write(line)
        if '"turn"' in line:
            print('{{"type": "text", "text": "One"}}', flush=True)
"""

    async def main() -> None:
        async with running(program, Reports()) as mind:
            items = mind.reply(said("Hello."))
            assert await anext(items) == "One"
            await items.aclose()

    asyncio.run(main())
    assert [json.loads(line) for line in note.read_text().splitlines()] == [
        json.loads(line) for line in WRITTEN.splitlines()
    ]


def test_the_lines_that_a_program_writes_mean_what_the_page_says() -> None:
    program = f"import sys\nfor line in sys.stdin:\n    if '\"lines\"' in line: print({NEWS + READ!r}, flush=True)"
    reports = Reports()

    async def main() -> list[Said]:
        async with running(program, reports) as mind:
            return await answer(mind, said("Hello."))

    assert asyncio.run(main()) == [
        "Good morning. ",
        "Here is the menu.",
        PressKeys("12#"),
        NoteOutcome("ordered", "Two loaves.", {"loaves": 2}),
        HangUpAfter(),
    ]
    assert reports.volunteered == ["Your order has just been confirmed."]
    assert reports.troubles == []


def test_the_program_shown_answers() -> None:
    async def main() -> list[Said]:
        async with running(PROGRAM, Reports()) as mind:
            return [*await answer(mind, said("Hello.")), *await answer(mind, said("Bye."))]

    assert asyncio.run(main()) == ["You said: Hello.", "You said: Bye."]


def test_the_function_shown_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_agent.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    (shown,) = blocks(section("python"), "toml")
    mind = PythonBrain(replace(BrainOptions(), callable=tomllib.loads(shown)["brain"]["callable"])).open(
        CALL, Reports()
    )

    async def main() -> list[Said]:
        return [*await answer(mind, said("Hello.")), *await answer(mind, said("Bye."))]

    assert asyncio.run(main()) == ["You said: Hello.", "Goodbye!", NoteOutcome("finished"), HangUpAfter()]


@pytest.mark.parametrize("shown", CONFIGURATIONS)
def test_the_configurations_shown_make_the_agents_they_name(
    shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "voicecall.toml"
    file.write_text(shown)
    (tmp_path / "my_agent.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    loaded = load(file, {**SECRETS, "VOICECALL_STATE_DIR": str(tmp_path)})
    assert loaded.warnings == ()
    brain = Engines().brain(loaded.config.brain)
    kind = loaded.config.brain.kind
    assert brain.early == (kind == "model" and not loaded.config.brain.servers)


def test_every_kind_has_its_row_and_every_example_its_kind() -> None:
    rows = set(re.findall(r"^\| `([a-z]+)` \|", PAGE.partition("\n## ")[0], re.MULTILINE))
    assert rows == set(TABLE["brain"])
    shown = {tomllib.loads(one)["brain"]["kind"] for one in CONFIGURATIONS}
    assert rows == shown | {"demo", "fixed", "echo"}


def test_the_keys_named_are_there() -> None:
    known = set(re.findall(r"^\| `([a-z_.]+)", reference(), re.MULTILINE))
    named = set(re.findall(r"`(brain\.[a-z_.]+)`", PAGE))
    assert len(named) > 10
    assert {key for key in named if not any(one.startswith(key) for one in known)} == set()


def test_the_table_of_codes_names_every_trouble_and_no_other() -> None:
    sources = (path.read_text("utf-8") for path in (ROOT / "src" / "voicecall" / "brains").glob("*.py"))
    reported = {code for source in sources for code in re.findall(r"\bTrouble\(\s*\"([a-z-]+)\"", source)}
    told = set(re.findall(r"^\| `([a-z-]+)` \|", PAGE.rpartition("\n| code |")[2], re.MULTILINE))
    assert told == reported
