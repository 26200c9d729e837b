"""Gemini Live on loopback: the socket `BidiGenerateContent`, with sessions that can be resumed, and faults.

Sources: protocols.md 9.6; ai.google.dev/api/live and .../live-api/session-management (2026-11): the path, `goAway`,
handles; client authors' reports (2026) for what the pages leave out: JSON comes in binary frames, a session whose
earlier connection is still open cannot be resumed (1011), a connection whose time is up is closed with 1008.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from aiohttp import WSMsgType, web

from .gemini_live_model import Conversation, Entry, Model, Script
from .gemini_live_wire import MODELS, Refusal, Setup, read, read_audio, read_setup

PATH = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
_ABORTED = "The operation was aborted."
_INTERNAL = "Internal error occurred."


class GeminiLive:
    """The vendor, at which one key is good. `script` says what it does; what it saw stands beside it."""

    def __init__(self, key: str = "a-key", models: tuple[str, ...] = MODELS) -> None:
        self.key = key
        self.models = models
        self.script = Script()
        self.app = web.Application()
        self.app.router.add_get(PATH, self._serve)
        self.keys: list[str] = []
        self.setups: list[dict[str, Any]] = []
        self.seen: list[dict[str, Any]] = []
        """Every message after the setup, less audio."""
        self.heard = bytearray()
        """All the audio of callers, 16-bit PCM."""
        self.rates: set[int] = set()
        self.talks: list[Conversation] = []
        """One for each session that was set up, and for each that was resumed."""
        self.connections = 0
        self._open: set[_Connection] = set()
        self._handles: dict[str, tuple[Conversation, list[Entry]]] = {}
        self.has_changed = asyncio.Event()

    @property
    def is_connected(self) -> bool:
        """Whether anybody is."""
        return bool(self._open)

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for something that comes of a session set up, or of a message sent."""
        while not condition():
            self.has_changed.clear()
            await self.has_changed.wait()

    async def becomes(self, count: int) -> None:
        """Wait until so many sessions were set up or resumed."""
        await self.until(lambda: len(self.talks) >= count)

    def go_away(self, left: float) -> None:
        """Tell every connection that it will be closed in `left` seconds, and do so."""
        for connection in tuple(self._open):
            connection.leave(left)

    async def close_idle(self) -> None:
        """Close every connection, as when its time is up."""
        for connection in tuple(self._open):
            await connection.socket.close(code=1008, message=_ABORTED.encode())

    def drop(self) -> None:
        """Lose every connection."""
        for connection in tuple(self._open):
            connection.abort()

    def forget(self) -> None:
        """No session can be resumed any more, as after two hours."""
        self._handles.clear()

    def remember(self, conversation: Conversation) -> str:
        """Return a handle to a conversation as it is now."""
        handle = f"handle-{len(self._handles) + 1}"
        self._handles[handle] = (conversation, deepcopy(conversation.entries))
        return handle

    def converse(self, setup: Setup) -> Conversation:
        """Return a new conversation, or the one that is resumed, as it was when its handle was given.

        Raises:
            Refusal: it cannot be resumed.
        """
        talk = Conversation(setup)
        if setup.handle:
            if setup.handle not in self._handles:
                raise Refusal(1008, "BidiGenerateContent session not found")
            earlier, entries = self._handles[setup.handle]
            if earlier.is_connected:
                raise Refusal(1011, _INTERNAL)
            if earlier.setup.model != setup.model:
                raise Refusal(1007)
            talk = Conversation(setup, deepcopy(entries), is_resumed=True)
        self.talks.append(talk)
        self.has_changed.set()
        return talk

    def refuse(self, key: str) -> None:
        """Look at the key.

        Raises:
            Refusal: it is not good, or not for now.
        """
        if not key:
            raise Refusal(1008, "Method doesn't allow unregistered callers (callers without established identity).")
        if key != self.key:
            raise Refusal(1007, "API key not valid. Please pass a valid API key.")
        match self.script.wrong:
            case "refused":
                raise Refusal(1008, f"Permission denied for {key}: this API key was reported as leaked.")
            case "throttled":
                raise Refusal(1011, "You exceeded your current quota, please check your plan and billing details.")
            case "unavailable":
                raise Refusal(1011, "The service is currently unavailable.")
            case _:
                pass

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.connections += 1
        key = request.query.get("key", "") or request.headers.get("x-goog-api-key", "")
        self.keys.append(key)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        connection = _Connection(self, request, socket, key)
        self._open.add(connection)
        try:
            await connection.run()
        finally:
            self._open.discard(connection)
        return socket


