"""Operations that only read the archive: the same answers with a daemon and without one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog

from voicecall.core import events
from voicecall.core.call import Call
from voicecall.core.ids import CallId
from voicecall.core.operations import Events, History, Latency, Status, Transcript
from voicecall.core.published import publish
from voicecall.core.record import replay
from voicecall.errors import BadParameters, CallNotFound
from voicecall.store import Logged, Query, Store

_log = structlog.get_logger()

_SPANS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

Reading = Status | Transcript | History | Latency | Events
"""Every operation whose `reads_store` is true."""


async def read(store: Store, operation: Reading, now: float) -> Any:
    """Return the operation's result, a JSON value. `now` is Unix seconds.

    Raises:
        BadParameters: `since` cannot be read.
        CallNotFound: the archive does not know the call.
        StoreError: the archive cannot be read.
    """
    match operation:
        case Status(call_id=call_id):
            return await _record(store, call_id)
        case Transcript(call_id=call_id):
            return (await _record(store, call_id))["transcript"]
        case History(since=since, limit=limit, number=number, state=state):
            after = None if since is None else moment(since, now)
            return await store.records(Query(after, limit, number, state))
        case Latency(last=last):
            return _latency(await store.records(Query(limit=last)))
        case Events(call_id=call_id, since=since, limit=limit):
            log = await store.events(since, limit, CallId(call_id) if call_id else None)
            return [published(logged) for logged in log]


def replayed(call_id: CallId, log: list[Logged]) -> Call | None:
    """Return the call that a log tells of, or None if it cannot be read."""
    try:
        return replay((logged.at, events.decode(logged.data)) for logged in log)
    except (msgspec.MsgspecError, ValueError) as error:
        _log.error("call.unreadable", call_id=call_id, detail=str(error))
        return None


def published(logged: Logged) -> dict[str, Any]:
    """Return a logged event as the outside sees it."""
    return publish(logged.position, logged.call_id, logged.at, logged.type, logged.data)


def moment(text: str, now: float) -> float:
    """Return Unix seconds of an RFC 3339 moment, or of a span back from `now` such as `2h`.

    Raises:
        BadParameters: it is neither.
    """
    if text[-1:] in _SPANS and text[:-1].isdecimal() and len(text) < 12:
        return now - int(text[:-1]) * _SPANS[text[-1]]
    try:
        return datetime.fromisoformat(text).astimezone(UTC).timestamp()
    except (ValueError, OverflowError):
        raise BadParameters("since: RFC 3339, or a span such as 90s, 30m, 2h or 7d") from None


async def _record(store: Store, call_id: str) -> dict[str, Any]:
    found = await store.record(CallId(call_id))
    if found is None:
        raise CallNotFound(f"there is no call {call_id}")
    return found


def _latency(records: list[dict[str, Any]]) -> dict[str, Any]:
    """Count, p50 and p95 of every stage over the turns of these records."""
    stages: dict[str, list[float]] = {}
    for found in records:
        for turn in found["latency"]["turns"]:
            for stage, ms in turn.items():
                if stage != "turn":
                    stages.setdefault(stage, []).append(ms)
    return {
        "stages": [
            {"name": name, "count": len(values), "p50_ms": _quantile(values, 50), "p95_ms": _quantile(values, 95)}
            for name, values in sorted(stages.items())
        ]
    }


def _quantile(values: list[float], percent: int) -> float:
    """The smallest value that at least so many percent of all do not exceed."""
    return sorted(values)[-(-len(values) * percent // 100) - 1]
