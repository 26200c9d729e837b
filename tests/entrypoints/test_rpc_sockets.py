"""JSON-RPC on a WebSocket: requests side by side, events that resume, and what a client that leaves does not end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from starlette.types import Message
from structlog.testing import capture_logs
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.entrypoints.test_rpc import Json, request
from voicecall.core.operations import Initiate, Operation, Status
from voicecall.emulators.clock import run_virtual
from voicecall.entrypoints import ControlOptions
from voicecall.entrypoints.control import ControlListener
from voicecall.entrypoints.rpc import AT_ONCE
from voicecall.entrypoints.rpc_sockets import MAX_MESSAGE, MAX_SUBSCRIPTIONS
from voicecall.errors import CallNotFound, StoreError


class FakeOperator:
    """Takes `takes` seconds for everything, unless a wait names its own; tells three events, and then what is added."""

    def __init__(self, takes: float = 0.0) -> None:
        self.takes = takes
        self.begun: list[Operation] = []
        self.done: list[Operation] = []
        self.followers = 0
        self.fails: Exception | None = None
        self.seqs = [1, 2, 3]
        self.grown = asyncio.Event()

    async def perform(self, operation: Operation, *, idempotency_key: str | None = None) -> Any:
        self.begun.append(operation)
        if isinstance(operation, Status) and operation.call_id == "unknown":
            raise CallNotFound("no call has that id")
        await asyncio.sleep(getattr(operation, "timeout", self.takes))
        self.done.append(operation)
        return {"did": operation.name}

    async def subscribe(self, since: int, call_id: str | None) -> AsyncIterator[Json]:
        self.followers += 1
        try:
            while True:
                for seq in [seq for seq in self.seqs if seq > since]:
                    since = seq
                    yield {"seq": seq, "at": "t", "callId": call_id or "01J", "type": "call.ringing", "data": {}}
                if self.fails is not None:
                    raise self.fails
                self.grown.clear()
                await self.grown.wait()
        finally:
            self.followers -= 1

    def add(self, seq: int) -> None:
        self.seqs.append(seq)
        self.grown.set()

    def readiness(self) -> dict[str, bool]:
        return {}


class Peer:
    """The client's end of one socket, in memory."""

    def __init__(self, listener: ControlListener, tasks: asyncio.TaskGroup) -> None:
        self._there: asyncio.Queue[Message] = asyncio.Queue()
        self._here: asyncio.Queue[Message] = asyncio.Queue()
        self.reads = asyncio.Event()
        self.reads.set()
        self._there.put_nowait({"type": "websocket.connect"})
        headers = [(b"host", b"127.0.0.1"), (b"authorization", b"Bearer the-token")]
        scope = {"type": "websocket", "path": "/rpc", "headers": headers, "query_string": b"", "root_path": ""}
        self.served = tasks.create_task(listener.app(scope, self._there.get, self._take))

    async def _take(self, message: Message) -> None:
        await self.reads.wait()
        self._here.put_nowait(message)

    def say(self, *asked: Any) -> None:
        """Send these, each as one message; text and bytes as they are."""
        for one in asked:
            kind = "bytes" if isinstance(one, bytes) else "text"
            content = one if isinstance(one, str | bytes) else json.dumps(one)
            self._there.put_nowait({"type": "websocket.receive", kind: content})

    def leave(self) -> None:
        self._there.put_nowait({"type": "websocket.disconnect", "code": 1006})

    async def hear(self) -> Any:
        """Return the next message."""
        message = await self._here.get()
        while message["type"] == "websocket.accept":
            message = await self._here.get()
        return json.loads(message["text"]) if message["type"] == "websocket.send" else message["code"]

    async def silent(self) -> bool:
        """Whether nothing comes for a second."""
        with suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await self.hear()
                return False
        return True


def visit(operator: FakeOperator, play: Callable[[Peer], Awaitable[None]]) -> None:
    """Let `play` talk over a socket, in virtual time; it leaves afterwards."""

    async def main() -> None:
        listener = ControlListener(ControlOptions(token="the-token"), operator, CollectorRegistry())
        async with asyncio.TaskGroup() as tasks:
            peer = Peer(listener, tasks)
            await play(peer)
            peer.leave()

    run_virtual(main)


def now() -> float:
    return asyncio.get_running_loop().time()


def result(id_: int, name: str) -> Json:
    return {"jsonrpc": "2.0", "id": id_, "result": {"did": name}}


def test_requests_run_side_by_side() -> None:
    async def play(peer: Peer) -> None:
        peer.say(request("voicecall.wait", {"callId": "01J", "timeout": 9}, 1), request("voicecall.live", id_=2))
        assert (await peer.hear(), now()) == (result(2, "live"), 0.0)
        assert (await peer.hear(), now()) == (result(1, "wait"), 9.0)

    visit(FakeOperator(), play)


