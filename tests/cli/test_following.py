"""Following a call on a terminal, bounds on it, recordings, schemas, and what a shell completes."""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.main import get_command

from tests.cli.daemon import Cli, Daemon
from voicecall.cli import app
from voicecall.cli.live import follow

TO = "+15550002222"


def told(kind: str, **data: Any) -> dict[str, Any]:
    return {"seq": 1, "at": "t", "callId": "01CALL", "type": kind, "data": data}


HAPPENED = [
    told("call.ringing"),
    told("call.answered"),
    told("transcript.partial", text="good \x1b[2J"),
    told("transcript.final", text="good day"),
    told("call.ended"),
    told("call.warning", text="nobody sees this"),
]


def shown(*, terminal: bool) -> str:
    async def events() -> AsyncIterator[dict[str, Any]]:
        for event in HAPPENED:
            yield event

    console = Console(file=io.StringIO(), force_terminal=terminal, color_system=None, width=100, legacy_windows=False)
    asyncio.run(follow("01CALL", events(), console))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_terminal_shows_how_the_call_stands_below_what_was_said() -> None:
    out = shown(terminal=True)
    assert "  0:00  " in out
    assert "(01CALL)" in out
    assert "caller: good day" in out
    assert "\x1b[2J" not in out
    assert "nobody sees this" not in out


def test_elsewhere_there_are_only_lines() -> None:
    assert shown(terminal=False).splitlines() == ["     –  ringing", "     –  answered", "caller: good day"]


def test_following_ends_when_its_time_is_up(with_daemon: Cli, daemon: Daemon) -> None:
    daemon.answer("POST", "/v1/calls", {"callId": "01CALL", "state": "initiated"}, 201)
    daemon.events = [told("call.ringing")]
    for line in (["tail", "--json"], ["tail", "--call-id", "01CALL"], ["call", "--to", TO, "--wait"]):
        ran = with_daemon(*line, "--timeout", "0.3")
        assert (ran.status, ran.err) == (1, "voicecall: not over within 0.3 s; calls go on\n")
        assert "ringing" in ran.out


def test_a_schema_goes_along(with_daemon: Cli, daemon: Daemon, tmp_path: Path) -> None:
    daemon.answer("POST", "/v1/calls", {"callId": "01CALL", "state": "initiated"}, 201)
    schema = tmp_path / "wanted.json"
    schema.write_text('{"type": "object"}')
    assert with_daemon("call", "--to", TO, "--schema", str(schema)).status == 0
    assert daemon.seen[-1][2]["schema"] == {"type": "object"}
    for text in ("[1]", "{", "\xff"):
        schema.write_bytes(text.encode("latin-1"))
        ran = with_daemon("call", "--to", TO, "--schema", str(schema))
        assert (ran.status, "--schema" in ran.err, ran.err.count("\n")) == (2, True, 1)
    assert with_daemon("call", "--to", TO, "--schema", str(tmp_path / "none")).status == 2


def test_a_recording_is_copied_where_it_is_and_fetched_where_it_is_not(
    with_daemon: Cli, daemon: Daemon, tmp_path: Path
) -> None:
    kept, there = tmp_path / "kept.wav", {"callId": "01CALL", "path": "", "seconds": 2.0, "bytes": 4}
    kept.write_bytes(b"RIFF")
    daemon.answer("GET", "/v1/calls/01CALL/recording", there | {"path": str(kept)})
    line = ("recording", "--call-id", "01CALL")
    assert with_daemon(*line).out == f"{kept}: 2.0 s\n"
    assert with_daemon(*line, "--json").json == there | {"path": str(kept)}
    out = tmp_path / "out.wav"
    assert with_daemon(*line, "--output", str(out), "--json").json["path"] == str(out)
    assert out.read_bytes() == b"RIFF"
    daemon.answer("GET", "/v1/calls/01CALL/recording", there | {"path": "/nowhere/x.wav"})
    assert with_daemon(*line, "-o", str(out)).status == 0
    assert daemon.headers[-1]["accept"] == "audio/wav"
    assert b"/nowhere/x.wav" in out.read_bytes()  # what this daemon gives, whatever is accepted
    daemon.refuse("GET", "/v1/calls/01CALL/recording", 403, "refused", "the call was not recorded")
    assert with_daemon(*line).err == "voicecall: the call was not recorded\n"


