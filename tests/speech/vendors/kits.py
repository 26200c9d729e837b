"""What the contract tests of the speech vendors need of each vendor: its emulator, its adapter, and how to upset both.

A vendor's kit lies in `<vendor>_kit.py` as `STT` and `TTS`, whichever it has.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from voicecall.errors import SpeechError
from voicecall.speech import Synthesizer, SynthesizerStream, Transcriber, TranscriberStream

VENDORS = ("cartesia", "deepgram", "deepgram_flux", "elevenlabs", "openai")

KEY = "hidden-key-0123456789"
"""The key that every adapter is given."""

SPEECH = bytes((0x80, 0x00)) * 80
"""20 ms of the caller's voice: mu-law. Whatever is not SILENCE is speech to an emulator."""
SILENCE = b"\xff" * 160
"""20 ms of nothing."""


class Fault(StrEnum):
    """What an emulator does wrong from `fail(fault)` until `heal()`."""

    REFUSED = "refused"
    """401 to the handshake or request."""
    THROTTLED = "throttled"
    """429 to the handshake or request."""
    DROP = "drop"
    """The connection is lost without a goodbye, amid the segment (after its first audio came in) or piece (after its
    first audio went out)."""
    HALF = "half"
    """In place of the drop: a text frame that ends within a UTF-8 character."""
    BROKEN = "broken"
    """Before every right message comes a text frame that is not JSON, and one that is JSON but no object."""
    UNKNOWN = "unknown"
    """Before every right message comes one of an unknown type, and every right one has an unknown member."""
    MUTE = "mute"
    """Audio or text is taken, and nothing is ever answered."""

    STALL = "stall"
    """Of a piece: its first audio comes (at least 20 ms), and then nothing more."""
    EMPTY = "empty"
    """Of a piece: it ends in good order without any audio."""
    ERROR = "error"
    """Of a piece: a JSON error in the vendor's form in place of audio."""
    WAV = "wav"
    """Of a piece: the audio begins with a WAV header."""
    ODD = "odd"
    """Of a piece: the chunks have odd lengths; one of them is a single byte."""
    LATE = "late"
    """Of a piece: as STALL, and after it was cancelled some more of its audio comes all the same."""


class Bench(Protocol):
    """A vendor's emulator on loopback, for one test."""

    @property
    def connections(self) -> int:
        """How many connections (WebSockets, or TCP connections of HTTP) it has accepted."""

    @property
    def credentials(self) -> Sequence[str]:
        """The key that came with each of them, or with each request; without `Bearer` or the like."""

    def fail(self, fault: Fault) -> None:
        """Do this wrong from now on."""

    def heal(self) -> None:
        """Do everything right again."""

    async def close_idle(self) -> None:
        """Close every open connection, as the vendor does with one that was idle for too long."""


class SttBench(Bench, Protocol):
    """An emulator that hears."""

    def transcriber(self, *, due: float, own_vad: bool = False) -> Transcriber:
        """Return the adapter, set to this emulator and KEY; a final comes at most `due` seconds after the stop.

        `own_vad`: it is configured to notice speech by itself.
        """

    def will_hear(self, *texts: str) -> None:
        """Make these of the coming segments, in order. "" has no words; nor has a segment beyond the last text.

        A segment's partials have its first words, one more each time.
        """


class TtsBench(Bench, Protocol):
    """An emulator that speaks."""

    @property
    def asked(self) -> int:
        """How many pieces it was asked to speak."""

    @property
    def cancelled(self) -> int:
        """How many pieces were called off before their end: by a message, or by closing the connection."""

    def synthesizer(self, *, first: float, stall: float) -> Synthesizer:
        """Return the adapter, set to this emulator and KEY.

        `first` bounds the wait for a piece's first audio, `stall` the wait for each further chunk, in seconds.
        """

    def will_say(self, text: str, mulaw: bytes) -> None:
        """Speak this text, less spaces around it, as this audio: mu-law 8 kHz, in chunks of its own liking.

        It may be resampled on its way, and then comes back with a few milliseconds more or less.
        """


class SttKit(Protocol):
    """A vendor that hears."""

    @property
    def vendor(self) -> str:
        """Such as `deepgram`; its section of the configuration is `stt.deepgram`."""

    @property
    def lacks(self) -> frozenset[Fault]:
        """The faults that its protocol has no room for."""

    @property
    def is_live(self) -> bool:
        """Whether it sends partials while the caller still speaks, and not only after the stop."""

    def open(self) -> AbstractAsyncContextManager[SttBench]:
        """Start the emulator, and stop it on exit."""


class TtsKit(Protocol):
    """A vendor that speaks."""

    @property
    def vendor(self) -> str:
        """Such as `deepgram`; its section of the configuration is `tts.deepgram`."""

    @property
    def lacks(self) -> frozenset[Fault]:
        """The faults that its protocol has no room for."""

    def open(self) -> AbstractAsyncContextManager[TtsBench]:
        """Start the emulator, and stop it on exit."""


def stt_kits() -> list[SttKit]:
    """Return the kit of every vendor that hears."""
    return _kits("STT")


def tts_kits() -> list[TtsKit]:
    """Return the kit of every vendor that speaks."""
    return _kits("TTS")


def _kits(name: str) -> list[Any]:
    names = sorted(path.stem for path in Path(__file__).parent.glob("*_kit.py"))
    modules = [import_module(f"tests.speech.vendors.{module}") for module in names]
    return [getattr(module, name) for module in modules if hasattr(module, name)]


async def until(condition: Callable[[], object], seconds: float = 2.0) -> None:
    """Let everybody work until the condition holds.

    Raises:
        TimeoutError: it does not within `seconds`.
    """
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - of whatever an emulator counts, which has no event
            await asyncio.sleep(0)


class Run:
    """A stream's `run` at work: how it ended."""

    def __init__(self) -> None:
        self.ended = False
        self.error: SpeechError | None = None


@asynccontextmanager
async def running(stream: TranscriberStream | SynthesizerStream) -> AsyncIterator[Run]:
    """Let `stream.run()` work beside the block, and cancel it at the end."""
    run = Run()

    async def work() -> None:
        try:
            await stream.run()
        except SpeechError as error:
            run.error = error
        run.ended = True

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(work())
        try:
            yield run
        finally:
            task.cancel()


@asynccontextmanager
async def loaded(engine: object) -> AsyncIterator[None]:
    """Have the adapter ready, where it has to be."""
    async with AsyncExitStack() as stack:
        if hasattr(engine, "ready"):
            await stack.enter_async_context(engine.ready())
        yield
