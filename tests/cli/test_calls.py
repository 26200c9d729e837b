import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.daemon import Cli, Daemon

TO = "+15550002222"


def test_call_places_a_call_and_names_it(with_daemon: Cli, daemon: Daemon) -> None:
    daemon.answer("POST", "/v1/calls", {"callId": "01CALL", "state": "initiated"}, 201)
    ran = with_daemon("call", "--to", TO, "--message", "hi", "--mode", "notify", "--dtmf", "1w2", "--json")
    assert (ran.status, ran.json, ran.err) == (0, {"callId": "01CALL", "state": "initiated"}, "")
    [(method, path, body)] = daemon.seen
    assert (method, path) == ("POST", "/v1/calls")
    assert {name: body[name] for name in ("to", "message", "mode", "dtmf")} == {
        "to": TO,
        "message": "hi",
        "mode": "notify",
        "dtmf": "1w2",
    }
    assert "carrier" not in body
    assert daemon.headers[0]["authorization"] == "Bearer door"
    assert daemon.headers[0]["idempotency-key"]


def test_start_is_the_same_as_call(with_daemon: Cli, daemon: Daemon) -> None:
    daemon.answer("POST", "/v1/calls", {"callId": "01CALL", "state": "initiated"}, 201)
    assert with_daemon("start", "--to", TO).out == "01CALL is initiated\n"


def test_call_without_a_target_is_wrong_usage(
    with_daemon: Cli, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = with_daemon("call", "--json")
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "--to" in ran.err
    monkeypatch.setenv("VOICECALL_TO_NUMBER", TO)
    daemon.answer("POST", "/v1/calls", {"callId": "01CALL", "state": "initiated"}, 201)
    assert with_daemon("call").status == 0


SCHEMA = {"type": "object", "properties": {"guests": {"type": "integer"}}}


@pytest.mark.parametrize("where", ["table.json", "-"])
def test_the_schema_of_an_outcome_is_a_file(
    with_daemon: Cli, daemon: Daemon, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("table.json").write_text(json.dumps(SCHEMA), "utf-8")
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(SCHEMA)))
    daemon.answer("POST", "/v1/calls", {"callId": "01CALL", "state": "initiated"}, 201)
    assert with_daemon("call", "--to", TO, "--objective", "Book a table.", "--schema", where).status == 0
    [(_, _, body)] = daemon.seen
    assert (body["schema"], body["objective"]) == (SCHEMA, "Book a table.")


def test_waiting_tells_what_came_of_the_call(with_daemon: Cli, daemon: Daemon, record: dict[str, Any]) -> None:
    daemon.answer("POST", "/v1/calls", {"callId": "01CALL", "state": "initiated"}, 201)
    outcome = {"disposition": "answered", "summary": "For two.", "data": {"guests": 2}, "evidence": [], "error": "Odd."}
    daemon.answer("GET", "/v1/calls/01CALL/wait", {**record, "outcome": outcome})
    ended = {"seq": 1, "at": "2026-11-21T10:00:00.000Z", "callId": "01CALL", "type": "call.ended", "data": {}}
    daemon.events = [ended]
    shown = with_daemon("call", "--to", TO, "--wait").out.splitlines()
    assert [line for line in shown if line.startswith(("outcome", "summary", "data", "error"))] == [
        "outcome: answered",
        "summary: For two.",
        'data: {"guests": 2}',
        "error: Odd.",
    ]
    assert not any("doctor" in line for line in shown)
    daemon.answer("GET", "/v1/calls/01CALL/wait", {**record, "endReason": "error"})
    assert with_daemon("call", "--to", TO, "--wait").out.splitlines()[-1] == "why: voicecall doctor --call-id 01CALL"


def test_waiting_shows_the_call_as_it_happens(with_daemon: Cli, daemon: Daemon, record: dict[str, Any]) -> None:
    daemon.answer("POST", "/v1/calls", {"callId": "01CALL", "state": "initiated"}, 201)
    daemon.answer("GET", "/v1/calls/01CALL/wait", record)
    happened = [
        ("call.answered", {"machine": False}),
        ("reply.finished", {"reply": 1, "text": "Hello"}),
        ("speech.started", {"segment": 1}),
        ("transcript.final", {"segment": 1, "text": "good\x1b[2J day"}),
        ("reply.interrupted", {"reply": 2, "text": "How are you", "heard": "How"}),
        ("call.warning", {"code": "x", "text": "slow"}),
        ("call.ended", {}),
    ]
    daemon.events = [
        {"seq": seq, "at": "2026-11-21T10:00:00.000Z", "callId": "01CALL", "type": kind, "data": data}
        for seq, (kind, data) in enumerate(happened, 1)
    ]
    ran = with_daemon("call", "--to", TO, "--wait")
    assert ran.out.splitlines() == [
        "     –  answered",
        " agent: Hello",
        "caller: good [2J day",
        " agent: How[ are you]",
        "     –  slow",
        "the line was busy (busy)",
    ]
    assert with_daemon("call", "--to", TO, "--wait", "--json").json == record


