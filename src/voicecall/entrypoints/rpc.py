"""The operations as JSON-RPC 2.0, drawn from their table: `POST /rpc`. Nothing here knows what an operation does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Literal, TypeVar

import msgspec
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from voicecall.core.failures import told
from voicecall.core.operations import TABLE, Live, Operation, Status
from voicecall.errors import BadParameters, CallRefused, VoicecallError

from . import Operator
from .closing import Closing
from .permission import Permitted, holder_of
from .rest import MAX_KEY, read_body

PATH = "/rpc"
PREFIX = "voicecall."
METHODS: dict[str, type[Operation]] = {PREFIX + kind.name: kind for kind in TABLE}
"""The operation behind each method."""

AT_ONCE = 32
"""Operations that one client may have under way over one connection."""
MAX_BATCH = 100
"""Requests in a batch."""
_PATIENCE = 5.0
"""Seconds that one more waits for its place."""
_PARSE, _INVALID, _NO_METHOD, _BAD_PARAMETERS, _INTERNAL = -32700, -32600, -32601, -32602, -32603
"""What JSON-RPC itself calls wrong; the numbers of our errors are in `core.failures`."""
_log: structlog.stdlib.BoundLogger = structlog.get_logger()

Json = dict[str, Any]
Method = Callable[[Json], Awaitable[Any]]
"""Takes the named parameters and returns the result; raises VoicecallError."""
_Id = str | int | float | None
T = TypeVar("T")


class _Request(msgspec.Struct, frozen=True):
    """A request object; without `id` it is a notification."""

    jsonrpc: Literal["2.0"]
    method: str
    params: Json | list[Any] = {}
    id: _Id | msgspec.UnsetType = msgspec.UNSET


class Connection:
    """What one client has under way: a `POST`, or a WebSocket until it closes."""

    def __init__(self, operator: Operator, closing: Closing, own: Mapping[str, Method] | None = None) -> None:
        """Do what is asked through `operator` until `closing`; methods of its `own` go before those of the table."""
        self._operator = operator
        self._closing = closing
        self._own = own or {}
        self._places = asyncio.Semaphore(AT_ONCE)
        self._gone = Closing()

    def lost(self) -> None:
        """Drop what only reads, as nobody is there to be told; what changes something is carried on."""
        self._gone.begin()

    async def answer(self, message: str | bytes, own: Mapping[str, Method] | None = None) -> bytes | None:
        """Return the answer to a request or a batch, or None if none is due. `own` adds methods for this message."""
        try:
            asked = msgspec.json.decode(message)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            return _encode(_failed(None, _PARSE, f"not JSON: {error}"))
        methods = {**self._own, **(own or {})}
        if not isinstance(asked, list):
            answer = await self._answer(asked, methods)
            return None if answer is None else _encode(answer)
        if not 0 < len(asked) <= MAX_BATCH:
            return _encode(_failed(None, _INVALID, f"a batch of {len(asked)}: expected 1 to {MAX_BATCH} requests"))
        async with asyncio.TaskGroup() as tasks:
            entries = [tasks.create_task(self._answer(entry, methods)) for entry in asked]
        answers = [answer for entry in entries if (answer := entry.result()) is not None]
        return _encode(answers) if answers else None

    async def _answer(self, asked: Any, methods: Mapping[str, Method]) -> Json | None:
        try:
            request = msgspec.convert(asked, _Request)
        except msgspec.ValidationError as error:
            return _failed(_id_of(asked), _INVALID, f"not a request: {error}")
        answer = await self._outcome(request, methods)
        if request.id is msgspec.UNSET:
            return None
        return {"jsonrpc": "2.0", "id": request.id, **answer}

    async def _outcome(self, request: _Request, methods: Mapping[str, Method]) -> Json:
        """Return the `result` or the `error`."""
        own, kind = methods.get(request.method), METHODS.get(request.method)
        if own is None and kind is None:
            return _error(_NO_METHOD, f"no method {request.method[:80]!r}")
        try:
            if not isinstance(request.params, dict):
                raise BadParameters("parameters are named, not positional")
            if own is not None:
                return {"result": await own(request.params)}
            assert kind is not None  # noqa: S101 - one of them is there
            return {"result": await self._perform(kind, request.params)}
        except VoicecallError as error:
            return error_of(error)
        except HTTPException as stopping:
            return _error(_INTERNAL, stopping.detail, code="stopping")
        except Exception as fault:  # noqa: BLE001 - whatever failed, the others of the connection go on
            log_failure(request.method, fault)
            return _error(_INTERNAL, "the gateway failed; its log says more", code="failed")

    async def _perform(self, kind: type[Operation], params: Json) -> Any:
        key = _key(params.pop("idempotencyKey")) if kind.changes and "idempotencyKey" in params else None
        if kind is Status and params.get("callId") is None:
            kind = Live
            params.pop("callId", None)
        operation = named(params, kind)
        async with self._closing.bounded(), self._place():
            if kind.changes:
                return await self._operator.perform(operation, idempotency_key=key)
            async with self._gone.bounded():
                return await self._operator.perform(operation)

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._places.acquire()
        except TimeoutError:
            message = f"{AT_ONCE} requests of this connection are under way already"
            raise CallRefused("too-many-requests", message, limit=True) from None
        try:
            yield
        finally:
            self._places.release()


def routes(operator: Operator, closing: Closing) -> list[Route]:
    """Return the route of requests over HTTP: status 200 with the answer, 204 if none is due."""

    async def rpc(request: Request) -> Response:
        connection = Connection(Permitted(operator, holder_of(request.scope)), closing)
        answer = await connection.answer(await read_body(request))
        return Response(status_code=204) if answer is None else Response(answer, media_type="application/json")

    return [Route(PATH, rpc, methods=["POST"])]


def named(params: Json, kind: type[T]) -> T:
    """Return the struct that named parameters make.

    Raises:
        BadParameters: one is missing, unknown or of another type.
    """
    try:
        return msgspec.convert(params, kind)
    except msgspec.ValidationError as error:
        raise BadParameters(str(error)) from error


def error_of(error: VoicecallError) -> Json:
    """Return the member `error` of an answer; `data` has the `code` and `reason` that REST gives."""
    failure = told(error)
    return _error(failure.number, failure.message, code=failure.code, reason=failure.reason)


def log_failure(method: str, fault: Exception) -> None:
    """Write down a fault of ours."""
    _log.error("rpc.failed", method=method, exc_info=fault)


def _key(key: Any) -> str:
    if not isinstance(key, str) or not 0 < len(key) <= MAX_KEY:
        raise BadParameters(f"idempotencyKey: expected 1 to {MAX_KEY} characters")
    return key


def _id_of(asked: Any) -> _Id:
    try:
        id_: _Id = msgspec.convert(asked.get("id") if isinstance(asked, dict) else None, _Id)
    except msgspec.ValidationError:
        return None
    return id_


def _error(number: int, message: str, **data: str | None) -> Json:
    told = {name: value for name, value in data.items() if value is not None}
    return {"error": {"code": number, "message": message} | ({"data": told} if told else {})}


def _failed(id_: _Id, number: int, message: str) -> Json:
    return {"jsonrpc": "2.0", "id": id_, **_error(number, message)}


def _encode(answer: Json | list[Json]) -> bytes:
    return msgspec.json.encode(answer)
