"""JSON-RPC on a WebSocket at `/rpc`: the methods of `POST /rpc`, and events as they happen."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from functools import partial

import msgspec
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from voicecall.core.operations import Events, Position, Status
from voicecall.errors import BadParameters, CallRefused

from . import Operator
from .closing import Closing
from .permission import Permitted, holder_of
from .rpc import AT_ONCE, PATH, PREFIX, Connection, Json, log_failure, named

MAX_MESSAGE = 64 * 1024
"""Bytes of one message from a client."""
MAX_SUBSCRIPTIONS = 16
"""Of one socket."""
_MAX_PENDING = 2 * AT_ONCE
"""Messages taken from one socket and not answered yet."""
_STUCK = 20.0
"""Seconds that a client may go without reading."""
_GOODBYE = 1.0
"""Seconds that saying so may take."""
_RESTARTING, _FAILED, _UNREAD = 1012, 1011, 1008


class _Subscribe(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    since: Position = 0
    call_id: str | None = None


class _Unsubscribe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    subscription: str


class RpcSocket:
    """One client's socket, from its upgrade until it is closed and what it had asked to be changed is done."""

    def __init__(self, socket: WebSocket, operator: Operator, closing: Closing) -> None:
        self._socket = socket
        self._operator = operator
        self._closing = closing
        self._connection = Connection(operator, closing, {PREFIX + "unsubscribe": self._unsubscribe})
        self._tasks = asyncio.TaskGroup()
        self._pending: set[asyncio.Task[None]] = set()
        self._subscriptions: dict[str, asyncio.Task[None]] = {}
        self._names = map(str, itertools.count(1))
        self._ended = asyncio.Event()
        self._code: int | None = _RESTARTING

    async def serve(self) -> None:
        """Serve it. A client that leaves ends its subscriptions and what only reads; nothing else."""
        await self._socket.accept()
        async with self._tasks as tasks:
            ends = [
                tasks.create_task(self._read()),
                tasks.create_task(self._closing.begun()),
                tasks.create_task(self._ended.wait()),
            ]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            self._ended.set()
            self._connection.lost()
            for task in (*ends, *self._subscriptions.values()):
                task.cancel()
            await self._close()

    async def _read(self) -> None:
        while (message := await self._socket.receive())["type"] != "websocket.disconnect":
            task = self._tasks.create_task(self._answer(message.get("text") or message.get("bytes") or b""))
            self._pending.add(task)
            task.add_done_callback(self._pending.discard)
            while len(self._pending) >= _MAX_PENDING:
                await asyncio.wait(self._pending, return_when=asyncio.FIRST_COMPLETED)
        self._end(None)

    async def _answer(self, message: str | bytes) -> None:
        answered = asyncio.Event()
        subscribe = partial(self._subscribe, answered)
        answer = await self._connection.answer(message, {PREFIX + Events.name: subscribe})
        if answer is not None:
            await self._send(answer)
        answered.set()

    async def _subscribe(self, answered: asyncio.Event, params: Json) -> Json:
        wish = named(params, _Subscribe)
        if wish.call_id is not None:
            await self._operator.perform(Status(call_id=wish.call_id))
        if len(self._subscriptions) >= MAX_SUBSCRIPTIONS:
            raise CallRefused("too-many-subscriptions", f"{MAX_SUBSCRIPTIONS} of this socket already", limit=True)
        events = self._operator.subscribe(wish.since, wish.call_id)
        name = next(self._names)
        self._subscriptions[name] = self._tasks.create_task(self._follow(name, events, answered))
        return {"subscription": name}

    async def _unsubscribe(self, params: Json) -> Json:
        name = named(params, _Unsubscribe).subscription
        task = self._subscriptions.pop(name, None)
        if task is None:
            raise BadParameters(f"subscription: none of this socket is {name[:80]!r}")
        task.cancel()
        return {"subscription": name}

    async def _follow(self, name: str, events: AsyncIterator[Json], answered: asyncio.Event) -> None:
        """Tell of events once the client knows under which name; the sequence numbers say where to resume."""
        await answered.wait()
        if self._ended.is_set():
            return
        try:
            async for event in events:
                params = {"subscription": name, "event": event}
                await self._send(msgspec.json.encode({"jsonrpc": "2.0", "method": PREFIX + "event", "params": params}))
        except Exception as fault:  # noqa: BLE001 - the client resumes on a new socket; what it changes goes on here
            log_failure(PREFIX + Events.name, fault)
            self._end(_FAILED)
        finally:
            self._subscriptions.pop(name, None)
            if isinstance(events, AsyncGenerator):
                await events.aclose()

    async def _send(self, message: bytes) -> None:
        if self._ended.is_set():
            return
        try:
            async with asyncio.timeout(_STUCK):
                await self._socket.send_text(message.decode())
        except TimeoutError:
            self._end(_UNREAD)
        except (WebSocketDisconnect, RuntimeError):  # the server says the latter where it closed the socket itself
            self._end(None)

    def _end(self, code: int | None) -> None:
        """Send nothing more but this code, or nothing at all where the client is gone."""
        if not self._ended.is_set():
            self._code = code
            self._ended.set()

    async def _close(self) -> None:
        if self._code is not None:
            with suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
                async with asyncio.timeout(_GOODBYE):
                    await self._socket.close(self._code)


def routes(operator: Operator, closing: Closing) -> list[WebSocketRoute]:
    """Return the route of the WebSocket."""

    async def rpc(socket: WebSocket) -> None:
        await RpcSocket(socket, Permitted(operator, holder_of(socket.scope)), closing).serve()

    return [WebSocketRoute(PATH, rpc)]