def test_waiting_goes_on_past_the_daemons_own_limit(with_daemon: Cli, daemon: Daemon, record: dict[str, Any]) -> None:
    daemon.answer("POST", "/v1/calls", {"callId": "01CALL", "state": "initiated"}, 201)
    daemon.refuse("GET", "/v1/calls/01CALL/wait", 504, "timeout", "it goes on")
    daemon.answer("GET", "/v1/calls/01CALL", record)
    assert with_daemon("call", "--to", TO, "--wait", "--json").json == record
    ran = with_daemon("call", "--to", TO, "--wait", "--json", "--timeout", "30")
    assert (ran.status, ran.out, ran.err) == (1, "", "voicecall: it goes on\n")


@pytest.mark.parametrize(
    ("arguments", "request_", "answer", "words"),
    [
        (
            ("continue", "--message", "hi"),
            ("POST", "/v1/calls/01CALL/continue", {"message": "hi"}),
            {"callId": "01CALL", "transcript": "yes"},
            "yes",
        ),
        (
            ("continue", "--message", "hi"),
            ("POST", "/v1/calls/01CALL/continue", {"message": "hi"}),
            {"callId": "01CALL", "transcript": "", "timedOut": True},
            "(no answer in time)",
        ),
        (
            ("speak", "--message", "hi"),
            ("POST", "/v1/calls/01CALL/speak", {"message": "hi"}),
            {"callId": "01CALL", "heard": True},
            "heard",
        ),
        (
            ("dtmf", "--digits", "12"),
            ("POST", "/v1/calls/01CALL/dtmf", {"digits": "12"}),
            {"callId": "01CALL"},
            "sent",
        ),
        (
            ("end",),
            ("DELETE", "/v1/calls/01CALL", None),
            {"callId": "01CALL", "state": "ended", "endReason": "hangup-agent"},
            "we hung up (hangup-agent)",
        ),
    ],
)
def test_a_live_call_is_acted_on(
    arguments: tuple[str, ...],
    request_: tuple[str, str, Any],
    answer: Any,
    words: str,
    with_daemon: Cli,
    daemon: Daemon,
) -> None:
    daemon.answer(request_[0], request_[1], answer)
    assert with_daemon(*arguments, "--call-id", "01CALL", "--json").json == answer
    assert with_daemon(*arguments, "--call-id", "01CALL").out == words + "\n"
    assert daemon.seen == [request_, request_]


@pytest.mark.parametrize(
    ("status", "code", "exit_status"),
    [(404, "call-not-found", 1), (409, "call-over", 1), (403, "refused", 1), (429, "refused", 1), (502, "carrier", 1),
     (504, "timeout", 1), (422, "bad-parameters", 2)],
)  # fmt: skip
def test_a_refusal_is_one_line(status: int, code: str, exit_status: int, with_daemon: Cli, daemon: Daemon) -> None:
    daemon.refuse("POST", "/v1/calls/x/speak", status, code, "it cannot be\ndone")
    ran = with_daemon("speak", "--call-id", "x", "--message", "hi", "--json")
    assert (ran.status, ran.out, ran.err) == (exit_status, "", "voicecall: it cannot be done\n")


def test_a_wrong_token_and_a_stranger_are_told_apart(with_daemon: Cli, daemon: Daemon) -> None:
    daemon.answer("GET", "/v1/live", {"detail": "no"}, 401)
    assert "token" in with_daemon("status").err
    daemon.answer("GET", "/v1/live", "hello", 500)
    assert "not a voicecall daemon" in with_daemon("status").err


@pytest.mark.parametrize(
    "arguments",
    [
        ("call", "--to", TO),
        ("speak", "--call-id", "x", "--message", "m"),
        ("continue", "--call-id", "x", "--message", "m"),
        ("dtmf", "--call-id", "x", "--digits", "1"),
        ("end", "--call-id", "x"),
        ("status",),
        ("tail",),
        ("simulate", "--from", TO, "--say", "hi"),
    ],
)
def test_without_a_daemon_the_way_to_start_one_is_told(arguments: tuple[str, ...], cli: Cli) -> None:
    ran = cli(*arguments, "--json")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == "voicecall: no daemon at http://127.0.0.1:1: start one with `voicecall serve`\n"


@pytest.mark.parametrize(
    "arguments",
    [("nonsense",), ("call", "--nonsense"), ("speak",), ("call", "--mode", "loud"), ("history", "--limit", "x"),
     ("config", "nonsense")],
)  # fmt: skip
def test_wrong_usage_is_one_line_and_two(arguments: tuple[str, ...], cli: Cli) -> None:
    ran = cli(*arguments)
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)


@pytest.mark.parametrize(
    ("command", "method", "path"),
    [
        (["call", "--to", TO], "POST", "/v1/calls"),
        (["speak", "--call-id", "01CALL", "--message", "hi"], "POST", "/v1/calls/01CALL/speak"),
        (["continue", "--call-id", "01CALL", "--message", "hi"], "POST", "/v1/calls/01CALL/continue"),
        (["dtmf", "--call-id", "01CALL", "--digits", "1"], "POST", "/v1/calls/01CALL/dtmf"),
        (["end", "--call-id", "01CALL"], "DELETE", "/v1/calls/01CALL"),
    ],
)
def test_an_idempotency_key_goes_along(
    with_daemon: Cli, daemon: Daemon, command: list[str], method: str, path: str
) -> None:
    answer = {"callId": "01CALL", "state": "ended", "transcript": "", "heard": True, "endReason": "completed"}
    daemon.answer(method, path, answer)
    assert with_daemon(*command, "--idempotency-key", "mine", "--json").status == 0
    assert daemon.headers[0]["idempotency-key"] == "mine"
