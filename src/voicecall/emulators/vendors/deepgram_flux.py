"""The emulated Flux: turns of what the script says in whatever is not silence, one word every 100 ms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .deepgram_nova import BLOCK, WORD, is_speech
from .deepgram_wire import REQUEST_ID, Fault, Wire

_UPDATE = 12
"""Blocks from one `Update` to the next: about 0.25 s."""
_LONGEST = 30
"""Blocks after which the speech is the script's next text, though there was no silence."""
_EAGER = 0.2
_SURE = 0.4
"""Seconds of silence that make an end of turn likely, and sure."""


class Flux:
    """One stream."""

    def __init__(self, wire: Wire, query: Mapping[str, str]) -> None:
        self._wire = wire
        self._eager = "eager_eot_threshold" in query
        self._timeout = int(query.get("eot_timeout_ms", "5000")) / 1000
        self._sequence = 0
        self._rest = b""
        self._block = 0
        """Blocks heard: 20 ms each."""
        self._turn = 0
        self._words: list[dict[str, Any]] = []
        """The words of the present turn."""
        self._said: list[str] = []
        """What the present utterance still says."""
        self._heard = 0
        """Blocks of the present utterance."""
        self._open = False
        """Whether a turn is in progress."""
        self._awaits_end = False
        self._silence = 0.0

    async def begin(self) -> None:
        """Greet."""
        await self._say({"type": "Connected"})

    async def hear(self, audio: bytes) -> None:
        """Take audio."""
        self._rest += audio
        while len(self._rest) >= BLOCK:
            block, self._rest = self._rest[:BLOCK], self._rest[BLOCK:]
            self._block += 1
            told = await (self._speech() if is_speech(block) else self._lull())
            if not told and self._block % _UPDATE == 0:
                await self._info("Update")

    async def tell(self, kind: str) -> bool:
        """Take a message; return whether the stream goes on."""
        match kind:
            case "ForceEndTurn" if self._wire.state.fault is not Fault.UNFINISHED:
                if self._open:
                    self._utterance_ends()
                    await self._end("manual")
            case "ForceEndTurn":
                pass
            case "Configure":
                await self._say({"type": "ConfigureSuccess", "thresholds": {}, "keyterms": []})
            case "CloseStream":
                return False
            case _:
                await self._say({"type": "Error", "code": "UNPARSABLE_CLIENT_MESSAGE", "description": "unknown"})
                return False
        return True

    def lose(self) -> None:
        """The connection is gone: what was not told can be heard on the next one."""
        if self._heard and self._wire.state.script:
            self._wire.state.script[0] = " ".join(self._said)

    async def _speech(self) -> bool:
        self._silence = 0.0
        if self._heard == _LONGEST:
            self._utterance_ends()
        if self._heard == 0:
            script = self._wire.state.script
            self._said = (script[0] if script else "").split()
        self._heard += 1
        if self._heard % 5 != 0 or not self._said:
            return False
        end = self._block * 0.02
        word = {"word": self._said.pop(0), "confidence": 0.99, "start": round(end - WORD, 2), "end": round(end, 2)}
        self._words.append(word)
        if not self._open:
            self._open = True
            await self._info("StartOfTurn")
            return True
        if self._awaits_end:
            self._awaits_end = False
            await self._info("TurnResumed")
            return True
        return False

    async def _lull(self) -> bool:
        self._silence += 0.02
        if self._heard:
            self._utterance_ends()
        if not self._open:
            return False
        hesitates = self._words[-1]["word"].endswith(",")
        if self._silence >= self._timeout:
            await self._end("timeout")
        elif hesitates:
            return False
        elif self._silence >= _SURE:
            await self._end("model")
        elif self._eager and not self._awaits_end and self._silence >= _EAGER:
            self._awaits_end = True
            await self._info("EagerEndOfTurn")
        else:
            return False
        return True

    def _utterance_ends(self) -> None:
        if self._wire.state.script and self._heard:
            self._wire.state.script.popleft()
        self._said, self._heard = [], 0

    async def _end(self, trigger: str) -> None:
        await self._info("EndOfTurn", trigger)
        self._turn += 1
        self._words, self._open, self._awaits_end = [], False, False

    async def _info(self, event: str, trigger: str | None = None) -> None:
        confidence = {"EagerEndOfTurn": 0.55, "EndOfTurn": 0.9}.get(event, 0.1)
        await self._say(
            {
                "type": "TurnInfo",
                "event": event,
                "turn_index": self._turn,
                "audio_window_start": 0.0,
                "audio_window_end": round(self._block * 0.02, 2),
                "transcript": " ".join(word["word"] for word in self._words),
                "words": self._words,
                "end_of_turn_confidence": confidence,
                **({} if trigger is None else {"trigger": trigger}),
            }
        )

    async def _say(self, message: Mapping[str, Any]) -> None:
        await self._wire.say({**message, "request_id": REQUEST_ID, "sequence_id": self._sequence})
        self._sequence += 1
