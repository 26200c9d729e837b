"""A model that follows a script, for development and tests: it hears, answers at once, and keeps a history of its own.

What makes it up is exchangeable: what it understands of a sound, what it answers, and how that sounds. As it comes, it
understands the same words in every sound, gives the same answer, and hums it.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count

from voicecall.audio.levels import gain, mulaw_rms
from voicecall.errors import RealtimeError

from . import (
    Audio,
    Began,
    Brief,
    Called,
    CallerWords,
    Ended,
    Interrupted,
    Past,
    RealtimeOptions,
    Report,
    Sound,
    Tool,
    Traits,
    TurnOver,
    Worded,
)

_LOUD = gain(-40.0)
_FRAME = 0.02
_STARTS, _STOPS = 3, 25
"""Frames of sound, or of silence, until speech has begun or ended."""
_SECOND = 8000
_CHUNK = 4000
"""Bytes of audio in one report: far more than real time needs."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model answers: words, and tools that it calls after them."""

    text: str = ""
    calls: tuple[tuple[str, str], ...] = ()
    """Names and arguments."""
    failed: str = ""
    """Why there is no answer."""


@dataclass(frozen=True, slots=True)
class Script:
    """What a model is made of. Its functions are called on the event loop."""

    understand: Callable[[bytes], str]
    """From the sound of a turn, mu-law 8 kHz, to its words."""
    answer: Callable[[Sequence[Past], Sequence[str]], Reply]
    """From what was said, and what tools have told in the course of this answer, to what is said next."""
    voice: Callable[[str], bytes]
    """From words to mu-law 8 kHz."""
    delay: float = 0.0
    """Seconds until an answer begins."""
    transcribing: float = 0.2
    """Seconds after a turn until its words are known."""
    traits: Traits = field(default_factory=Traits)
    unasked: bool = False
    """Whether it answers by itself when the caller's turn is over."""


