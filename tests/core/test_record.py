"""The record that the outside is promised, and its folding from the log."""

from __future__ import annotations

import msgspec
import pytest

from tests.core.world import LEG, World, arrived, placed
from voicecall.core import events as ev
from voicecall.core.record import encode_record, record, replay, rfc3339, transcript_line


def over() -> World:
    """A call with a bit of everything, at its end."""
    world = World(placed())
    world.feed(ev.Dialled(LEG))
    world.next_stream()
    world.feed(ev.PlaybackStarted(1))
    world.feed(ev.PlaybackFinished(1, "Good day."))
    world.feed(ev.SpeakAsked("a", "One moment."))
    world.feed(ev.PlaybackStarted(2))
    world.next_segment()
    world.feed(ev.TimerFired("barge-in"))
    world.feed(ev.PlaybackStopped(2, "One moment.", "One"))
    world.feed(ev.TurnMeasured(1, {"wait": 512.5}))
    world.feed(ev.Warned("slow", "It is slow."))
    world.finish()
    return world


def test_the_record_has_the_promised_members() -> None:
    world = over()
    words = world.call.lines[-1].text
    assert record(world.call) == {
        "callId": "01J00000000000000000000000",
        "carrier": "mock",
        "carrierCallId": "leg-1",
        "direction": "outbound",
        "mode": "conversation",
        "state": "ended",
        "from": "+15550109999",
        "to": "+15550101234",
        "startedAt": "1970-01-12T13:46:40.000Z",
        "answeredAt": "1970-01-12T13:46:40.020Z",
        "endedAt": rfc3339(world.at),
        "endReason": "hangup-agent",
        "endDetail": None,
        "warnings": [{"at": "1970-01-12T13:46:40.110Z", "code": "slow", "text": "It is slow."}],
        "transcript": [
            {"at": "1970-01-12T13:46:40.030Z", "speaker": "agent", "text": "Good day."},
            {"at": "1970-01-12T13:46:40.060Z", "speaker": "agent", "text": "One moment.", "heard": "One"},
            {"at": "1970-01-12T13:46:39.870Z", "speaker": "caller", "text": words},
        ],
        "latency": {"turns": [{"turn": 1, "wait": 512.5}]},
        "metadata": {},
    }


def test_the_record_is_json() -> None:
    call = over().call
    assert msgspec.json.decode(encode_record(call)) == record(call)


def test_a_call_that_ends_does_not_say_so_too_early() -> None:
    world = World(arrived())
    world.feed(ev.EndAsked("a"))
    shown = record(world.call)
    assert (shown["state"], shown["endReason"], shown["endDetail"], shown["endedAt"]) == ("initiated", None, None, None)
    assert (shown["direction"], shown["answeredAt"], shown["mode"]) == ("inbound", None, "conversation")


def test_a_line_that_was_heard_in_full_says_no_more() -> None:
    first, second, _ = over().call.lines
    assert "heard" not in transcript_line(first)
    assert transcript_line(second)["heard"] == "One"


def test_times_are_utc_to_the_millisecond() -> None:
    assert rfc3339(1_700_000_000.1234) == "2023-11-14T22:13:20.123Z"
    assert rfc3339(None) is None


def test_the_log_replays_to_the_same_call() -> None:
    world = over()
    assert replay(world.log) == world.call
    assert replay([*world.log, (world.at, ev.CallEnded("hangup-agent"))]) == world.call


@pytest.mark.parametrize("log", [[], [(0.0, ev.Ringing())], [(0.0, ev.Ringing()), (1.0, placed())]])
def test_a_log_without_a_beginning_is_no_call(log: list[tuple[float, ev.Event]]) -> None:
    with pytest.raises(ValueError, match="beginning"):
        replay(log)
