"""The daemon and its tunnel, and a tunnel that a command holds open."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from tests.e2e.conftest import MakeHouse
from tests.e2e.daemon import Daemon, House, Settings
from tests.tunnels.commands import HOST, Cloud, Tailnet

FUNNEL: Settings = {"tunnel.provider": "tailscale-funnel", "provider": "twilio"} | {
    "twilio.account_sid": "AC1",
    "twilio.auth_token": "token",
    "from_number": "+15550100100",
}


@pytest.fixture
def commands(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


def with_commands(house: House, commands: Path, **environment: object) -> House:
    """Let the stand-ins be found first."""
    house.environment["PATH"] = f"{commands}:{os.environ['PATH']}"
    house.environment |= {name: str(value) for name, value in environment.items()}
    return house


def test_a_daemon_gets_its_url_from_the_tunnel_as_soon_as_that_is_there(house: MakeHouse, commands: Path) -> None:
    net = Tailnet(commands, commands / "net.json")
    net.fault("stopped")
    daemon = Daemon(with_commands(house(FUNNEL), commands, TAILNET=net.file)).start()
    try:
        assert "systemctl start tailscaled" in daemon.logged("tunnel.failed", "again_in=1")
        assert daemon.public.startswith("http://127.0.0.1:")
        with daemon.http() as http:
            assert http.get("/readyz").status_code == 503
            refused = daemon.house.run("call", "--to", "+15550100042", "--message", "Hi", "--mode", "conversation")
            assert "public_url" in refused.complaint
            net.fault("")
            public = f"https://{HOST}/voice/webhook"
            assert public in daemon.logged("tunnel.url")
            assert http.get("/readyz").status_code == 200
        assert json.loads((daemon.house.state / "daemon.json").read_text())["public"] == public
        target = net.served()["/voice/webhook"]
        assert target.startswith("http://127.0.0.1:")
        assert net.served() == {path: target.replace("/voice/webhook", path) for path in net.served()}
        assert len(net.served()) == 2
        assert daemon.stop() == 0
        assert (net.served(), net.public()) == ({}, False)
    finally:
        if daemon.program.process.poll() is None:
            daemon.program.kill()


def test_a_tunnel_that_does_not_last_is_held_until_ctrl_c(house: MakeHouse, commands: Path) -> None:
    cloud = Cloud(commands, commands / "cloud")
    cloud.say("INF |  https://one.trycloudflare.com  |")
    holding = with_commands(house({}), commands, CLOUD=cloud.pipe).begin(
        "expose", "--mode", "cloudflared", "--port", "4000", "--json"
    )
    told = json.loads(holding.wait_for(holding.out, lambda line: line.startswith("{")))
    assert (told["publicUrl"], told["streamUrl"]) == (
        "https://one.trycloudflare.com/voice/webhook",
        "wss://one.trycloudflare.com/voice/stream",
    )
    holding.wait_for(holding.err, lambda line: "until Ctrl-C" in line)
    cloud.exit(7)
    holding.wait_for(holding.err, lambda line: "exit status 7" in line and "tried again in 1 s" in line)
    cloud.say("INF |  https://two.trycloudflare.com  |")
    holding.wait_for(holding.err, lambda line: "changed: https://two.trycloudflare.com/voice/webhook" in line)
    holding.process.send_signal(signal.SIGINT)
    assert holding.end() == 0
    assert [line for line in holding.out if line][1:] == []
    assert cloud.started[1]["arguments"][-1] == "http://127.0.0.1:4000"
