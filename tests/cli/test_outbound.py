"""The commands that look after what may be dialled."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.daemon import Cli, Daemon

LIMITS: list[dict[str, Any]] = [
    {"name": "budget.calls_per_day", "limit": 10, "used": 3},
    {"name": "budget.calls_per_number_per_day", "limit": None, "used": 2},
    {"name": "budget.minutes_per_day", "limit": 60, "used": 12},
    {"name": "budget.money_per_day", "limit": 5.0, "used": 1.25},
]
FREE: dict[str, Any] = {"stopped": False, "limits": [{**each, "limit": None} for each in LIMITS]}
LIMITED = {"stopped": False, "limits": LIMITS}
STOPPED = {"stopped": True, "stoppedAt": "2026-11-21T10:00:00.000Z", "reason": "too many", "limits": LIMITS}
ENTRY = {"number": "+15551234567", "reason": "asked for it", "at": "2026-11-21T10:00:00.000Z"}


@pytest.mark.parametrize(
    ("outbound", "line"),
    [
        (FREE, ""),
        (LIMITED, "outbound, last 24 hours: 3 of 10 calls, 12 of 60 minutes, 1.25 of 5 money\n"),
        (STOPPED, "outbound: stopped since 2026-11-21T10:00:00.000Z: too many\n"),
    ],
)
def test_status_has_a_line_where_something_is_limited_or_stopped(
    with_daemon: Cli, daemon: Daemon, outbound: dict[str, Any], line: str
) -> None:
    daemon.answer("GET", "/v1/live", [])
    daemon.answer("GET", "/v1/outbound", outbound)
    assert with_daemon("status").out == "no live calls\n" + line
    assert with_daemon("status", "--json").json == []


def test_status_goes_on_where_the_limits_are_not_known(with_daemon: Cli, daemon: Daemon) -> None:
    daemon.answer("GET", "/v1/live", [])
    daemon.refuse("GET", "/v1/outbound", 503, "store-failed", "the disk is full")
    ran = with_daemon("status")
    assert (ran.status, ran.out.splitlines()[0]) == (0, "no live calls")
    assert "not known" in ran.out


def test_dialling_is_stopped_shown_and_resumed(with_daemon: Cli, daemon: Daemon) -> None:
    daemon.answer("POST", "/v1/outbound/stop", STOPPED)
    daemon.answer("GET", "/v1/outbound", STOPPED)
    daemon.answer("POST", "/v1/outbound/resume", FREE)
    assert "stopped since" in with_daemon("outbound", "stop", "--reason", "too many", "--hang-up").out
    assert with_daemon("outbound", "show", "--json").json == STOPPED
    assert with_daemon("outbound", "resume").out == "outbound: nothing is limited or stopped\n"
    assert daemon.seen[0] == ("POST", "/v1/outbound/stop", {"reason": "too many", "hangUp": True})


def test_the_list_of_those_who_want_no_calls(with_daemon: Cli, daemon: Daemon) -> None:
    configured = {"number": "+15550000001", "reason": "", "at": None}
    daemon.answer("GET", "/v1/do-not-call", [configured, ENTRY])
    daemon.answer("POST", "/v1/do-not-call", ENTRY, 201)
    daemon.answer("DELETE", "/v1/do-not-call/%2B15551234567", ENTRY)
    assert with_daemon("do-not-call", "list").out.splitlines() == [
        "+15550000001  budget.do_not_call",
        "+15551234567  2026-11-21T10:00:00.000Z  asked for it",
    ]
    assert with_daemon("do-not-call", "add", "+15551234567", "--reason", "asked for it", "--json").json == ENTRY
    assert with_daemon("do-not-call", "remove", "+15551234567").out == "+15551234567 may be called again\n"
    daemon.answer("GET", "/v1/do-not-call", [])
    assert with_daemon("do-not-call", "list", "--json").json == []
    assert with_daemon("do-not-call", "list").out == "every number may be called\n"
