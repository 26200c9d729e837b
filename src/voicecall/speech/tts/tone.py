"""A synthesiser that sounds a tone instead of speaking, for development and tests."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from math import pi, sqrt

import numpy as np

from voicecall.audio import TELEPHONE_RATE
from voicecall.audio.g711 import from_float
from voicecall.audio.levels import gain
from voicecall.speech import Trouble, Voice
from voicecall.speech.plain import PlainVoice

_FREQUENCY = 440.0
_PER_CHARACTER = 0.06
_LEVEL_DBFS = -20.0


class ToneSynthesizer:
    """Makes `seconds` of tone per utterance, or 60 ms per character when None, all at once, at -20 dBFS rms.

    A voice's pitch shifts the tone from 440 Hz; its pace shortens what is counted by characters.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self._seconds = seconds

    def ready(self) -> AbstractAsyncContextManager[None]:
        """There is nothing to load."""
        return nullcontext()

    def open(self, voice: Voice, report: Callable[[Trouble], None]) -> PlainVoice:
        """Return the voice of a call."""
        return PlainVoice(self, voice)

    async def speak(self, text: str, voice: Voice) -> AsyncGenerator[bytes, None]:
        """Yield the tone in one chunk; nothing for a blank text."""
        if not text.strip():
            return
        seconds = len(text) * _PER_CHARACTER / voice.pace if self._seconds is None else self._seconds
        times = np.arange(round(seconds * TELEPHONE_RATE), dtype=np.float32) / np.float32(TELEPHONE_RATE)
        tone = np.sin(2 * pi * _FREQUENCY * voice.pitch * times) * (gain(_LEVEL_DBFS) * sqrt(2))
        yield from_float(tone.astype(np.float32))
