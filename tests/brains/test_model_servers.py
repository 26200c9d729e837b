"""MCP servers of a call: their tools reach the model, and no fault of theirs reaches the caller."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.brains.model_mcp import PROGRAM, ShopServer
from tests.brains.model_rig import APIS, Rig, connected, conversation, replied, run
from voicecall.brains import HangUpAfter, Mind, Report, Server, Trouble
from voicecall.brains.servers import Servers, load
from voicecall.emulators.vendors import listening
from voicecall.emulators.vendors.answers import Answer, Use

STATUS = Use("order_status", '{"number": "7"}')


@asynccontextmanager
async def calling(shop: ShopServer, model: str, *answers: Answer) -> AsyncIterator[tuple[Rig, Mind]]:
    """Yield the brain on a call whose MCP server is the shop's, once they are connected."""
    async with listening(shop.app()) as origin:
        servers = (Server(url=f"{origin}/mcp", token="the-token"),)
        async with connected(model, *answers, servers=servers) as rig, asyncio.TaskGroup() as tasks:
            mind = rig.mind()
            running = tasks.create_task(mind.run())
            await shop.connected.wait()
            yield rig, mind
            running.cancel()


@pytest.mark.parametrize("model", APIS)
def test_the_model_uses_the_tools_of_a_server(model: str) -> None:
    async def scene() -> None:
        shop = ShopServer()
        asked = Answer(("Let me look.", STATUS))
        async with calling(shop, model, asked, Answer(("It was shipped.",))) as (rig, mind):
            assert await replied(mind, conversation("Where is order seven?")) == ["Let me look. It was shipped."]
            ((called,), tokens) = (shop.called, shop.tokens)
            assert (called["name"], called["arguments"], tokens) == (
                "order.status",
                {"number": "7"},
                {"Bearer the-token"},
            )
            assert "It was shipped yesterday." in json.dumps(rig.vendor.seen[1].body)
            assert rig.reports == []

    run(scene())


def test_the_tools_of_the_phone_cannot_be_taken_over() -> None:
    async def scene() -> None:
        shop = ShopServer()
        async with calling(shop, "openai:gpt-5-mini", Answer(("Bye.", Use("hang_up")))) as (rig, mind):
            assert await replied(mind, conversation("Bye.")) == ["Bye.", HangUpAfter()]
            names = [tool["function"]["name"] for tool in rig.vendor.seen[0].body["tools"]]
            assert names == ["hang_up", "press_keys", "note_outcome", "order_status", "order_cancel", "order_count"]
            assert shop.called == []

    run(scene())


@pytest.mark.parametrize(
    ("use", "told", "code"),
    [
        (Use("order_cancel", '{"number": "7"}'), "order_cancel failed: It is closed.", "tool-failed"),
        (Use("order_count", '{"number": "7"}'), "order_count did not answer in time.", "tool-timeout"),
        (Use("order_status", '{"number"'), "The arguments of order_status are wrong", ""),
    ],
)
def test_a_tool_that_fails_is_told_to_the_model(use: Use, told: str, code: str) -> None:
    async def scene() -> None:
        shop = ShopServer()
        reports: list[Report] = []
        async with listening(shop.app()) as origin, asyncio.TaskGroup() as tasks:
            servers = Servers((Server(url=f"{origin}/mcp"),), reports.append, answer=0.1)
            running = tasks.create_task(servers.run())
            assert use.name in [tool.name for tool in await servers.tools()]
            done = await servers.call(use.name, use.arguments)
            assert (done.failed, done.told[: len(told)]) == (True, told)
            assert [report.code for report in reports if isinstance(report, Trouble)] == ([code] if code else [])
            running.cancel()

    run(scene())


def test_a_server_may_be_a_program_of_ones_own() -> None:
    async def scene() -> None:
        async with asyncio.TaskGroup() as tasks:
            servers = Servers((Server(command=(sys.executable, "-c", PROGRAM)),), lambda report: None)
            running = tasks.create_task(servers.run())
            assert [tool.name for tool in await servers.tools()] == ["order_status"]
            assert (await servers.call("order_status", {"number": "7"})).told == "It was shipped yesterday."
            running.cancel()

    run(scene())


@pytest.mark.parametrize("number", range(4))
def test_a_server_that_cannot_be_used_is_reported_and_done_without(number: int) -> None:
    async def scene() -> None:
        load()
        reports: list[Report] = []
        silent = ShopServer(silent=True)
        async with listening(silent.app()) as origin, asyncio.TaskGroup() as tasks:
            faulty = (
                Server(url=f"{origin}/mcp"),
                Server(url="http://127.0.0.1:9/mcp"),
                Server(command=("/bin/true",)),
                Server(command=("/no/such/program",)),
            )
            patience = 0.2 if number == 0 else 10.0
            servers = Servers((faulty[number],), reports.append, connect=patience)
            running = tasks.create_task(servers.run())
            assert await servers.tools() == []
            await running
            how = "did not answer in time" if number == 0 else "cannot be used"
            text = f"MCP server 1 of brain.servers {how}; the call goes on without its tools"
            assert reports == [Trouble("mcp-server", text)]

    run(scene())


def test_a_question_does_not_wait_for_ever_for_a_server_that_is_not_there_yet() -> None:
    async def scene() -> None:
        servers = Servers((Server(url="http://127.0.0.1:9/mcp"),), lambda report: None, connect=0.05)
        assert await servers.tools() == []

    run(scene())
