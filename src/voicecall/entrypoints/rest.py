"""The operations as REST, drawn from their table. Nothing here knows what an operation does."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from voicecall.core.operations import TABLE, Events, Operation, Recording
from voicecall.errors import BadParameters

from . import Operator, events
from .closing import Closing
from .permission import Permitted, holder_of
from .sound import MEDIA_TYPE as SOUND, sound

_MAX_BODY = 64 * 1024
MAX_KEY = 255
"""Characters of an idempotency key."""


def routes(operator: Operator, closing: Closing) -> list[Route]:
    """Return a route for every path of the table."""
    paths: dict[str, dict[str, type[Operation]]] = {}
    for operation in TABLE:
        method, path = operation.route
        paths.setdefault(path, {})[method] = operation
    return [_route(path, methods, operator, closing) for path, methods in paths.items()]


def _route(path: str, methods: dict[str, type[Operation]], operator: Operator, closing: Closing) -> Route:
    async def endpoint(request: Request) -> Response:
        kind = methods["GET" if request.method == "HEAD" else request.method]
        if kind is Events and events.MEDIA_TYPE in request.headers.get("accept", ""):
            return await events.stream(
                request, Permitted(operator, holder_of(request.scope)), closing, request.path_params["callId"]
            )
        key = request.headers.get("idempotency-key")
        if key is not None and not 0 < len(key) <= MAX_KEY:
            raise BadParameters(f"Idempotency-Key: expected 1 to {MAX_KEY} characters")
        operation = await _read(request, kind)
        asked_of = Permitted(operator, holder_of(request.scope))
        async with closing.bounded():
            result = await asked_of.perform(operation, idempotency_key=key if kind.changes else None)
        if kind is Recording and SOUND in request.headers.get("accept", ""):
            return sound(request, result)
        return Response(msgspec.json.encode(result), 201 if kind.creates else 200, media_type="application/json")

    return Route(path, endpoint, methods=list(methods))


async def _read(request: Request, kind: type[Operation]) -> Operation:
    """Return the operation that a request asks for.

    Raises:
        BadParameters: one is missing, unknown or of another type.
    """
    in_body = request.method == "POST"
    parameters = await _body(request) if in_body else _query(request)
    for name, value in request.path_params.items():
        if name in parameters:
            raise BadParameters(f"{name} is in the path already")
        parameters[name] = value
    try:
        return msgspec.convert(parameters, kind, strict=in_body)
    except msgspec.ValidationError as error:
        raise BadParameters(str(error)) from error


async def read_body(request: Request) -> bytes:
    """Return the whole body.

    Raises:
        HTTPException: 413, it is longer than 64 KiB.
    """
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _MAX_BODY:
            raise HTTPException(413, f"more than {_MAX_BODY} bytes")
    return bytes(body)


async def _body(request: Request) -> dict[str, Any]:
    body = await read_body(request)
    try:
        return msgspec.json.decode(body or b"{}", type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadParameters(f"the body is not a JSON object: {error}") from error


def _query(request: Request) -> dict[str, Any]:
    parameters: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        if name in parameters:
            raise BadParameters(f"{name} is given twice")
        parameters[name] = value
    return parameters