class _Connection:
    def __init__(self, vendor: GeminiLive, request: web.Request, socket: web.WebSocketResponse, key: str) -> None:
        self.socket = socket
        self._vendor = vendor
        self._request = request
        self._key = key
        self._talk: Conversation | None = None
        self._tasks: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Serve it until it is closed."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                await self._converse(tasks)
                raise _Over
        except* _Over:
            pass
        except* Refusal as refusals:
            refusal = refusals.exceptions[0]
            assert isinstance(refusal, Refusal)  # noqa: S101 - there is one at a time
            self._let_go()
            await self.socket.close(code=refusal.code, message=refusal.reason.encode()[:123])
        except* ConnectionError:
            pass  # the client is gone
        finally:
            self._let_go()

    def abort(self) -> None:
        """Break the TCP connection."""
        self._let_go()
        if self._request.transport is not None:
            self._request.transport.abort()

    def leave(self, left: float) -> None:
        """Announce the end of the connection, and end it."""
        if self._tasks is not None:
            self._tasks.create_task(self._leave(left), name="goes away")

    async def _leave(self, left: float) -> None:
        await self._send({"goAway": {"timeLeft": f"{left:g}s"}})
        await asyncio.sleep(left)
        raise Refusal(1008, _ABORTED)

    def _let_go(self) -> None:
        if self._talk is not None:
            self._talk.is_connected = False

    async def _converse(self, tasks: asyncio.TaskGroup) -> None:
        first = await self._receive()
        if first is None:
            return
        self._vendor.refuse(self._key)
        if "setup" not in first:
            raise Refusal(1007)
        self._vendor.setups.append(first["setup"])
        setup = read_setup(first["setup"], self._vendor.models)
        script = self._vendor.script
        if script.wrong == "mute":
            await self._receive()
            return
        if script.wrong == "late":
            await asyncio.sleep(script.lateness)
        talk = self._talk = self._vendor.converse(setup)
        model = Model(script, talk, tasks, self._send, self._sever, lambda: self._vendor.remember(talk))
        await self._send({"setupComplete": {}})
        while (message := await self._receive()) is not None:
            await self._take(model, message)

    async def _receive(self) -> dict[str, Any] | None:
        message = await self.socket.receive()
        if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
            self._let_go()
            return None
        return read(message.data)

    async def _take(self, model: Model, message: dict[str, Any]) -> None:
        ((kind, value),) = message.items()
        if "audio" not in value:
            self._vendor.seen.append(message)
        match kind:
            case "realtimeInput":
                await self._hear(model, value)
            case "clientContent":
                await model.learn(value.get("turns", []), complete=bool(value.get("turnComplete")))
            case "toolResponse":
                await model.take_results(value.get("functionResponses", []))
            case _:
                raise Refusal(1007)
        self._vendor.has_changed.set()

    async def _hear(self, model: Model, given: dict[str, Any]) -> None:
        if "activityStart" in given:
            await model.mark(started=True)
        if "audio" in given:
            pcm, rate = read_audio(given["audio"])
            self._vendor.heard += pcm
            self._vendor.rates.add(rate)
            await model.hear(pcm, rate)
        if "text" in given:
            await model.read(given["text"])
        if "activityEnd" in given:
            await model.mark(started=False)
        if given.get("audioStreamEnd"):
            await model.end_of_stream()

    async def _sever(self) -> None:
        match self._vendor.script.wrong:
            case "close":
                raise Refusal(1011, _INTERNAL)
            case "half":
                await self.socket.send_frame(b'{"serverContent": {"modelTurn": "\xe2\x82', WSMsgType.TEXT)
            case _:
                self.abort()

    async def _send(self, message: dict[str, Any]) -> None:
        wrong = self._vendor.script.wrong
        if wrong == "broken":
            await self._write('{"serverContent": ')
            await self._write('["turnComplete"]')
            await self._write('{"serverContent": {"modelTurn": {"parts": [{"inlineData": {"data": "?"}}, 7]}}}')
        if wrong == "unknown":
            await self._write('{"weather": {"isSunny": true}}')
            message = {**message, "mood": "good"}
        await self._write(json.dumps(message))
        self._vendor.has_changed.set()

    async def _write(self, text: str) -> None:
        if self._vendor.script.has_text_frames:
            await self.socket.send_str(text)
        else:
            await self.socket.send_bytes(text.encode())


class _Over(Exception):
    """The client has closed the connection."""
