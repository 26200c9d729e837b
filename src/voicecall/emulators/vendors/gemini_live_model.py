"""The model behind the emulated Gemini Live: it listens, answers as the test has written, and is interrupted.

Its clock is the caller's audio: silence is as long as the silence that was sent, and a turn that is to last as long as
it is played (`Script.ahead`) lasts until that much was heard of the caller. So nothing here waits for real time.

Sources: ai.google.dev/api/live and .../live-api/{capabilities,tools,session-management} (2026-11): the order
`generationComplete`, `turnComplete`, and `interrupted`, `turnComplete`; that what was sent before an interruption stays
in the history, and no more; that a call which the model waits for is cancelled by new input; `scheduling` of results.
"""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from math import ceil
from typing import Any, Literal

import numpy as np

from voicecall.audio.g711 import float_to_pcm, pcm_to_float
from voicecall.audio.levels import rms_dbfs

from .gemini_live_wire import Refusal, Setup

RATE = 24000
_WORD = 0.3
"""Seconds that a word takes, unless the test says otherwise."""
_FRAME = 0.02
_AUDIBLE = -50.0
_TOKENS = 25
"""Of a second of audio."""

Wrong = Literal[
    "refused", "throttled", "unavailable", "mute", "late", "stall", "flood", "close", "drop", "half", "broken",
    "unknown", "rate", "format", "empty", "idle",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call:
    """A function that the model calls."""

    name: str
    args: dict[str, Any] = field(default_factory=dict)
    id: str = "function-call-1"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: words, then calls. One without either is the model's choice to stay silent."""

    text: str = "All right."
    seconds: float | None = None
    """How long it is spoken; by the number of its words otherwise."""
    calls: tuple[Call, ...] = ()
    reason: str = ""
    """A `turnCompleteReason`, such as `MALFORMED_FUNCTION_CALL`."""
    goes_on: bool = False
    """Whether the model, having thought, goes on with the next answer by itself."""


@dataclass(slots=True)
class Script:
    """What happens, as the test wants it."""

    answers: deque[Answer] = field(default_factory=deque)
    words: deque[str] = field(default_factory=deque)
    """What the caller says, one utterance after the other; where there are none left, they are not understood."""
    wrong: Wrong | None = None
    lateness: float = 0.05
    """Seconds until `setupComplete` where that is late."""
    ahead: float | None = None
    """Seconds by which audio is sent before it is played; None: all of it at once, and the turn is over then."""
    chunk: float = 0.1
    """Seconds of audio in a message."""
    is_transcribed_late: bool = False
    """Whether the caller's words are told only after the first audio of the answer."""
    has_text_frames: bool = False
    """Whether messages come as text; the vendor itself sends JSON in binary frames."""


@dataclass(slots=True)
class Entry:
    """One thing in the model's memory."""

    role: Literal["user", "model", "call", "result"]
    text: str
    """Of calls and results: JSON."""
    seconds: float = 0.0
    """Of audio."""
    is_interrupted: bool = False


@dataclass(slots=True)
class Conversation:
    """What the model remembers, and what it was set up with."""

    setup: Setup
    entries: list[Entry] = field(default_factory=list)
    is_connected: bool = True
    is_resumed: bool = False


def sound(seconds: float, rate: int = RATE, hertz: float = 440.0) -> bytes:
    """Return a tone as 16-bit PCM."""
    return float_to_pcm((0.3 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32))


class Model:
    """One connection's model. `send` sends a message; `sever` breaks the connection in the way that is wrong."""

    def __init__(
        self,
        script: Script,
        conversation: Conversation,
        tasks: asyncio.TaskGroup,
        send: Callable[[dict[str, Any]], Awaitable[None]],
        sever: Callable[[], Awaitable[None]],
        remember: Callable[[], str],
    ) -> None:
        self._script = script
        self._talk = conversation
        self._setup = conversation.setup
        self._tasks = tasks
        self._send = send
        self._sever = sever
        self._remember = remember
        self._turn: asyncio.Task[None] | None = None
        self._is_due_again = False
        self._called: dict[str, bool] = {}
        """Calls without a result, and whether the model waits for it."""
        self._refused: set[str] = set()
        """Calls that were cancelled."""
        self._past = self._setup.has_history
        self._is_kept_waiting = False
        """Whether content came that is not complete: until it is, nothing is answered."""
        self._rest = b""
        self._heard = 0.0
        """Seconds of the caller's audio."""
        self._asked = 0.0
        """When the last answer was asked for: at which second of the caller's audio."""
        self._over = 0.0
        """When the last answer is, or would have been, at its end."""
        self._tick = asyncio.Event()
        self._loud = self._quiet = 0.0
        self._utterance: Entry | None = None

    @property
    def is_answering(self) -> bool:
        """Whether the model's turn is not over."""
        return (self._turn is not None and not self._turn.done()) or any(self._called.values())

    async def hear(self, pcm: bytes, rate: int) -> None:
        """Take the caller's audio."""
        size = round(_FRAME * rate) * 2
        audio = self._rest + pcm
        for start in range(0, len(audio) - size + 1, size):
            self._heard += _FRAME
            loud = rms_dbfs(pcm_to_float(audio[start : start + size])) > _AUDIBLE
            if self._utterance is not None:
                self._utterance.seconds += _FRAME
            if self._setup.automatic:
                await self._detect(loud)
        self._rest = audio[len(audio) - len(audio) % size :]
        self._tick.set()

    async def end_of_stream(self) -> None:
        """The caller's audio stops for a while."""
        if not self._setup.automatic:
            raise Refusal(1007)
        self._rest = b""
        await self._end_utterance()

    async def mark(self, *, started: bool) -> None:
        """The client says that the caller's activity has started, or ended."""
        if self._setup.automatic:
            raise Refusal(1007)
        if started:
            await self._start_utterance()
        else:
            await self._end_utterance()

    async def read(self, text: str) -> None:
        """Take text as the caller's."""
        if self._utterance is not None:
            self._utterance.text = f"{self._utterance.text} {text}".strip()
            return
        await self._interrupt()
        self._talk.entries.append(Entry("user", text))
        self._respond()

    async def learn(self, turns: list[dict[str, Any]], *, complete: bool) -> None:
        """Take content into the memory; answer if it is complete, and not the past."""
        if not self._past:
            await self._interrupt()
        for turn in turns:
            role = turn.get("role", "user")
            if role not in ("user", "model"):
                raise Refusal(1007)
            self._talk.entries.append(Entry(role, " ".join(part.get("text", "") for part in turn.get("parts", []))))
        self._is_kept_waiting = not complete
        if complete and not self._past:
            self._respond()
        self._past = self._past and not complete

    async def take_results(self, responses: list[dict[str, Any]]) -> None:
        """Take what functions returned."""
        for response in responses:
            name = str(response.get("id"))
            if name in self._refused:
                continue
            if name not in self._called or not isinstance(response.get("response"), dict):
                raise Refusal(1008, "Requested entity was not found.")
            is_blocking = self._called.pop(name)
            self._talk.entries.append(Entry("result", json.dumps(response["response"])))
            scheduling = response.get("scheduling", "WHEN_IDLE")
            if scheduling == "INTERRUPT" and not is_blocking:
                await self._interrupt()
            if is_blocking or scheduling != "SILENT":
                self._is_due_again = True
        if self._is_due_again and not any(self._called.values()) and self._script.wrong != "idle":
            self._respond()

    async def _detect(self, loud: bool) -> None:
        self._loud, self._quiet = (self._loud + _FRAME, 0.0) if loud else (0.0, self._quiet + _FRAME)
        if self._utterance is None and loud and self._loud > self._setup.prefix - _FRAME / 2:
            await self._start_utterance()
        elif self._utterance is not None and self._quiet > self._setup.silence - _FRAME / 2:
            await self._end_utterance()

    async def _start_utterance(self) -> None:
        if self._utterance is None:
            self._utterance = Entry("user", "")
            if self._setup.interrupts:
                await self._interrupt()

    async def _end_utterance(self) -> None:
        entry, self._utterance = self._utterance, None
        self._loud = self._quiet = 0.0
        if entry is None:
            return
        words = self._script.words.popleft() if self._script.words else ""
        entry.text = f"{words} {entry.text}".strip()
        self._talk.entries.append(entry)
        if not self._script.is_transcribed_late:
            await self._transcribe(words)
            words = ""
        self._respond(words)

    async def _transcribe(self, words: str) -> None:
        for word in words.split() if self._setup.hears_words else ():
            await self._send({"serverContent": {"inputTranscription": {"text": f" {word}"}}})

    def _respond(self, words: str = "") -> None:
        if self._is_kept_waiting:
            return
        self._asked = self._heard
        if self._turn is not None and not self._turn.done():
            self._is_due_again = True
        else:
            self._is_due_again = False
            self._turn = self._tasks.create_task(self._take_turns(self._heard, words), name="the model's turn")

    async def _take_turns(self, asked: float, words: str) -> None:
        await self._answer(asked, words)
        while self._is_due_again and not any(self._called.values()):
            self._is_due_again = False
            await self._answer(self._asked, "")

    async def _interrupt(self) -> None:
        if not self.is_answering:
            return
        if self._turn is not None and not self._turn.done():
            self._turn.cancel()
            await asyncio.wait((self._turn,))
            if self._talk.entries and self._talk.entries[-1].role == "model":
                self._talk.entries[-1].is_interrupted = True
        self._is_due_again = False
        await self._send({"serverContent": {"interrupted": True}})
        if cancelled := [name for name, is_blocking in self._called.items() if is_blocking]:
            self._refused.update(cancelled)
            self._called = {name: False for name in self._called if name not in cancelled}
            await self._send({"toolCallCancellation": {"ids": cancelled}})
        self._over = self._heard
        await self._close_turn()

    async def _answer(self, asked: float, words: str) -> None:
        script = self._script
        answer = script.answers.popleft() if script.answers else Answer()
        if self._setup.resumes:
            await self._send({"sessionResumptionUpdate": {"resumable": False}})
        await self._speak(answer, asked, words)
        if script.wrong == "stall":
            await asyncio.Event().wait()
        for call in answer.calls:
            self._called[call.id] = self._setup.tools.get(call.name, True)
            told = {"name": call.name, "args": call.args}
            self._talk.entries.append(Entry("call", json.dumps(told)))
        if answer.calls:
            calls = [{"id": call.id, "name": call.name, "args": call.args} for call in answer.calls]
            await self._send({"toolCall": {"functionCalls": calls}})
        if not any(self._called.values()):
            await self._send({"serverContent": {"generationComplete": True}})
            await self._reach(self._over + (script.ahead or 0.0))
            self._is_due_again = self._is_due_again or answer.goes_on
            await self._close_turn(answer.reason, goes_on=answer.goes_on)

    async def _speak(self, answer: Answer, asked: float, words: str) -> None:
        """Send the answer's audio and words, those of the caller after the first."""
        script, said = self._script, answer.text.split()
        seconds = len(said) * _WORD if answer.seconds is None else answer.seconds
        begun = max(asked, self._over)
        self._over = begun + seconds
        entry = Entry("model", "")
        pieces = 0 if script.wrong == "empty" else ceil(round(seconds / script.chunk, 6))
        number = 0
        while number < pieces or (script.wrong == "flood" and pieces):
            start = number * script.chunk
            await self._reach(begun + start)
            length = script.chunk if script.wrong == "flood" else min(script.chunk, seconds - start)
            upto = ceil(len(said) * (number + 1) / pieces)
            await self._send({"serverContent": self._piece(length, said[len(entry.text.split()) : upto])})
            entry.text, entry.seconds = " ".join(said[:upto]), start + length
            if number == 0:
                self._talk.entries.append(entry)
                await self._transcribe(words)
                if script.wrong in ("close", "drop", "half"):
                    await self._sever()
                if script.wrong == "stall":
                    break
            number += 1
            await asyncio.sleep(0)  # the client may say something
        if not pieces:
            await self._transcribe(words)

    def _piece(self, length: float, words: list[str]) -> dict[str, Any]:
        rate = 16000 if self._script.wrong == "rate" else RATE
        kind = "audio/ogg" if self._script.wrong == "format" else f"audio/pcm;rate={rate}"
        blob = {"mimeType": kind, "data": b64encode(sound(length, rate)).decode()}
        content: dict[str, Any] = {"modelTurn": {"role": "model", "parts": [{"inlineData": blob}]}}
        if words and self._setup.says_words:
            content["outputTranscription"] = {"text": "".join(f" {word}" for word in words)}
        return content

    async def _reach(self, moment: float) -> None:
        """Wait until audio of that second of the caller's may be sent."""
        while self._script.ahead is not None and self._heard + 1e-6 < moment - self._script.ahead:
            self._tick.clear()
            await self._tick.wait()

    async def _close_turn(self, reason: str = "", *, goes_on: bool = False) -> None:
        content: dict[str, Any] = {
            "turnComplete": True,
            "interactionStatus": "IN_PROGRESS" if self._called or goes_on else "IDLE",
        }
        if reason:
            content["turnCompleteReason"] = reason
        tokens = round(_TOKENS * sum(entry.seconds for entry in self._talk.entries if entry.role == "model"))
        usage = {
            "promptTokenCount": 10 * len(self._talk.entries),
            "responseTokenCount": tokens,
            "totalTokenCount": 10 * len(self._talk.entries) + tokens,
            "responseTokensDetails": [{"modality": "AUDIO", "tokenCount": tokens}],
        }
        await self._send({"serverContent": content, "usageMetadata": usage})
        if self._setup.resumes and not self._called:
            await self._send({"sessionResumptionUpdate": {"newHandle": self._remember(), "resumable": True}})
