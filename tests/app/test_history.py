"""OpenClaw's calls come into the history as they were, and those that it never closed are closed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from voicecall.app.history import Brought, bring_in
from voicecall.core.events import decode
from voicecall.core.ids import CallId
from voicecall.core.operations import History, Transcript
from voicecall.core.record import record, replay
from voicecall.errors import BadParameters
from voicecall.gateway.reading import read
from voicecall.store import Query
from voicecall.store.memory import Archive, MemoryStore

SNAPSHOT: dict[str, Any] = {
    "callId": "0f5e2a3c-1111-4222-8333-944455566677",
    "providerCallId": "CA1",
    "provider": "twilio",
    "direction": "outbound",
    "state": "hangup-bot",
    "from": "+15550001111",
    "to": "+15550002222",
    "sessionKey": "voice:15550002222",
    "startedAt": 1_760_000_000_000,
    "answeredAt": 1_760_000_005_000,
    "endedAt": 1_760_000_065_000,
    "endReason": "hangup-bot",
    "transcript": [
        {"timestamp": 1_760_000_006_000, "speaker": "bot", "text": "Hello.", "isFinal": True},
        {"timestamp": 1_760_000_009_000, "speaker": "user", "text": "Who is there?", "isFinal": True},
    ],
    "processedEventIds": ["a"],
    "metadata": {"mode": "notify", "turnCount": 1},
}


def brought(folder: Path, *lines: Any, archive: Archive | None = None) -> tuple[Brought, MemoryStore]:
    file = folder / "calls.jsonl"
    file.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines) + "\n")
    store = MemoryStore(instance="one", clock=lambda: 0.0, archive=archive)

    async def run() -> Brought:
        await store.open()
        return await bring_in(file, store)

    return asyncio.run(run()), store


def test_a_call_is_in_the_history_with_what_was_said(tmp_path: Path) -> None:
    done, store = brought(tmp_path, SNAPSHOT)
    assert done == Brought(imported=1)
    (found,) = asyncio.run(read(store, History(number="+15550002222"), 1.8e9))
    assert {name: found[name] for name in ("carrier", "carrierCallId", "mode", "state", "endReason", "endDetail")} == {
        "carrier": "twilio",
        "carrierCallId": "CA1",
        "mode": "notify",
        "state": "ended",
        "endReason": "hangup-agent",
        "endDetail": None,
    }
    assert (found["startedAt"], found["endedAt"]) == ("2025-10-09T08:53:20.000Z", "2025-10-09T08:54:25.000Z")
    lines = asyncio.run(read(store, Transcript(call_id=SNAPSHOT["callId"]), 1.8e9))
    assert [(line["speaker"], line["text"]) for line in lines] == [("agent", "Hello."), ("caller", "Who is there?")]


def test_the_log_of_a_call_folds_into_its_record(tmp_path: Path) -> None:
    _, store = brought(tmp_path, SNAPSHOT)
    log = asyncio.run(store.log(CallId(SNAPSHOT["callId"])))
    assert record(replay((one.at, decode(one.data)) for one in log)) == asyncio.run(store.record(log[0].call_id))


@pytest.mark.parametrize("state", ["initiated", "ringing", "active", "listening"])
def test_a_call_that_was_never_closed_is_closed_as_stale(tmp_path: Path, state: str) -> None:
    done, store = brought(tmp_path, SNAPSHOT | {"state": state, "endReason": None, "endedAt": None})
    assert (done.imported, done.closed) == (1, 1)
    (found,) = asyncio.run(store.records(Query()))
    assert (found["state"], found["endReason"]) == ("ended", "stale-timeout")
    assert found["endedAt"] == "2025-10-09T08:53:29.000Z"
    assert "was not over" in found["endDetail"]


def test_the_last_snapshot_of_a_call_counts(tmp_path: Path) -> None:
    done, store = brought(tmp_path, SNAPSHOT | {"state": "ringing", "endReason": None}, SNAPSHOT)
    assert done == Brought(imported=1)
    assert asyncio.run(store.records(Query()))[0]["endReason"] == "hangup-agent"


def test_bringing_them_in_again_changes_nothing(tmp_path: Path) -> None:
    archive = Archive()
    brought(tmp_path, SNAPSHOT, archive=archive)
    done, store = brought(tmp_path, SNAPSHOT, SNAPSHOT | {"callId": "another", "providerCallId": None}, archive=archive)
    assert (done.imported, done.present) == (1, 1)
    assert len(asyncio.run(store.records(Query()))) == 2


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "calls.jsonl:2: is no call"),
        ("[]", "Expected `object`"),
        (SNAPSHOT | {"startedAt": None}, "startedAt"),
        (SNAPSHOT | {"startedAt": -1}, "a time is none"),
        (SNAPSHOT | {"callId": "a/b"}, "without a slash"),
        (SNAPSHOT | {"direction": "sideways"}, "expected outbound or inbound"),
        ('{"callId": "\\ud800"}', "is no call"),
    ],
)
def test_a_line_that_cannot_be_read_is_told_and_the_others_come_in(tmp_path: Path, line: Any, why: str) -> None:
    done, _ = brought(tmp_path, SNAPSHOT, line)
    assert done.imported == 1
    (fault,) = done.faults
    assert fault.startswith("calls.jsonl:2: ")
    assert why in fault


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    store = MemoryStore(instance="one", clock=lambda: 0.0)
    with pytest.raises(BadParameters, match="No such file"):
        asyncio.run(bring_in(tmp_path / "calls.jsonl", store))
