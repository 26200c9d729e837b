"""OpenAI's ears and mouth on loopback: Realtime transcription sessions, and `POST /v1/audio/speech`.

Written from OpenAI's documentation alone. A session is sent mu-law, of which every byte but silence counts as speech.
Realtime sessions that converse are `openai_realtime.py`, at the same origin.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections import deque
from typing import Any, Literal

from aiohttp import WSMsgType, web

from voicecall.audio import TELEPHONE_RATE
from voicecall.audio.g711 import MULAW_SILENCE, float_to_pcm, to_float
from voicecall.audio.resample import resample
from voicecall.audio.wav import encode_wav

from .openai_realtime import OpenAIRealtime

RATE = 24000
_MODELS = ("gpt-live-transcribe", "gpt-transcribe", "gpt-realtime-whisper")
_VOICES = ("gpt-4o-mini-tts", "tts-1", "tts-1-hd")
_ITEM = "conversation.item.input_audio_transcription."
_SHORTEST = 100
_PER_MS = TELEPHONE_RATE // 1000
_FRAME = 160
_CHUNK = 2400
_ODD = (1, 333, 777, 1)

Wrong = Literal[
    "refused", "throttled", "drop", "half", "broken", "unknown", "mute", "stall", "empty", "error", "wav", "odd"
]


class OpenAISpeech:
    """The vendor. `wrong` is what it does wrong for the time being; `seen` what it was sent, in order."""

    def __init__(self) -> None:
        self.app = web.Application()
        self.app.router.add_get("/v1/realtime", self._realtime)
        self.app.router.add_get("/v1/models/{model}", self._model)
        self.app.router.add_post("/v1/audio/speech", self._speech)
        self.wrong: Wrong | None = None
        self.seen: list[dict[str, Any]] = []
        self.queries: list[dict[str, str]] = []
        self.keys: list[str] = []
        self.texts: deque[str] = deque()
        """Of the segments to come."""
        self.swaps = False
        """Whether the words of every other segment come only after those of the next."""
        self.voices: dict[str, bytes] = {}
        """Mu-law by text."""
        self.asked = 0
        self.cancelled = 0
        self.realtime = OpenAIRealtime()
        """Who answers the sessions that do more than transcribe."""
        self._transports: list[asyncio.Transport] = []
        self._sockets: set[web.WebSocketResponse] = set()

    @property
    def connections(self) -> int:
        """How many TCP connections there have been."""
        return len(self._transports)

    async def close_idle(self) -> None:
        """Close every connection in good order."""
        for socket in list(self._sockets):
            await socket.close(code=1001, message=b"idle")
        for transport in self._transports:
            transport.close()

    def _enter(self, request: web.Request) -> None:
        """Take note of who asks.

        Raises:
            web.HTTPException: it is turned away.
        """
        if request.transport is not None and request.transport not in self._transports:
            self._transports.append(request.transport)
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        self.keys.append(key)
        if self.wrong == "refused" or scheme != "Bearer" or not key:
            raise _refusal(web.HTTPUnauthorized, "invalid_request_error", "invalid_api_key", f"Incorrect key: {key}")
        if self.wrong == "throttled":
            raise _refusal(web.HTTPTooManyRequests, "rate_limit_error", "rate_limit_exceeded", "Slow down")

    async def _model(self, request: web.Request) -> web.Response:
        self._enter(request)
        return web.json_response({"id": request.match_info["model"], "object": "model"})

    async def _realtime(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("intent") != "transcription":
            return await self.realtime.serve(request)
        self._enter(request)
        self.queries.append(dict(request.query))
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            await _Session(self, request, socket).run()
        finally:
            self._sockets.discard(socket)
        return socket

    async def _speech(self, request: web.Request) -> web.StreamResponse:
        self._enter(request)
        asked: dict[str, Any] = await request.json()
        self.seen.append(asked)
        for name in ("model", "input", "voice"):
            if not asked.get(name):
                raise _refusal(web.HTTPBadRequest, "invalid_request_error", "missing", f"Missing {name}")
        if asked["model"] not in _VOICES or len(asked["input"]) > 4096 or asked.get("response_format") != "pcm":
            raise _refusal(web.HTTPBadRequest, "invalid_request_error", "invalid_value", "Not to be had")
        self.asked += 1
        if self.wrong == "error":
            return web.json_response(_error("server_error", "server_error", "Sorry about that"))
        answer = web.StreamResponse(headers={"Content-Type": "audio/pcm"})
        answer.enable_chunked_encoding()
        try:
            if not await self._speak(request, answer, asked["input"].strip()):
                await _gone(request)
                self.cancelled += 1
        except ConnectionResetError:
            self.cancelled += 1
        return answer

    async def _speak(self, request: web.Request, answer: web.StreamResponse, text: str) -> bool:
        """Return whether there is an end to it."""
        if self.wrong == "mute":
            return False
        await answer.prepare(request)
        samples = resample(to_float(self.voices.get(text, b"")), TELEPHONE_RATE, RATE)
        audio = b"" if self.wrong == "empty" else float_to_pcm(samples)
        if self.wrong == "wav":
            audio = encode_wav(samples, rate=RATE)
        sizes = _ODD if self.wrong == "odd" else (_CHUNK,)
        sent = turn = 0
        while sent < len(audio):
            size = sizes[turn % len(sizes)]
            await answer.write(audio[sent : sent + size])
            await asyncio.sleep(0)
            sent, turn = sent + size, turn + 1
            if self.wrong == "drop" and request.transport is not None:
                request.transport.abort()
            if self.wrong in ("drop", "stall"):
                return False
        await answer.write_eof()
        return True


class _Session:
    """One transcription session."""

    def __init__(self, vendor: OpenAISpeech, request: web.Request, socket: web.WebSocketResponse) -> None:
        self._vendor = vendor
        self._request = request
        self._socket = socket
        self._number = vendor.connections
        self._model = ""
        self._silence: int | None = None
        """Milliseconds that end speech, where the session notices it."""
        self._items = 0
        self._buffered = 0
        self._total = 0
        self._words = 0
        """How many words of the coming text were sent as deltas."""
        self._held: tuple[str, str] | None = None
        self._quiet = -1
        """Milliseconds of silence since the last speech; -1 while there was none."""

    async def run(self) -> None:
        await self._send("session.created", session={"type": "transcription", "object": "realtime.session"})
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                continue
            event = json.loads(message.data)
            self._vendor.seen.append(event)
            match event["type"]:
                case "session.update":
                    await self._configure(event)
                case "input_audio_buffer.append":
                    await self._append(base64.b64decode(event["audio"]))
                case "input_audio_buffer.commit":
                    await self._commit(event)
                case "input_audio_buffer.clear":
                    self._buffered = self._words = 0
                    await self._send("input_audio_buffer.cleared")
                case unknown:
                    await self._fail(event, "invalid_value", f"No such event: {unknown}")

    async def _configure(self, event: dict[str, Any]) -> None:
        given = event["session"]["audio"]["input"]
        self._model = given["transcription"]["model"]
        detection = given["turn_detection"]
        if event["session"]["type"] != "transcription" or given["format"] != {"type": "audio/pcmu"}:
            await self._fail(event, "invalid_value", "Only mu-law is understood here")
        elif self._model not in _MODELS:
            await self._fail(event, "model_not_found", f"No such model: {self._model}")
        elif detection is not None and self._model != "gpt-transcribe":
            await self._fail(event, "invalid_value", f"Turn detection is not supported by {self._model}")
        else:
            self._silence = detection and detection["silence_duration_ms"]
            await self._send("session.updated", session=event["session"])

    async def _append(self, mulaw: bytes) -> None:
        is_speech = bool(mulaw.strip(MULAW_SILENCE))
        self._buffered += len(mulaw) // _PER_MS
        if is_speech and self._vendor.wrong in ("drop", "half"):
            await self._break()
        elif self._vendor.wrong == "mute":
            return
        elif self._silence is not None:
            for begin in range(0, len(mulaw), _FRAME):
                await self._notice(mulaw[begin : begin + _FRAME])
        elif is_speech and self._model != "gpt-transcribe":
            await self._delta()

    async def _notice(self, mulaw: bytes) -> None:
        milliseconds = len(mulaw) // _PER_MS
        self._total += milliseconds
        if mulaw.strip(MULAW_SILENCE):
            if self._quiet < 0:
                start = max(0, self._total - milliseconds - 300)
                await self._send("input_audio_buffer.speech_started", audio_start_ms=start, item_id=self._item())
            self._quiet = 0
        elif self._quiet >= 0:
            self._quiet += milliseconds
            if self._silence is not None and self._quiet >= self._silence:
                self._quiet = -1
                await self._send("input_audio_buffer.speech_stopped", audio_end_ms=self._total, item_id=self._item())
                await self._transcribe()

    async def _commit(self, event: dict[str, Any]) -> None:
        if self._buffered < _SHORTEST:
            await self._fail(event, "input_audio_buffer_commit_empty", "The buffer is too small")
        elif self._vendor.wrong != "mute":
            await self._transcribe()

    async def _transcribe(self) -> None:
        item, before = self._item(), self._item(-1) if self._items else None
        text = self._vendor.texts[0] if self._vendor.texts else ""
        await self._send("input_audio_buffer.committed", item_id=item, previous_item_id=before)
        while self._words < len(text.split()):
            await self._delta()
        if self._vendor.texts:
            self._vendor.texts.popleft()
        self._items += 1
        self._buffered = self._words = 0
        if self._vendor.wrong == "error":
            error = _error("server_error", "transcription_failed", text)["error"]
            await self._send(f"{_ITEM}failed", item_id=item, content_index=0, error=error)
        elif self._vendor.swaps and self._held is None:
            self._held = (item, text)
        else:
            await self._complete(item, text)
            if self._held is not None:
                await self._complete(*self._held)
                self._held = None

    async def _complete(self, item: str, text: str) -> None:
        usage = {"type": "duration", "seconds": 1.0}
        await self._send(f"{_ITEM}completed", item_id=item, content_index=0, transcript=text, usage=usage)

    async def _delta(self) -> None:
        words = (self._vendor.texts[0] if self._vendor.texts else "").split()
        if self._words < len(words):
            delta = (" " if self._words else "") + words[self._words]
            self._words += 1
            await self._send(f"{_ITEM}delta", item_id=self._item(), content_index=0, delta=delta)

    def _item(self, step: int = 0) -> str:
        return f"item_{self._number}_{self._items + step}"

    async def _break(self) -> None:
        if self._vendor.wrong == "half":
            await self._socket.send_frame(b'{"type": "\xe2\x82', WSMsgType.TEXT)
        elif self._request.transport is not None:
            self._request.transport.abort()

    async def _fail(self, event: dict[str, Any], code: str, message: str) -> None:
        error = _error("invalid_request_error", code, message)["error"] | {"event_id": event.get("event_id")}
        await self._send("error", error=error)

    async def _send(self, kind: str, **members: Any) -> None:
        message = {"type": kind, "event_id": f"event_{len(self._vendor.seen)}"} | members
        if self._vendor.wrong == "broken":
            await self._socket.send_str('{"type": ')
            await self._socket.send_str('["session.updated"]')
        if self._vendor.wrong == "unknown":
            await self._socket.send_json({"type": "conversation.item.input_audio_transcription.mood", "item_id": "x"})
            message["mood"] = {"type": "error"}
        await self._socket.send_json(message)


async def _gone(request: web.Request) -> None:
    while request.transport is not None and not request.transport.is_closing():  # noqa: ASYNC110 - aiohttp tells nobody
        await asyncio.sleep(0.001)


def _error(kind: str, code: str, message: str) -> dict[str, Any]:
    return {"error": {"type": kind, "code": code, "message": message, "param": None}}


def _refusal(status: type[web.HTTPError], kind: str, code: str, message: str) -> web.HTTPError:
    return status(text=json.dumps(_error(kind, code, message)), content_type="application/json")
