"""`voicecall setup` without a terminal: flags in, a file and JSON out."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command

from tests.cli.daemon import Cli
from voicecall.cli import app
from voicecall.setup import Answer, Around, Question
from voicecall.setup.questions import CREDENTIALS, following


def flags() -> set[str]:
    """The flags of all questions, as far as there are answers that lead to them."""
    found = set()
    kinds = ("demo", "fixed", "model", "openclaw", "http", "command", "python")
    ways = ("fixed", "ngrok", "none")
    runs = [(carrier, kind, ways[0], "openai:x") for carrier in ("mock", *CREDENTIALS) for kind in kinds]
    runs += [("twilio", "model", way, "own:x") for way in ways]
    for carrier, kind, way, model in runs:
        answers: dict[str, Answer] = {}
        tried: set[str] = set()
        chosen = {"provider": carrier, "reach": way, "inbound_policy": "pairing", "brain.kind": kind}
        chosen |= {"brain.model": model, "stt.provider": "deepgram", "tts.provider": "openai"}
        while (step := following(answers, tried, Around({}, {}))) is not None:
            if isinstance(step, Question):
                found.add(step.flag)
                answers[step.key] = chosen.get(step.key)
            else:
                tried.add(step.name)
    return found


def test_every_question_has_a_flag_and_every_flag_a_question() -> None:
    command = get_command(app).commands["setup"]  # type: ignore[attr-defined]  # typer types it as a single command
    offered = {option for one in command.params for option in one.opts}
    others = {"--yes", "--no-point", "--no-call", "--plain-secrets", "--json", "--help", "--config"}
    assert flags() - {"--config"} == offered - others


def test_flags_write_a_file_and_a_second_run_changes_nothing(cli: Cli, tmp_path: Path) -> None:
    ran = cli("setup", "--provider", "mock", "--inbound-policy", "open", "--json")
    told = ran.json
    assert (ran.status, told["ok"], told["call"], told["backup"]) == (0, True, None, None)
    assert "inbound_policy" in told["changed"]
    assert {"config", "ports", "state-dir", "brain"} <= {check["id"] for check in told["checks"]}
    assert tomllib.loads((tmp_path / "voicecall.toml").read_text())["inbound_policy"] == "open"
    assert cli("setup", "--yes", "--json").json["changed"] == []
    lines = cli("setup", "--brain", "echo", "--yes").out
    assert "brain.kind = echo" in lines
    assert "voicecall.toml.bak" in lines
    assert sorted(os.listdir(tmp_path)) == ["voicecall.toml", "voicecall.toml.bak"]


def test_what_is_missing_is_told_at_once_and_nothing_is_written(cli: Cli, tmp_path: Path) -> None:
    ran = cli("setup", "--provider", "telnyx", "--yes", "--json")
    assert (ran.status, ran.out) == (2, "")
    for flag in ("--api-key", "--connection-id", "--public-key", "--from-number", "--tunnel"):
        assert f"{flag}: is needed" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_a_carrier_that_refuses_is_written_and_told(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICECALL_PLIVO__API_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("PLIVO_AUTH_TOKEN", "very secret")
    line = "setup --provider plivo --auth-id MA1 --from-number +15550001111 --tunnel none --yes --json"
    ran = cli(*line.split())
    told = {check["id"]: check["level"] for check in ran.json["checks"]}
    assert (ran.status, told["credentials-plivo"], told["public-url"]) == (1, "fail", "fail")
    assert ran.json["call"] is None
    written = tomllib.loads((tmp_path / "voicecall.toml").read_text())
    assert written["plivo"] == {"auth_id": "MA1", "auth_token": {"env": "PLIVO_AUTH_TOKEN"}}


def test_without_terminal_and_flags_it_says_so(cli: Cli, tmp_path: Path) -> None:
    ran = cli("setup")
    assert (ran.status, "no terminal" in ran.err, list(tmp_path.iterdir())) == (2, True, [])
