from __future__ import annotations

from typing import Any

import pytest

from tests.cli.daemon import Cli, Daemon

LASTING = {"label": "desk", "may": "call", "createdAt": "2026-11-21T10:00:00.000Z"}
BRIEF = {**LASTING, "label": "shop", "may": "read", "expiresAt": "2026-12-21T10:00:00.000Z"}


def test_a_token_is_made_and_alone_on_its_line(with_daemon: Cli, daemon: Daemon) -> None:
    daemon.answer("POST", "/v1/tokens", {**LASTING, "token": "vc_secret"}, 201)
    ran = with_daemon("token", "create", "--label", "desk")
    assert (ran.status, ran.out) == (0, "vc_secret\n")
    assert ran.err == "desk: may call, until it is revoked; it is not shown again\n"
    assert with_daemon("token", "create", "--label", "desk", "--json").json == {**LASTING, "token": "vc_secret"}
    assert daemon.seen == [("POST", "/v1/tokens", {"label": "desk", "may": "call"})] * 2


@pytest.mark.parametrize(("span", "seconds"), [("90s", 90.0), ("30m", 1800.0), ("12h", 43200.0), ("30d", 2592000.0)])
def test_a_token_may_end_by_itself(with_daemon: Cli, daemon: Daemon, span: str, seconds: float) -> None:
    daemon.answer("POST", "/v1/tokens", {**BRIEF, "token": "vc_secret"}, 201)
    ran = with_daemon("token", "create", "--label", "shop", "--may", "read", "--expires", span)
    assert ran.err == "shop: may read, until 2026-12-21T10:00:00.000Z; it is not shown again\n"
    assert daemon.seen[0][2] == {"label": "shop", "may": "read", "lifetime": seconds}


@pytest.mark.parametrize(
    "arguments",
    [
        ("create",),
        ("create", "--label", "x", "--may", "everything"),
        ("create", "--label", "x", "--expires", "soon"),
        ("create", "--label", "x", "--expires", "2026-12-21"),
        ("revoke",),
    ],
)
def test_wrong_usage_asks_nobody(with_daemon: Cli, daemon: Daemon, arguments: tuple[str, ...]) -> None:
    ran = with_daemon("token", *arguments)
    assert (ran.status, ran.out, ran.err.count("\n"), daemon.seen) == (2, "", 1, [])


def test_tokens_are_listed(with_daemon: Cli, daemon: Daemon) -> None:
    daemon.answer("GET", "/v1/tokens", [LASTING, BRIEF])
    assert with_daemon("token", "list").out.splitlines() == [
        "desk: may call, until it is revoked, made 2026-11-21T10:00:00.000Z",
        "shop: may read, until 2026-12-21T10:00:00.000Z, made 2026-11-21T10:00:00.000Z",
    ]
    assert with_daemon("token", "list", "--json").json == [LASTING, BRIEF]
    daemon.answer("GET", "/v1/tokens", [])
    assert with_daemon("token", "list").out == "no tokens but the control token\n"


def test_a_token_is_revoked(with_daemon: Cli, daemon: Daemon) -> None:
    daemon.answer("DELETE", "/v1/tokens/desk", LASTING)
    assert with_daemon("token", "revoke", "desk").out == "desk: revoked\n"
    assert with_daemon("token", "revoke", "desk", "--json").json == LASTING
    daemon.refuse("DELETE", "/v1/tokens/desk", 422, "bad-parameters", "label: no token is called 'desk'")
    ran = with_daemon("token", "revoke", "desk")
    assert (ran.status, ran.err) == (2, "voicecall: label: no token is called 'desk'\n")


@pytest.mark.parametrize(
    ("told", "word"),
    [({"reason": "expired-token"}, "expired"), ({"reason": "wrong-token"}, "revoked"), ({}, "revoked")],
)
def test_a_token_that_is_refused_is_said_so(with_daemon: Cli, daemon: Daemon, told: Any, word: str) -> None:
    daemon.answer("GET", "/v1/live", {"status": 401, "code": "unauthorized", **told}, 401)
    ran = with_daemon("status")
    assert (ran.status, ran.err.count("\n")) == (1, 1)
    assert word in ran.err


def test_without_a_daemon_no_token_is_made(cli: Cli) -> None:
    ran = cli("token", "create", "--label", "desk", "--json")
    assert (ran.status, ran.out) == (1, "")
    assert "start one with `voicecall serve`" in ran.err
