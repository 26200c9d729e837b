"""Held calls made by hand: what the measuring and judging of a call is tested on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np

from voicecall.audio import TELEPHONE_RATE
from voicecall.audio.wav import encode_wav
from voicecall.emulators.phones import Span
from voicecall.emulators.recording import Entry
from voicecall.scenarios.holding import Held

ANSWERED = 1_800_000_000.0

Stretches = list[tuple[float, float]]


def at(seconds: float) -> str:
    return datetime.fromtimestamp(ANSWERED + seconds, UTC).isoformat()


def event(seconds: float, kind: str, **data: Any) -> dict[str, Any]:
    return {"seq": 1, "at": at(seconds), "callId": "01J", "type": kind, "data": data}


def reply(number: int, begin: float, end: float, text: str, heard: str | None = None) -> list[dict[str, Any]]:
    started = event(begin, "reply.started", reply=number)
    if heard is None:
        return [started, event(end, "reply.finished", reply=number, text=text, confirmed=True)]
    return [started, event(end, "reply.interrupted", reply=number, text=text, heard=heard)]


def step(what: str, begin: float, end: float, text: str = "") -> list[Entry]:
    return [Entry(begin, f"{what}-start", text), Entry(end, f"{what}-end", text)]


def wav(agent: Stretches, seconds: float) -> bytes:
    """Return a recording of an agent that is audible in these stretches."""
    right = np.zeros(round(seconds * TELEPHONE_RATE), np.float32)
    for begin, end in agent:
        right[round(begin * TELEPHONE_RATE) : round(end * TELEPHONE_RATE)] = 0.1
    return encode_wav(np.zeros_like(right), right)


def held(
    *,
    agent: Stretches | None = None,
    caller: Stretches | None = None,
    journal: list[Entry] | None = None,
    events: list[dict[str, Any]] | None = None,
    seconds: float = 10.0,
    overdue: bool = False,
    **record: Any,
) -> Held:
    """Return a call that left this behind."""
    usual: dict[str, Any] = {
        "transcript": [],
        "warnings": [],
        "latency": {"turns": []},
        "endReason": "hangup-user",
        "endDetail": None,
    }
    return Held(
        record={**usual, **record},
        events=sorted(events or [], key=lambda one: one["at"]),
        wav=wav(agent or [], seconds),
        journal=journal or [],
        voice=[Span(begin, end) for begin, end in caller or []],
        answered_at=ANSWERED,
        overdue=overdue,
    )
