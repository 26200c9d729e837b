"""Deepgram for the contract tests: Nova and Aura."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tests.speech.vendors import kits
from voicecall.emulators.vendors import deepgram_wire, listening
from voicecall.emulators.vendors.deepgram import application
from voicecall.speech import VendorOptions
from voicecall.speech.stt.deepgram import DeepgramTranscriber
from voicecall.speech.tts.deepgram import DeepgramSynthesizer

State = deepgram_wire.State


class Bench:
    """The emulator at an origin."""

    def __init__(self, state: State, origin: str, model: str | None = None) -> None:
        self.state = state
        self.options = VendorOptions(api_key=kits.KEY, base_url=origin, model=model)

    @property
    def connections(self) -> int:
        return self.state.connections

    @property
    def credentials(self) -> Sequence[str]:
        return self.state.credentials

    @property
    def asked(self) -> int:
        return self.state.asked

    @property
    def cancelled(self) -> int:
        return self.state.cancelled

    def fail(self, fault: kits.Fault) -> None:
        self.state.fault = deepgram_wire.Fault(fault.value)

    def heal(self) -> None:
        self.state.fault = None

    async def close_idle(self) -> None:
        await self.state.close_idle()

    def transcriber(self, *, due: float, own_vad: bool = False) -> DeepgramTranscriber:
        return DeepgramTranscriber(self.options, due=due)

    def will_hear(self, *texts: str) -> None:
        self.state.script.extend(texts)

    def synthesizer(self, *, first: float, stall: float) -> DeepgramSynthesizer:
        return DeepgramSynthesizer(self.options, first=first, stall=stall)

    def will_say(self, text: str, mulaw: bytes) -> None:
        self.state.voices[text] = mulaw


class Kit:
    """One of Deepgram's models, or its default."""

    vendor = "deepgram"
    is_live = True

    def __init__(self, model: str | None = None, lacks: frozenset[kits.Fault] = frozenset()) -> None:
        self.lacks = lacks
        self._model = model

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Bench]:
        state = State()
        async with listening(application(state)) as origin:
            yield Bench(state, origin, self._model)


STT: kits.SttKit = Kit()
TTS: kits.TtsKit = Kit()
