"""The phone at the other end of a call leg: its ear, and the caller who works through a script. Pure."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from voicecall.audio.g711 import MULAW_SILENCE
from voicecall.audio.levels import mulaw_rms

from .disturbance import Disturbance
from .metronome import INTERVAL
from .playout import FRAME, SILENCE
from .script import DEEDS, Prepared, Sound, Step

AUDIBLE = 0.0056
"""Rms amplitude (-45 dBFS) from which a frame counts as audible."""
GAP = 0.3
"""Seconds of silence that belong to the speech around them."""
PATIENCE = 30.0
"""Seconds after which `listen` and `onset` give up."""
PICK_UP = 1.0
"""Seconds that a phone waits after the answer for the media stream before it makes its first sound."""
BETWEEN_KEYS = 0.2
"""Seconds from one key to the next."""
PAUSE = 0.5
"""Seconds that a `w` among keys takes."""


@dataclass(slots=True)
class Span:
    """A stretch of audible speech, in seconds since the answer; pauses under `GAP` are inside."""

    begin: float
    end: float


@dataclass(slots=True)
class Ear:
    """Tells when the gateway's audio, as it was played, was audible."""

    spans: list[Span] = field(default_factory=list)

    def hear(self, frame: bytes, at: float) -> None:
        """Take the frame that plays from `at` on."""
        if frame is SILENCE or mulaw_rms(frame) < AUDIBLE:
            return
        end = at + INTERVAL
        if self.spans and at - self.spans[-1].end <= GAP:
            self.spans[-1].end = end
        else:
            self.spans.append(Span(at, end))

    def silent_for(self, at: float, since: float) -> float | None:
        """Return how long nothing was audible, or None if nothing was since `since`."""
        if not self.spans or self.spans[-1].end <= since:
            return None
        return at - self.spans[-1].end

    def speaking_for(self, at: float, since: float) -> float:
        """Return how long the present speech has lasted, counted from `since` at the earliest; 0.0 in silence."""
        if not self.spans or at - self.spans[-1].end > GAP:
            return 0.0
        return self.spans[-1].end - max(self.spans[-1].begin, since)


class Line(Protocol):
    """What the caller's phone can do with its call leg."""

    now: float
    """Seconds since the answer."""
    ear: Ear

    @property
    def connected(self) -> bool:
        """Whether a media stream runs."""

    def press(self, digit: str) -> None:
        """Send one key."""

    def hang_up(self) -> None:
        """End the leg."""

    def disturb(self, disturbance: Disturbance) -> None:
        """Make the line like this from now on."""

    def note(self, what: str, text: str = "") -> None:
        """Write into the journal."""


class Phone:
    """Works through a script, one frame at a time, and stays silent on the line afterwards."""

    def __init__(self, line: Line, steps: Sequence[Prepared]) -> None:
        self._line = line
        self._mouth = bytearray()
        self._since = 0.0
        self._script: Generator[None, None, None] | None = self._perform(steps)

    def frame(self) -> bytes:
        """Do what is due and return the 160 bytes that the phone sends now."""
        if self._script is not None and next(self._script, self._script) is self._script:
            self._script = None
        if not self._mouth:
            return SILENCE
        audio = bytes(self._mouth[:FRAME])
        del self._mouth[:FRAME]
        return audio if len(audio) == FRAME else audio.ljust(FRAME, MULAW_SILENCE)

    def _perform(self, steps: Sequence[Prepared]) -> Generator[None, None, None]:
        for step in steps:
            name, text = _describe(step)
            self._line.note(f"{name}-start", text)
            yield from self._do(step)
            self._line.note(f"{name}-end", text)

    def _do(self, step: Prepared) -> Generator[None, None, None]:
        match step:
            case Sound(audio=audio):
                yield from self._sound(audio)
            case Step(wait=float(seconds)):
                yield from self._until(lambda: False, seconds)
            case Step(listen=float(seconds)):
                yield from self._patiently(lambda: self._answered(seconds))
                self._since = self._line.now
            case Step(onset=float(seconds)):
                yield from self._patiently(lambda: self._interruptible(seconds))
            case Step(press=str(keys)):
                yield from self._press(keys)
            case Step(line=Disturbance() as disturbance):
                self._line.disturb(disturbance)
            case _:
                self._line.hang_up()
                yield

    def _sound(self, audio: bytes) -> Generator[None, None, None]:
        yield from self._until(lambda: self._line.connected, PICK_UP - self._line.now)
        self._mouth += audio
        while self._mouth:
            yield
        self._since = self._line.now

    def _press(self, keys: str) -> Generator[None, None, None]:
        yield from self._until(lambda: self._line.connected, PICK_UP - self._line.now)
        for key in keys:
            if key == "w":
                yield from self._until(lambda: False, PAUSE)
                continue
            self._line.press(key)
            yield from self._until(lambda: False, BETWEEN_KEYS)

    def _answered(self, seconds: float) -> bool:
        silence = self._line.ear.silent_for(self._line.now, self._since)
        return silence is not None and silence >= seconds - INTERVAL / 2

    def _interruptible(self, seconds: float) -> bool:
        return self._line.ear.speaking_for(self._line.now, self._since) >= seconds - INTERVAL / 2

    def _patiently(self, holds: Callable[[], bool]) -> Generator[None, None, None]:
        yield from self._until(holds, PATIENCE)
        if not holds():
            self._line.note("gave-up")

    def _until(self, holds: Callable[[], bool], seconds: float) -> Generator[None, None, None]:
        deadline = self._line.now + seconds - INTERVAL / 2
        while not holds():
            if self._line.now >= deadline:
                return
            yield


def _describe(step: Prepared) -> tuple[str, str]:
    if isinstance(step, Sound):
        return step.kind, step.text
    name, value = next((name, value) for name in DEEDS if (value := getattr(step, name)) is not None)
    return name, "" if value is True or name == "line" else f"{value:g}" if isinstance(value, float) else str(value)
