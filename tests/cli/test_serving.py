import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.daemon import Cli, Daemon

FROM = "+15550003333"


def test_a_simulated_caller_hears_the_greeting_out_and_waits_for_the_answer(
    with_daemon: Cli, daemon: Daemon, record: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon.answer("POST", "/v1/simulate", record)
    ran = with_daemon("simulate", "--from", FROM, "--line", "+15550001111", "--say", "hello", "--json")
    assert ran.json == record
    body = daemon.seen[-1][2]
    assert (body["from"], body["line"]) == (FROM, "+15550001111")
    assert [{key: value for key, value in step.items() if value is not None} for step in body["steps"]] == [
        {"listen": 1.0},
        {"say": "hello"},
        {"listen": 2.0},
        {"hangup": True},
    ]
    monkeypatch.setenv("VOICECALL_INBOUND_GREETING", "")
    ran = with_daemon("simulate", "--from", FROM, "--say", "hello")
    assert daemon.seen[-1][2]["steps"][0]["say"] == "hello"
    assert ran.out.splitlines() == [" agent: Hello[ there]", "the line was busy (busy)"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("steps.json", "[{wav: 'a.wav'}, {wait: 1.5}]"),
        ("steps.toml", "[[steps]]\nwav = 'a.wav'\n[[steps]]\nwait = 1.5\n"),
    ],
)
def test_a_script_is_a_list_of_steps_with_files_beside_it(
    name: str, text: str, with_daemon: Cli, daemon: Daemon, record: dict[str, Any], tmp_path: Path
) -> None:
    daemon.answer("POST", "/v1/simulate", record)
    folder = tmp_path / "scripts"
    folder.mkdir()
    (folder / "a.wav").write_bytes(b"RIFF")
    text = (
        "[[steps]]\nwav = 'a.wav'\n[[steps]]\nwait = 1.5\n"
        if name.endswith("toml")
        else "[{wav: 'a.wav'}, {wait: 1.5}]"
    )
    (folder / name).write_text(text)
    assert with_daemon("simulate", "--from", FROM, "--script", str(folder / name)).status == 0
    steps = daemon.seen[-1][2]["steps"]
    assert (steps[0]["wav"], steps[1]["wait"]) == (str(folder / "a.wav"), 1.5)


@pytest.mark.parametrize("text", ["[{", '[{"sing": "x"}]', '{"steps": 3}', '[{"wav": "gone.wav"}]'])
def test_a_script_that_is_none_is_wrong_usage(text: str, with_daemon: Cli, tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(text)
    ran = with_daemon("simulate", "--from", FROM, "--script", "s.json")
    assert (ran.status, ran.err.count("\n")) == (2, 1)


def test_the_caller_does_exactly_one_thing(with_daemon: Cli) -> None:
    assert with_daemon("simulate", "--from", FROM).status == 2
    assert with_daemon("simulate", "--from", FROM, "--say", "x", "--wav", "y").status == 2
    assert with_daemon("simulate", "--from", FROM, "--wav", "gone.wav").status == 2


def test_a_disabled_file_is_not_served(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "openclaw.json").write_text(json.dumps({"voice-call": {"enabled": False, "config": {}}}))
    ran = cli("serve", "--config", "openclaw.json")
    assert (ran.status, ran.out) == (1, "")
    assert "enabled" in ran.err


def test_faults_keep_the_daemon_from_starting(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "voicecall.toml").write_text("bogus = 1\n[serve]\nport = 'x'\n")
    ran = cli("serve")
    assert (ran.status, ran.out, len(ran.err.splitlines())) == (2, "", 2)
