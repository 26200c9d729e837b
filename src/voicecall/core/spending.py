"""What outbound calls take: started minutes, and money by the price that was known when they were placed. Pure."""

from __future__ import annotations

import math

import msgspec

from voicecall.core.call import Call
from voicecall.core.rules import Rules

HANGING_UP = 5.0
"""Seconds that a carrier usually takes to confirm, at most, that a call is over."""


class Spent(msgspec.Struct, frozen=True):
    """What the outbound calls of some time took; a call that goes on took the most that it may."""

    calls: int = 0
    to_number: int = 0
    """How many of them were to one number: the one that was asked for, else the one that was called most."""
    minutes: int = 0
    cost: float = 0.0


def reserved(rules: Rules) -> int:
    """Return the most minutes that a call with these rules takes."""
    return _started(rules.max_duration + rules.last_sentence + HANGING_UP)


def minutes(call: Call) -> int:
    """Return the minutes that were started between the answer and the end; of a call that goes on, the most."""
    if call.ended_at is None:
        return reserved(call.rules)
    return 0 if call.answered_at is None else max(1, _started(call.ended_at - call.answered_at))


def cost(call: Call) -> float | None:
    """Return what those minutes cost, by estimate; None for an inbound call, or where no price is known."""
    if call.direction == "inbound" or call.rules.price is None:
        return None
    return round(minutes(call) * call.rules.price, 6)


def _started(seconds: float) -> int:
    return math.ceil(round(seconds, 3) / 60)
