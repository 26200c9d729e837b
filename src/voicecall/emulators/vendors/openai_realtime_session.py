"""One session of OpenAI's Realtime socket: what the client sends goes in, what the server sends comes out.

Source: developers.openai.com, guide "Realtime conversations", reference "Realtime", server events (2026-11)
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import count
from typing import Any, Literal, Protocol, assert_never

import msgspec
from msgspec import UNSET

from .openai_realtime_events import (
    Append,
    Cancel,
    Clear,
    ClientEvent,
    Commit,
    Create,
    Delete,
    EventError,
    ItemReference,
    Message,
    Respond,
    ResponseSettings,
    Retrieve,
    SemanticVad,
    ServerVad,
    Truncate,
    Update,
    understood,
)
from .openai_realtime_hearing import BYTES_PER_MS, Ears, Noticed
from .openai_realtime_items import Conversation, Item, text_of
from .openai_realtime_responses import Line, Response, Terms
from .openai_realtime_script import Script

_SHORTEST_MS = 100
_LARGEST = 15 << 20
_TRANSCRIPTION = "conversation.item.input_audio_transcription."


class Wire(Protocol):
    """The server's end of a WebSocket. Nothing is raised once the client is gone."""

    async def send(self, text: str) -> None:
        """Send one message."""

    async def close(self, code: int, reason: str) -> None:
        """Close in good order."""

    def drop(self) -> None:
        """Cut the connection."""

    async def break_frame(self) -> None:
        """Send what is no text."""


