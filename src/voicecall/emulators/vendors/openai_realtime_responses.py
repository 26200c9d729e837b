"""One response of a Realtime model, event by event."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from voicecall.audio.g711 import MULAW_SILENCE, to_float
from voicecall.audio.wav import encode_wav

from .openai_realtime_hearing import BYTES_PER_MS, encoded
from .openai_realtime_items import Conversation, Item
from .openai_realtime_script import Answer, CallFunction, Say, Script

_ODD = (1, 333, 77)
_LIMITS = (("requests", 1000), ("tokens", 40000))
_MS_PER_TOKEN = 50
_HALTS = ("stall", "late", "slow_cancel", "half", "drop", "close")
"""Faults after whose first piece of audio nothing follows."""

Ending = Literal["completed", "cancelled", "incomplete", "failed"]


@dataclass(frozen=True, slots=True)
class Terms:
    """How a response is to be made."""

    modality: str
    format: dict[str, Any]
    voice: Any
    max_output_tokens: Any
    metadata: dict[str, str] | None
    instructions: str
    text: str | None
    """What it is to read aloud; None where it is to answer."""


@dataclass(frozen=True, slots=True)
class Line:
    """The session's end of the connection."""

    send: Callable[..., Awaitable[None]]
    drop: Callable[[], None]
    close: Callable[[int, str], Awaitable[None]]
    break_frame: Callable[[], Awaitable[None]]


