"""The record of a call, as the outside sees it, and its folding from the log. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from voicecall.core.call import Call, Line, Outcome
from voicecall.core.events import Arrived, Event, Imported, Placed
from voicecall.core.past import past
from voicecall.core.spending import cost
from voicecall.core.step import begin, step
from voicecall.core.times import rfc3339 as rfc3339


def replay(log: Iterable[tuple[float, Event]]) -> Call:
    """Fold a log of (Unix seconds, event) into the call it describes; nothing is done about it.

    Raises:
        ValueError: the log is empty or does not begin with the beginning of a call.
    """
    call: Call | None = None
    for at, event in log:
        if call is not None:
            call, _ = step(call, event, at)
        elif isinstance(event, Placed | Arrived):
            call, _ = begin(event, at)
        elif isinstance(event, Imported):
            call = past(event, at)
        else:
            break
    if call is None:
        raise ValueError("the log does not begin with the beginning of a call")
    return call


def record(call: Call) -> dict[str, Any]:
    """Return the call record: JSON values only, with the names that the outside is promised."""
    return {
        "callId": call.id,
        "carrier": call.carrier,
        "carrierCallId": call.carrier_call_id,
        "direction": call.direction,
        "mode": call.mode,
        "state": call.state,
        "from": call.from_,
        "to": call.to,
        "startedAt": rfc3339(call.started_at),
        "answeredAt": rfc3339(call.answered_at),
        "endedAt": rfc3339(call.ended_at) if call.is_over else None,
        "endReason": call.end_reason if call.is_over else None,
        "endDetail": call.end_detail if call.is_over else None,
        "warnings": [{"at": rfc3339(w.at), "code": w.code, "text": w.text} for w in call.warnings],
        "transcript": [transcript_line(line) for line in call.lines],
        **({"outcome": outcome(call.outcome)} if call.outcome else {}),
        "latency": {"turns": [{"turn": m.turn, **m.stages} for m in call.latency]},
        **_cost(call),
        "metadata": dict(call.metadata),
    }


def _cost(call: Call) -> dict[str, float]:
    """Return what the call cost, by estimate, once it has ended and where a price was known."""
    spent = cost(call) if call.is_over else None
    return {} if spent is None else {"cost": spent}


def transcript_line(line: Line) -> dict[str, Any]:
    """Return one line of the transcript as JSON values."""
    shown: dict[str, Any] = {"at": rfc3339(line.at), "speaker": line.speaker, "text": line.text}
    if line.heard is not None:
        shown["heard"] = line.heard
    if line.keys:
        shown["keys"] = True
    return shown


def outcome(known: Outcome) -> dict[str, Any]:
    """Return what came of a call as JSON values."""
    shown = {
        "disposition": known.disposition,
        "summary": known.summary,
        "data": known.data,
        "evidence": [msgspec.structs.asdict(said) for said in known.evidence],
    }
    return {**shown, "error": known.error} if known.error else shown


def encode_record(call: Call) -> bytes:
    """Return the call record as JSON."""
    return msgspec.json.encode(record(call))
