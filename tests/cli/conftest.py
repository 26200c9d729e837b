"""A command line of its own, with a fake daemon to talk to or without."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.daemon import Cli, Daemon, Ran, listening
from voicecall.cli import run


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    """Listen on a free port."""
    with listening() as told:
        yield told


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cli:
    """Run a command with a state directory of its own; no daemon is known."""
    monkeypatch.chdir(tmp_path)
    for name in ("VOICECALL_CONFIG", "VOICECALL_CONTROL_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "etc"))
    monkeypatch.setenv("VOICECALL_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("VOICECALL_CONTROL__PORT", "1")

    def call(*arguments: str) -> Ran:
        capfd.readouterr()
        status = run(list(arguments))
        out, err = capfd.readouterr()
        return Ran(status, out, err)

    return call


@pytest.fixture
def with_daemon(cli: Cli, daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run a command that finds the daemon by its configuration."""
    monkeypatch.setenv("VOICECALL_CONTROL__PORT", daemon.url.rpartition(":")[2])
    monkeypatch.setenv("VOICECALL_CONTROL_TOKEN", "door")
    return cli


@pytest.fixture
def record() -> dict[str, Any]:
    """The record of a call that has ended."""
    return {
        "callId": "01CALL",
        "carrier": "mock",
        "carrierCallId": "mc_1",
        "direction": "outbound",
        "mode": "conversation",
        "state": "ended",
        "from": "+15550001111",
        "to": "+15550002222",
        "startedAt": "2026-11-21T10:00:00.000Z",
        "answeredAt": None,
        "endedAt": "2026-11-21T10:00:09.000Z",
        "endReason": "busy",
        "endDetail": None,
        "warnings": [],
        "transcript": [{"at": "2026-11-21T10:00:01.000Z", "speaker": "agent", "text": "Hello there", "heard": "Hello"}],
        "latency": {"turns": []},
        "metadata": {},
    }
