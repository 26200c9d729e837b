"""The commands of the pages, given to a gateway that runs; and a backup as the page about the service makes it."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.commands import COMMANDS
from tests.e2e.conftest import MakeDaemon
from tests.e2e.daemon import SHORT_TALK, Daemon
from voicecall.cli import run

NOT_HERE = {
    "serve": "is what the others are given to",
    "demo": "has tests of its own, in real time",
    "expose": "needs programs of others; test_tunnels_page.py gives it stand-ins",
    "setup": "asks; its own tests answer",
    "number": "needs a carrier; test_number_commands.py has a simulated one",
    "config import": "needs OpenClaw's files; tests/cli/test_moving.py has some",
    "config import-calls": "the same",
    "webhooks test": "needs a receiver; test_webhooks_out.py has one",
}
"""Commands that are tried elsewhere, and why."""


def lines() -> list[tuple[str, list[str]]]:
    """Return what is tried, in the order of the pages, each line once: where it stands, and the words."""
    found: dict[tuple[str, ...], str] = {}
    for one in COMMANDS:
        tried = one.program == "voicecall" and not any(re.match(f"{name}\\b", " ".join(one.words)) for name in NOT_HERE)
        if tried and one.block.excuse is None:
            found.setdefault(tuple(one.words), str(one.block))
    return [(place, list(words)) for words, place in found.items()]


@pytest.fixture
def house(start: MakeDaemon, monkeypatch: pytest.MonkeyPatch) -> Daemon:
    """A gateway whose calls end soon, and this process in its folder."""
    daemon = start(
        {
            "turns.silence_reprompt_ms": 300,
            "turns.silence_reprompts": 0,
            "turns.goodbye_text": "",
            "outbound.notify_hangup_delay_sec": 0,
        }
    )
    (daemon.house.folder / "table.json").write_text('{"type": "object", "properties": {"booked": {"type": "boolean"}}}')
    monkeypatch.chdir(daemon.house.folder)
    for name, value in daemon.house.environment.items():
        monkeypatch.setenv(name, value)
    return daemon


def test_every_command_that_can_be_tried_does_what_it_should(house: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    call_id = str(house.simulate(SHORT_TALK)["callId"])
    tried = lines()
    assert len(tried) > 12
    for place, words in tried:
        status = run([call_id if word == "ID" else word for word in words])
        told = capsys.readouterr()
        # a doctor who finds something to say is not a command that failed
        assert status == 0 or (words[0] == "doctor" and status == 1 and told.out), (place, words, told.err)
        assert told.out
        assert "Traceback" not in told.err


def test_a_backup_of_a_gateway_at_work_is_restored_with_every_call(house: Daemon, tmp_path: Path) -> None:
    call_id = str(house.simulate(SHORT_TALK)["callId"])
    (backup,) = [one.line for one in COMMANDS if one.program == "python3"]
    (program,) = re.findall(r'-c "(.*)"$', backup)
    program = program.replace("/var/lib/voicecall", str(house.house.state)).replace(
        "/var/backups/voicecall", str(tmp_path)
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)  # noqa: S603 - as the page has it
    later = str(house.simulate(SHORT_TALK)["callId"])
    assert house.stop() == 0
    for name in ("calls.db-wal", "calls.db-shm"):
        (house.house.state / name).unlink(missing_ok=True)
    (tmp_path / "calls.db").replace(house.house.state / "calls.db")
    (house.house.state / "calls.db").chmod(0o600)
    with sqlite3.connect(house.house.state / "calls.db") as archive:
        assert archive.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    archive.close()
    house.start()
    assert call_id in house.history()
    assert later not in house.history()