def hum(text: str) -> bytes:
    """Return a tone of a tenth of a second a word."""
    wave = bytes(0xA0 if math.sin(place * 0.345) > 0 else 0x20 for place in range(_SECOND // 10))
    return wave * max(1, len(text.split()))


class ScriptedModel:
    """Follows a script in every call."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.traits = script.traits

    def open(self, brief: Brief, report: Callable[[Report], None]) -> ScriptedSession:
        """Return the session of a call that begins."""
        return ScriptedSession(self.script, brief, report)


def scripted(options: RealtimeOptions) -> ScriptedModel:
    """Return the model that is configured: `heard` is what it understands in every sound, `answer` what it answers."""
    said = dict(options.extra)
    heard, answer = said.get("heard", "hello"), said.get("answer", "I have heard you.")
    provider = options.turn_detection == "provider"
    traits = Traits(endpoints="provider") if provider else Traits()
    return ScriptedModel(Script(lambda _: heard, lambda lines, told: Reply(answer), hum, traits=traits))


@dataclass(slots=True)
class _Said:
    """An answer under way or past."""

    name: str
    text: str = ""
    size: int = 0
    results: list[str] = field(default_factory=list)
    due: set[str] = field(default_factory=set)
    """Tools whose results are awaited."""
    more: bool = False
    line: int = -1
    """Its place in the history."""


class ScriptedSession:
    """One call."""

    def __init__(self, script: Script, brief: Brief, report: Callable[[Report], None]) -> None:
        self.brief = brief
        self.history: list[Past] = list(brief.history())
        """What was said, as the model knows it."""
        self.notes: list[str] = []
        self.tools: tuple[Tool, ...] = ()
        self.outputs: dict[str, str] = {}
        """What tools have told, by call."""
        self._script = script
        self._report = report
        self._loop = asyncio.get_running_loop()
        self._numbers = count(1)
        self._said: dict[str, _Said] = {}
        self._calls: dict[str, _Said] = {}
        self._sound = bytearray()
        self._loud = self._silent = 0
        self._speaking = False
        self._ready = False
        self._waiting: list[Callable[[], None]] = []
        self._broken: asyncio.Future[None] = self._loop.create_future()

    async def run(self, tools: tuple[Tool, ...]) -> None:
        """Be there until cancelled, or until it breaks.

        Raises:
            RealtimeError: it broke.
        """
        self.tools, self._ready = tools, True
        for act in self._waiting:
            act()
        try:
            await self._broken
        finally:
            self._ready = False
            self._report = lambda _: None

    def fail(self, why: str) -> None:
        """Break."""
        if not self._broken.done():
            self._broken.set_exception(RealtimeError(why))

    # --- the caller

    def feed(self, mulaw: bytes, base64: str = "") -> None:
        """Take caller audio."""
        loud = mulaw_rms(mulaw) >= _LOUD
        self._loud, self._silent = (self._loud + 1, 0) if loud else (0, self._silent + 1)
        self._sound += mulaw
        if not self._speaking and self._loud >= _STARTS:
            self._speaking = True
            self._report(Sound(started=True))
            if self._script.traits.interrupts == "provider" and self._said:
                self._report(Interrupted())
        elif self._speaking and self._silent >= _STOPS:
            self._speaking = False
            self._report(Sound(started=False))
            if self._script.traits.endpoints == "provider":
                self._end_turn()
        elif not self._speaking and self._loud == 0 and self._script.traits.endpoints == "provider":
            del self._sound[: -_STARTS * 160]

    def speech_started(self) -> None:
        """Take no notice."""

    def speech_stopped(self) -> None:
        """Take no notice."""

    def _end_turn(self) -> None:
        text = self._script.understand(bytes(self._sound))
        self._sound.clear()
        name = f"turn-{next(self._numbers)}"
        if text:
            self.history.append(Past("caller", text))
        if self._script.unasked:
            said = self._begin(f"own-{name}")
            self._items(name, text)
            self._report(Began(said.name))
            self._later(lambda: self._go_on(said))
        else:
            self._items(name, text)

    def _items(self, name: str, text: str) -> None:
        self._report(TurnOver(name))
        self._loop.call_later(self._script.transcribing, lambda: self._report(CallerWords(name, text)))

    # --- what it says

    def respond(self, answer: str) -> None:
        """Answer what the caller said."""
        if self._script.traits.endpoints == "gateway":
            self._end_turn()
        said = self._begin(answer)
        self._later(lambda: self._go_on(said))

    def say(self, answer: str, text: str) -> None:
        """Say this."""
        said = self._begin(answer)
        self._later(lambda: self._speak(said, Reply(text)))

    def cancel(self, answer: str, heard: int) -> None:
        """Stop, and forget what was not heard."""
        said = self._said.pop(answer, None)
        if said is None or said.line < 0 or not self._script.traits.truncates:
            return
        words = said.text.split()
        kept = " ".join(words[: int(len(words) * min(1.0, heard * 8 / max(1, said.size)) + 0.25)])
        self.history[said.line] = Past("agent", kept)

    def result(self, call: str, output: str, *, more: bool) -> None:
        """Take what a tool has told."""
        self.outputs[call] = output
        said = self._calls.pop(call)
        said.due.discard(call)
        said.results.append(output)
        said.more = said.more or more
        if said.due:
            return
        if said.more:
            said.more = False
            self._later(lambda: self._go_on(said))
        else:
            self._report(Ended(said.name))

    def note(self, text: str) -> None:
        """Take a note."""
        self.notes.append(text)

    def _begin(self, name: str) -> _Said:
        said = self._said[name] = _Said(name)
        return said

    def _later(self, act: Callable[[], None]) -> None:
        if not self._ready:
            self._waiting.append(lambda: self._later(act))
        elif self._script.delay:
            self._loop.call_later(self._script.delay, act)
        else:
            self._loop.call_soon(act)

    def _go_on(self, said: _Said) -> None:
        self._speak(said, self._script.answer(tuple(self.history), tuple(said.results)))

    def _speak(self, said: _Said, reply: Reply) -> None:
        if self._said.get(said.name) is not said or not self._ready:
            return
        if reply.failed:
            self._report(Ended(said.name, reply.failed))
            return
        if reply.text:
            self._report(Worded(said.name, f" {reply.text}" if said.text else reply.text))
            said.text = f"{said.text} {reply.text}".strip()
            sound = self._script.voice(reply.text)
            said.size += len(sound)
            if said.line < 0:
                said.line = len(self.history)
                self.history.append(Past("agent", ""))
            self.history[said.line] = Past("agent", said.text)
            for begin in range(0, len(sound), _CHUNK):
                self._report(Audio(said.name, sound[begin : begin + _CHUNK]))
        called = [Called(said.name, f"call-{next(self._numbers)}", *call) for call in reply.calls]
        said.due |= {one.call for one in called}
        self._calls |= {one.call: said for one in called}
        for one in called:
            self._report(one)
        if not reply.calls:
            self._report(Ended(said.name))
