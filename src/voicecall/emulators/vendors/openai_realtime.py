"""OpenAI's Realtime models on loopback: `GET /v1/realtime?model=…`, a WebSocket that hears and speaks.

Written from OpenAI's documentation alone. A text that a response is given as its `input` is read aloud; everything else
is answered as the test has laid down.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from aiohttp import WSMsgType, web

from .openai_realtime_script import Script
from .openai_realtime_session import Session

MODELS = ("gpt-realtime-1.5", "gpt-realtime-2", "gpt-realtime-2.1", "gpt-realtime-2.1-mini")
_REFUSED = "refused_late"


class OpenAIRealtime:
    """The vendor. `script` is what it does; `seen` what it was sent, in order; `sessions` what it made of it."""

    def __init__(self) -> None:
        self.app = web.Application()
        self.app.router.add_get("/v1/realtime", self.serve)
        self.script = Script()
        self.seen: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.sessions: list[Session] = []
        self.connections = 0
        self._sockets: set[web.WebSocketResponse] = set()

    def sent(self, kind: str) -> list[dict[str, Any]]:
        """Return the client's events of a type."""
        return [event for event in self.seen if event.get("type") == kind]

    @property
    def cancelled(self) -> int:
        """How many responses were cancelled."""
        return sum(response.status == "cancelled" for session in self.sessions for response in session.responses)

    async def close_idle(self) -> None:
        """Close every connection in good order."""
        for socket in list(self._sockets):
            await socket.close(code=1001, message=b"idle")

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one client."""
        self.connections += 1
        wrong = self.script.wrong
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        self.keys.append(key)
        model = request.query.get("model", "")
        if wrong == "refused" or scheme != "Bearer" or not key:
            raise _refusal(web.HTTPUnauthorized, "invalid_api_key", f"Incorrect API key provided: {key}.")
        if wrong == "throttled":
            raise _refusal(web.HTTPTooManyRequests, "rate_limit_exceeded", "Slow down.")
        if wrong == "unknown_model" or model not in MODELS:
            raise _refusal(web.HTTPNotFound, "model_not_found", f"The model '{model}' does not exist.")
        socket = web.WebSocketResponse(max_msg_size=32 << 20)
        await socket.prepare(request)
        self._sockets.add(socket)
        wire = _Wire(socket, request)
        try:
            if wrong == _REFUSED:
                error = {"type": "invalid_request_error", "code": "invalid_api_key", "message": f"Incorrect: {key}"}
                event = {"type": "error", "event_id": "event_0", "error": error | {"param": None, "event_id": None}}
                await wire.send(json.dumps(event))
                await wire.close(3000, "invalid_request_error.invalid_api_key")
            else:
                session = Session(len(self.sessions) + 1, model, self.script, wire)
                self.sessions.append(session)
                self.script.changed()
                await session.run(self._messages(socket))
        finally:
            self._sockets.discard(socket)
        return socket

    async def _messages(self, socket: web.WebSocketResponse) -> AsyncIterator[str]:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                with suppress(ValueError):
                    event = json.loads(message.data)
                    if isinstance(event, dict):
                        self.seen.append(event)
                yield message.data


class _Wire:
    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self._socket = socket
        self._request = request

    async def send(self, text: str) -> None:
        if not self._socket.closed:
            with suppress(ConnectionError):
                await self._socket.send_str(text)

    async def close(self, code: int, reason: str) -> None:
        await self._socket.close(code=code, message=reason.encode()[:120])

    def drop(self) -> None:
        if self._request.transport is not None:
            self._request.transport.abort()

    async def break_frame(self) -> None:
        with suppress(ConnectionError):
            await self._socket.send_frame(b'{"type": "\xe2\x82', WSMsgType.TEXT)


def _refusal(status: type[web.HTTPError], code: str, message: str) -> web.HTTPError:
    error = {"type": "invalid_request_error", "code": code, "message": message, "param": None}
    return status(text=json.dumps({"error": error}), content_type="application/json")
