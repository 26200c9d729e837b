"""Deepgram on loopback: `/v1/listen` (Nova), `/v2/listen` (Flux) and `/v1/speak` (Aura), as its documents tell."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import WSMessage, WSMsgType, web

from .deepgram_aura import Aura, over_http
from .deepgram_flux import Flux
from .deepgram_nova import Nova
from .deepgram_wire import Fault, State, Wire

_NEEDED = {
    "/v1/listen": {"encoding": "mulaw", "sample_rate": "8000"},
    "/v2/listen": {"encoding": "mulaw", "sample_rate": "8000"},
    "/v1/speak": {"encoding": "mulaw", "sample_rate": "8000"},
}
"""What must be asked for, since nothing else is emulated."""


def application(state: State) -> web.Application:
    """Return Deepgram as an application."""

    async def nova(request: web.Request) -> web.StreamResponse:
        return await _listens(state, request, Nova)

    async def flux(request: web.Request) -> web.StreamResponse:
        return await _listens(state, request, Flux)

    async def aura(request: web.Request) -> web.StreamResponse:
        return await _speaks(state, request)

    async def piece(request: web.Request) -> web.StreamResponse:
        state.seen.append("POST")
        return await over_http(state, request)

    app = web.Application(middlewares=[_reception(state)])
    app.add_routes(
        [
            web.get("/v1/listen", nova),
            web.get("/v2/listen", flux),
            web.get("/v1/speak", aura),
            web.post("/v1/speak", piece),
        ]
    )
    return app


_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _reception(state: State) -> Any:
    @web.middleware
    async def reception(request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Look at the key and the query before anything else."""
        state.connections += 1
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() not in ("token", "bearer"):
            return _refusal(401, "INVALID_AUTH", "Invalid credentials.")
        state.credentials.append(key)
        state.queries.append(request.query)
        if state.fault is Fault.REFUSED:
            return _refusal(401, "INVALID_AUTH", f"Invalid credentials: {key}")
        if state.fault is Fault.THROTTLED:
            return _refusal(429, "TOO_MANY_REQUESTS", "Too many requests.")
        wrong = [name for name, value in _NEEDED[request.path].items() if request.query.get(name) != value]
        model = request.query.get("model", "")
        if wrong or model.startswith("flux") != request.path.startswith("/v2") or not model:
            return _refusal(400, "INVALID_QUERY_PARAMETER", f"Check {', '.join(wrong) or 'model'}.")
        return await handler(request)

    return reception


def _refusal(status: int, code: str, message: str) -> web.Response:
    body = {"err_code": code, "err_msg": message, "request_id": "0"}
    return web.json_response(body, status=status, headers={"dg-error": message})


async def _listens(state: State, request: web.Request, kind: type[Nova] | type[Flux]) -> web.StreamResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    state.open.add(socket)
    wire = Wire(state, request, socket)
    stream = kind(wire, request.query)
    if isinstance(stream, Flux):
        await stream.begin()
    try:
        while True:
            try:
                message = await socket.receive(timeout=state.idle)
            except TimeoutError:
                await socket.close(code=1011, message=b"NET-0001: no audio was received in time")
                break
            if message.type is WSMsgType.BINARY:
                state.heard += len(message.data)
                if await wire.breaks():
                    break
                await stream.hear(message.data)
            elif message.type is not WSMsgType.TEXT or not await stream.tell(_kind(state, message)[0]):
                break
    except ConnectionResetError:
        pass
    finally:
        stream.lose()
        state.open.discard(socket)
    return socket


async def _speaks(state: State, request: web.Request) -> web.StreamResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    state.open.add(socket)
    aura = Aura(Wire(state, request, socket))
    await aura.begin()
    try:
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(aura.serve(), name="aura")
            async for message in socket:
                if message.type is WSMsgType.TEXT and not await aura.tell(*_kind(state, message)):
                    break
            serving.cancel()
    except* ConnectionResetError:
        pass
    finally:
        state.open.discard(socket)
    return socket


def _kind(state: State, message: WSMessage) -> tuple[str, str]:
    read = json.loads(message.data)
    state.seen.append(read["type"])
    return read["type"], read.get("text", "")
