"""OpenAI's Realtime models on loopback, as far as they read texts aloud: responses outside the conversation.

Written from OpenAI's documentation alone.
"""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

from aiohttp import WSMsgType, web

from voicecall.audio.g711 import MULAW_SILENCE, to_float
from voicecall.audio.wav import encode_wav

_CHUNK = 400
_ODD = (1, 333, 77)


class OpenAIVoice:
    """The vendor. `wrong` is what it does wrong for the time being; `seen` what it was sent, in order."""

    def __init__(self) -> None:
        self.app = web.Application()
        self.app.router.add_get("/v1/realtime", self._serve)
        self.wrong: str | None = None
        """As in the `Wrong` of the speech endpoint, or `late`."""
        self.seen: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.voices: dict[str, bytes] = {}
        """Mu-law by text."""
        self.readings: dict[str, str] = {}
        """What it says in place of a text."""
        self.connections = 0
        self.asked = 0
        self.cancelled = 0
        self._sockets: set[web.WebSocketResponse] = set()

    async def close_idle(self) -> None:
        """Close every connection in good order."""
        for socket in list(self._sockets):
            await socket.close(code=1001, message=b"idle")

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.connections += 1
        key = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.keys.append(key)
        if self.wrong == "refused" or not key:
            raise web.HTTPUnauthorized(text=json.dumps({"error": {"code": "invalid_api_key", "message": key}}))
        if self.wrong == "throttled":
            raise web.HTTPTooManyRequests(text=json.dumps({"error": {"code": "rate_limit_exceeded"}}))
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            await _Session(self, request, socket).run()
        finally:
            self._sockets.discard(socket)
        return socket


class _Session:
    def __init__(self, vendor: OpenAIVoice, request: web.Request, socket: web.WebSocketResponse) -> None:
        self._vendor = vendor
        self._request = request
        self._socket = socket
        self._count = 0
        self._running: set[str] = set()

    async def run(self) -> None:
        await self._send("session.created", session={"type": "realtime", "object": "realtime.session"})
        async with asyncio.TaskGroup() as tasks:
            async for message in self._socket:
                if message.type is not WSMsgType.TEXT:
                    continue
                event = json.loads(message.data)
                self._vendor.seen.append(event)
                match event["type"]:
                    case "session.update":
                        await self._configure(event)
                    case "response.create":
                        self._vendor.asked += 1
                        tasks.create_task(self._respond(event), name="responds")
                    case "response.cancel":
                        await self._cancel(event)
                    case unknown:
                        await self._fail(event, "invalid_value", f"No such event: {unknown}")

    async def _configure(self, event: dict[str, Any]) -> None:
        output = event["session"]["audio"]["output"]
        if self._request.query.get("model") not in ("gpt-realtime-2.1", "gpt-realtime-2.1-mini"):
            await self._fail(event, "model_not_found", "No such model")
        elif event["session"]["type"] != "realtime" or output["format"] != {"type": "audio/pcmu"}:
            await self._fail(event, "invalid_value", "Only mu-law is spoken here")
        else:
            await self._send("session.updated", session=event["session"])

    async def _respond(self, event: dict[str, Any]) -> None:
        wrong = self._vendor.wrong
        asked = event["response"]
        text = asked["input"][0]["content"][0]["text"]
        if wrong == "error":
            await self._fail(event, "server_error", "Sorry about that")
            return
        self._count += 1
        name = f"resp_{self._vendor.connections}_{self._count}"
        self._running.add(name)
        metadata = asked.get("metadata")
        await self._send("response.created", response={"id": name, "status": "in_progress", "metadata": metadata})
        mulaw = b"" if wrong == "empty" else self._vendor.voices.get(text, b"")
        if wrong == "wav":
            mulaw = encode_wav(to_float(mulaw))
        sizes = _ODD if wrong == "odd" else (_CHUNK,)
        sent = turn = 0
        while sent < len(mulaw) and wrong != "mute" and name in self._running and not self._socket.closed:
            size = sizes[turn % len(sizes)]
            await self._audio(name, mulaw[sent : sent + size])
            await asyncio.sleep(0)
            sent, turn = sent + size, turn + 1
            if wrong == "half":
                await self._socket.send_frame(b'{"type": "\xe2\x82', WSMsgType.TEXT)
            if wrong == "drop" and self._request.transport is not None:
                self._request.transport.abort()
            if wrong in ("drop", "half", "stall", "late"):
                return
        if wrong != "mute" and name in self._running and not self._socket.closed:
            said = self._vendor.readings.get(text, text)
            await self._send("response.output_audio_transcript.done", response_id=name, transcript=said)
            await self._end(name, "completed")

    async def _cancel(self, event: dict[str, Any]) -> None:
        name = event["response_id"]
        if name not in self._running:
            await self._fail(event, "response_cancel_not_active", "Nothing to cancel")
            return
        self._vendor.cancelled += 1
        if self._vendor.wrong == "late":
            await self._audio(name, MULAW_SILENCE * _CHUNK)
        await self._end(name, "cancelled")

    async def _audio(self, name: str, mulaw: bytes) -> None:
        audio = base64.b64encode(mulaw).decode()
        await self._send("response.output_audio.delta", response_id=name, delta=audio)

    async def _end(self, name: str, status: str) -> None:
        self._running.discard(name)
        await self._send("response.done", response={"id": name, "status": status})

    async def _fail(self, event: dict[str, Any], code: str, message: str) -> None:
        error = {"type": "invalid_request_error", "code": code, "message": message, "event_id": event.get("event_id")}
        await self._send("error", error=error)

    async def _send(self, kind: str, **members: Any) -> None:
        message = {"type": kind, "event_id": f"event_{len(self._vendor.seen)}"} | members
        if kind.startswith("response."):
            message |= {"output_index": 0, "content_index": 0, "item_id": "item_1"}
        if self._vendor.wrong == "broken":
            await self._socket.send_str('{"type": ')
            await self._socket.send_str('["response.done"]')
        if self._vendor.wrong == "unknown":
            await self._socket.send_json({"type": "response.mood", "response": "good"})
            message["mood"] = "good"
        await self._socket.send_json(message)
