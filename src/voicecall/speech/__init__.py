"""Ears and mouth: the ports Detector, Transcriber and Synthesizer, and the audio formats between them.

A stream of a port belongs to one call and is opened when the call begins, before anybody has answered: its `run` is
where it connects, keeps the connection alive and comes back after it was lost, so that nothing waits for it later.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Literal, Protocol

import msgspec

from voicecall.errors import Trouble as Trouble


@dataclass(frozen=True, slots=True)
class VendorOptions:
    """What every vendor's transcriber or synthesiser is made of; what a vendor does not have, it ignores."""

    api_key: str = field(default="", repr=False)
    base_url: str | None = None
    """An origin in place of the vendor's own, such as `http://127.0.0.1:9`; sockets take `ws` for `http`."""
    model: str | None = None
    voice: str | None = None
    language: str | None = None
    """A BCP 47 tag that holds for all calls, in place of the call's own."""
    speed: float | None = None
    instructions: str | None = None
    extra: tuple[tuple[str, str], ...] = ()
    """Names and values that only this one understands."""


class Voice(msgspec.Struct, frozen=True):
    """How a synthesiser should sound. 1.0 is the voice as it is."""

    name: str = "default"
    pitch: float = 1.0
    """Factor on the voice's pitch."""
    pace: float = 1.0
    """Factor on the voice's speed: above 1 is quicker."""
    language: str = "en"
    """A BCP 47 tag, such as `de` or `en-GB`."""


class Speech(msgspec.Struct, frozen=True):
    """A VAD decision: the caller started (or stopped) speaking, or surely speaks.

    `silence` is how long, in seconds, the caller has been silent when a stop is reported; `lead` how long ago the
    speech began when a start is reported. A start is reported early, and once more, as `sure`, when the sound has
    been clearly voiced for so long that it is no cough and no click.
    """

    started: bool
    lead: float = 0.0
    silence: float = 0.0
    sure: bool = False


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


class TurnSign(msgspec.Struct, frozen=True):
    """What a transcriber, or a model of turns, makes of a pause.

    `likely`: the caller seems to have finished. `over`: the caller has finished. `unlikely`: the caller will go on.
    """

    sign: Literal["likely", "over", "unlikely"]


Report = Transcription | Speech | TurnSign | Trouble
"""What a transcriber tells. `Speech` is believed only where no detector listens."""


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

    async def run(self) -> None:
        """Keep ready what the stream needs, until cancelled.

        Raises:
            SpeechError: it cannot be had, and trying on is of no use. Every segment then due was reported as failed,
                and so is every later one.
        """


class Transcriber(Protocol):
    """Speech to text, shared by all calls."""

    def open(self, report: Callable[[Report], None], language: str = "en") -> TranscriberStream:
        """Start listening to a call in which this language (BCP 47) is spoken.

        `report` is called on the event loop.
        """


class SynthesizerStream(Protocol):
    """The voice of one call."""

    def speak(self, text: str) -> AsyncGenerator[bytes, None]:
        """Yield `text` as audio: mu-law 8 kHz, raw, in chunks of any even or odd length, as soon as they exist.

        Closing the iterator stops the work wherever it is done. Several may run at once; they do not mix.

        Raises:
            SpeechError: nothing, or no more, can be made of it.
        """

    async def run(self) -> None:
        """Keep ready what the voice needs, until cancelled.

        Raises:
            SpeechError: it cannot be had, and trying on is of no use. `speak` then fails with the same.
        """


class Synthesizer(Protocol):
    """Text to speech, shared by all calls."""

    def open(self, voice: Voice, report: Callable[[Trouble], None]) -> SynthesizerStream:
        """Return the voice of a call. `report` is called on the event loop."""


class Speaker(Protocol):
    """A local engine that also speaks outside any call: the phones of the emulated network have their voices of it."""

    def speak(self, text: str, voice: Voice) -> AsyncGenerator[bytes, None]:
        """Yield `text` as audio: mu-law 8 kHz, raw.

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
