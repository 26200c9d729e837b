"""Cartesia's voices over WebSocket: contexts that run side by side, cancellation, structured errors.

Source: docs.cartesia.ai, "Text to Speech (WebSocket)", "Contexts", "API Errors", "Concurrency and WebSocket Limits",
as of API version 2026-03-01 (read 2026-11).
"""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from voicecall.audio.g711 import to_float
from voicecall.audio.wav import encode_wav

_ENCODINGS = {"pcm_mulaw", "pcm_alaw", "pcm_s16le", "pcm_f32le"}
_RATES = {8000, 16000, 22050, 24000, 44100, 48000}
_VERSIONS = {"2024-06-10", "2024-11-13", "2025-04-16", "2026-03-01", "2026-08-14"}


@dataclass(slots=True)
class CartesiaFaults:
    """What it does wrong; nothing, at first."""

    status: int = 0
    """Answer handshakes with this status."""
    mute: bool = False
    """Take requests and answer nothing."""
    stall: bool = False
    """Nothing follows a piece's first chunk."""
    late: bool = False
    """Besides: one more chunk comes after the cancellation, as from a generation that is under way."""
    empty: bool = False
    """A piece ends without audio."""
    error: int = 0
    """A piece is an error with this status code."""
    wav: bool = False
    """The audio is a WAV file."""
    odd: bool = False
    """Chunks have odd lengths, the second is a single byte."""
    drop: bool = False
    """The connection is lost after a piece's first chunk."""
    half: bool = False
    """After a piece's first chunk comes a text frame that ends amid a character."""
    broken: bool = False
    """Before each message come frames that are no message."""
    unknown: bool = False
    """Before each message comes one of an unknown type; each has an unknown member."""


@dataclass(slots=True)
class CartesiaSeen:
    """What it was asked."""

    headers: list[dict[str, str]] = field(default_factory=list)
    """Of each handshake, in lower case."""
    credentials: list[str] = field(default_factory=list)
    connections: int = 0
    requests: list[dict[str, Any]] = field(default_factory=list)
    """Every generation request."""
    pieces: list[str] = field(default_factory=list)
    """Every transcript that is complete."""
    cancelled: list[str] = field(default_factory=list)
    """The contexts that were called off before their end."""


class Cartesia:
    """An account at Cartesia whose voices say what `says` makes of a transcript: audio as the request wants it."""

    def __init__(self, key: str, says: Callable[[str], bytes], *, chunk: int = 800) -> None:
        self._key = key
        self._says = says
        self._chunk = chunk
        self.faults = CartesiaFaults()
        self.seen = CartesiaSeen()
        self._open: set[_Connection] = set()
        self.app = web.Application()
        self.app.router.add_get("/tts/websocket", self._serve)

    async def close_idle(self) -> None:
        """Close every connection, as after 5 minutes without a request."""
        for connection in tuple(self._open):
            await connection.socket.close(code=1000, message=b"connection idle for too long")

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.seen.headers.append(headers)
        key = headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")
        self.seen.credentials.append(key)
        version = request.query.get("cartesia_version") or headers.get("cartesia-version")
        if self.faults.status or key != self._key:
            return _refusal(self.faults.status or 401)
        if version not in _VERSIONS:
            return _refusal(400)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.seen.connections += 1
        connection = _Connection(self, socket, request)
        self._open.add(connection)
        try:
            await connection.serve()
        finally:
            self._open.discard(connection)
        return socket

    def chunks(self, transcript: str) -> Iterator[bytes]:
        """Cut what is said into chunks."""
        audio = self._says(transcript)
        if self.faults.wav:
            audio = encode_wav(to_float(audio))
        if self.faults.odd:
            yield audio[:201]
            yield audio[201:202]
            audio = audio[202:]
        step = self._chunk + 1 if self.faults.odd else self._chunk
        for begin in range(0, len(audio), step):
            yield audio[begin : begin + step]


