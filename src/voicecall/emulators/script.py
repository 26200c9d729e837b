"""What a simulated caller does: the steps of a script, and the audio made for them before the phone is picked up."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import numpy as np

from voicecall.audio import TELEPHONE_RATE, Samples
from voicecall.audio.g711 import from_float
from voicecall.audio.wav import decode_wav
from voicecall.errors import BadParameters
from voicecall.speech import Speaker, Voice

from . import noises
from .disturbance import Disturbance, Noise

Seconds = Annotated[float, msgspec.Meta(ge=0)]
Lasting = Annotated[float, msgspec.Meta(gt=0, le=120)]
_KEYS = r"^[0-9*#A-Dw]+$"


class Noises(Noise, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Noise for a while."""

    seconds: Annotated[float, msgspec.Meta(gt=0, le=120)]


class Another(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody else at the same phone. 1.0 is the voice as it is."""

    pitch: Annotated[float, msgspec.Meta(ge=0.5, le=2)] = 1.0
    pace: Annotated[float, msgspec.Meta(ge=0.5, le=2)] = 1.0


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing a simulated caller does; exactly one field but `voice` is set. Times in seconds."""

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
    cough: Annotated[int, msgspec.Meta(ge=1, le=20)] | None = None
    """Cough so many times."""
    hum: Lasting | None = None
    """Hum "mm-hmm", with closed lips, for so long."""
    noise: Noises | None = None
    """Make noise."""
    music: Lasting | None = None
    """Play music on hold for so long."""
    voicemail: str | None = None
    """Speak this text as a machine does, and beep."""
    line: Disturbance | None = None
    """From now on the line is like this; an empty one is clean."""
    voice: Another | None = None
    """Who says what `say` or `voicemail` says."""

    def __post_init__(self) -> None:
        named = [name for name in self.__struct_fields__ if name != "voice" and getattr(self, name) is not None]
        if len(named) != 1:
            raise ValueError(f"a caller step sets exactly one of {', '.join(DEEDS)}")
        if self.voice is not None and named[0] not in ("say", "voicemail"):
            raise ValueError("only `say` and `voicemail` have a voice")


DEEDS = tuple(name for name in Step.__struct_fields__ if name != "voice")
"""What a step can be."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Mu-law audio that is ready to be played, and what it says."""

    kind: Literal["say", "wav", "beep", "cough", "hum", "noise", "music", "voicemail"]
    text: str
    audio: bytes


_PAUSE = from_float(np.zeros(TELEPHONE_RATE // 4, np.float32))

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
    if step.voice is not None:
        voice = msgspec.structs.replace(voice, pitch=step.voice.pitch, pace=step.voice.pace)
    if step.say is not None:
        return Sound("say", step.say, await _spoken(step.say, synthesizer, voice))
    if step.voicemail is not None:
        greeting = await _spoken(step.voicemail, synthesizer, voice)
        return Sound("voicemail", step.voicemail, greeting + _PAUSE + from_float(noises.beep()))
    if step.wav is not None:
        return Sound("wav", step.wav, await asyncio.to_thread(_read_wav, step.wav))
    made = _wordless(step)
    return step if made is None else Sound(made[0], "", from_float(made[1]))


async def _spoken(text: str, synthesizer: Speaker, voice: Voice) -> bytes:
    return b"".join([chunk async for chunk in synthesizer.speak(text, voice)])


def _wordless(step: Step) -> tuple[Literal["cough", "hum", "noise", "music"], Samples] | None:
    """Return the sound of a step that makes one without words."""
    if step.cough is not None:
        return "cough", noises.coughs(step.cough)
    if step.hum is not None:
        return "hum", noises.hum(step.hum)
    if step.noise is not None:
        return "noise", noises.noise(step.noise.kind, step.noise.seconds, step.noise.level)
    if step.music is not None:
        return "music", noises.music(step.music)
    return None


def _read_wav(path: str) -> bytes:
    try:
        return from_float(decode_wav(Path(path).read_bytes()))
    except OSError as error:
        raise BadParameters(f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise BadParameters(f"{path}: {error}") from None
