"""Identifiers and telephone numbers. Pure: randomness and time are arguments."""

from __future__ import annotations

import re
from typing import NewType

CallId = NewType("CallId", str)
"""Ours: a ULID, 26 characters of Crockford's base 32, ordered by time of creation."""
CarrierCallId = NewType("CarrierCallId", str)
"""The carrier's name for its call leg."""
StreamId = NewType("StreamId", str)
"""The carrier's name for one media stream."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def new_call_id(at: float, entropy: bytes) -> CallId:
    """Return the ULID of a call that began at `at` (Unix seconds), from ten random bytes."""
    number = (int(at * 1000) << 80) | int.from_bytes(entropy[:10])
    return CallId("".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -5, -5)))


def is_e164(number: str) -> bool:
    """Say whether `number` is `+`, a digit from 1 to 9, and 6 to 14 more digits."""
    return _E164.fullmatch(number) is not None


def mask(number: str | None) -> str:
    """Return a number as a log may show it: its last four digits."""
    return "unknown" if not number else "…" + number[-4:]
