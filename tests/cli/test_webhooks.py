"""The commands about outgoing webhooks."""

from __future__ import annotations

from tests.cli.daemon import Cli, Daemon
from voicecall.core.hooks import read_secret

STATE = {
    "name": "crm",
    "host": "crm.example",
    "events": ["call.*"],
    "state": "failing",
    "lagSeconds": 12.5,
    "failures": 2,
    "deliveredAt": None,
    "retryAt": "2026-11-21T10:00:20.000Z",
    "error": "answered 500",
    "errorAt": "2026-11-21T10:00:10.000Z",
}
TAKEN = {"name": "crm", "id": "test_1", "accepted": True, "status": 204, "error": None}


def test_the_list_tells_what_waits_and_what_was_wrong(with_daemon: Cli, daemon: Daemon) -> None:
    daemon.answer("GET", "/v1/webhooks", [STATE])
    ran = with_daemon("webhooks", "list")
    assert ran.status == 0
    for told in ("crm: failing, 12.5 s behind; crm.example; call.*", "never", "answered 500", STATE["retryAt"]):
        assert str(told) in ran.out
    assert with_daemon("webhooks", "list", "--json").json == [STATE]


def test_a_list_without_trouble_is_short(with_daemon: Cli, daemon: Daemon) -> None:
    daemon.answer("GET", "/v1/webhooks", [{**STATE, "state": "ok", "lagSeconds": 0.0, "error": None}])
    out = with_daemon("webhooks", "list").out
    assert "crm: ok, nothing waits" in out
    assert "error" not in out
    daemon.answer("GET", "/v1/webhooks", [])
    assert with_daemon("webhooks", "list").out == "no webhooks are configured\n"


def test_a_test_exits_with_what_came_of_it(with_daemon: Cli, daemon: Daemon) -> None:
    daemon.answer("POST", "/v1/webhooks/crm/test", TAKEN)
    ran = with_daemon("webhooks", "test", "crm")
    assert (ran.status, ran.out) == (0, "crm took test_1: 204\n")
    failed = {**TAKEN, "accepted": False, "status": None, "error": "cannot reach crm.example: ConnectError"}
    daemon.answer("POST", "/v1/webhooks/crm/test", failed)
    ran = with_daemon("webhooks", "test", "crm")
    assert (ran.status, ran.out) == (1, "")
    assert "cannot reach crm.example" in ran.err
    ran = with_daemon("webhooks", "test", "crm", "--json")
    assert (ran.status, ran.json) == (1, failed)


def test_a_secret_is_new_each_time_and_of_the_right_form(cli: Cli) -> None:
    first, second = (cli("webhooks", "secret").out.strip() for _ in range(2))
    assert first != second
    assert len(read_secret(first)) == 32
    assert len(read_secret(cli("webhooks", "secret", "--json").json["secret"])) == 32


def test_without_a_daemon_it_is_said_how_to_start_one(cli: Cli) -> None:
    ran = cli("webhooks", "list")
    assert (ran.status, "voicecall serve" in ran.err) == (1, True)
