"""The unit and the container file say what is so, and the page about them too."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT
from tests.docs.commands import understood
from voicecall.app.carriers import make_carriers
from voicecall.app.serving import drain_bound
from voicecall.config.environment import overlay
from voicecall.config.load import load
from voicecall.config.model import Config
from voicecall.logs import _FILE_BYTES, _FILES_KEPT

PAGE = (ROOT / "docs" / "service.md").read_text("utf-8")
UNIT = ROOT / "deploy" / "voicecall.service"
CONTAINER = (ROOT / "deploy" / "Containerfile").read_text("utf-8").replace("\\\n", "")
INSTRUCTIONS = [line.split(" ", 1) for line in CONTAINER.splitlines() if line and not line.startswith("#")]
WITH_CREDENTIALS = {
    "skip_signature_verification": True,
    "twilio": {"account_sid": "AC1", "auth_token": "token"},
    "telnyx": {"api_key": "key", "connection_id": "1"},
    "plivo": {"auth_id": "MA1", "auth_token": "token"},
}


class Directives(configparser.RawConfigParser):
    """A unit's directives, with the names as they are written."""

    def optionxform(self, optionstr: str) -> str:
        """Return the name."""
        return optionstr


def service() -> configparser.SectionProxy:
    """The directives of the service; those given twice with the last of their values."""
    parser = Directives(strict=False)
    parser.read(UNIT)
    return parser["Service"]


def given(instruction: str) -> list[str]:
    """What the container file says after an instruction, each time."""
    return [rest for name, rest in INSTRUCTIONS if name == instruction]


def seconds(span: str) -> float:
    """Read a span of time of systemd's."""
    number, unit = re.fullmatch(r"(\d+)(s|min|)", span).groups()  # type: ignore[union-attr] # a mismatch fails
    return int(number) * (60 if unit == "min" else 1)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_finds_no_fault_with_the_unit(tmp_path: Path) -> None:
    here = tmp_path / "voicecall.service"
    program = Path(sys.executable).with_name("voicecall")
    here.write_text(UNIT.read_text("utf-8").replace("/opt/voicecall/.venv/bin/voicecall", str(program)))
    verified = subprocess.run(  # noqa: S603 - a fixed command
        ["systemd-analyze", "verify", "--man=no", str(here)],  # noqa: S607 - wherever it is
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")


def test_the_unit_starts_what_the_command_line_knows() -> None:
    program, *words = shlex.split(service()["ExecStart"])
    assert program == "/opt/voicecall/.venv/bin/voicecall"
    assert understood(words).name == "serve"


def test_the_unit_waits_longer_than_calls_can_take_with_the_limits_as_they_are() -> None:
    config = Config.model_validate(WITH_CREDENTIALS)
    carriers = make_carriers(config, "secret", None).values()
    paces = [1 / (carrier.capabilities.dials_per_second or 1.0) for carrier in carriers]
    assert drain_bound(config, max(paces)) < 600  # ten minutes, says the page
    assert seconds(service()["TimeoutStopSec"]) == 15 * 60 > drain_bound(config, max(paces))
    assert service()["KillMode"] == "mixed"


def test_the_unit_lets_the_daemon_write_where_its_state_is() -> None:
    settings = dict(one.split("=", 1) for one in [service()["Environment"]])
    assert settings == {"VOICECALL_STATE_DIR": f"/var/lib/{service()['StateDirectory']}"}
    assert (service()["ProtectSystem"], service()["StateDirectoryMode"]) == ("strict", "0700")


def test_a_faulty_configuration_ends_with_the_status_after_which_nothing_is_started_again(tmp_path: Path) -> None:
    (tmp_path / "voicecall.toml").write_text("providr = 'mock'\n")
    served = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "voicecall", "serve", "--config", str(tmp_path / "voicecall.toml")],
        env={"VOICECALL_STATE_DIR": str(tmp_path)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert served.returncode == int(service()["RestartPreventExitStatus"])


def test_the_image_is_made_of_what_the_project_has() -> None:
    assert {name for name, _ in INSTRUCTIONS} <= {
        *("FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE"),
        *("STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"),
    }
    for words in given("COPY"):
        *sources, target = [word for word in words.split() if not word.startswith("--")]
        if "--from=build" in words:
            assert any(f"-m venv {source}" in run for source in sources for run in given("RUN"))
        else:
            assert [source for source in sources if not (ROOT / source).exists()] == []
            assert target in (*sources, "./")
    shown = re.search(r'requires-python = "(.*)"', (ROOT / "pyproject.toml").read_text("utf-8"))
    assert shown is not None
    assert shown[1] == ">=3.11,<3.15"
    assert all(re.match(r"docker\.io/library/python:3\.1[1-4]-slim\b", base) for base in given("FROM"))


def test_the_image_holds_only_what_was_checked_by_its_hash() -> None:
    installs = [run for run in given("RUN") if " pip " in run]
    assert all("--require-hashes" in run or "--no-deps" in run or "--no-index" in run for run in installs)
    assert [run for run in installs if "-r requirements" in run and "--require-hashes" not in run] == []


def test_the_image_runs_the_daemon_as_a_user_without_rights() -> None:
    words = json.loads(given("ENTRYPOINT")[0])[1:] + json.loads(given("CMD")[0])
    assert understood(words).name == "serve"
    assert given("USER") == ["voicecall"]
    assert any("useradd --system --uid 10001" in run for run in given("RUN"))
    assert "10001" in PAGE


def test_the_settings_of_the_image_are_settings(tmp_path: Path) -> None:
    settings = dict(one.split("=", 1) for one in given("ENV"))
    assert settings["VOICECALL_STATE_DIR"] == given("VOLUME")[0] == given("WORKDIR")[-1]
    tree: dict[str, object] = {}
    ours = {name: value for name, value in settings.items() if name.startswith("VOICECALL_")}
    faults: list[object] = []
    overlay(tree, ours, {}, faults, faults)  # type: ignore[arg-type] # faults of any kind
    assert (tree, faults) == ({"serve": {"bind": "0.0.0.0"}}, [])  # noqa: S104 - inside a container
    config = load(None, {"VOICECALL_STATE_DIR": str(tmp_path), "VOICECALL_SERVE__BIND": "127.0.0.1"}).config
    assert given("EXPOSE") == [str(config.serve.port)]
    (check,) = given("HEALTHCHECK")
    program = json.loads(check.partition(" CMD ")[2])
    assert program[:2] == ["python", "-c"]
    compile(program[2], "HEALTHCHECK", "exec")
    assert f"http://127.0.0.1:{config.control.port or config.serve.port + 1}/healthz" in program[2]


def test_the_numbers_of_the_page_are_those_of_the_code() -> None:
    assert (_FILE_BYTES, _FILES_KEPT) == (10 * 1024 * 1024, 5)
    assert "10 MiB, and five older ones" in PAGE
    assert "ten times in five minutes" in PAGE
    unit = UNIT.read_text("utf-8")
    assert "StartLimitBurst=10" in unit
    assert "StartLimitIntervalSec=5min" in unit
