"""What a call leg leaves behind: both directions as audio, and a journal of what happened when."""

from __future__ import annotations

from math import ceil

import msgspec

from voicecall.audio.g711 import to_float
from voicecall.audio.wav import encode_wav

from .playout import RATE, SILENCE

LONGEST = 30 * 60 * RATE
"""Bytes a direction; what comes later is not recorded."""
MOST_ENTRIES = 20_000
_FRAME_SECONDS = 0.02


class Entry(msgspec.Struct, frozen=True):
    """One line of the journal."""

    at: float
    """Seconds since the answer."""
    what: str
    text: str = ""


class Recording:
    """Both directions of one leg, frame by frame, on the leg's own clock."""

    def __init__(self) -> None:
        self._phone = bytearray()
        self._gateway = bytearray()

    def add(self, phone: bytes, gateway: bytes, at: float) -> None:
        """Append a frame of each direction, due `at` seconds since the answer (above 0); a skipped time is silent."""
        missing = (ceil(at / _FRAME_SECONDS - 0.001) - 1) * len(SILENCE) - len(self._phone)
        if missing > 0:
            self._phone += b"\xff" * missing
            self._gateway += b"\xff" * missing
        if len(self._phone) < LONGEST:
            self._phone += phone
            self._gateway += gateway

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self._phone) / RATE

    def wav(self) -> bytes:
        """Return it as a WAV file, 8 kHz, 16 bit: the phone left, the gateway right."""
        return encode_wav(to_float(self._phone), to_float(self._gateway))
