import json
import subprocess
import sys
from pathlib import Path

from tests.cli.daemon import Cli
from voicecall import __version__


def test_check_lists_all_faults(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("bogus = 1\n[serve]\nport = 'x'\n")
    ran = cli("config", "check", "--config", "bad.toml", "--json")
    assert (ran.status, ran.err, ran.json["ok"]) == (2, "", False)
    assert [sorted(fault) for fault in ran.json["faults"]] == [["file", "key", "line", "message"]] * 2
    assert [(fault["key"], fault["line"]) for fault in ran.json["faults"]] == [("bogus", 1), ("serve.port", 3)]
    ran = cli("config", "check", "--config", "bad.toml")
    assert (ran.status, ran.out, len(ran.err.splitlines())) == (2, "", 2)


def test_check_says_that_all_is_well_and_warns(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "voicecall.toml").write_text("skip_signature_verification = true\n")
    ran = cli("config", "check")
    assert (ran.status, ran.out) == (0, "voicecall.toml: ok\n")
    assert ran.err.startswith("warning: voicecall.toml:1: skip_signature_verification")
    assert cli("config", "check", "--json").json["ok"] is True


def test_show_is_the_effective_configuration(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "voicecall.toml").write_text("[control]\ntoken = 'swordfish'\n[serve]\nport = 4000\n")
    shown = cli("config", "show", "--json").json
    assert (shown["serve"]["port"], shown["control"]["token"]) == (4000, "***")
    assert json.loads(cli("config", "show").out) == shown


def test_version(cli: Cli) -> None:
    assert cli("--version").out == __version__ + "\n"


def test_the_installed_command_exits_with_its_status(tmp_path: Path) -> None:
    def command(*arguments: str) -> "subprocess.CompletedProcess[str]":
        environ = {"VOICECALL_STATE_DIR": str(tmp_path), "VOICECALL_CONTROL__PORT": "1", "PATH": "/usr/bin:/bin"}
        line = [sys.executable, "-m", "voicecall", *arguments]
        return subprocess.run(line, env=environ, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603

    ran = command("history", "--json")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "[]\n", "")
    ran = command("status")
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (1, "", 1)
    ran = command("nonsense")
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)


def test_the_thin_client_starts_without_the_heavy_rooms() -> None:
    code = (
        "import sys, voicecall.cli; print([m for m in sys.modules if m in {'numpy','sqlalchemy','onnxruntime','rich'}])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert ran.stdout == "[]\n"


def test_models_lists_what_is_installed_with_its_licence_and_that_it_is_intact(cli: Cli) -> None:
    listed = cli("models", "--json").json
    assert {"silero", "piper"} <= {one["engine"] for one in listed}
    assert all(one["state"] == "ok" and one["licence"] for one in listed)
    assert "silero" in cli("models").out
