"""What a simulated caller does: the steps of a script, and the audio made for them before the phone is picked up."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from voicecall.audio.g711 import from_float
from voicecall.audio.wav import decode_wav
from voicecall.errors import BadParameters
from voicecall.speech import Speaker, Voice

Seconds = Annotated[float, msgspec.Meta(ge=0)]
_KEYS = r"^[0-9*#A-Dw]+$"


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing a simulated caller does; exactly one field is set. Times in seconds."""

    say: str | None = None
    """Speak this text."""
    wav: str | None = None
    """Play this file."""
    wait: Seconds | None = None
    """Stay silent for so long."""
    listen: Seconds | None = None
    """Wait until the other side spoke and was then silent for so long."""
    onset: Seconds | None = None
    """Wait until the other side has been speaking for so long."""
    press: Annotated[str, msgspec.Meta(pattern=_KEYS)] | None = None
    """Press these keys; `w` pauses half a second."""
    hangup: Literal[True] | None = None

    def __post_init__(self) -> None:
        if sum(value is not None for value in msgspec.structs.astuple(self)) != 1:
            raise ValueError("a caller step sets exactly one of say, wav, wait, listen, onset, press, hangup")


@dataclass(frozen=True, slots=True)
class Sound:
    """Mu-law audio that is ready to be played, and what it says."""

    kind: Literal["say", "wav", "beep"]
    text: str
    audio: bytes


Prepared = Step | Sound
"""A step that needs no audio, or one whose audio exists."""


async def prepare(steps: Sequence[Step], synthesizer: Speaker, voice: Voice) -> tuple[Prepared, ...]:
    """Return the steps with all their audio made.

    Raises:
        BadParameters: a file cannot be read or is no WAV file.
        SpeechError: a text cannot be spoken.
    """
    return tuple([await _prepare(step, synthesizer, voice) for step in steps])


async def _prepare(step: Step, synthesizer: Speaker, voice: Voice) -> Prepared:
    if step.say is not None:
        return Sound("say", step.say, b"".join([chunk async for chunk in synthesizer.speak(step.say, voice)]))
    if step.wav is not None:
        return Sound("wav", step.wav, await asyncio.to_thread(_read_wav, step.wav))
    return step


def _read_wav(path: str) -> bytes:
    try:
        return from_float(decode_wav(Path(path).read_bytes()))
    except OSError as error:
        raise BadParameters(f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise BadParameters(f"{path}: {error}") from None