def test_text_and_bytes_batches_and_rubbish_are_answered_as_over_http() -> None:
    async def play(peer: Peer) -> None:
        peer.say(json.dumps(request("voicecall.live")).encode())
        assert await peer.hear() == result(1, "live")
        peer.say([request("voicecall.live", id_=1), request("voicecall.end", {"callId": "01J"}, 2)])
        assert await peer.hear() == [result(1, "live"), result(2, "end")]
        for body, number in (("rubbish", -32700), ("", -32700), ([], -32600), (request("voicecall.sing"), -32601)):
            peer.say(body)
            assert (await peer.hear())["error"]["code"] == number
        peer.say({"jsonrpc": "2.0", "method": "voicecall.live"}, [{"jsonrpc": "2.0", "method": "voicecall.live"}])
        assert await peer.silent()

    visit(FakeOperator(), play)


def test_more_requests_than_places_wait_and_are_then_refused() -> None:
    operator = FakeOperator(takes=60.0)

    async def play(peer: Peer) -> None:
        peer.say(*(request("voicecall.live", id_=number) for number in range(4 * AT_ONCE)))
        for _ in range(3 * AT_ONCE):
            assert (await peer.hear())["error"]["data"]["reason"] == "too-many-requests"
        assert (now(), len(operator.begun)) == (15.0, AT_ONCE)
        for _ in range(AT_ONCE):
            assert "result" in await peer.hear()
        assert now() == 60.0

    visit(operator, play)


def test_a_client_that_leaves_ends_what_reads_and_not_what_changes() -> None:
    operator = FakeOperator(takes=30.0)

    async def play(peer: Peer) -> None:
        wait = request("voicecall.wait", {"callId": "01J", "timeout": 600}, 1)
        peer.say(wait, request("voicecall.initiate", {"message": "Hello"}, 2), request("voicecall.events", id_=3))
        assert (await peer.hear())["result"] == {"subscription": "1"}
        peer.leave()
        await peer.served
        assert now() == 30.0

    visit(operator, play)
    assert operator.done == [Initiate(message="Hello")]
    assert operator.followers == 0


def test_what_was_sent_last_before_leaving_is_done() -> None:
    operator = FakeOperator(takes=30.0)

    async def play(peer: Peer) -> None:
        peer.say([{"jsonrpc": "2.0", "method": "voicecall.initiate"}, request("voicecall.live")])
        peer.leave()
        await peer.served

    visit(operator, play)
    assert operator.done == [Initiate()]


async def events(peer: Peer, name: str, many: int) -> list[int]:
    """Return the sequence numbers of the next events, all of one subscription."""
    found = []
    for _ in range(many):
        told = await peer.hear()
        assert (told["jsonrpc"], told["method"], told["params"]["subscription"]) == ("2.0", "voicecall.event", name)
        assert told.keys() == {"jsonrpc", "method", "params"}
        found.append(told["params"]["event"]["seq"])
    return found


def test_events_follow_the_answer_and_then_come_as_they_happen() -> None:
    operator = FakeOperator()

    async def play(peer: Peer) -> None:
        peer.say(request("voicecall.events"))
        assert await peer.hear() == {"jsonrpc": "2.0", "id": 1, "result": {"subscription": "1"}}
        assert await events(peer, "1", 3) == [1, 2, 3]
        assert await peer.silent()
        operator.add(4)
        assert await events(peer, "1", 1) == [4]

    visit(operator, play)
    assert operator.followers == 0


def test_events_resume_after_a_sequence_number_and_of_one_call() -> None:
    async def play(peer: Peer) -> None:
        peer.say(request("voicecall.events", {"since": 2, "callId": "01K"}))
        await peer.hear()
        assert (await peer.hear())["params"]["event"]["seq"] == 3

    visit(FakeOperator(), play)


def test_a_batch_with_a_subscription_is_answered_before_its_events() -> None:
    async def play(peer: Peer) -> None:
        peer.say([request("voicecall.events", id_=1), request("voicecall.wait", {"callId": "01J", "timeout": 5}, 2)])
        assert [answer["id"] for answer in await peer.hear()] == [1, 2]
        assert await events(peer, "1", 3) == [1, 2, 3]

    visit(FakeOperator(), play)


def test_a_subscription_ends_when_asked() -> None:
    operator = FakeOperator()

    async def play(peer: Peer) -> None:
        peer.say(request("voicecall.events", {"since": 3}), request("voicecall.events", {"since": 3}, 2))
        assert [(await peer.hear())["result"]["subscription"] for _ in "12"] == ["1", "2"]
        peer.say(request("voicecall.unsubscribe", {"subscription": "1"}, 3))
        assert (await peer.hear())["result"] == {"subscription": "1"}
        operator.add(4)
        assert await events(peer, "2", 1) == [4]
        assert await peer.silent()
        peer.say(request("voicecall.unsubscribe", {"subscription": "1"}, 4))
        assert (await peer.hear())["error"]["code"] == -32602

    visit(operator, play)


@pytest.mark.parametrize(
    ("params", "number"),
    [({"since": -1}, -32602), ({"since": "3"}, -32602), ({"limit": 3}, -32602), ([3], -32602), (
        {"callId": "unknown"}, -32001)],
)  # fmt: skip
def test_a_subscription_that_cannot_be_is_refused(params: Any, number: int) -> None:
    operator = FakeOperator()

    async def play(peer: Peer) -> None:
        peer.say(request("voicecall.events", params))
        assert (await peer.hear())["error"]["code"] == number
        assert await peer.silent()

    visit(operator, play)


