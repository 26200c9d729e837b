"""Which ended calls somebody may ask about."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from voicecall.core.call import EndReason
from voicecall.core.doubts import is_doubtful

SAID = [{"speaker": "agent", "text": "Good day.", "heard": "Good"}]
GOOD: dict[str, Any] = {"mode": "conversation", "answeredAt": "2026-11-21T10:00:00.000Z", "warnings": []}
GOOD |= {"endReason": "hangup-user", "transcript": SAID}
ALL = set(get_args(EndReason))


def test_a_bad_end_is_doubtful_and_nobodys_fault_is_not() -> None:
    doubted = {reason for reason in ALL if is_doubtful(GOOD | {"endReason": reason})}
    assert doubted == {"error", "failed", "timeout", "stale-timeout", "rejected"}


@pytest.mark.parametrize(
    ("change", "doubted"),
    [
        ({}, False),
        ({"endReason": None, "transcript": []}, False),
        ({"warnings": [{"code": "brain", "text": "gone"}]}, True),
        ({"transcript": []}, True),
        ({"transcript": [{"speaker": "caller", "text": "Hello?"}]}, True),
        ({"transcript": [{"speaker": "agent", "text": "Good day.", "heard": ""}]}, True),
        ({"transcript": [], "mode": "notify"}, False),
        ({"transcript": [], "answeredAt": None}, False),
    ],
)
def test_a_call_with_warnings_or_without_a_word_of_ours_is_doubtful(change: dict[str, Any], doubted: bool) -> None:
    assert is_doubtful(GOOD | change) is doubted


def test_a_part_of_a_record_is_enough() -> None:
    assert not is_doubtful({"callId": "01J", "state": "ended", "endReason": "hangup-agent"})
    assert is_doubtful({"callId": "01J", "state": "ended", "endReason": "error"})
