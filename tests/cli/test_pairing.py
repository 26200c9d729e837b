from typing import Any

from tests.cli.daemon import Cli, Daemon

STRANGER = "+15550100010"
PENDING: dict[str, Any] = {
    "number": STRANGER,
    "state": "pending",
    "at": "2026-11-21T10:00:00.000Z",
    "code": "048115",
    "expiresAt": "2026-11-21T10:10:00.000Z",
}
APPROVED: dict[str, Any] = {"number": STRANGER, "state": "approved", "at": "2026-11-21T10:00:00.000Z"}


def test_pairing_lists_who_was_approved_and_which_codes_are_pending(with_daemon: Cli, daemon: Daemon) -> None:
    daemon.answer("GET", "/v1/pairings", [APPROVED, PENDING])
    assert with_daemon("pairing", "list", "--json").json == [APPROVED, PENDING]
    assert with_daemon("pairing", "list").out.splitlines() == [
        "+15550100010  approved 2026-11-21T10:00:00.000Z",
        "+15550100010  pending 2026-11-21T10:00:00.000Z  code 048115 until 2026-11-21T10:10:00.000Z",
    ]
    daemon.answer("GET", "/v1/pairings", [])
    assert with_daemon("pairing", "list").out == "nobody was approved, and no code is pending\n"


def test_pairing_approves_a_code(with_daemon: Cli, daemon: Daemon) -> None:
    daemon.answer("POST", "/v1/pairings", APPROVED)
    assert with_daemon("pairing", "approve", "048115", "--json").json == APPROVED
    assert daemon.seen == [("POST", "/v1/pairings", {"code": "048115"})]
    assert daemon.headers[0]["idempotency-key"]
    with_daemon("pairing", "approve", "048115", "--timeout", "9", "--idempotency-key", "mine")
    assert daemon.headers[1]["idempotency-key"] == "mine"
    assert with_daemon("pairing", "approve", "048115").out == "+15550100010  approved 2026-11-21T10:00:00.000Z\n"


def test_a_code_that_cannot_be_approved_is_one_line(with_daemon: Cli, daemon: Daemon) -> None:
    daemon.refuse("POST", "/v1/pairings", 422, "bad-parameters", "code: it has expired")
    ran = with_daemon("pairing", "approve", "048115")
    assert (ran.out, ran.err) == ("", "voicecall: code: it has expired\n")
    assert ran.status != 0


def test_pairing_revokes_a_number(with_daemon: Cli, daemon: Daemon) -> None:
    daemon.answer("DELETE", "/v1/pairings/%2B15550100010", {**APPROVED, "state": "revoked"})
    ran = with_daemon("pairing", "revoke", STRANGER)
    assert (ran.status, ran.out) == (0, "+15550100010  revoked 2026-11-21T10:00:00.000Z\n")
