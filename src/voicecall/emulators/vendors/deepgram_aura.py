"""The emulated Aura: speaks each text as the sound that was laid down for it, over its socket or as an HTTP answer."""

from __future__ import annotations

import asyncio
import struct
from collections import deque

from aiohttp import web

from .deepgram_wire import REQUEST_ID, Fault, State, Wire

_CHUNK = 640
_WINDOW = 60.0
"""Seconds in which so many `Flush` may come."""


class Aura:
    """One socket. `serve` generates; `tell` takes what the client says meanwhile."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._state = wire.state
        self._text = ""
        self._pieces: asyncio.Queue[str] = asyncio.Queue()
        self._speaking = False
        self._cleared = asyncio.Event()
        """Set while what is being generated is not wanted."""
        self._flushes: deque[float] = deque()
        self._sequence = 0

    async def begin(self) -> None:
        """Greet."""
        await self._wire.say(
            {
                "type": "Metadata",
                "request_id": REQUEST_ID,
                "model_name": "aura-2-emulated-en",
                "model_version": "0",
                "model_uuid": REQUEST_ID,
            }
        )

    async def tell(self, kind: str, text: str) -> bool:
        """Take a message; return whether the socket stays open."""
        match kind:
            case "Speak":
                self._text += text
            case "Flush":
                await self._flush()
            case "Clear":
                await self._clear()
            case "Close":
                return False
            case _:
                await self._wire.say({"type": "Warning", "code": "DATA-0001", "description": "unknown message"})
        return True

    async def serve(self) -> None:
        """Generate one piece after the other."""
        while True:
            text = await self._pieces.get()
            self._speaking = True
            if await self._piece(text):
                self._speaking = False
                await self._confirm("Flushed")

    async def _flush(self) -> None:
        now = asyncio.get_running_loop().time()
        while self._flushes and self._flushes[0] <= now - _WINDOW:
            self._flushes.popleft()
        if len(self._flushes) >= self._state.flushes:
            await self._wire.say({"type": "Warning", "code": "FLUSH-LIMIT", "description": "too many in 60 seconds"})
            return
        self._flushes.append(now)
        self._state.asked += 1
        self._cleared.clear()
        self._pieces.put_nowait(self._text)
        self._text = ""

    async def _clear(self) -> None:
        self._text = ""
        if self._speaking or not self._pieces.empty():
            self._state.cancelled += 1
        while not self._pieces.empty():
            self._pieces.get_nowait()
        late, self._speaking = self._speaking, False
        self._cleared.set()
        if late and self._state.fault is Fault.LATE:
            await self._wire.sound(_sound(self._state, "")[:_CHUNK])
        if self._state.fault is not Fault.UNCLEARED:
            await self._confirm("Cleared")

    async def _piece(self, text: str) -> bool:
        """Generate a piece; return whether it came to its end."""
        state = self._state
        if state.fault is Fault.ERROR:
            await self._wire.say({"type": "Error", "code": "INTERNAL", "description": "synthesis failed"})
            return await self._hangs()
        if state.fault is Fault.MUTE:
            return await self._hangs()
        for number, chunk in enumerate(chunks(state, _sound(state, text))):
            if state.fault is Fault.SLOW and number == 0:
                await asyncio.sleep(state.slowness)
            if self._cleared.is_set():
                return False
            if number > 0:
                if state.fault in (Fault.STALL, Fault.LATE):
                    return await self._hangs()
                if await self._wire.breaks():
                    return await self._hangs()
            await self._wire.sound(chunk)
        return True

    async def _hangs(self) -> bool:
        await self._cleared.wait()
        return False

    async def _confirm(self, kind: str) -> None:
        await self._wire.say({"type": kind, "sequence_id": self._sequence})
        self._sequence += 1


async def over_http(state: State, request: web.Request) -> web.StreamResponse:
    """Answer `POST /v1/speak`."""
    text = (await request.json())["text"]
    state.asked += 1
    if state.fault is Fault.ERROR:
        return web.json_response({"err_code": "INTERNAL", "err_msg": "synthesis failed"}, status=500)
    response = web.StreamResponse(headers={"Content-Type": "audio/mulaw;rate=8000"})
    if state.fault is Fault.MUTE:
        await _until_gone(state, request)
        return response
    sound = _sound(state, text)
    if request.query.get("container") != "none":
        sound = wav(sound)
    if state.fault is Fault.SLOW:
        await asyncio.sleep(state.slowness)
    await response.prepare(request)
    for number, chunk in enumerate(chunks(state, sound)):
        if number > 0 and state.fault in (Fault.STALL, Fault.LATE):
            await _until_gone(state, request)
            break
        if number > 0 and state.fault in (Fault.DROP, Fault.HALF):
            if request.transport is not None:
                request.transport.abort()
            break
        await response.write(chunk)
    return response


async def _until_gone(state: State, request: web.Request) -> None:
    while request.transport is not None and not request.transport.is_closing():  # noqa: ASYNC110 - aiohttp tells nobody
        await asyncio.sleep(0.005)
    state.cancelled += 1


def chunks(state: State, sound: bytes) -> list[bytes]:
    """Return the audio as it is sent."""
    match state.fault:
        case Fault.EMPTY:
            return []
        case Fault.WAV:
            sound = wav(sound)
            return [sound[:3], *(sound[place : place + _CHUNK] for place in range(3, len(sound), _CHUNK))]
        case Fault.ODD:
            return [sound[:1], *(sound[place : place + _CHUNK - 1] for place in range(1, len(sound), _CHUNK - 1))]
        case _:
            return [sound[place : place + _CHUNK] for place in range(0, len(sound), _CHUNK)]


def wav(mulaw: bytes) -> bytes:
    """Return the audio as a WAV file of mu-law."""
    form = struct.pack("<HHIIHH", 7, 1, 8000, 8000, 1, 8)
    body = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(mulaw)) + mulaw
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def _sound(state: State, text: str) -> bytes:
    return state.voices.get(text.strip(), b"\x80\x00" * 800)
