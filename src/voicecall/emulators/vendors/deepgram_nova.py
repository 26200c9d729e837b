"""The emulated Nova: recognises what the script says in whatever is not silence, one word every 100 ms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .deepgram_wire import REQUEST_ID, Fault, Wire

BLOCK = 160
"""20 ms of mu-law."""
WORD = 0.1
"""Seconds that a word takes."""
_INTERIM = 5
"""Blocks from one interim result to the next."""
_LULL = 3.0
"""Seconds of silence after which a result says that there was nothing."""


def is_speech(block: bytes) -> bool:
    """Whether there is any sound in it."""
    return bool(block.strip(b"\xff"))


class Nova:
    """One stream."""

    def __init__(self, wire: Wire, query: Mapping[str, str]) -> None:
        self._wire = wire
        self._endpointing = int(query.get("endpointing", "10")) / 1000
        self._utterance_end = int(query["utterance_end_ms"]) / 1000 if "utterance_end_ms" in query else None
        self._interims = query.get("interim_results") == "true"
        self._vad = query.get("vad_events") == "true"
        self._rest = b""
        self._now = 0.0
        """Seconds of audio."""
        self._from = 0.0
        """Where the next result begins."""
        self._parts: list[list[str]] | None = None
        """What the present utterance still says."""
        self._began = 0.0
        self._blocks = 0
        """How many blocks of the present part were heard."""
        self._silence = 0.0
        self._last_word_end: float | None = None
        """Where the last word ended, until `UtteranceEnd` has told so."""

    async def hear(self, audio: bytes) -> None:
        """Take audio."""
        self._rest += audio
        while len(self._rest) >= BLOCK:
            block, self._rest = self._rest[:BLOCK], self._rest[BLOCK:]
            await (self._speech() if is_speech(block) else self._lull())

    async def tell(self, kind: str) -> bool:
        """Take a message; return whether the stream goes on."""
        match kind:
            case "Finalize" if self._wire.state.fault is not Fault.UNFINISHED:
                if self._now > self._from:
                    await self._result(final=True, from_finalize=True)
                    self._end()
            case "CloseStream":
                if self._now > self._from:
                    await self._result(final=True)
                await self._wire.say(
                    {
                        "type": "Metadata",
                        "transaction_key": "deprecated",
                        "request_id": REQUEST_ID,
                        "sha256": "0" * 64,
                        "created": "2026-11-21T00:00:00.000Z",
                        "duration": self._now,
                        "channels": 1,
                    }
                )
                return False
            case "KeepAlive" | "Finalize" | "Configure":
                pass
            case _:
                await self._wire.say({"type": "Error", "variant": "SchemaError", "description": "unknown message"})
        return True

    def lose(self) -> None:
        """The connection is gone: what was not settled can be heard on the next one."""
        if self._parts is not None and self._wire.state.script:
            self._wire.state.script[0] = "|".join(" ".join(part) for part in self._parts)

    async def _speech(self) -> None:
        if self._parts is None:
            script = self._wire.state.script
            self._parts = [part.split() for part in (script[0] if script else "").split("|")]
            self._began, self._blocks, self._last_word_end = self._now, 0, None
            if self._vad:
                await self._wire.say({"type": "SpeechStarted", "channel": [0], "timestamp": self._now})
        self._silence = 0.0
        self._blocks += 1
        self._now += 0.02
        if len(self._parts) > 1 and self._blocks > len(self._parts[0]) * _INTERIM:
            await self._result(final=True)
            self._parts, self._began, self._blocks = self._parts[1:], self._now, 0
        elif self._interims and self._blocks % _INTERIM == 0 and self._parts[0]:
            await self._result(words=self._blocks // _INTERIM)

    async def _lull(self) -> None:
        self._now += 0.02
        self._silence += 0.02
        if self._parts is not None and self._silence >= self._endpointing:
            await self._result(final=True, speech_final=True)
            self._end()
        elif self._parts is None and self._now - self._from >= _LULL:
            await self._result(final=True)
        told = self._last_word_end is None or self._utterance_end is None
        if not told and self._silence >= (self._utterance_end or 0):
            end = round(self._last_word_end or 0, 2)
            await self._wire.say({"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": end})
            self._last_word_end = None

    def _end(self) -> None:
        if self._parts is not None and self._wire.state.script:
            self._wire.state.script.popleft()
        self._parts = None

    async def _result(
        self, *, words: int | None = None, final: bool = False, speech_final: bool = False, from_finalize: bool = False
    ) -> None:
        parts = self._parts or [[]]
        left = [word for part in parts for word in part] if speech_final or from_finalize else parts[0]
        said = left[:words]
        times = [
            {
                "word": word.strip(".,?!").lower(),
                "punctuated_word": word,
                "start": round(self._began + place * WORD, 2),
                "end": round(self._began + (place + 1) * WORD, 2),
                "confidence": 0.99,
            }
            for place, word in enumerate(said)
        ]
        message: dict[str, Any] = {
            "type": "Results",
            "channel_index": [0, 1],
            "start": round(self._from, 2),
            "duration": round(self._now - self._from, 2),
            "is_final": final,
            "speech_final": speech_final,
            "from_finalize": from_finalize,
            "channel": {"alternatives": [{"transcript": " ".join(said), "confidence": 0.99, "words": times}]},
            "metadata": {
                "request_id": REQUEST_ID,
                "model_uuid": REQUEST_ID,
                "model_info": {"name": "emulated", "version": "0", "arch": "nova-3"},
            },
        }
        if final:
            self._from = self._now
        if said:
            self._last_word_end = self._began + len(said) * WORD
        await self._wire.say(message)
