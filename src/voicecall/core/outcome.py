"""What came of a call: what its own facts tell, and what its agent adds. Pure."""

from __future__ import annotations

from voicecall.core.call import Call, EndReason, Outcome
from voicecall.core.utterances import Concluded

LATE = "The agent did not conclude in time."
FAILED = "The gateway failed before the agent had concluded."

_UNANSWERED: dict[EndReason | None, str] = {
    "busy": "busy",
    "rejected": "refused",
    "failed": "failed",
    "error": "failed",
    "stale-timeout": "failed",
}


def disposition(call: Call) -> str:
    """Return in a word what became of an attempt to reach somebody."""
    if call.machine or call.end_reason == "voicemail":
        return "voicemail"
    if call.answered_at is not None:
        return "answered"
    return _UNANSWERED.get(call.end_reason, "no-answer")


def unasked(call: Call) -> str:
    """Say why the agent need not, or cannot, be asked for the outcome; empty if it is to be."""
    if call.concluding == "failed":
        return FAILED
    match disposition(call):
        case "answered":
            heard = any(line.speaker == "caller" for line in call.lines)
            return "" if heard else "The other side said nothing."
        case "voicemail":
            return "A machine answered."
        case _:
            return "The call was not answered."


def outcome(call: Call, concluded: Concluded) -> Outcome | None:
    """Return what is known of it; what the agent noted during the call stays."""
    noted = call.outcome
    if not call.wants_outcome:
        return noted
    of_the_note = noted.data or None if noted else None
    return Outcome(
        noted.disposition if noted else disposition(call),
        noted.summary if noted and noted.summary else concluded.summary,
        concluded.data if call.schema is not None else of_the_note,
        concluded.evidence,
        concluded.error,
    )