class Session:
    """One session, which shows what became of it."""

    def __init__(self, number: int, model: str, script: Script, wire: Wire) -> None:
        self.conversation = Conversation()
        self.responses: list[Response] = []
        self.settings = _defaults(number, model, script.limit)
        self.is_settled = False
        """Whether it has confirmed an update."""
        self.early_ms = 0.0
        """Milliseconds of audio that came before that."""
        self.received_ms = 0.0
        self.is_over = False
        self._number = number
        self._script = script
        self._wire = wire
        self._line = Line(self._send, wire.drop, wire.close, wire.break_frame)
        self._ears = Ears()
        self._numbers = count(1)
        self._events = count(1)
        self._coming = self._name("item")
        """The id of the item that what the caller says now will become."""
        self._buffered_ms = 0.0
        self._started_ms: int | None = None
        self._idle_from: float | None = None
        """Where on the clock of received audio the last response has been played."""
        self._tasks: asyncio.TaskGroup
        self._running: dict[str, asyncio.Task[None]] = {}

    async def run(self, messages: AsyncIterator[str]) -> None:
        """Serve the client until it is gone, or the session has lasted too long."""
        await self._send("session.created", session=self.settings)
        async with asyncio.TaskGroup() as self._tasks:
            limit = self._tasks.create_task(self._expire_after(self._script.limit), name="the limit")
            async for text in messages:
                if self.is_over:
                    break
                await self._receive(text)
                self._script.changed()
            self.is_over = True
            self._script.changed()
            limit.cancel()
            for task in self._running.values():
                task.cancel()

    @property
    def active(self) -> Response | None:
        """The response that writes to the conversation now."""
        return next((each for each in self.responses if each.is_default and not each.is_over), None)

    async def expire(self) -> None:
        """End the session as its limit does."""
        minutes = round(self._script.limit / 60)
        message = f"Your session hit the maximum duration of {minutes} minutes."
        await self._fail(EventError("session_expired", message))
        self.is_over = True
        await self._wire.close(1001, message)

    async def _expire_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.expire()

    async def _receive(self, text: str) -> None:
        try:
            raw, event = understood(text)
            try:
                await self._carry_out(raw, event)
            except EventError as error:
                error.error["event_id"] = raw.get("event_id")
                raise
        except EventError as error:
            await self._fail(error)

    async def _carry_out(self, raw: dict[str, Any], event: ClientEvent) -> None:
        match event:
            case Update():
                await self._update(event)
            case Append():
                await self._append(event.audio)
            case Commit():
                await self._commit_by_client()
            case Clear():
                self._buffered_ms = 0.0
                self._ears.forget()
                await self._send("input_audio_buffer.cleared")
            case Create():
                item = self.conversation.admit(event.item, self._name("item"))
                await self._added(item, self.conversation.add(item, event.previous_item_id))
            case Truncate():
                self.conversation.truncate(event.item_id, event.content_index, event.audio_end_ms)
                place = {"item_id": event.item_id, "content_index": event.content_index}
                await self._send("conversation.item.truncated", audio_end_ms=event.audio_end_ms, **place)
            case Delete():
                self.conversation.delete(event.item_id)
                await self._send("conversation.item.deleted", item_id=event.item_id)
            case Retrieve():
                await self._retrieve(event.item_id)
            case Respond():
                if self._script.wrong == "error":
                    raise EventError("server_error", "The server had an error", kind="server_error")
                await self._respond(event.response)
            case Cancel():
                await self._cancel(event.response_id)
            case _:
                assert_never(event)

    async def _update(self, event: Update) -> None:
        wrong = self._script.wrong
        given: dict[str, Any] = msgspec.to_builtins(event.session)
        if given.get("model", self.settings["model"]) != self.settings["model"]:
            raise EventError("invalid_value", "The model of a session cannot be changed.", "session.model")
        voice = given.get("audio", {}).get("output", {}).get("voice")
        if voice not in (None, self.settings["audio"]["output"]["voice"]) and any(r.audio_ms for r in self.responses):
            message = "Cannot update a conversation's voice if assistant audio is present."
            raise EventError("cannot_update_voice", message, "session.audio.output.voice")
        if wrong == "update_refused":
            raise EventError("invalid_value", "This cannot be had.", "session.audio.output.voice")
        if wrong == "late_update":
            self._tasks.create_task(self._settle(given, self._script.late_by), name="updates late")
        elif wrong != "no_update":
            await self._settle(given, 0)

    async def _settle(self, given: dict[str, Any], delay: float) -> None:
        await asyncio.sleep(delay)
        audio = self.settings["audio"]
        for side, members in given.pop("audio", {}).items():
            audio[side] |= members
        self.settings |= given
        if self._script.wrong == "pcm_declared":
            audio["output"]["format"] = {"type": "audio/pcm", "rate": 24000}
        self.is_settled = True
        await self._send("session.updated", session=self.settings)
        self._script.changed()

    @property
    def _detection(self) -> ServerVad | SemanticVad | None:
        return msgspec.convert(self.settings["audio"]["input"]["turn_detection"], ServerVad | SemanticVad | None)

    async def _append(self, encoded: str) -> None:
        try:
            audio = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raise EventError("invalid_value", "Invalid 'audio': it is not base64.", "audio") from None
        if len(audio) > _LARGEST:
            raise EventError("invalid_value", "Invalid 'audio': it is larger than 15 MiB.", "audio")
        kind = self.settings["audio"]["input"]["format"]["type"]
        if kind == "audio/pcm" and len(audio) % 2:
            raise EventError("invalid_value", "Invalid 'audio': half a sample.", "audio")
        lasts = len(audio) / BYTES_PER_MS[kind]
        self.received_ms += lasts
        self._buffered_ms += lasts
        self.early_ms += 0 if self.is_settled else lasts
        detection = self._detection
        for noticed in self._ears.feed(audio, kind, detection):
            if detection is not None:
                await self._notice(noticed, detection)
        if isinstance(detection, ServerVad) and detection.idle_timeout_ms is not None:
            await self._wait_idly(detection.idle_timeout_ms)

    async def _notice(self, noticed: Noticed, detection: ServerVad | SemanticVad) -> None:
        if noticed.what == "started":
            self._idle_from = None
            self._started_ms = noticed.at_ms
            place = {"audio_start_ms": noticed.at_ms, "item_id": self._coming}
            await self._send("input_audio_buffer.speech_started", **place)
            if detection.interrupt_response and self.active is not None:
                await self._stop(self.active, "turn_detected")
            return
        begun = noticed.at_ms if self._started_ms is None else self._started_ms
        await self._send("input_audio_buffer.speech_stopped", audio_end_ms=noticed.at_ms, item_id=self._coming)
        await self._commit(min(self._buffered_ms, noticed.at_ms - begun))
        if detection.create_response and self.active is None:
            await self._respond(ResponseSettings())

    async def _wait_idly(self, idle_timeout_ms: int) -> None:
        begun, now = self._idle_from, self._ears.total_ms
        if begun is None or self._ears.is_speech or now - begun < idle_timeout_ms:
            return
        self._idle_from = None
        span = {"audio_start_ms": int(begun), "audio_end_ms": now}
        await self._send("input_audio_buffer.timeout_triggered", item_id=self._coming, **span)
        await self._commit(self._buffered_ms)
        await self._respond(ResponseSettings())

    async def _commit_by_client(self) -> None:
        if self._buffered_ms < _SHORTEST_MS:
            message = (
                "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, "
                f"but buffer only has {self._buffered_ms:.2f}ms of audio."
            )
            raise EventError("input_audio_buffer_commit_empty", message)
        await self._commit(self._buffered_ms)

    async def _commit(self, lasts: float) -> None:
        words = self._script.heard.popleft() if self._script.heard else ""
        item = Item(self._coming, role="user", words=words, is_audio=True, audio_ms=lasts)
        self._coming, self._buffered_ms, self._started_ms = self._name("item"), 0.0, None
        self._ears.forget()
        before = self.conversation.add(item)
        await self._send("input_audio_buffer.committed", previous_item_id=before, item_id=item.id)
        await self._added(item, before)
        if self.settings["audio"]["input"]["transcription"] is not None:
            self._start(self._transcribe(item), f"transcribes {item.id}")

    async def _transcribe(self, item: Item) -> None:
        await asyncio.sleep(self._script.transcribes)
        for place, word in enumerate(item.words.split()):
            delta = f" {word}" if place else word
            await self._send(f"{_TRANSCRIPTION}delta", item_id=item.id, content_index=0, delta=delta)
        item.transcribed = item.words
        usage = {"type": "duration", "seconds": round(item.audio_ms / 1000, 2)}
        whole = {"item_id": item.id, "content_index": 0, "transcript": item.words}
        await self._send(f"{_TRANSCRIPTION}completed", usage=usage, **whole)

    async def _added(self, item: Item, before: str | None) -> None:
        await self._send("conversation.item.added", previous_item_id=before, item=item.wire())
        await self._send("conversation.item.done", previous_item_id=before, item=item.wire())

    async def _retrieve(self, name: str) -> None:
        item = self.conversation.find(name)
        if item is None:
            message = f"Error retrieving item: the item with id '{name}' does not exist."
            raise EventError("item_retrieve_invalid_item_id", message, "item_id")
        await self._send("conversation.item.retrieved", item=item.wire())

    async def _respond(self, asked: ResponseSettings) -> None:
        script = self._script
        is_default = asked.conversation == "auto"
        if is_default and self.active is not None:
            message = (
                f"Conversation already has an active response in progress: {self.active.id}. "
                "Wait until the response is finished before creating a new one."
            )
            raise EventError("conversation_already_has_active_response", message)
        if script.wrong == "expired":
            await self.expire()
            return
        conversation = self.conversation if is_default else None
        response = Response(self._name("resp"), self._terms(asked), script, self._line, conversation)
        self.responses.append(response)
        answer = script.answer(response.terms.text)
        self._running[response.id] = self._start(self._run(response, answer), response.id)

    async def _run(self, response: Response, answer: Any) -> None:
        await response.run(answer)
        self._idle_from = self._ears.total_ms + response.audio_ms

    def _terms(self, asked: ResponseSettings) -> Terms:
        settings = self.settings
        output = dict(settings["audio"]["output"])
        if asked.audio is not UNSET and asked.audio.output is not UNSET:
            output |= msgspec.to_builtins(asked.audio.output)
        modalities = settings["output_modalities"] if asked.output_modalities is UNSET else asked.output_modalities
        tokens = settings["max_output_tokens"] if asked.max_output_tokens is UNSET else asked.max_output_tokens
        instructions = settings["instructions"] if asked.instructions is UNSET else asked.instructions
        text = None if asked.input is UNSET else self._read_out(asked.input)
        return Terms(modalities[0], output["format"], output["voice"], tokens, asked.metadata, instructions, text)

    def _read_out(self, given: list[Any]) -> str | None:
        """Return the text of a context of its own, whose last message is the one to be read; None for an empty one."""
        for entry in given:
            if isinstance(entry, ItemReference) and self.conversation.find(entry.id) is None:
                message = f"Item with id '{entry.id}' does not exist."
                raise EventError("item_not_found", message, "response.input")
        texts = [text_of(entry) for entry in given if isinstance(entry, Message)]
        return texts[-1] if texts else None

    async def _cancel(self, name: str | None) -> None:
        running = [each for each in self.responses if not each.is_over]
        found = self.active if name is None else next((each for each in running if each.id == name), None)
        if found is None:
            raise EventError("response_cancel_not_active", "Cancellation failed: no active response found")
        await self._stop(found, "client_cancelled")

    async def _stop(self, response: Response, reason: Literal["turn_detected", "client_cancelled"]) -> None:
        self._running[response.id].cancel()
        if self._script.wrong == "late":
            await response.late_audio()
        if self._script.wrong == "slow_cancel":
            self._start(self._stop_slowly(response, reason), f"stops {response.id}")
        else:
            await response.finish("cancelled", {"reason": reason})

    async def _stop_slowly(self, response: Response, reason: str) -> None:
        await asyncio.sleep(self._script.late_by)
        await response.finish("cancelled", {"reason": reason})

    def _start(self, work: Any, name: str) -> asyncio.Task[None]:
        return self._tasks.create_task(work, name=name)

    def _name(self, what: str) -> str:
        return f"{what}_{self._number}_{next(self._numbers)}"

    async def _fail(self, error: EventError) -> None:
        await self._send("error", error=error.error | {"event_id": error.error.get("event_id")})

    async def _send(self, kind: str, **members: Any) -> None:
        message = {"type": kind, "event_id": f"event_{self._number}_{next(self._events)}"} | members
        if self._script.wrong == "broken":
            await self._wire.send('{"type": ')
            await self._wire.send('["session.updated"]')
        if self._script.wrong == "unknown":
            await self._wire.send('{"type": "response.mood", "response": "good"}')
            message["mood"] = "good"
        await self._wire.send(msgspec.json.encode(message).decode())


def _defaults(number: int, model: str, limit: float) -> dict[str, Any]:
    pcm = {"type": "audio/pcm", "rate": 24000}
    return {
        "type": "realtime",
        "object": "realtime.session",
        "id": f"sess_{number}",
        "model": model,
        "output_modalities": ["audio"],
        "instructions": "Your knowledge is limited. You are a friendly voice.",
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "tracing": None,
        "prompt": None,
        "truncation": "auto",
        "include": None,
        "expires_at": int(datetime.now(UTC).timestamp() + limit),
        "audio": {
            "input": {
                "format": pcm,
                "transcription": None,
                "noise_reduction": None,
                "turn_detection": msgspec.to_builtins(ServerVad(silence_duration_ms=200)),
            },
            "output": {"format": pcm, "voice": "alloy", "speed": 1.0},
        },
    }
