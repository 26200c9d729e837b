"""Calls that another system held: over before we knew of them. Pure."""

from __future__ import annotations

from typing import get_args

from voicecall.core.call import Call, EndReason, Line, Phase
from voicecall.core.events import Imported
from voicecall.core.rules import Rules

REASONS: frozenset[str] = frozenset(get_args(EndReason))


def past(event: Imported, at: float) -> Call:
    """Return the call that began at `at` (Unix seconds) and is over."""
    reason: EndReason = event.reason if event.reason in REASONS else "error"  # type: ignore[assignment] # looked up
    return Call(
        id=event.call_id,
        carrier=event.carrier,
        direction=event.direction,
        mode=event.mode,
        from_=event.from_,
        to=event.to,
        rules=Rules(),
        started_at=at,
        phase=Phase.ENDED,
        carrier_call_id=event.carrier_call_id,
        answered_at=event.answered_at,
        ended_at=event.ended_at,
        end_reason=reason,
        end_detail=event.detail or None,
        lines=tuple(Line(line.at, line.speaker, line.text) for line in event.lines),
        leg_over=True,
    )