class Response:
    """One response. `conversation` is where its items go; None for one outside."""

    def __init__(self, name: str, terms: Terms, script: Script, line: Line, conversation: Conversation | None) -> None:
        self.id = name
        self.terms = terms
        self.status: Ending | Literal["in_progress"] = "in_progress"
        self.output: list[Item] = []
        self._script = script
        self._line = line
        self._conversation = conversation
        self._open: Item | None = None
        self._reason: dict[str, Any] | None = None

    @property
    def is_over(self) -> bool:
        """Whether its end was told."""
        return self.status != "in_progress"

    @property
    def is_default(self) -> bool:
        """Whether it writes to the conversation."""
        return self._conversation is not None

    @property
    def audio_ms(self) -> float:
        """How long it is as audio so far."""
        return sum(item.audio_ms for item in self.output)

    async def run(self, answer: Answer) -> None:
        """Say it all."""
        script = self._script
        await self._line.send("response.created", response=self._wire())
        limits = [{"name": name, "limit": limit, "remaining": limit, "reset_seconds": 0.5} for name, limit in _LIMITS]
        await self._line.send("rate_limits.updated", rate_limits=limits)
        if script.wrong == "mute":
            return
        if script.wrong == "rate_limited":
            error = {"type": "rate_limit_error", "code": "rate_limit_exceeded", "message": "Rate limit reached."}
            await self.finish("failed", {"error": error})
            return
        await asyncio.sleep(script.thinks)
        for index, part in enumerate(answer):
            if isinstance(part, Say):
                whole = await self._say(index, part)
            else:
                whole = await self._call(index, part)
            if not whole:
                return
        if script.wrong != "open":
            await self.finish("completed")

    async def finish(self, status: Ending, details: dict[str, Any] | None = None) -> None:
        """End it: what was begun is closed first."""
        self.status = status
        if self._open is not None:
            await self._close(self._open, "incomplete")
        self._reason = None if status == "completed" else {"type": status} | (details or {})
        await self._line.send("response.done", response=self._wire())
        self._script.changed()

    async def late_audio(self) -> None:
        """Send more audio though it was cancelled."""
        if self.output:
            await self._delta(self.output[-1], encoded(MULAW_SILENCE * 400, self.terms.format["type"]))

    async def _say(self, index: int, part: Say) -> bool:
        """Return whether it came to its end."""
        item = Item(f"item_{self.id}_{index}", role="assistant", is_audio=self.terms.modality == "audio")
        item.status = "in_progress"
        await self._begin(item)
        kind = "text" if not item.is_audio else "audio"
        empty = {"type": kind, "transcript" if item.is_audio else "text": ""}
        await self._part("response.content_part.added", item, part=empty)
        if not item.is_audio:
            for word in _spaced(part.words):
                item.words += word
                await self._part("response.output_text.delta", item, delta=word)
        elif not await self._sound(item, part):
            return False
        await self._close(item, "completed")
        return True

    async def _sound(self, item: Item, part: Say) -> bool:
        wrong = self._script.wrong
        kind = "audio/pcm" if wrong in ("pcm", "pcm_declared") else self.terms.format["type"]
        audio = b"" if wrong == "empty" else encoded(part.sound, kind)
        if wrong == "wav":
            audio = encode_wav(to_float(part.sound))
        words, spoken = _spaced(part.words), 0
        size = self._script.chunk_ms * BYTES_PER_MS[kind]
        sizes = _ODD if wrong == "odd" else (size,)
        sent = turn = 0
        while sent < len(audio) or (wrong == "flood" and audio):
            piece = audio[sent : sent + sizes[turn % len(sizes)]] or audio[:size]
            sent, turn = sent + len(piece), turn + 1
            due = min(len(words), -(-len(words) * sent // len(audio)))
            for word in words[spoken:due]:
                item.words += word
                await self._part("response.output_audio_transcript.delta", item, delta=word)
            spoken = due
            item.audio_ms += len(piece) / BYTES_PER_MS[kind]
            await self._delta(item, piece)
            await asyncio.sleep(self._script.between)
            if wrong == "half":
                await self._line.break_frame()
            elif wrong == "drop":
                self._line.drop()
            elif wrong == "close":
                await self._line.close(1011, "The server had an error")
            if wrong in _HALTS:
                return False
        return True

    async def _call(self, index: int, part: CallFunction) -> bool:
        item = Item(f"item_{self.id}_{index}", "function_call", name=part.name, call_id=f"call_{self.id}_{index}")
        item.status = "in_progress"
        await self._begin(item)
        half = len(part.arguments) // 2
        for piece in filter(None, (part.arguments[:half], part.arguments[half:])):
            item.arguments += piece
            event = {"item_id": item.id, "output_index": index, "call_id": item.call_id}
            await self._send("response.function_call_arguments.delta", delta=piece, **event)
        await self._close(item, "completed")
        return True

    async def _begin(self, item: Item) -> None:
        self.output.append(item)
        self._open = item
        index = len(self.output) - 1
        await self._send("response.output_item.added", output_index=index, item=item.wire())
        if self._conversation is not None:
            before = self._conversation.add(item)
            await self._line.send("conversation.item.added", previous_item_id=before, item=item.wire())

    async def _close(self, item: Item, status: Literal["completed", "incomplete"]) -> None:
        self._open = None
        item.status = status
        if item.kind == "function_call":
            await self._send(
                "response.function_call_arguments.done",
                item_id=item.id,
                output_index=len(self.output) - 1,
                call_id=item.call_id,
                name=item.name,
                arguments=item.arguments,
            )
        elif item.is_audio:
            await self._part("response.output_audio.done", item)
            await self._part("response.output_audio_transcript.done", item, transcript=item.words)
            whole = {"type": "audio", "transcript": item.words}
            await self._part("response.content_part.done", item, part=whole)
        else:
            await self._part("response.output_text.done", item, text=item.words)
            await self._part("response.content_part.done", item, part={"type": "text", "text": item.words})
        if self._conversation is not None:
            place = self._conversation.items.index(item) if item in self._conversation.items else 0
            before = self._conversation.items[place - 1].id if place else None
            await self._line.send("conversation.item.done", previous_item_id=before, item=item.wire())
        await self._send("response.output_item.done", output_index=len(self.output) - 1, item=item.wire())

    async def _delta(self, item: Item, audio: bytes) -> None:
        await self._part("response.output_audio.delta", item, delta=base64.b64encode(audio).decode())

    async def _part(self, kind: str, item: Item, **members: Any) -> None:
        index = self.output.index(item)
        await self._send(kind, item_id=item.id, output_index=index, content_index=0, **members)

    async def _send(self, kind: str, **members: Any) -> None:
        await self._line.send(kind, response_id=self.id, **members)

    def _wire(self) -> dict[str, Any]:
        terms = self.terms
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": self.status,
            "status_details": self._reason,
            "output": [item.wire() for item in self.output] if self.is_over else [],
            "conversation_id": "conv_1" if self.is_default else None,
            "output_modalities": [terms.modality],
            "max_output_tokens": terms.max_output_tokens,
            "audio": {"output": {"format": terms.format, "voice": terms.voice}},
            "usage": self._usage() if self.is_over else None,
            "metadata": terms.metadata,
        }

    def _usage(self) -> dict[str, Any]:
        audio = int(self.audio_ms / _MS_PER_TOKEN)
        text = sum(len(f"{item.words}{item.arguments}".split()) for item in self.output)
        nothing = {"text_tokens": 0, "audio_tokens": 0, "image_tokens": 0}
        return {
            "total_tokens": audio + text,
            "input_tokens": 0,
            "output_tokens": audio + text,
            "input_token_details": nothing | {"cached_tokens": 0, "cached_tokens_details": nothing},
            "output_token_details": {"text_tokens": text, "audio_tokens": audio},
        }


def _spaced(text: str) -> list[str]:
    return [f" {word}" if place else word for place, word in enumerate(text.split())]
