"""Whether a call went as it was meant, as far as its record tells. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_AS_MEANT = frozenset({"completed", "hangup-user", "hangup-agent", "no-answer", "busy", "voicemail"})
"""Ends that are nobody's fault."""


def is_doubtful(record: Mapping[str, Any]) -> bool:
    """Say whether somebody may ask why a call went as it did: it ended badly, with warnings, or was silent.

    `record` is a record of a call or a part of one; what is not in it is in order, and so is a call that goes on.
    """
    reason = record.get("endReason")
    if not reason:
        return False
    return reason not in _AS_MEANT or bool(record.get("warnings")) or is_silent(record)


def is_silent(record: Mapping[str, Any]) -> bool:
    """Say whether a conversation was answered and ended without a word of ours being heard."""
    if record.get("mode") != "conversation" or not record.get("answeredAt") or "transcript" not in record:
        return False
    ours = (line for line in record["transcript"] if line.get("speaker") == "agent")
    return not any(line.get("heard", line.get("text")) for line in ours)
