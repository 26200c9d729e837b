"""Agents that are asked by a model which speaks with the caller: the question is marked, and looking may be all."""

from __future__ import annotations

import json

import msgspec
import pytest

from tests.brains.agents import Agent, serving
from tests.brains.conversations import CALL, Reports, agent, answer, caller, talk
from tests.brains.model_mcp import ShopServer
from tests.brains.model_rig import conversation, replied, run
from tests.brains.test_model_servers import STATUS, calling
from tests.brains.test_openclaw import desk
from voicecall.brains import BrainOptions, Line
from voicecall.brains.http import HttpBrain
from voicecall.brains.prompt import Said, consulting, inquiry, system, turns
from voicecall.brains.wire import turn
from voicecall.emulators.vendors.answers import Answer, Use

ASKED = Line("caller", "Where is order seven?", asked=True)
LINES = (agent("Hello."), caller("Where is my order?"))


def test_a_language_model_is_asked_in_a_note() -> None:
    told = turns((*LINES, ASKED))
    assert told[-1] == Said("caller", f"Where is my order?\n{inquiry('Where is order seven?')}")
    assert told[-1].text.endswith("Where is order seven?]")


def test_a_model_that_speaks_is_told_when_to_ask() -> None:
    assert "whenever you need" in consulting("auto")
    assert "anything of substance" in consulting("substantive").replace("\n", " ")
    assert "word for word" in consulting("always")
    assert [policy for policy in ("auto", "substantive", "always") if "do not ask again" in consulting(policy)] == [
        "auto",
        "substantive",
    ]


@pytest.mark.parametrize("read_only", [False, True])
def test_a_language_model_is_told_whether_to_look_only(read_only: bool) -> None:
    told = talk(*LINES, read_only=read_only)
    assert ("change nothing" in system("", told)) is read_only
    assert "change nothing" not in system("", told, speaks=True)


def test_a_program_is_told_what_is_asked_and_whether_to_look_only() -> None:
    told = json.loads(msgspec.json.encode(turn(talk(*LINES, ASKED, read_only=True), 1)))
    assert (told["text"], told["readOnly"]) == ("Where is order seven?", True)
    assert told["lines"][-1] == {"speaker": "caller", "text": "Where is order seven?", "asked": True}
    assert "readOnly" not in json.loads(msgspec.json.encode(turn(talk(*LINES), 1)))


async def test_a_service_is_told_the_same() -> None:
    listener = Agent([b'{"text": "It was shipped."}'])
    async with serving(listener) as url:
        brain = HttpBrain(BrainOptions(url=url))
        async with brain.ready():
            told = talk(*LINES, ASKED, read_only=True)
            assert await answer(brain.open(CALL, Reports()), told) == ["It was shipped."]
    assert (listener.asked[0]["text"], listener.asked[0]["readOnly"]) == ("Where is order seven?", True)


async def test_openclaw_is_asked_in_a_note_and_told_every_line_once() -> None:
    async with desk() as at:
        await at.ask(*LINES, ASKED)
        note = inquiry("Where is order seven?")
        assert at.last.said == f'[The caller was told: "Hello."]\nWhere is my order?\n{note}'
        await at.ask(*LINES, agent("It was shipped."), caller("When?"), Line("caller", "On which day?", asked=True))
        assert at.last.said == f"When?\n{inquiry('On which day?')}"


async def test_openclaw_is_told_whether_to_look_only() -> None:
    async with desk() as at:
        await answer(at.mind, talk(*LINES, read_only=True))
        assert "change nothing" in at.last.body["messages"][0]["content"]
        await answer(at.mind, talk(*LINES, caller("Well?")))
        assert "change nothing" not in at.last.body["messages"][0]["content"]


@pytest.mark.parametrize("read_only", [False, True])
def test_a_model_that_looks_only_has_the_tools_that_change_nothing(read_only: bool) -> None:
    async def scene() -> None:
        shop = ShopServer()
        answers = Answer((Use("order_cancel", '{"number": "7"}'),)), Answer((STATUS,)), Answer(("It was shipped.",))
        async with calling(shop, "openai:gpt-5-mini", *answers) as (rig, mind):
            told = msgspec.structs.replace(conversation("Cancel order seven."), read_only=read_only)
            await replied(mind, told)
            names = {tool["function"]["name"] for tool in rig.vendor.seen[0].body["tools"]}
            assert ("order_cancel" in names, "order_status" in names) == (not read_only, True)
            changed = [call["name"] for call in shop.called]
            assert changed == (["order.status"] if read_only else ["order.cancel", "order.status"])

    run(scene())
