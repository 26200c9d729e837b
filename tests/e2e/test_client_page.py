"""The programs of the client's page run against a gateway, and its table names every method."""

from __future__ import annotations

import re
from pathlib import Path
from typing import assert_type

import pytest

import voicecall
from tests.e2e.daemon import Daemon
from voicecall.core import results

PAGE = (Path(__file__).parents[2] / "docs" / "client.md").read_text("utf-8")
PROGRAMS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
SAID = [
    r"ended (hangup-user|completed)\n",
    r"they hung up\n",
    r"nothing came of it\n|\w+ .*\n",
    r"\d+ call\.initiated\n(\d+ [a-z.-]+\n)+\d+ call\.ended\n",
    r"(\+15550100004 (hangup-user|completed)\n|\+15550100001 busy\n){2}",
]


@pytest.mark.parametrize(("program", "said"), list(zip(PROGRAMS, SAID, strict=True)), ids=range(len(SAID)))
def test_the_programs_of_the_page_run(
    gateway: Daemon, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], program: str, said: str
) -> None:
    monkeypatch.setenv("VOICECALL_CONTROL_URL", gateway.control)
    monkeypatch.setenv("VOICECALL_CONTROL_TOKEN", gateway.token)
    exec(compile(program, "client.md", "exec"), {"__name__": "__main__"})  # noqa: S102 - our own page
    out = capsys.readouterr().out
    assert re.fullmatch(said, out), out


def test_the_page_names_every_method() -> None:
    told = {name for row in re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    offered = {name for name in vars(voicecall.Client) if not name.startswith("_")}
    assert told == offered - {"close"}


def test_the_daemon_is_found_by_its_configuration(gateway: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in gateway.house.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(gateway.house.folder)
    with voicecall.Client() as client:
        live = client.live()
        assert_type(live, list[results.Record])
        assert isinstance(live, list)
    with voicecall.Client(config=gateway.house.folder / "voicecall.toml") as client:
        assert client.outbound is not None
        assert_type(client.latency(), results.Latency)
