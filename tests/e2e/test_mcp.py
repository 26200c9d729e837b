"""The official MCP client against a running gateway: the same tool over HTTP and over standard streams."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from tests.e2e.conftest import MakeHouse
from tests.e2e.daemon import COMMAND, PHONE, Daemon, House
from voicecall.core.operations import Transcript


@asynccontextmanager
async def over_http(daemon: Daemon) -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {daemon.token}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=30.0, trust_env=False) as http,
        Client(streamable_http_client(f"{daemon.control}/mcp", http_client=http)) as client,
    ):
        yield client


@asynccontextmanager
async def over_streams(house: House, mode: str = "auto") -> AsyncIterator[Client]:
    program = StdioServerParameters(command=COMMAND, args=["mcp"], env=house.environment, cwd=house.folder)
    async with Client(program, mode=mode) as client:
        yield client


async def do(client: Client, action: str, **parameters: Any) -> Any:
    """Return the structured result of an action that is not refused."""
    answer = await client.call_tool("voice_call", {"action": action, **parameters})
    assert not answer.is_error, answer.content
    return answer.structured_content


@pytest.mark.parametrize("transport", ["http", "streams"])
def test_a_call_is_placed_heard_spoken_into_and_ended(gateway: Daemon, transport: str) -> None:
    async def main() -> None:
        opened = over_http(gateway) if transport == "http" else over_streams(gateway.house)
        async with opened as client:
            assert [one.name for one in (await client.list_tools()).tools] == ["voice_call"]
            placed = await do(client, "initiate_call", to=PHONE, message="Good evening.", mode="conversation")
            call_id = placed["callId"]
            assert placed == {"callId": call_id, "state": "initiated"}
            await asyncio.to_thread(gateway.until, call_id, "reply.finished")
            said = await do(client, "speak_to_user", callId=call_id, message="One more thing.")
            assert said == {"callId": call_id, "heard": True}
            assert [record["callId"] for record in await do(client, "list_live_calls")] == [call_id]
            over = await do(client, "end_call", callId=call_id)
            assert over == {"callId": call_id, "state": "ended", "endReason": "hangup-agent"}
            assert await do(client, "get_status", callId=call_id, wait=True) == gateway.status(call_id)
            lines = gateway.perform(Transcript(call_id=call_id))
            assert await do(client, "get_transcript", callId=call_id) == lines
            (read,) = (await client.read_resource(f"voicecall://calls/{call_id}/transcript")).contents
            assert json.loads(read.text) == lines  # type: ignore[union-attr]
            late = await client.call_tool(
                "voice_call", {"action": "speak_to_user", "callId": call_id, "message": "Hello?"}
            )
            assert (late.is_error, late.structured_content["error"]["code"]) == (True, "call-over")

    asyncio.run(main())


@pytest.mark.parametrize("transport", ["http", "streams"])
def test_who_stops_waiting_for_an_answer_does_not_end_the_call(gateway: Daemon, transport: str) -> None:
    async def main() -> None:
        opened = over_http(gateway) if transport == "http" else over_streams(gateway.house)
        told = asyncio.Event()

        async def note(progress: float, total: float | None, message: str | None) -> None:
            if message == "reply.finished":
                told.set()

        async with opened as client:
            call_id = gateway.place()
            await asyncio.to_thread(gateway.until, call_id, "reply.finished")
            wish = {"action": "continue_call", "callId": call_id, "message": "And your name?"}
            async with asyncio.TaskGroup() as tasks:
                waiting = tasks.create_task(client.call_tool("voice_call", wish, progress_callback=note))
                await told.wait()
                waiting.cancel()
            assert (await do(client, "get_status", callId=call_id))["state"] != "ended"
            await do(client, "end_call", callId=call_id)

    asyncio.run(main())


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_without_a_daemon_each_call_says_how_to_start_one(house: MakeHouse, mode: str) -> None:
    async def main() -> None:
        async with over_streams(house({"control.port": 1}), mode) as client:
            assert len((await client.list_tools()).tools) == 1
            for action in ("end_call", "get_transcript"):
                answer = await client.call_tool("voice_call", {"action": action, "callId": "01J"})
                assert answer.is_error
                assert answer.structured_content["error"]["code"] == "no-daemon"
                assert "voicecall serve" in answer.content[0].text  # type: ignore[union-attr]

    asyncio.run(main())