class _Connection:
    """One WebSocket and its contexts."""

    def __init__(self, account: Cartesia, socket: web.WebSocketResponse, request: web.Request) -> None:
        self._account = account
        self._request = request
        self._texts: dict[str, str] = {}
        """Of each context that still takes text: the transcript so far."""
        self._cancels: dict[str, asyncio.Event] = {}
        """Of each context that speaks."""
        self.socket = socket

    async def serve(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            speaking: set[asyncio.Task[None]] = set()
            async for message in self.socket:
                if message.type is not WSMsgType.TEXT:
                    continue
                asked = _read(message.data)
                if asked is None:
                    await self._send({"type": "error", "done": True, **_problem(400)})
                elif asked.get("cancel"):
                    self._cancel(asked["context_id"])
                elif (transcript := await self._complete(asked)) is not None:
                    speaking.add(tasks.create_task(self._speak(asked["context_id"], transcript)))
            for task in speaking:
                task.cancel()
        self._account.seen.cancelled.extend(self._cancels)

    def _cancel(self, context: str) -> None:
        self._texts.pop(context, None)
        if context in self._cancels:
            self._account.seen.cancelled.append(context)
            self._cancels.pop(context).set()

    async def _complete(self, asked: dict[str, Any]) -> str | None:
        """Return the whole transcript of a context that takes no more text."""
        self._account.seen.requests.append(asked)
        context = asked["context_id"]
        if _is_wrong(asked) or context in self._cancels:
            await self._send({"type": "error", "done": True, **_problem(400), "context_id": context})
            return None
        transcript = self._texts.pop(context, "") + str(asked["transcript"])
        if asked.get("continue"):
            self._texts[context] = transcript
            return None
        self._account.seen.pieces.append(transcript)
        self._cancels[context] = asyncio.Event()
        return transcript

    async def _speak(self, context: str, transcript: str) -> None:
        faults, cancel = self._account.faults, self._cancels[context]
        if faults.mute:
            await cancel.wait()
            return
        if faults.error:
            await self._finish(context, {"type": "error", **_problem(faults.error)})
            return
        for number, chunk in enumerate(self._account.chunks(transcript) if not faults.empty else ()):
            if cancel.is_set():
                return
            if number and (faults.stall or faults.late):
                await cancel.wait()
                if not faults.late:
                    return
            if number and faults.drop:
                assert self._request.transport is not None  # noqa: S101 - it is connected
                self._request.transport.abort()
            if number and faults.half:
                await self.socket.send_frame(b'{"type": "chunk", "context_id": "\xc3', WSMsgType.TEXT)
            await self._send(
                {
                    "type": "chunk",
                    "data": b64encode(chunk).decode(),
                    "done": False,
                    "status_code": 206,
                    "step_time": 12.5,
                    "context_id": context,
                }
            )
            await asyncio.sleep(0)  # other contexts speak as well
        await self._finish(context, {"type": "done", "status_code": 200})

    async def _finish(self, context: str, message: dict[str, Any]) -> None:
        self._cancels.pop(context, None)
        await self._send({**message, "done": True, "context_id": context})

    async def _send(self, message: dict[str, Any]) -> None:
        faults = self._account.faults
        try:
            if faults.broken:
                await self.socket.send_str("upstream connect error")
                await self.socket.send_str('["chunk"]')
                await self.socket.send_str('{"type": "chunk", "data": "?", "context_id": 7}')
            if faults.unknown:
                await self.socket.send_json({"type": "weather", "context_id": message.get("context_id"), "sun": True})
                message = {**message, "region": {"name": "mars"}}
            await self.socket.send_json(message)
        except ConnectionError:
            return  # nobody listens any more


def _read(text: str) -> dict[str, Any] | None:
    try:
        asked = json.loads(text)
    except ValueError:
        return None
    return asked if isinstance(asked, dict) and isinstance(asked.get("context_id"), str) else None


def _is_wrong(asked: dict[str, Any]) -> bool:
    """Whether a member is missing or has a value that is not allowed."""
    voice, output = asked.get("voice"), asked.get("output_format")
    speed = asked.get("generation_config", {}).get("speed", 1.0)
    delay = asked.get("max_buffer_delay_ms", 0)
    return not (
        isinstance(asked.get("model_id"), str)
        and isinstance(asked.get("transcript"), str)
        and (isinstance(voice, str) or (isinstance(voice, dict) and isinstance(voice.get("id"), str)))
        and isinstance(output, dict)
        and output.get("container") == "raw"
        and output.get("encoding") in _ENCODINGS
        and output.get("sample_rate") in _RATES
        and 0.6 <= speed <= 1.5
        and 0 <= delay <= 5000
    )


def _problem(status: int) -> dict[str, Any]:
    code, title = {
        401: ("unauthorized", "Invalid API key"),
        402: ("quota_exceeded", "Out of credits"),
        429: ("concurrency_limited", "Too many concurrent requests"),
    }.get(status, (None, "Invalid request" if status < 500 else "Internal error"))
    return {"status_code": status, "error_code": code, "title": title, "message": f"{title}.", "request_id": "r-1"}


def _refusal(status: int) -> web.Response:
    problem = _problem(status)
    del problem["status_code"]
    return web.json_response(problem, status=status)
