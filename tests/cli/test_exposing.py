"""`voicecall expose`, against the stand-in for `tailscale`. What runs until Ctrl-C, the end-to-end tests try out."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.cli.daemon import Cli
from tests.tunnels.commands import BOTH, HOST, Tailnet
from voicecall.tunnels.ledger import Entry, Ledger

BESIDE = {"/other": "http://127.0.0.1:9000"}


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
def tailnet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tailnet:
    folder = tmp_path / "bin"
    folder.mkdir()
    net = Tailnet(folder, tmp_path / "tailnet.json")
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("TAILNET", str(net.file))
    return net


def test_it_lasts_and_is_removed_by_off_and_nothing_else_is(cli: Cli, tailnet: Tailnet) -> None:
    tailnet.serve(BESIDE)
    routes = [{"path": path, "target": target} for path, target in BOTH.items()]
    assert cli("expose", "--json").json == {
        "publicUrl": f"https://{HOST}/voice/webhook",
        "streamUrl": f"wss://{HOST}/voice/stream",
        "routes": routes,
    }
    assert (tailnet.served(), tailnet.public()) == (BOTH | BESIDE, True)
    assert cli("expose", "--mode", "off", "--json").json["removed"] == routes
    assert tailnet.served() == BESIDE
    assert "nothing" in cli("expose", "--mode", "off").out


def test_a_second_time_changes_nothing(cli: Cli, tailnet: Tailnet) -> None:
    first = cli("expose", "--json").json
    done = tailnet.changes
    assert cli("expose", "--json").json == first
    assert tailnet.changes == done
    cli("expose", "--mode", "off")
    assert tailnet.served() == {}


def test_what_the_daemon_added_outlives_it_once_exposed(cli: Cli, tailnet: Tailnet, tmp_path: Path) -> None:
    daemons = Ledger(tmp_path / "state" / "tunnel-routes.json")
    for path, target in BOTH.items():
        daemons.add(Entry(443, path, target))
    tailnet.serve(BOTH)
    assert cli("expose").status == 0
    assert daemons.entries() == ()
    assert cli("expose", "--mode", "off").status == 0
    assert tailnet.served() == {}


def test_what_was_there_before_is_not_removed(cli: Cli, tailnet: Tailnet) -> None:
    tailnet.serve(BOTH)
    assert cli("expose").status == 0
    assert cli("expose", "--mode", "off").status == 0
    assert tailnet.served() == BOTH


def test_ports_and_paths_are_as_told(cli: Cli, tailnet: Tailnet, tmp_path: Path) -> None:
    (tmp_path / "voicecall.toml").write_text("serve.path = '/hook'\nstreaming.stream_path = '/media'\n")
    told = ("--path", "/x/hook/", "--serve-path", "/hook", "--port", "4000", "--public-port", "8443")
    ran = cli("expose", "--mode", "serve", *told, "--json")
    assert ran.json["publicUrl"] == f"https://{HOST}:8443/x/hook"
    assert ran.json["streamUrl"] == f"wss://{HOST}:8443/x/media"
    assert tailnet.served(8443) == {"/x/hook": "http://127.0.0.1:4000/hook", "/x/media": "http://127.0.0.1:4000/media"}
    assert (tailnet.public(8443), ran.err) == (False, "")


def test_the_path_here_is_the_public_one_unless_told(cli: Cli, tailnet: Tailnet) -> None:
    ran = cli("expose", "--path", "/calls")
    assert tailnet.served()["/calls"] == "http://127.0.0.1:3334/calls"
    assert ran.err == "warning: the daemon of this configuration serves /voice/webhook, not /calls\n"
    assert ran.out.splitlines() == [
        f"webhooks       https://{HOST}/calls",
        f"media streams  wss://{HOST}/voice/stream",
        "/calls leads to http://127.0.0.1:3334/calls",
        "/voice/stream leads to http://127.0.0.1:3334/voice/stream",
        "it lasts; `voicecall expose --mode off` removes it",
    ]


def test_the_configured_path_and_port_hold_without_flags(cli: Cli, tailnet: Tailnet, tmp_path: Path) -> None:
    (tmp_path / "voicecall.toml").write_text("[tunnel]\npath = '/x/voice/webhook'\nport = 10000\n")
    assert cli("expose", "--json").json["publicUrl"] == f"https://{HOST}:10000/x/voice/webhook"
    assert tailnet.reaches("/x/voice/stream/credential", 10000) == "http://127.0.0.1:3334/voice/stream/credential"


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("consent", "Funnel is not allowed for this machine: open https://login.tailscale.com/f/funnel?node=nTEST ,"),
        ("denied", "sudo tailscale set --operator=$USER"),
        ("refuses /voice/stream", "cannot serve /voice/stream"),
    ],
)
def test_a_refusal_is_one_line_and_leaves_nothing(cli: Cli, tailnet: Tailnet, fault: str, told: str) -> None:
    tailnet.fault(fault)
    ran = cli("expose")
    assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert told in ran.err
    assert tailnet.served() == {}


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (("--public-port", "444"), 1, "write one of 443, 8443, 10000"),
        (("--path", "calls"), 2, "--path: a path begins with /"),
        (("--mode", "bridge"), 2, "--mode"),
        (("--mode", "cloudflared"), 1, "no `cloudflared` command"),
        (("--mode", "ngrok"), 1, "NGROK_AUTHTOKEN"),
        (("--mode", "ngrok", "--public-port", "8443"), 1, "ngrok has no port 8443"),
    ],
)
def test_what_cannot_be_is_refused(
    cli: Cli, tailnet: Tailnet, arguments: tuple[str, ...], status: int, told: str
) -> None:
    ran = cli("expose", *arguments)
    assert (ran.status, ran.out, ran.err.count("\n")) == (status, "", 1), ran.err
    assert told in ran.err


def test_a_port_that_the_system_chooses_must_be_named(cli: Cli, tailnet: Tailnet, tmp_path: Path) -> None:
    (tmp_path / "voicecall.toml").write_text("serve.port = 0\n")
    ran = cli("expose")
    assert (ran.status, "--port" in ran.err) == (2, True)


def test_without_tailscale_it_is_said_where_to_get_it(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert "install it, from https://tailscale.com/download" in cli("expose").err
