"""`voicecall doctor`, as it is typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.daemon import Cli, Daemon
from voicecall.config.state import StateDir


@pytest.fixture(autouse=True)
def _any_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICECALL_SERVE__PORT", "0")


def test_without_a_daemon_and_a_configuration_nothing_fails(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICECALL_CONTROL__PORT", "0")
    ran = cli("doctor", "--json")
    assert (ran.status, ran.err) == (0, "")
    found = {check["id"]: check["level"] for check in ran.json["checks"]}
    assert (found["daemon"], found["inbound-policy"], found["config"]) == ("warn", "warn", "ok")
    assert set(ran.json) == {"ok", "checks"}


def test_what_is_not_in_order_is_told_with_reason_and_fix(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "voicecall.toml").write_text("bogus = 1\n")
    ran = cli("doctor")
    assert (ran.status, ran.err) == (1, "")
    failed, why, fix = ran.out.splitlines()
    assert failed.startswith("FAIL  config: voicecall.toml:1: bogus")
    assert (why[:11], fix[:11]) == ("      why: ", "      fix: ") or (why[:10], fix[:10]) == (
        "      why:",
        "      fix:",
    )


def test_a_running_daemon_is_found_and_its_ports_are_its_own(
    with_daemon: Cli, daemon: Daemon, record: dict[str, Any]
) -> None:
    daemon.answer("GET", "/v1/live", [record])
    daemon.answer("GET", "/v1/outbound", {"stopped": False, "limits": []})
    found = {check["id"]: check for check in with_daemon("doctor", "--json").json["checks"]}
    assert (found["daemon"]["level"], "1 live call" in found["daemon"]["message"]) == ("ok", True), found["daemon"]
    assert found["ports"]["message"] == "taken by the running daemon"


def test_a_running_daemon_without_its_tunnel_is_named(
    with_daemon: Cli, daemon: Daemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICECALL_TUNNEL__PROVIDER", "ngrok")
    monkeypatch.setenv("NGROK_AUTHTOKEN", "token")
    monkeypatch.setenv("VOICECALL_STATE_DIR", str(tmp_path / "state"))
    daemon.answer("GET", "/v1/live", [])
    daemon.answer("GET", "/v1/outbound", {"stopped": False, "limits": []})
    state = StateDir(tmp_path / "state")
    for url, level in (("http://127.0.0.1:3334/voice/webhook", "fail"), ("https://a.ngrok.app/voice/webhook", "ok")):
        state.announce(daemon.url, url)
        found = {check["id"]: check for check in with_daemon("doctor", "--json").json["checks"]}
        assert found["daemon"]["level"] == "ok"
        assert (found["tunnel"]["level"], "is not there" in found["tunnel"]["message"]) == (level, level == "fail")


def test_lines_that_are_taken_by_calls_nobody_answered_are_named(
    with_daemon: Cli, daemon: Daemon, record: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICECALL_LIMITS__MAX_CONCURRENT_CALLS", "1")
    daemon.answer("GET", "/v1/live", [record])
    daemon.answer("GET", "/v1/outbound", {"stopped": False, "limits": []})
    found = {check["id"]: check for check in with_daemon("doctor", "--json").json["checks"]}
    assert "all 1 lines are taken (1 by calls that nobody answered)" in found["limits"]["message"]


@pytest.mark.parametrize(
    ("outbound", "said"),
    [
        ({"stopped": True, "reason": "too dear", "limits": []}, "dialling was stopped: too dear"),
        (
            {"stopped": False, "limits": [{"name": "budget.calls_per_day", "limit": 5, "used": 5}]},
            "budget.calls_per_day is used up (5 of 5 in 24 hours)",
        ),
    ],
)
def test_what_keeps_it_from_dialling_is_named(
    with_daemon: Cli, daemon: Daemon, outbound: dict[str, Any], said: str
) -> None:
    daemon.answer("GET", "/v1/live", [])
    daemon.answer("GET", "/v1/outbound", outbound)
    found = {check["id"]: check for check in with_daemon("doctor", "--json").json["checks"]}
    assert (found["budget"]["level"], said in found["budget"]["message"]) == ("warn", True), found["budget"]
    assert found["budget"]["fix"]


def test_something_else_on_the_control_port_is_named(with_daemon: Cli, daemon: Daemon) -> None:
    ran = with_daemon("doctor", "--json")
    found = {check["id"]: check["level"] for check in ran.json["checks"]}
    assert (ran.status, found["daemon"]) == (1, "fail")


def test_a_call_is_explained_by_its_own_events(with_daemon: Cli, daemon: Daemon, record: dict[str, Any]) -> None:
    events = [
        {"seq": 1, "at": "2026-11-21T10:00:00.000Z", "callId": "01CALL", "type": "call.initiated", "data": {}},
        {
            "seq": 2,
            "at": "2026-11-21T10:00:01.000Z",
            "callId": "01CALL",
            "type": "stream.refused",
            "data": {"reason": "missing"},
        },
    ]
    daemon.answer("GET", "/v1/calls/01CALL", record)
    daemon.answer("GET", "/v1/calls/01CALL/events", events)
    ran = with_daemon("doctor", "--call-id", "01CALL", "--json")
    assert (ran.status, ran.json["checks"][0]["id"]) == (1, "stream")
    assert "without its credential" in ran.json["checks"][0]["message"]


def test_a_call_that_nobody_knows_is_an_error(cli: Cli) -> None:
    ran = cli("doctor", "--call-id", "01NOBODY")
    assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1)