def test_another_daemon_can_be_named_and_the_archive_here_is_not_read_for_it(
    cli: Cli, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICECALL_CONTROL_URL", daemon.url)
    monkeypatch.setenv("VOICECALL_CONTROL_TOKEN", "theirs")
    daemon.answer("GET", "/v1/calls", [])
    assert cli("history", "--json").json == []
    assert daemon.headers[-1]["authorization"] == "Bearer theirs"
    monkeypatch.setenv("VOICECALL_CONTROL_URL", "http://127.0.0.1:1")
    assert "http://127.0.0.1:1" in cli("history").err


@pytest.mark.parametrize("faulty", ["from_number = 5\n", "[[[\n"])
def test_with_another_daemon_it_does_not_matter_what_is_configured_here(
    cli: Cli, daemon: Daemon, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, record: dict[str, Any], faulty: str
) -> None:
    (tmp_path / "voicecall.toml").write_text(faulty)
    assert cli("config", "check").status == 2
    monkeypatch.setenv("VOICECALL_CONTROL_URL", daemon.url)
    daemon.answer("GET", "/v1/live", [])
    daemon.answer("GET", "/v1/outbound", {"stopped": False, "limits": []})
    daemon.answer("POST", "/v1/calls", {"callId": "01CALL", "state": "initiated"}, 201)
    daemon.answer("GET", "/v1/calls/01CALL/wait", record)
    daemon.answer("GET", "/v1/calls/01CALL/recording", {"path": "/x.wav", "seconds": 1.0})
    daemon.answer("POST", "/v1/simulate", record)
    daemon.events = [told("call.ended")]
    for line in (
        ("status",),
        ("call", "-m", "hi"),
        ("call", "-m", "hi", "--wait"),
        ("simulate", "--from", TO, "--say", "hi"),
        ("tail", "--call-id", "01CALL"),
        ("recording", "--call-id", "01CALL", "-o", "out.wav"),
        ("smoke", "--to", TO, "--yes"),
    ):
        ran = cli(*line)
        assert (ran.status, ran.err) == (0, ""), line
    assert "to" not in daemon.seen[2][2]
    assert not (tmp_path / "state").exists()


# --- flags


def commands(group: Any, *before: str) -> Iterator[tuple[str, set[str]]]:
    """Yield every command with its options."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, *before, name)
        else:
            yield " ".join((*before, name)), {option for one in command.params for option in one.opts}


NO_DAEMON = {"serve", "setup", "config show", "config check", "config import-calls", "test", "mcp"}
CHANGES = (
    "call", "start", "continue", "speak", "dtmf", "end", "smoke", "simulate", "token revoke", "pairing approve",
    "pairing revoke", "outbound stop", "outbound resume", "do-not-call add", "do-not-call remove", "webhooks test",
)  # fmt: skip


def test_whatever_asks_the_daemon_takes_a_bound_and_whatever_changes_something_a_key() -> None:
    offered = dict(commands(get_command(app)))
    asking = {name for name, options in offered.items() if "--config" in options} - NO_DAEMON
    assert {name for name, options in offered.items() if "--timeout" in options} == asking
    assert {name for name, options in offered.items() if "--idempotency-key" in options} == set(CHANGES)


# --- completion


def completed(line: str, **environment: str) -> set[str]:
    """What a shell offers for the last word of a line."""
    script = Path(sys.executable).with_name("voicecall")
    words = {
        "_VOICECALL_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split(" ")) - 1),
    }
    done = subprocess.run(  # noqa: S603 - our own program
        [script], env=os.environ | words | environment, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return set(done.stdout.split())


def test_a_shell_completes_commands_and_options(cli: Cli) -> None:
    assert {"call", "continue", "status"} <= completed("voicecall ")
    assert {"start", "status", "speak", "serve", "simulate"} <= completed("voicecall s")
    assert {"--call-id", "--message", "--json"} <= completed("voicecall speak --")
    assert completed("voicecall call --mode ") == {"notify", "conversation"}


def test_a_shell_completes_the_ids_of_calls(with_daemon: Cli, daemon: Daemon, record: dict[str, Any]) -> None:
    daemon.answer("GET", "/v1/live", [record])
    daemon.answer("GET", "/v1/calls", [record | {"callId": "01OTHER"}])
    assert completed("voicecall end --call-id ") == {"01CALL"}
    assert completed("voicecall transcript --call-id ") == {"01OTHER"}


def test_without_a_daemon_no_call_is_offered(cli: Cli) -> None:
    assert completed("voicecall end --call-id ") == set()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_can_be_shown_and_installed(cli: Cli, tmp_path: Path, shell: str) -> None:
    script = Path(sys.executable).with_name("voicecall")
    home = os.environ | {"HOME": str(tmp_path), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    for flag in ("--show-completion", "--install-completion"):
        done = subprocess.run(  # noqa: S603 - our own program
            [script, flag, shell], env=home, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout
    written = [path.read_text() for path in tmp_path.rglob("*") if path.is_file() and path.suffix not in (".db",)]
    assert any("_VOICECALL_COMPLETE" in text for text in written)
