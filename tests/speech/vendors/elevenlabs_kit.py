"""ElevenLabs, for the contract tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tests.speech.vendors.kits import KEY, Fault, SttKit, TtsKit
from voicecall.emulators.vendors import listening
from voicecall.emulators.vendors.elevenlabs import ElevenLabs
from voicecall.speech import Synthesizer, Transcriber, VendorOptions
from voicecall.speech.stt.elevenlabs import ElevenLabsTranscriber
from voicecall.speech.tts.elevenlabs import ElevenLabsSynthesizer


class Bench:
    """The emulator, which both hears and speaks."""

    def __init__(self, emulator: ElevenLabs, origin: str) -> None:
        self.emulator = emulator
        self.origin = origin

    @property
    def connections(self) -> int:
        return self.emulator.connections

    @property
    def credentials(self) -> Sequence[str]:
        return self.emulator.keys

    @property
    def asked(self) -> int:
        return self.emulator.asked

    @property
    def cancelled(self) -> int:
        return self.emulator.cancelled

    def fail(self, fault: Fault) -> None:
        self.emulator.wrong = fault.value

    def heal(self) -> None:
        self.emulator.wrong = None

    async def close_idle(self) -> None:
        await self.emulator.close_idle()

    def transcriber(self, *, due: float, own_vad: bool = False) -> Transcriber:
        extra = (("vad", "vendor"),) if own_vad else ()
        return ElevenLabsTranscriber(VendorOptions(api_key=KEY, base_url=self.origin, extra=extra), due=due)

    def will_hear(self, *texts: str) -> None:
        self.emulator.texts.extend(texts)

    def synthesizer(self, *, first: float, stall: float) -> Synthesizer:
        return ElevenLabsSynthesizer(VendorOptions(api_key=KEY, base_url=self.origin), first=first, stall=stall)

    def will_say(self, text: str, mulaw: bytes) -> None:
        self.emulator.voices[text] = mulaw


class Kit:
    """Either half of it."""

    vendor = "elevenlabs"
    is_live = True

    def __init__(self, *lacks: Fault) -> None:
        self.lacks = frozenset(lacks)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Bench]:
        emulator = ElevenLabs()
        async with listening(emulator.app) as origin:
            yield Bench(emulator, origin)


STT: SttKit = Kit(Fault.STALL, Fault.EMPTY, Fault.ERROR, Fault.WAV, Fault.ODD, Fault.LATE)
TTS: TtsKit = Kit()