def test_a_socket_has_so_many_subscriptions_and_no_more() -> None:
    async def play(peer: Peer) -> None:
        for number in range(MAX_SUBSCRIPTIONS + 1):
            peer.say(request("voicecall.events", {"since": 3}, number))
        answers = [await peer.hear() for _ in range(MAX_SUBSCRIPTIONS + 1)]
        assert ["result" in answer for answer in answers] == [True] * MAX_SUBSCRIPTIONS + [False]
        assert answers[-1]["error"]["data"]["reason"] == "too-many-subscriptions"

    visit(FakeOperator(), play)


@pytest.mark.parametrize("failure", [StoreError("disk full"), KeyError("hidden")])
def test_events_that_cannot_be_read_close_the_socket_and_end_no_change(failure: Exception) -> None:
    operator = FakeOperator(takes=30.0)
    operator.fails = failure

    async def play(peer: Peer) -> None:
        peer.say(request("voicecall.initiate", {"message": "Hello"}, 1), request("voicecall.events", {"since": 3}, 2))
        assert (await peer.hear())["result"] == {"subscription": "1"}
        assert await peer.hear() == 1011
        await peer.served

    with capture_logs() as logs:
        visit(operator, play)
    assert operator.done == [Initiate(message="Hello")]
    failed = [log for log in logs if log["event"] == "rpc.failed"]
    assert [log["method"] for log in failed] == ["voicecall.events"]


def test_a_client_that_does_not_read_is_given_up() -> None:
    operator = FakeOperator()

    async def play(peer: Peer) -> None:
        peer.say(request("voicecall.events", {"since": 3}))
        await peer.hear()
        peer.reads.clear()
        operator.add(4)
        await peer.served
        assert 20.0 <= now() <= 22.0

    visit(operator, play)
    assert operator.followers == 0


def over_sockets(play: Callable[[str, ControlListener], Awaitable[None]]) -> None:
    """Let `play` visit a listener at this URL."""

    async def main() -> None:
        listener = ControlListener(ControlOptions(port=0, token="the-token"), FakeOperator(), CollectorRegistry())
        async with asyncio.timeout(10.0), listener:
            await play(f"ws://127.0.0.1:{listener.port}/rpc", listener)

    asyncio.run(main())


TOKEN = {"Authorization": "Bearer the-token"}


@pytest.mark.parametrize(
    ("headers", "path", "status"),
    [
        ({}, "", 401),
        ({"Authorization": "Bearer wrong"}, "", 401),
        ({"Cookie": "token=the-token"}, "", 401),
        ({}, "?token=the-token", 401),
        (TOKEN | {"Origin": "http://evil.example.com"}, "", 403),
        (TOKEN | {"Origin": "null"}, "", 403),
        (TOKEN, "/elsewhere", 403),
    ],
)
def test_the_guard_stands_before_the_upgrade(headers: dict[str, str], path: str, status: int) -> None:
    async def play(url: str, _: ControlListener) -> None:
        with pytest.raises(InvalidStatus) as refusal:
            async with connect(url + path, additional_headers=headers, proxy=None):
                pass
        assert refusal.value.response.status_code == status

    over_sockets(play)


def test_another_name_is_refused_at_the_upgrade() -> None:
    async def play(_: str, listener: ControlListener) -> None:
        url = f"ws://evil.example.com:{listener.port}/rpc"
        with pytest.raises(InvalidStatus) as refusal:
            async with connect(url, additional_headers=TOKEN, proxy=None, host="127.0.0.1", port=listener.port):
                pass
        assert refusal.value.response.status_code == 403

    over_sockets(play)


def test_a_message_may_be_so_long_and_no_longer() -> None:
    async def play(url: str, _: ControlListener) -> None:
        async with connect(url, additional_headers=TOKEN, proxy=None) as socket:
            asked = json.dumps(request("voicecall.live"))
            await socket.send(asked + " " * (MAX_MESSAGE - len(asked)))
            assert json.loads(await socket.recv()) == result(1, "live")
            await socket.send(asked + " " * (MAX_MESSAGE + 1 - len(asked)))
            with pytest.raises(ConnectionClosed):
                await socket.recv()
            assert socket.close_code == 1009

    over_sockets(play)


def test_closing_the_listener_says_that_it_restarts() -> None:
    async def main() -> int | None:
        listener = ControlListener(ControlOptions(port=0, token="the-token"), FakeOperator(), CollectorRegistry())
        async with asyncio.timeout(10.0):
            await listener.__aenter__()
            async with connect(f"ws://127.0.0.1:{listener.port}/rpc", additional_headers=TOKEN, proxy=None) as socket:
                await socket.send(json.dumps(request("voicecall.events", {"since": 3})))
                await socket.recv()
                await listener.__aexit__(None, None, None)
                with pytest.raises(ConnectionClosed):
                    await socket.recv()
                return socket.close_code

    assert asyncio.run(main()) == 1012
