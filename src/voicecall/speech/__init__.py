"""Ears and mouth: the ports Detector, Transcriber and Synthesizer, and the audio formats between them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec


class Voice(msgspec.Struct, frozen=True):
    """How a synthesiser should sound. 1.0 is the voice as it is."""

    name: str = "default"
    pitch: float = 1.0
    """Factor on the voice's pitch."""
    pace: float = 1.0
    """Factor on the voice's speed: above 1 is quicker."""


class Speech(msgspec.Struct, frozen=True):
    """A VAD decision: the caller started (or stopped) speaking.

    `silence` is how long, in seconds, the caller has been silent when a stop is reported; `lead` how long ago the
    speech began when a start is reported.
    """

    started: bool
    lead: float = 0.0
    silence: float = 0.0


class DetectorStream(Protocol):
    """Voice activity on one call. Not thread-safe; belongs to the event loop."""

    def feed(self, mulaw: bytes) -> None:
        """Take caller audio: mu-law 8 kHz, any length, usually 160 bytes. Must return within microseconds."""

    def close(self) -> None:
        """Forget this call."""


class Detector(Protocol):
    """Voice activity detection, shared by all calls."""

    def open(self, report: Callable[[Speech], None]) -> DetectorStream:
        """Start listening to a call. `report` is called on the event loop."""


class Transcription(msgspec.Struct, frozen=True):
    """What a transcriber makes of a segment of caller speech, so far or finally.

    `error` says why there is no text when the transcriber failed; such a transcription is final.
    """

    segment: int
    text: str
    final: bool
    error: str = ""


class TranscriberStream(Protocol):
    """Transcription of one call."""

    def feed(self, mulaw: bytes) -> None:
        """Take caller audio, speech or not: mu-law 8 kHz. Must return within microseconds."""

    def speech_started(self, segment: int, lead: float) -> None:
        """The caller began segment `segment`, `lead` seconds ago."""

    def speech_stopped(self, segment: int) -> None:
        """The caller fell silent; exactly one final `Transcription` of the segment is due now."""

    def close(self) -> None:
        """Forget this call; nothing is reported afterwards."""


class Transcriber(Protocol):
    """Speech to text, shared by all calls."""

    def open(self, report: Callable[[Transcription], None]) -> TranscriberStream:
        """Start listening to a call. `report` is called on the event loop."""


class Synthesizer(Protocol):
    """Text to speech, shared by all calls."""

    def speak(self, text: str, voice: Voice) -> AsyncGenerator[bytes, None]:
        """Yield `text` as audio: mu-law 8 kHz, raw, in chunks of any even or odd length, as soon as they exist.

        Raises:
            SpeechError: nothing, or no more, can be made of it.
        """


class Engine(Protocol):
    """What every local engine can do besides: load its models once, before the first call."""

    def ready(self) -> AbstractAsyncContextManager[None]:
        """Load and warm up; on exit stop the threads.

        Raises:
            SpeechError: a model file is missing, damaged (SHA-256) or cannot be loaded; names file and package.
        """
