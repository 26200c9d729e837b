"""A call that another system held is over from the first."""

from __future__ import annotations

import pytest

from tests.core.world import placed
from voicecall.core.events import Imported, OldLine, Warned
from voicecall.core.ids import CallId
from voicecall.core.past import past
from voicecall.core.record import record, replay
from voicecall.core.step import begin, step


def event(reason: str = "busy", detail: str = "") -> Imported:
    return Imported(
        call_id=CallId("old"),
        carrier="twilio",
        carrier_call_id=None,
        direction="inbound",
        mode="conversation",
        from_="+15550001111",
        to="+15550002222",
        answered_at=None,
        ended_at=20.0,
        reason=reason,
        detail=detail,
        lines=(OldLine(12.0, "caller", "Hello?"),),
    )


def test_it_is_over_and_nothing_changes_it() -> None:
    call = replay([(10.0, event()), (11.0, Warned("stt", "late"))])
    assert (call.is_over, call.end_reason, call.end_detail, call.started_at) == (True, "busy", None, 10.0)
    assert record(call)["transcript"] == [{"at": "1970-01-01T00:00:12.000Z", "speaker": "caller", "text": "Hello?"}]


def test_a_reason_that_is_none_of_ours_is_an_error() -> None:
    call = past(event("nonsense", "kept"), 10.0)
    assert (call.end_reason, call.end_detail) == ("error", "kept")


def test_in_the_midst_of_another_call_it_means_nothing() -> None:
    call, _ = begin(placed(), 1.0)
    assert step(call, event(), 2.0)[0] == call


def test_a_log_that_begins_in_the_midst_is_refused() -> None:
    with pytest.raises(ValueError, match="beginning"):
        replay([(1.0, Warned("stt", "x")), (2.0, event())])
