import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.cli.daemon import Cli, Daemon
from voicecall.core.ids import CallId
from voicecall.errors import BadParameters
from voicecall.gateway.reading import moment
from voicecall.store import Batch, Entry, Row
from voicecall.store.sql import SqlStore


def archive(file: Path, *records: dict[str, Any]) -> None:
    """Write calls as a daemon would have left them."""

    async def write() -> None:
        store = SqlStore(f"sqlite:///{file}", instance="test", clock=lambda: 1.0)
        await store.open()
        batches = [
            Batch(
                (Entry(CallId(one["callId"]), 1, 1.0, "Ringing", b'{"type":"Ringing"}'),),
                Row(
                    CallId(one["callId"]), one["carrier"], None, one["direction"], one["state"], one["from"], one["to"],
                    1.0, None, msgspec.json.encode(one), 1,
                ),
            )
            for one in records
        ]  # fmt: skip
        await store.write(batches)
        await store.close()

    file.parent.mkdir(parents=True, exist_ok=True)
    asyncio.run(write())


def test_live_calls_and_history_are_tables_or_bare_lists(
    with_daemon: Cli, daemon: Daemon, record: dict[str, Any]
) -> None:
    live = {**record, "state": "listening", "endReason": None}
    daemon.answer("GET", "/v1/live", [live])
    daemon.answer("GET", "/v1/outbound", {"stopped": False, "limits": []})
    daemon.answer("GET", "/v1/calls", [record])
    assert with_daemon("status", "--json").json == [live]
    assert "listening" in with_daemon("status").out
    ran = with_daemon(
        "history", "--since", "2h", "--limit", "5", "--number", "+15550002222", "--state", "ended", "--json"
    )
    assert ran.json == [record]
    assert daemon.seen[-1][1] == "/v1/calls?since=2h&limit=5&number=%2B15550002222&state=ended"
    shown = with_daemon("history").out
    assert all(word in shown for word in ("01CALL", "+15550001111", "+15550002222", "busy", "2026-11-21 10:00:00"))
    daemon.answer("GET", "/v1/live", [])
    assert with_daemon("status").out == "no live calls\n"


def test_one_call_is_its_record(with_daemon: Cli, daemon: Daemon, record: dict[str, Any]) -> None:
    daemon.answer("GET", "/v1/calls/01CALL", record)
    assert with_daemon("status", "--call-id", "01CALL", "--json").json == record
    assert "the line was busy (busy)" in with_daemon("status", "--call-id", "01CALL").out


def test_a_call_that_went_wrong_says_who_explains_it(with_daemon: Cli, daemon: Daemon, record: dict[str, Any]) -> None:
    trouble = {
        "endReason": "error",
        "endDetail": "The stream\nwas lost.",
        "warnings": [{"code": "stt", "text": "Gone."}],
    }
    daemon.answer("GET", "/v1/calls/01CALL", record | trouble)
    lines = with_daemon("status", "--call-id", "01CALL").out.splitlines()
    assert "state:     something went wrong here (error): The stream was lost." in lines
    assert lines[-2:] == ["warning:   stt: Gone.", "why:       voicecall doctor --call-id 01CALL"]
    daemon.answer("GET", "/v1/calls/01CALL", record)
    assert "doctor" not in with_daemon("status", "--call-id", "01CALL").out


def test_a_call_id_stays_inside_its_place_in_the_path(with_daemon: Cli, daemon: Daemon) -> None:
    with_daemon("status", "--call-id", "../x?y")
    assert daemon.seen[-1][1] == "/v1/calls/..%2Fx%3Fy"


def test_a_transcript_is_a_dialogue(with_daemon: Cli, daemon: Daemon, record: dict[str, Any]) -> None:
    daemon.answer("GET", "/v1/calls/01CALL/transcript", record["transcript"])
    assert with_daemon("transcript", "--call-id", "01CALL", "--json").json == record["transcript"]
    assert with_daemon("transcript", "--call-id", "01CALL").out == " agent: Hello[ there]\n"


def test_latency_is_a_table(with_daemon: Cli, daemon: Daemon) -> None:
    stages = {"stages": [{"name": "reply", "count": 3, "p50_ms": 100.0, "p95_ms": 200.0}]}
    daemon.answer("GET", "/v1/latency", stages)
    assert with_daemon("latency", "--last", "7", "--json").json == stages
    assert daemon.seen[-1][1] == "/v1/latency?last=7"
    assert with_daemon("latency").out.splitlines()[1].split() == ["reply", "3", "100", "200"]


def test_tail_of_a_call_is_one_object_a_line_until_its_end(with_daemon: Cli, daemon: Daemon) -> None:
    daemon.events = [
        {"seq": seq, "at": "2026-11-21T10:00:00.000Z", "callId": "01CALL", "type": kind, "data": {}}
        for seq, kind in ((8, "call.initiated"), (9, "call.ended"), (10, "call.warning"))
    ]
    ran = with_daemon("tail", "--call-id", "01CALL", "--since", "7", "--json")
    assert [msgspec.json.decode(line) for line in ran.out.splitlines()] == daemon.events[:2]
    assert daemon.seen[-1][1] == "/v1/events?since=7&callId=01CALL"
    assert "call.initiated" in with_daemon("tail", "--call-id", "01CALL").out


def test_without_a_daemon_the_store_answers(cli: Cli, tmp_path: Path, record: dict[str, Any]) -> None:
    archive(tmp_path / "state" / "calls.db", record, {**record, "callId": "01OPEN", "state": "listening"})
    assert cli("status", "--call-id", "01CALL", "--json").json == record
    assert cli("transcript", "--call-id", "01CALL", "--json").json == record["transcript"]
    assert [one["callId"] for one in cli("history", "--state", "ended", "--json").json] == ["01CALL"]
    assert cli("history", "--since", "1h", "--json").json == []
    assert cli("latency", "--json").json == {"stages": []}
    ran = cli("status", "--call-id", "01OPEN")
    assert (ran.status, "voicecall serve" in ran.err) == (1, True)
    ran = cli("status", "--call-id", "01NONE")
    assert (ran.status, ran.err) == (1, "voicecall: there is no call 01NONE\n")


def test_reading_creates_nothing(cli: Cli, tmp_path: Path) -> None:
    assert cli("history", "--json").json == []
    assert cli("transcript", "--call-id", "x").status == 1
    assert not (tmp_path / "state").exists()


def test_a_store_that_cannot_be_read_is_one_line(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "calls.db").write_text("this is no database " * 100)
    ran = cli("history")
    assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1)


def test_moments_are_rfc_3339_or_spans() -> None:
    assert moment("2h", 10_000.0) == 2800.0
    assert moment("2026-11-21T10:00:00Z", 0.0) == datetime(2026, 11, 21, 10, tzinfo=UTC).timestamp()
    for text in ("", "h", "2x", "yesterday", "9" * 30 + "d", "0001-01-01"):
        with pytest.raises(BadParameters):
            moment(text, 0.0)
