"""Each test here is played with both clients."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client.shells import AwaitedShell, BlockingShell, Shell


@pytest.fixture(params=[BlockingShell, AwaitedShell], ids=["blocking", "awaited"])
def shell(request: pytest.FixtureRequest) -> Shell:
    """One of the two."""
    made: Shell = request.param()
    return made


@pytest.fixture
def record() -> dict[str, Any]:
    """The record of a call that has ended."""
    return {
        "callId": "01CALL",
        "carrier": "mock",
        "carrierCallId": None,
        "direction": "outbound",
        "mode": "conversation",
        "state": "ended",
        "endReason": "completed",
        "from": "+15550001111",
        "to": "+15550002222",
        "startedAt": "t",
        "answeredAt": None,
        "endedAt": "t",
        "endDetail": None,
        "warnings": [],
        "transcript": [],
        "latency": {"turns": []},
        "metadata": {},
    }
