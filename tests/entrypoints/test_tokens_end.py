"""A token that is revoked or has expired ends what it had opened, within seconds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.entrypoints.test_tokens import House
from voicecall.core.tokens import Bearer
from voicecall.emulators.clock import run_virtual

# --- until when


def over_sockets(act: Callable[[str, House], Awaitable[None]]) -> None:
    """Let `act` visit a listener at this URL without its scheme."""

    async def main() -> None:
        house = House(port=0)
        async with asyncio.timeout(10.0), house.listener:
            await act(f"//127.0.0.1:{house.listener.port}", house)

    asyncio.run(main())


READER = {"Authorization": "Bearer vc_read"}


@pytest.mark.parametrize("expires", [False, True])
def test_an_event_stream_ends_within_seconds_of_its_token(expires: bool) -> None:
    async def act(url: str, house: House) -> None:
        async with (
            httpx2.AsyncClient(trust_env=False) as client,
            client.stream("GET", f"http:{url}/v1/events", headers=READER) as stream,
        ):
            lines = stream.aiter_lines()
            while not (await anext(lines)).startswith("data:"):
                pass
            if expires:
                house.tokens.bearers["vc_read"] = Bearer("the-read-one", "read", expired=True)
            else:
                del house.tokens.bearers["vc_read"]
            begun = asyncio.get_running_loop().time()
            assert [line async for line in lines if line] == []
            assert asyncio.get_running_loop().time() - begun < 3.0

    over_sockets(act)


def test_a_web_socket_is_closed_within_seconds_of_its_token_and_those_of_others_stay() -> None:
    async def act(url: str, house: House) -> None:
        asked = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "voicecall.live"})
        async with (
            connect(f"ws:{url}/rpc", additional_headers=READER, proxy=None) as revoked,
            connect(f"ws:{url}/rpc", additional_headers={"Authorization": "Bearer vc_call"}, proxy=None) as other,
            connect(f"ws:{url}/rpc", additional_headers={"Authorization": "Bearer the-token"}, proxy=None) as owner,
        ):
            await revoked.send(asked)
            assert json.loads(await revoked.recv())["result"] == {}
            del house.tokens.bearers["vc_read"]
            with pytest.raises(ConnectionClosed):
                await revoked.recv()
            assert (revoked.close_code, revoked.close_reason) == (1008, "the token has ended")
            for socket in (other, owner):
                await socket.send(asked)
                assert json.loads(await socket.recv())["result"] == {}
        with pytest.raises(InvalidStatus) as refusal:
            await connect(f"ws:{url}/rpc", additional_headers=READER, proxy=None)
        assert refusal.value.response.status_code == 401

    over_sockets(act)


def test_an_answer_that_is_still_awaited_is_refused() -> None:
    async def act(url: str, house: House) -> None:
        async with httpx2.AsyncClient(trust_env=False) as client, asyncio.TaskGroup() as tasks:
            asked = tasks.create_task(client.get(f"http:{url}/v1/calls/01J/wait", headers=READER))
            await house.operator.waiting.wait()
            del house.tokens.bearers["vc_read"]
            answer = await asked
            assert (answer.status_code, answer.json()["reason"]) == (401, "wrong-token")

    over_sockets(act)


def test_while_the_archive_cannot_be_read_connections_last_a_few_seconds() -> None:
    async def main() -> float:
        house = House()
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(house.listener.app.watch())
            asked = tasks.create_task(house.get("/v1/events", "vc_read"))
            await asyncio.sleep(3.0)
            house.tokens.broken = True
            begun = asyncio.get_running_loop().time()
            assert (await asked).status_code == 200
            watching.cancel()
            return asyncio.get_running_loop().time() - begun

    assert 3.0 < run_virtual(main) < 8.0


def test_a_connection_outlives_a_hiccup_of_the_archive() -> None:
    async def main() -> bool:
        house = House()
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(house.listener.app.watch())
            asked = tasks.create_task(house.get("/v1/events", "vc_read"))
            await asyncio.sleep(3.0)
            house.tokens.broken = True
            await asyncio.sleep(2.0)
            house.tokens.broken = False
            await asyncio.sleep(60.0)
            lasting = not asked.done()
            watching.cancel()
            asked.cancel()
        return lasting

    assert run_virtual(main)


def test_the_stream_of_an_mcp_session_ends_within_seconds_of_its_token() -> None:
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
    accept = {"Accept": "application/json, text/event-stream"}

    async def act(url: str, house: House) -> None:
        async with httpx2.AsyncClient(headers=READER | accept, trust_env=False) as client:
            greeted = await client.post(f"http:{url}/mcp", json=hello)
            session = {"Mcp-Session-Id": greeted.headers["mcp-session-id"]}
            async with client.stream("GET", f"http:{url}/mcp", headers=session) as stream:
                assert stream.status_code == 200
                del house.tokens.bearers["vc_read"]
                begun = asyncio.get_running_loop().time()
                assert [line async for line in stream.aiter_lines() if line] == []
                assert asyncio.get_running_loop().time() - begun < 3.0
            assert (await client.post(f"http:{url}/mcp", json=hello, headers=session)).status_code == 401

    over_sockets(act)
