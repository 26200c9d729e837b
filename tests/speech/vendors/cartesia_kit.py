"""Cartesia's part in the contract tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tests.speech.vendors.kits import KEY, Fault, TtsKit
from voicecall.emulators.vendors import listening
from voicecall.emulators.vendors.cartesia import Cartesia, CartesiaFaults
from voicecall.speech import VendorOptions
from voicecall.speech.tts.cartesia import CartesiaSynthesizer

_FAULTS = {
    Fault.REFUSED: CartesiaFaults(status=401),
    Fault.THROTTLED: CartesiaFaults(status=429),
    Fault.DROP: CartesiaFaults(drop=True),
    Fault.HALF: CartesiaFaults(half=True),
    Fault.BROKEN: CartesiaFaults(broken=True),
    Fault.UNKNOWN: CartesiaFaults(unknown=True),
    Fault.MUTE: CartesiaFaults(mute=True),
    Fault.STALL: CartesiaFaults(stall=True),
    Fault.EMPTY: CartesiaFaults(empty=True),
    Fault.ERROR: CartesiaFaults(error=500),
    Fault.WAV: CartesiaFaults(wav=True),
    Fault.ODD: CartesiaFaults(odd=True),
    Fault.LATE: CartesiaFaults(late=True),
}


class CartesiaBench:
    """Cartesia's emulator and what is set to it."""

    def __init__(self) -> None:
        self._says: dict[str, bytes] = {}
        self.cartesia = Cartesia(KEY, lambda transcript: self._says[transcript.strip()])
        self.origin = ""

    @property
    def connections(self) -> int:
        return self.cartesia.seen.connections

    @property
    def credentials(self) -> Sequence[str]:
        return self.cartesia.seen.credentials

    @property
    def asked(self) -> int:
        return len(self.cartesia.seen.requests)

    @property
    def cancelled(self) -> int:
        return len(self.cartesia.seen.cancelled)

    def fail(self, fault: Fault) -> None:
        self.cartesia.faults = _FAULTS[fault]

    def heal(self) -> None:
        self.cartesia.faults = CartesiaFaults()

    async def close_idle(self) -> None:
        await self.cartesia.close_idle()

    def synthesizer(self, *, first: float, stall: float) -> CartesiaSynthesizer:
        return CartesiaSynthesizer(VendorOptions(api_key=KEY, base_url=self.origin), first=first, stall=stall)

    def will_say(self, text: str, mulaw: bytes) -> None:
        self._says[text] = mulaw


class CartesiaTts:
    """Cartesia speaks."""

    vendor = "cartesia"
    lacks: frozenset[Fault] = frozenset()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[CartesiaBench]:
        bench = CartesiaBench()
        async with listening(bench.cartesia.app) as bench.origin:
            yield bench


TTS: TtsKit = CartesiaTts()
