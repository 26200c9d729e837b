"""MCP at the control listener: the official client over a socket, behind the guard, in both eras of the protocol."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from prometheus_client import CollectorRegistry

from voicecall.core.operations import Continue, End, Events, Operation
from voicecall.entrypoints import ControlOptions
from voicecall.entrypoints.control import ControlListener

BOTH = pytest.mark.parametrize("mode", ["auto", "legacy"])
CONTINUE = {"action": "continue_call", "callId": "01J", "message": "And?"}


class FakeOperator:
    """Answers with the operation's name; a `Continue` waits until something has been heard."""

    def __init__(self) -> None:
        self.asked: list[Operation] = []
        self.looks = 0
        self.begun = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.heard = asyncio.Event()

    async def perform(self, operation: Operation, *, idempotency_key: str | None = None) -> Any:
        if isinstance(operation, Events):
            self.looks += 1
            new = self.looks > 1 and operation.since == 0
            return [{"seq": 1, "at": "t", "callId": "01J", "type": "call.answered", "data": {}}] if new else []
        self.asked.append(operation)
        self.begun.set()
        if isinstance(operation, Continue):
            try:
                await self.heard.wait()
            except asyncio.CancelledError:
                self.cancelled.set()
                raise
        return {"did": operation.name}

    async def subscribe(self, since: int, call_id: str | None) -> AsyncIterator[dict[str, Any]]:
        yield {}

    def readiness(self) -> dict[str, bool]:
        return {}


@asynccontextmanager
async def client(listener: ControlListener, mode: str, **headers: str) -> AsyncIterator[Client]:
    url = f"http://127.0.0.1:{listener.port}/mcp"
    given = {"Authorization": "Bearer the-token"} | headers
    async with (
        httpx2.AsyncClient(headers=given, trust_env=False) as http,
        Client(streamable_http_client(url, http_client=http), mode=mode) as one,
    ):
        yield one


def visit(play: Callable[[ControlListener, FakeOperator], Awaitable[None]]) -> FakeOperator:
    operator = FakeOperator()

    async def main() -> None:
        listener = ControlListener(ControlOptions(port=0, token="the-token"), operator, CollectorRegistry())
        async with asyncio.timeout(20.0), listener:
            await play(listener, operator)

    asyncio.run(main())
    return operator


@BOTH
def test_the_tool_is_called_over_a_socket(mode: str) -> None:
    async def play(listener: ControlListener, operator: FakeOperator) -> None:
        for _ in range(2):
            async with client(listener, mode) as one:
                assert [tool.name for tool in (await one.list_tools()).tools] == ["voice_call"]
                answer = await one.call_tool("voice_call", {"action": "end_call", "callId": "01J"})
                assert answer.structured_content == {"did": "end"}

    assert visit(play).asked == [End(call_id="01J")] * 2


@BOTH
def test_progress_arrives_while_the_answer_is_waited_for(mode: str) -> None:
    told: list[tuple[float, str | None]] = []

    async def play(listener: ControlListener, operator: FakeOperator) -> None:
        async def note(progress: float, total: float | None, message: str | None) -> None:
            told.append((progress, message))
            operator.heard.set()

        async with client(listener, mode) as one:
            answer = await one.call_tool("voice_call", CONTINUE, progress_callback=note)
        assert answer.structured_content == {"did": "continue"}

    visit(play)
    assert told == [(1, "call.answered")]


@BOTH
def test_a_client_that_stops_waiting_ends_the_wait_and_nothing_else(mode: str) -> None:
    async def play(listener: ControlListener, operator: FakeOperator) -> None:
        async with client(listener, mode) as one:
            async with asyncio.TaskGroup() as tasks:
                waiting = tasks.create_task(one.call_tool("voice_call", CONTINUE))
                await operator.begun.wait()
                waiting.cancel()
            await operator.cancelled.wait()

    assert visit(play).asked == [Continue(call_id="01J", message="And?")]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Host": "evil.example.com"}, 403),
        ({"Origin": "http://evil.example.com"}, 403),
    ],
)
def test_the_guard_stands_before_it(headers: dict[str, str], status: int) -> None:
    async def play(listener: ControlListener, operator: FakeOperator) -> None:
        given = {"Authorization": "Bearer the-token", "Accept": "application/json, text/event-stream"} | headers
        async with httpx2.AsyncClient(trust_env=False) as http:
            body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
            answer = await http.post(f"http://127.0.0.1:{listener.port}/mcp", json=body, headers=given)
        assert answer.status_code == status

    visit(play)


def test_rubbish_is_answered_with_an_error() -> None:
    async def play(listener: ControlListener, operator: FakeOperator) -> None:
        headers = {"Authorization": "Bearer the-token", "Accept": "application/json, text/event-stream"}
        async with httpx2.AsyncClient(headers=headers, trust_env=False) as http:
            url = f"http://127.0.0.1:{listener.port}/mcp"
            kind = {"Content-Type": "application/json"}
            assert 400 <= (await http.post(url, content=b"{", headers=kind)).status_code < 500
            assert (await http.post(url, content=b"[" * 70_000, headers=kind)).status_code == 413

    visit(play)


@BOTH
def test_closing_does_not_wait_for_those_who_wait(mode: str) -> None:
    async def main() -> None:
        operator = FakeOperator()
        listener = ControlListener(ControlOptions(port=0, token="the-token"), operator, CollectorRegistry())
        async with asyncio.timeout(20.0):
            await listener.__aenter__()

            async def ask() -> None:
                with suppress(Exception):  # how a client words a lost connection is its own affair
                    async with client(listener, mode) as one:
                        await one.call_tool("voice_call", CONTINUE)

            async with asyncio.TaskGroup() as tasks:
                asking = tasks.create_task(ask())
                await operator.begun.wait()
                before = asyncio.get_running_loop().time()
                await listener.__aexit__(None, None, None)
                assert asyncio.get_running_loop().time() - before < 3.0
                asking.cancel()

    asyncio.run(main())


def test_before_it_listens_nobody_is_served() -> None:
    async def main() -> int:
        listener = ControlListener(ControlOptions(token="the-token"), FakeOperator(), CollectorRegistry())
        transport = httpx2.ASGITransport(listener.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:3335") as http:
            return (await http.post("/mcp", headers={"Authorization": "Bearer the-token"})).status_code

    assert asyncio.run(main()) == 503
