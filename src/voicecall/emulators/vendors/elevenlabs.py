"""ElevenLabs' ears and mouth on loopback: Scribe in real time, and text to speech over the multi-context socket.

Written from ElevenLabs' documentation alone. Scribe is sent mu-law, of which every byte but silence counts as speech.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections import deque
from dataclasses import dataclass
from typing import Any, Literal

from aiohttp import WSMsgType, web

from voicecall.audio import TELEPHONE_RATE
from voicecall.audio.g711 import MULAW_SILENCE, to_float
from voicecall.audio.wav import encode_wav

_SHORTEST = 0.3
_FRAME = 160
_CHUNK = 640
_ODD = (1, 333, 77)
_MOST_CONTEXTS = 5

Wrong = Literal[
    "refused", "throttled", "drop", "half", "broken", "unknown", "mute", "stall", "empty", "error", "wav", "odd", "late"
]


class ElevenLabs:
    """The vendor. `wrong` is what it does wrong for the time being; `seen` what it was sent, in order."""

    def __init__(self) -> None:
        self.app = web.Application()
        self.app.router.add_get("/v1/speech-to-text/realtime", self._listen)
        self.app.router.add_get("/v1/text-to-speech/{voice}/multi-stream-input", self._speak)
        self.wrong: Wrong | None = None
        self.seen: list[dict[str, Any]] = []
        self.sent: list[dict[str, Any]] = []
        self.queries: list[dict[str, str]] = []
        self.keys: list[str] = []
        self.texts: deque[str] = deque()
        """Of the segments to come."""
        self.longest = 90.0
        """Seconds after which Scribe commits by itself."""
        self.is_snake = False
        """Whether its answers are spelled `is_final` and `context_id`, as some are."""
        self.refusal = ""
        """The error with which it answers all that is asked."""
        self.forgets = 0
        """How many of the next commits it does not answer."""
        self.voices: dict[str, bytes] = {}
        """Mu-law by text."""
        self.connections = 0
        self.asked = 0
        self.cancelled = 0
        self._sockets: set[web.WebSocketResponse] = set()

    async def close_idle(self) -> None:
        """Close every connection in good order."""
        for socket in list(self._sockets):
            await socket.close(code=1008, message=b"no new input within the timeout")

    async def _listen(self, request: web.Request) -> web.StreamResponse:
        return await self._serve(request, "")

    async def _speak(self, request: web.Request) -> web.StreamResponse:
        return await self._serve(request, request.match_info["voice"])

    async def _serve(self, request: web.Request, voice: str) -> web.StreamResponse:
        self.connections += 1
        key = request.headers.get("xi-api-key", "")
        self.keys.append(key)
        self.queries.append(dict(request.query))
        if self.wrong == "refused" or not key:
            raise web.HTTPUnauthorized(text=json.dumps({"detail": {"status": "invalid_api_key", "message": key}}))
        if self.wrong == "throttled":
            raise web.HTTPTooManyRequests(text=json.dumps({"detail": {"status": "too_many_concurrent_requests"}}))
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.add(socket)
        wire = _Wire(self, request, socket)
        try:
            await (_Mouth(self, wire).run() if voice else _Scribe(self, wire, dict(request.query)).run())
        finally:
            self._sockets.discard(socket)
        return socket


class _Wire:
    """One socket, and what goes wrong on all of them."""

    def __init__(self, vendor: ElevenLabs, request: web.Request, socket: web.WebSocketResponse) -> None:
        self._vendor = vendor
        self._request = request
        self.socket = socket

    async def send(self, message: dict[str, Any]) -> None:
        if self._vendor.wrong == "broken":
            await self.socket.send_str('{"audio": ')
            await self.socket.send_str('["isFinal"]')
        if self._vendor.wrong == "unknown":
            await self.socket.send_json({"message_type": "mood", "mood": "good"})
            message |= {"mood": {"error": "none"}}
        self._vendor.sent.append(message)
        await self.socket.send_json(message)

    async def lose(self) -> None:
        if self._vendor.wrong == "half":
            await self.socket.send_frame(b'{"audio": "\xe2\x82', WSMsgType.TEXT)
        elif self._request.transport is not None:
            self._request.transport.abort()


class _Scribe:
    """One session of transcription."""

    def __init__(self, vendor: ElevenLabs, wire: _Wire, query: dict[str, str]) -> None:
        self._vendor = vendor
        self._wire = wire
        self._query = query
        self._by_vad = query.get("commit_strategy") == "vad"
        self._silence = round(float(query.get("vad_silence_threshold_secs", "1.5")) * TELEPHONE_RATE)
        self._buffered = 0
        self._words = 0
        """How many words of the coming text were in the last partial."""
        self._quiet = -1
        """Bytes of silence since the last speech; -1 while there was none."""

    async def run(self) -> None:
        if self._query.get("model_id") != "scribe_v2_realtime" or self._query.get("audio_format") != "ulaw_8000":
            await self._send("invalid_request", error="Only mu-law for scribe_v2_realtime is understood here")
            return
        config = {name: self._query.get(name) for name in ("model_id", "audio_format", "commit_strategy")}
        await self._send("session_started", session_id="session-1", config=config | {"sample_rate": TELEPHONE_RATE})
        async for message in self._wire.socket:
            if message.type is not WSMsgType.TEXT:
                continue
            event = json.loads(message.data)
            self._vendor.seen.append(event)
            if event.get("message_type") != "input_audio_chunk" or event.get("sample_rate") != TELEPHONE_RATE:
                await self._send("input_error", error="No such message")
                return
            await self._take(base64.b64decode(event["audio_base_64"]))
            if event["commit"] and self._vendor.wrong != "mute":
                await self._commit()

    async def _take(self, mulaw: bytes) -> None:
        if self._vendor.refusal:
            await self._send(self._vendor.refusal, error=f"Not with the key {self._vendor.keys[-1]}")
        self._buffered += len(mulaw)
        is_speech = bool(mulaw.strip(MULAW_SILENCE))
        if is_speech and self._vendor.wrong in ("drop", "half"):
            await self._wire.lose()
        elif self._vendor.wrong == "mute":
            return
        elif self._by_vad:
            for begin in range(0, len(mulaw), _FRAME):
                await self._notice(mulaw[begin : begin + _FRAME])
        elif is_speech:
            await self._partial()
        if self._buffered > self._vendor.longest * TELEPHONE_RATE:
            await self._commit()

    async def _notice(self, mulaw: bytes) -> None:
        if mulaw.strip(MULAW_SILENCE):
            self._quiet = 0
            await self._partial()
        elif self._quiet >= 0:
            self._quiet += len(mulaw)
            if self._quiet >= self._silence:
                self._quiet = -1
                await self._commit()

    async def _partial(self) -> None:
        words = (self._vendor.texts[0] if self._vendor.texts else "").split()
        if self._words < len(words):
            self._words += 1
            await self._send("partial_transcript", text=" ".join(words[: self._words]))

    async def _commit(self) -> None:
        if self._buffered < _SHORTEST * TELEPHONE_RATE:
            await self._send("commit_throttled", error="Too little audio to commit")
            return
        text = self._vendor.texts.popleft() if self._vendor.texts else ""
        self._buffered = self._words = 0
        if self._vendor.forgets:
            self._vendor.forgets -= 1
        else:
            await self._send("committed_transcript", text=text)

    async def _send(self, kind: str, **members: Any) -> None:
        await self._wire.send({"message_type": kind} | members)


@dataclass(slots=True)
class _Context:
    name: str
    text: str = ""
    is_closed: bool = False
    is_cancelled: bool = False
    is_done: bool = False


class _Mouth:
    """One multi-context socket."""

    def __init__(self, vendor: ElevenLabs, wire: _Wire) -> None:
        self._vendor = vendor
        self._wire = wire
        self._contexts: dict[str, _Context] = {}

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            async for message in self._wire.socket:
                if message.type is not WSMsgType.TEXT:
                    continue
                event = json.loads(message.data)
                self._vendor.seen.append(event)
                context = self._context(event)
                if context is None:
                    await self._wire.send({"message": "Too many contexts", "error": "max_active_conversations"})
                    await self._wire.socket.close(code=1008, message=b"max_active_conversations")
                    break
                if event.get("close_context"):
                    await self._close(context)
                elif text := event.get("text", "").strip():
                    context.text += text
                if event.get("flush"):
                    self._vendor.asked += 1
                    tasks.create_task(self._generate(context), name=f"speaks {context.name}")

    def _context(self, event: dict[str, Any]) -> _Context | None:
        name = event.get("context_id", "default")
        if event.get("close_context") and name not in self._contexts:
            return _Context(name)
        if name not in self._contexts and len(self._contexts) >= _MOST_CONTEXTS:
            return None
        return self._contexts.setdefault(name, _Context(name))

    async def _close(self, context: _Context) -> None:
        """Close it, or call off what is still being generated for one that is closed."""
        if context.is_closed and not context.is_done:
            context.is_cancelled = True
            self._vendor.cancelled += 1
            if self._vendor.wrong == "late":
                await self._audio(context, MULAW_SILENCE * _CHUNK)
            await self._end(context)
        context.is_closed = True

    async def _generate(self, context: _Context) -> None:
        wrong = self._vendor.wrong
        mulaw = b"" if wrong == "empty" else self._vendor.voices.get(context.text, b"")
        if wrong == "wav":
            mulaw = encode_wav(to_float(mulaw))
        if self._vendor.refusal:
            message = f"Not with the key {self._vendor.keys[-1]}"
            await self._wire.send({"message": message, "error": self._vendor.refusal, "code": 1008})
            return
        if wrong == "error":
            await self._wire.send({"message": "Something is wrong", "error": "internal_error", "code": 1011})
        if wrong in ("mute", "error"):
            return
        sizes = _ODD if wrong == "odd" else (_CHUNK,)
        sent = turn = 0
        while sent < len(mulaw) and not context.is_cancelled and not self._wire.socket.closed:
            size = sizes[turn % len(sizes)]
            await self._audio(context, mulaw[sent : sent + size])
            await asyncio.sleep(0)
            sent, turn = sent + size, turn + 1
            if wrong in ("drop", "half"):
                await self._wire.lose()
            if wrong in ("drop", "half", "stall", "late"):
                return
        if context.is_closed and not context.is_cancelled:
            await self._end(context)

    async def _audio(self, context: _Context, mulaw: bytes) -> None:
        audio = base64.b64encode(mulaw).decode()
        await self._wire.send({"audio": audio, "alignment": None} | self._named(context))

    async def _end(self, context: _Context) -> None:
        context.is_done = True
        self._contexts.pop(context.name, None)
        await self._wire.send({"is_final" if self._vendor.is_snake else "isFinal": True} | self._named(context))

    def _named(self, context: _Context) -> dict[str, Any]:
        return {"context_id" if self._vendor.is_snake else "contextId": context.name}
