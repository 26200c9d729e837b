"""Bringing in the calls that OpenClaw kept: `calls.jsonl`, a snapshot a line, of which the last of a call counts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from voicecall.core.events import Imported, OldLine, encode
from voicecall.core.ids import CallId, CarrierCallId
from voicecall.core.past import REASONS, past
from voicecall.errors import BadParameters
from voicecall.gateway.journal import row_of
from voicecall.store import Batch, Entry, Store

_TOGETHER = 100
_STALE = "It was not over when OpenClaw kept it last; it was closed when it was brought in."
_DIRECTIONS = ("outbound", "inbound")


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of a file of calls."""

    imported: int = 0
    closed: int = 0
    """Those among them that were not over."""
    present: int = 0
    """Calls that the archive had already."""
    faults: tuple[str, ...] = ()
    """Lines that cannot be read, and why."""


class _Said(msgspec.Struct, frozen=True):
    timestamp: float
    speaker: str
    text: str


class _Snapshot(msgspec.Struct, frozen=True, rename="camel"):
    """A call as OpenClaw kept it. Times in milliseconds since 1970."""

    call_id: str
    state: str
    started_at: float
    provider: str = "mock"
    provider_call_id: str | None = None
    direction: str = "outbound"
    from_: str = msgspec.field(name="from", default="")
    to: str = ""
    answered_at: float | None = None
    ended_at: float | None = None
    end_reason: str | None = None
    transcript: tuple[_Said, ...] = ()
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)


async def bring_in(file: Path, store: Store) -> Brought:
    """Write the calls of a file into the archive; those that are there already stay as they are.

    Raises:
        BadParameters: the file cannot be read.
        StoreError: the archive cannot be written.
    """
    calls, faults = read_calls(file)
    imported = closed = present = 0
    for some in _pages(calls):
        for (_, event), written in zip(some, await store.write([_batch(at, event) for at, event in some]), strict=True):
            if isinstance(written, Exception):
                present += 1
            else:
                imported += 1
                closed += event.detail == _STALE
    return Brought(imported, closed, present, tuple(faults))


def read_calls(file: Path) -> tuple[list[tuple[float, Imported]], list[str]]:
    """Return the calls of a file, oldest first, each with when it began (Unix seconds), and what cannot be read.

    Raises:
        BadParameters: the file cannot be read.
    """
    newest: dict[str, _Snapshot] = {}
    faults: list[str] = []
    try:
        lines = file.read_bytes().split(b"\n")
    except OSError as error:
        raise BadParameters(f"{file} cannot be read: {error.strerror}") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found = msgspec.json.decode(line, type=_Snapshot)
            _check(found)
        except (msgspec.DecodeError, ValueError) as error:
            faults.append(f"{file.name}:{number}: is no call: {error}")
        else:
            newest[found.call_id] = found
    return sorted(map(_event, newest.values()), key=lambda one: one[0]), faults


def _check(found: _Snapshot) -> None:
    times = (found.started_at, found.answered_at, found.ended_at, *(said.timestamp for said in found.transcript))
    if not all(time is None or (math.isfinite(time) and 0 <= time < 1e14) for time in times):
        raise ValueError("a time is none")
    if not 0 < len(found.call_id) <= 100 or "/" in found.call_id or not found.call_id.isprintable():
        raise ValueError("callId: expected 1 to 100 characters without a slash")
    if found.direction not in _DIRECTIONS:
        raise ValueError("direction: expected outbound or inbound")


def _event(found: _Snapshot) -> tuple[float, Imported]:
    reason = (found.end_reason or found.state).replace("hangup-bot", "hangup-agent")
    over = reason in REASONS
    last = max([found.started_at, found.answered_at or 0.0, *(said.timestamp for said in found.transcript)])
    mode = found.metadata.get("mode")
    event = Imported(
        call_id=CallId(found.call_id),
        carrier=found.provider,
        carrier_call_id=CarrierCallId(found.provider_call_id) if found.provider_call_id else None,
        direction="inbound" if found.direction == "inbound" else "outbound",
        mode="notify" if mode == "notify" else "conversation",
        from_=found.from_,
        to=found.to,
        answered_at=None if found.answered_at is None else found.answered_at / 1000,
        ended_at=(found.ended_at if over and found.ended_at is not None else last) / 1000,
        reason=reason if over else "stale-timeout",
        detail="" if over else _STALE,
        lines=tuple(
            OldLine(said.timestamp / 1000, "agent" if said.speaker == "bot" else "caller", said.text)
            for said in found.transcript
        ),
    )
    return found.started_at / 1000, event


def _batch(at: float, event: Imported) -> Batch:
    entry = Entry(event.call_id, 1, at, type(event).__name__, encode(event))
    return Batch((entry,), row_of(past(event, at), 1))


def _pages(calls: Sequence[tuple[float, Imported]]) -> Iterator[Sequence[tuple[float, Imported]]]:
    for start in range(0, len(calls), _TOGETHER):
        yield calls[start : start + _TOGETHER]
