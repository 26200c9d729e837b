"""The page about tunnels says what is so: its configurations hold, and its commands do what it says."""

from __future__ import annotations

import json
import logging
import os
import re
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
import structlog
from typer.core import TyperGroup
from typer.main import get_command

from tests.docs.test_docs import logged
from tests.e2e.daemon import COMMAND, Program
from tests.tunnels.commands import BOTH, HOST, Cloud, Tailnet
from voicecall.app.tunnels import make_tunnel
from voicecall.cli import app, run
from voicecall.config.load import load
from voicecall.config.model import Serve, Streaming, Tunnel
from voicecall.config.reference import reference
from voicecall.tunnels.tailscale_node import FUNNEL_PORTS, OLDEST

TEXT = (Path(__file__).parents[2] / "docs" / "tunnels.md").read_text("utf-8")
CONFIGURATIONS = re.findall(r"^```toml\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
LASTING, HELD = (
    [shlex.split(line) for line in block.splitlines()]
    for block in re.findall(r"^```sh\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
)
NGROK = """
class Shape:
    def __getattr__(self, name):
        return lambda *_: self
    async def connect(self):
        return self
    async def listen_and_forward(self, url):
        assert url == "http://127.0.0.1:3334", url
        return self
    def url(self):
        return "https://one.ngrok.app"
    async def close(self):
        pass
SessionBuilder = Shape
"""
"""A stand-in for the package."""


@pytest.fixture(autouse=True)
def _afterwards() -> Iterator[None]:
    """Leave logging as it was found."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    logging.basicConfig(handlers=[], force=True)
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("VOICECALL_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("VOICECALL_CONFIG", raising=False)
    return folder


@pytest.mark.parametrize("block", CONFIGURATIONS, ids=range(len(CONFIGURATIONS)))
def test_every_configuration_is_whole_and_names_a_tunnel(block: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("sesame\n")
    (tmp_path / "voicecall.toml").write_text(block.replace("/run/secrets/cloudflared", str(secret)))
    environ = {"TWILIO_AUTH_TOKEN": "t", "NGROK_AUTHTOKEN": "n", "VOICECALL_STATE_DIR": str(tmp_path)}
    loaded = load(tmp_path / "voicecall.toml", environ)
    assert loaded.warnings == ()
    assert make_tunnel(loaded.config.tunnel, tmp_path / "routes.json").name == loaded.config.tunnel.provider


def test_every_provider_has_its_row() -> None:
    rows = set(re.findall(r"^\| `([a-z-]+)` \| [a-z]", TEXT, re.MULTILINE))
    assert rows == set(get_args(Tunnel.model_fields["provider"].annotation)) - {"none"}


def test_what_lasts_is_there_until_off(
    commands: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    net = Tailnet(commands, commands / "net.json")
    monkeypatch.setenv("TAILNET", str(net.file))
    funnel, serve, off = LASTING
    assert run(funnel[1:]) == 0
    assert (net.served(), net.public()) == (BOTH, True)
    table = dict(re.findall(r"^\| `https://([^`]+)` \| `([^`]+)` \|$", TEXT, re.MULTILINE))
    assert {f"{HOST}{path}": net.reaches(path) for path in BOTH} == table
    assert run(serve[1:]) == 0
    assert net.served(8443) == {f"/x{path}": target for path, target in BOTH.items()}
    assert run(off[1:]) == 0
    assert (net.served(), net.served(8443)) == ({}, {})
    assert f"wss://{HOST}:8443/x/voice/stream" in capfd.readouterr().out


@pytest.mark.parametrize("words", HELD, ids=" ".join)
def test_the_others_are_there_until_ctrl_c(commands: Path, words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    (commands / "ngrok.py").write_text(NGROK)
    cloud = Cloud(commands, commands / "cloud")
    cloud.say("INF |  https://one.trycloudflare.com  |")
    environment = {**os.environ, "CLOUD": str(cloud.pipe), "PYTHONPATH": str(commands), "NGROK_AUTHTOKEN": "t"}
    assert words[0] == Path(COMMAND).name
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        held = Program([sys.executable, COMMAND, *words[1:], "--json"], commands, environment)
    finally:
        signal.signal(signal.SIGINT, before)
    told = json.loads(held.wait_for(held.out, lambda line: line.startswith("{")))
    held.wait_for(held.err, lambda line: "until Ctrl-C" in line)
    held.process.send_signal(signal.SIGINT)
    assert held.end() == 0
    assert set(told) == {"publicUrl", "streamUrl", "routes"}
    assert told["publicUrl"] in {f"https://one.{name}/voice/webhook" for name in ("trycloudflare.com", "ngrok.app")}
    assert all(f"`{name}`" in TEXT for name in told)


def test_the_flags_are_those_that_there_are() -> None:
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    options = {option for parameter in group.commands["expose"].params for option in parameter.opts}
    rows = set(re.findall(r"^\| `(--[a-z-]+)`", TEXT, re.MULTILINE))
    assert rows == options - {"--config", "--json", "--help"}


def test_every_key_name_and_number_is_right() -> None:
    keys = set(re.findall(r"^\| `([a-z_.]+)", reference(), re.MULTILINE))
    named = set(re.findall(r"`((?:tunnel|serve|streaming)\.[a-z_]+)`", TEXT)) - logged()
    assert len(named) > 6
    assert named <= keys
    assert set(re.findall(r"`(tunnel\.[a-z]+)`", TEXT)) - keys <= logged()
    assert f"port {Serve().port}" in TEXT
    assert f"http://localhost:{Serve().port}" in TEXT
    assert f"version {OLDEST[0]}.{OLDEST[1]} or newer" in TEXT
    assert "ports {}, {} and {}".format(*FUNNEL_PORTS) in TEXT
    assert {Serve().path, Streaming().stream_path} == set(BOTH)
