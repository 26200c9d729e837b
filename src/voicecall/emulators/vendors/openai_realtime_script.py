"""What a test has OpenAI's Realtime models hear and say, and what it has them do wrong."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from .openai_realtime_hearing import tone

_PER_WORD = 0.3

Wrong = Literal[
    # of the connection
    "refused",
    "unknown_model",
    "throttled",
    "refused_late",
    # of the session
    "late_update",
    "no_update",
    "update_refused",
    "expired",
    # of a response
    "error",
    "rate_limited",
    "mute",
    "stall",
    "drop",
    "close",
    "half",
    "open",
    "flood",
    "late",
    "slow_cancel",
    # of its audio
    "pcm",
    "pcm_declared",
    "wav",
    "odd",
    "empty",
    # of every message
    "broken",
    "unknown",
]
"""`refused`, `unknown_model` and `throttled` are HTTP statuses, `refused_late` is an open socket that is closed again.

`late_update`: `session.updated` comes after `late_by` seconds; `no_update`: never; `expired`: the session ends when a
response begins. `error`: an error in place of a response; `rate_limited`: the response fails for it; `mute`: it has no
content; `stall`: it stops after the first piece of audio; `drop`, `close` and `half`: and the connection with it;
`open`: it never ends; `flood`: its audio never ends. `late` and `slow_cancel` are stalls as well: the one has audio
follow its cancellation, the other cancels only after `late_by` seconds. `pcm`: samples at 24 kHz whatever was asked
and promised; `pcm_declared`: and says so.
"""


@dataclass(frozen=True, slots=True)
class Say:
    """Something said: `mulaw`, or `seconds` of a tone, by default as long as so many words take."""

    words: str
    seconds: float | None = None
    mulaw: bytes = b""

    @property
    def sound(self) -> bytes:
        """Mu-law."""
        seconds = len(self.words.split()) * _PER_WORD if self.seconds is None else self.seconds
        return self.mulaw or tone(seconds)


@dataclass(frozen=True, slots=True)
class CallFunction:
    """A function call. `arguments` is sent as it stands, so that it need not be JSON."""

    name: str
    arguments: str = "{}"


Answer = tuple[Say | CallFunction, ...]


@dataclass(slots=True)
class Script:
    """What the vendor's models do. Times are seconds."""

    wrong: Wrong | None = None
    answers: deque[Answer] = field(default_factory=deque)
    """Of the responses to come, except of those that were given a text to read."""
    heard: deque[str] = field(default_factory=deque)
    """What the caller says in the turns to come."""
    readings: dict[str, str] = field(default_factory=dict)
    """What is said in place of a text that is to be read."""
    voices: dict[str, bytes] = field(default_factory=dict)
    """Mu-law by the text that is to be read; a tone where there is none."""
    limit: float = 3600.0
    """How long a session lasts."""
    late_by: float = 0.1
    transcribes: float = 0.0
    """How long a transcription takes."""
    thinks: float = 0.0
    """How long it is from the beginning of a response to its first audio."""
    between: float = 0.0
    """How long it is between two pieces of audio."""
    chunk_ms: int = 100
    _waiting: list[tuple[Callable[[], bool], asyncio.Future[None]]] = field(default_factory=list)

    def answer(self, text: str | None) -> Answer:
        """Return what is answered next, or to a `text` that is to be read aloud."""
        if text is None:
            return self.answers.popleft() if self.answers else (Say("all right"),)
        mulaw = b"" if self.wrong == "empty" else self.voices.get(text, b"")
        return (Say(self.readings.get(text, text), mulaw=mulaw),)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until `holds()`, which is asked again after each event."""
        if not holds():
            waiting = asyncio.get_running_loop().create_future()
            self._waiting.append((holds, waiting))
            await waiting

    def changed(self) -> None:
        """Something happened."""
        for entry in list(self._waiting):
            holds, waiting = entry
            if waiting.done() or holds():
                self._waiting.remove(entry)
                if not waiting.done():
                    waiting.set_result(None)
