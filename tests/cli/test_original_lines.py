"""The lines that OpenClaw's documentation prints for `voicecall` work as they are written."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.cli.daemon import Cli, Daemon, Ran
from voicecall.cli import app

TO = "+15550002222"
STAGES = {"stages": [{"name": "response", "count": 1, "p50_ms": 1.0, "p95_ms": 2.0}]}
LINES: dict[str, Any] = {
    f'voicecall call --to "{TO}" --message "Hello"': {"callId": "01CALL", "state": "initiated"},
    f'voicecall call -m "Hello" -t {TO} --mode conversation': {"callId": "01CALL", "state": "initiated"},
    f'voicecall start --to "{TO}" --message "Hello" --mode notify': {"callId": "01CALL", "state": "initiated"},
    'voicecall continue --call-id 01CALL --message "Any questions?"': {"callId": "01CALL", "transcript": "no"},
    'voicecall speak --call-id 01CALL --message "One moment"': {"callId": "01CALL", "heard": True},
    'voicecall dtmf --call-id 01CALL --digits "ww123#"': {"callId": "01CALL"},
    "voicecall end --call-id 01CALL": {"callId": "01CALL", "state": "ended", "endReason": "hangup-agent"},
    "voicecall status": [],
    "voicecall latency": STAGES,
    "voicecall latency --last 200 --file calls.jsonl": STAGES,
}


@pytest.fixture
def answering(with_daemon: Cli, daemon: Daemon) -> Cli:
    daemon.answer("POST", "/v1/calls", {"callId": "01CALL", "state": "initiated"}, 201)
    daemon.answer("POST", "/v1/calls/01CALL/continue", {"callId": "01CALL", "transcript": "no"})
    daemon.answer("POST", "/v1/calls/01CALL/speak", {"callId": "01CALL", "heard": True})
    daemon.answer("POST", "/v1/calls/01CALL/dtmf", {"callId": "01CALL"})
    daemon.answer("DELETE", "/v1/calls/01CALL", {"callId": "01CALL", "state": "ended", "endReason": "hangup-agent"})
    daemon.answer("GET", "/v1/live", [])
    daemon.answer("GET", "/v1/latency", STAGES)
    return with_daemon


def words(line: str) -> list[str]:
    return shlex.split(line)[1:]


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_the_original_does_what_it_says(answering: Cli, line: str) -> None:
    ran = answering(*words(line))
    assert ran.status == 0, ran.err
    assert ran.out
    assert answering(*words(line), "--json").json == LINES[line]


def test_status_of_one_call(answering: Cli, daemon: Daemon, record: dict[str, Any]) -> None:
    daemon.answer("GET", "/v1/calls/01CALL", record)
    assert answering("status", "--call-id", "01CALL", "--json").json == record


@pytest.mark.parametrize(
    "line", ["voicecall tail", "voicecall tail --file calls.jsonl --since 25 --poll 250", "voicecall tail --poll 50"]
)
def test_tail_follows_whatever_it_is_told_of_files(answering: Cli, daemon: Daemon, line: str) -> None:
    told = {"seq": 30, "at": "t", "callId": "01CALL", "type": "call.ended", "data": {}}
    daemon.events = [told]
    ran = answering(*words(line), "--call-id", "01CALL", "--json")
    assert (ran.status, ran.json) == (0, told)
    assert ("calls.jsonl is not read" in ran.err) is ("--file" in line)


def test_numbers_must_be_numbers(answering: Cli) -> None:
    for line in ("tail --poll 49", "tail --poll x", "latency --last 0", "tail --since -1"):
        assert answering(*line.split()).status == 2


# --- setup and smoke


def checks(ran: Ran) -> dict[str, tuple[bool, str]]:
    return {check["id"]: (check["ok"], check["message"]) for check in ran.json["checks"]}


def test_setup_tells_what_is_set(cli: Cli) -> None:
    ran = cli("setup", "--json")
    assert (ran.status, ran.json["ok"]) == (0, True)
    assert list(checks(ran)) == ["plugin-enabled", "webhook-exposure", "mode", "agent-owner"]
    assert "not needed" in checks(ran)["webhook-exposure"][1]


def test_setup_tells_what_is_lacking(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "their.json"
    file.write_text(json.dumps({"voice-call": {"enabled": False, "config": {"provider": "mock"}}}))
    ran = cli("setup", "--config", str(file), "--json")
    assert (ran.status, checks(ran)["plugin-enabled"][0]) == (1, False)
    file = tmp_path / "real.toml"
    nowhere = 'api_base_url = "http://127.0.0.1:9"'
    file.write_text(f'provider = "plivo"\n[plivo]\nauth_id = "MA"\nauth_token = "very secret"\n{nowhere}\n')
    ran = cli("setup", "--config", str(file), "--json")
    told = checks(ran)
    lacking = {id_ for id_, (well, _) in told.items() if not well}
    assert (ran.status, lacking) == (1, {"provider", "provider-config", "webhook-exposure"})
    assert "public_url is missing" in told["webhook-exposure"][1]
    assert "very secret" not in ran.out
    file.write_text('provider = "twilio"\ncolour = "red"\n')
    ran = cli("setup", "--config", str(file), "--json")
    assert (ran.status, set(checks(ran))) == (1, {"plugin-enabled", "provider"})
    assert "FAIL" in cli("smoke", "--config", str(file)).out


def test_smoke_calls_nobody_unless_it_is_told_to(answering: Cli, daemon: Daemon) -> None:
    for line in (["smoke"], ["smoke", "--to", TO], ["smoke", "--yes"]):
        told = answering(*line, "--json").json
        assert (told["ok"], told["setup"]["ok"], told["liveCall"]) == (True, True, False)
        assert "nobody was called" in answering(*line).out
    assert {(method, path) for method, path, _ in daemon.seen} == {("GET", "/v1/live"), ("GET", "/v1/outbound")}


def test_smoke_places_a_short_call(answering: Cli, daemon: Daemon) -> None:
    told = answering("smoke", "-t", TO, "--yes", "--json").json
    assert (told["ok"], told["liveCall"], told["callId"]) == (True, True, "01CALL")
    _, path, body = daemon.seen[-1]
    assert (path, body["to"], body["mode"], bool(body["message"])) == ("/v1/calls", TO, "notify", True)
    assert "01CALL is placed" in answering("smoke", "--to", TO, "--mode", "notify", "--yes").out


def test_smoke_fails_where_the_set_up_does_or_nobody_runs(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text('provider = "twilio"\n')
    ran = cli("smoke", "--config", str(file), "--json")
    assert (ran.status, ran.json["ok"], ran.json["liveCall"]) == (1, False, False)
    ran = cli("smoke", "--json")
    assert (ran.status, ran.out, "voicecall serve" in ran.err) == (1, "", True)


def test_what_asks_a_daemon_or_waits_can_be_bounded_and_tells_json() -> None:
    group = typer.main.get_command(app)
    commands: dict[str, Any] = group.commands  # type: ignore[attr-defined]
    flags = {name: {flag for option in one.params for flag in option.opts} for name, one in commands.items()}
    local = {"serve", "demo", "test", "config", "models", "mcp", "tool-schema", "openapi", "setup", "expose"}
    groups = {name for name, one in commands.items() if hasattr(one, "commands")}
    assert {name for name, has in flags.items() if "--timeout" not in has} - local - groups == set()
    assert {name for name, has in flags.items() if "--json" not in has} - groups == {"serve", "mcp"}
