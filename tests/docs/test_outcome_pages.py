"""What the pages say of outcomes is so: their examples are sent, answered and run."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.brains.agents import Agent, serving
from tests.brains.conversations import CALL, Reports, agent, caller, talk
from voicecall.brains import BrainOptions, Conclusion, Evidence, Inquiry
from voicecall.brains.http import HttpBrain
from voicecall.brains.python import PythonBrain
from voicecall.core.operations import Initiate
from voicecall.core.results import Outcome
from voicecall.gateway.schemas import check, faults

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page: str, heading: str, language: str) -> list[str]:
    text = next(part for part in (DOCS / page).read_text("utf-8").split("\n## ") if part.startswith(heading))
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


WISH, OUTCOME = (json.loads(block) for block in blocks("control.md", "What came of a call", "json"))
QUESTION, ANSWER = (json.loads(block) for block in blocks("brains.md", "What came of the call", "json"))
(MODULE,) = blocks("brains.md", "What came of the call", "python")
LINES = (agent("How many are you?"), caller("There will be two of us."))


def test_the_outcome_shown_is_one_that_the_schema_shown_admits() -> None:
    wish, outcome = msgspec.convert(WISH, Initiate), msgspec.convert(OUTCOME, Outcome)
    assert wish.schema is not None
    check(wish.schema)
    assert faults(wish.schema, outcome.data) == ()


def test_the_question_is_sent_and_the_answer_understood_as_shown() -> None:
    listener = Agent([json.dumps(ANSWER).encode()])
    call: Any = msgspec.structs.replace(
        talk(*LINES, objective="Book a table."), direction="outbound", from_=CALL.to, to=CALL.from_
    )

    async def ask() -> Conclusion:
        async with serving(listener) as url:
            brain = HttpBrain(BrainOptions(url=url))
            async with brain.ready():
                return await brain.open(CALL, Reports()).conclude(Inquiry(call, QUESTION["schema"]))

    assert asyncio.run(ask()) == Conclusion("A table for two.", {"guests": 2}, (Evidence("guests", 1, "two of us"),))
    assert listener.asked == [{**QUESTION, "turn": 1}]


def test_the_function_concludes_as_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "booking_agent.py").write_text(MODULE, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    mind: Any = PythonBrain(BrainOptions(callable="booking_agent:answer")).open(CALL, Reports())
    try:
        concluded = asyncio.run(mind.conclude(Inquiry(talk(*LINES), QUESTION["schema"])))
    finally:
        sys.modules.pop("booking_agent", None)
    assert concluded == Conclusion("A table for two.", {"guests": 2}, (Evidence("guests", 1, "two"),))
