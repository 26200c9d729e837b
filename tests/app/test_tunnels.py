"""What a tunnel does to the listener and to the log, and from where to where it leads."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.entrypoints.house import MOCK, FakeDesk
from tests.tunnels.commands import WAY
from voicecall.app.tunnels import Exposure, make_tunnel, make_way
from voicecall.config.model import Config, Tunnel as Options
from voicecall.emulators.clock import run_virtual
from voicecall.entrypoints import PublicOptions
from voicecall.entrypoints.public import PublicListener
from voicecall.errors import TunnelError
from voicecall.tunnels import Announce, Route, Way

URL = "https://one.example.com/voice/webhook"


class Scripted:
    """Announces what it is told at these seconds; an error ends an attempt. The next one goes on from there."""

    name = "scripted"

    def __init__(self, play: Sequence[tuple[float, str | TunnelError | None]]) -> None:
        self._play = list(play)

    async def run(self, way: Way, announce: Announce) -> None:
        while self._play:
            after, what = self._play.pop(0)
            await asyncio.sleep(after)
            if isinstance(what, TunnelError):
                raise what
            announce(what)
        await asyncio.sleep(1000)

    async def remove(self) -> tuple[Route, ...]:
        return ()


def lived(
    play: Sequence[tuple[float, str | TunnelError | None]], seconds: float, public_url: str | None = None
) -> tuple[PublicListener, list[tuple[str, bool]], list[MutableMapping[str, Any]], float]:
    """Have a gateway live so long; return its listener, its URLs, its log, and when it was known how it went."""

    async def main() -> tuple[PublicListener, list[tuple[str, bool]], float]:
        listener = PublicListener(PublicOptions(public_url=public_url), {"mock": MOCK}, FakeDesk(), lambda: 0.0)
        urls: list[tuple[str, bool]] = []
        exposure = Exposure(
            Scripted(play),
            WAY,
            listener,
            lambda: urls.append((listener.public_url, exposure.is_up)),
            public_url=public_url,
        )
        loop = asyncio.get_running_loop()
        begun = loop.time()
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(exposure.run())
            await exposure.settled()
            settled = loop.time() - begun
            await asyncio.sleep(seconds - settled)
            task.cancel()
        return listener, urls, settled

    with capture_logs() as logs:
        listener, urls, settled = run_virtual(main)
    return listener, urls, logs, settled


def test_the_listener_goes_by_the_url_of_the_tunnel() -> None:
    listener, urls, logs, settled = lived([(3, "https://one.example.com")], 20)
    assert (listener.public_url, listener.is_public, settled) == (URL, True, 3)
    assert urls == [(URL, True)]
    assert [(log["event"], log["url"]) for log in logs] == [("tunnel.url", URL)]


def test_a_url_that_is_lost_is_told_and_another_one_is_named_as_such() -> None:
    play = [(0, "https://one.example.com"), (5, None), (5, "https://one.example.com"), (5, "https://two.example.com")]
    listener, urls, logs, _ = lived(play, 20)
    other = URL.replace("one", "two")
    own = "http://127.0.0.1:3334/voice/webhook"
    assert urls == [(URL, True), (own, False), (URL, True), (other, True)]
    assert [log["event"] for log in logs] == [
        "tunnel.url",
        "tunnel.lost",
        "tunnel.url",
        "tunnel.url",
        "tunnel.changed",
    ]
    assert (logs[-1]["url"], logs[-1]["before"], listener.public_url) == (other, URL, other)


def test_a_failure_is_told_once_with_what_to_do_and_holds_the_start_up_no_longer() -> None:
    refused = TunnelError("it is not there", "install it")
    _, urls, logs, settled = lived([(2, refused), (0, refused), (0, refused), (0, "https://one.example.com")], 60)
    assert settled == 2
    assert [log["event"] for log in logs] == ["tunnel.failed", "tunnel.url"]
    assert (logs[0]["tunnel"], logs[0]["detail"], logs[0]["hint"]) == ("scripted", "it is not there", "install it")
    assert urls[-1] == (URL, True)


def test_the_start_up_does_not_wait_long() -> None:
    _, urls, logs, settled = lived([(25, "https://one.example.com")], 30)
    assert settled == 10
    assert [log["event"] for log in logs] == ["tunnel.slow", "tunnel.url"]
    assert urls == [(URL, True)]


def test_a_configured_url_stays_and_a_tunnel_with_another_name_is_told() -> None:
    configured = "https://voice.example.com/voice/webhook"
    listener, _, logs, _ = lived([(0, "https://one.example.com")], 20, configured)
    assert listener.public_url == configured
    assert (logs[-1]["event"], logs[-1]["public_url"]) == ("tunnel.elsewhere", configured)
    assert "tunnel.elsewhere" not in {
        log["event"] for log in lived([(0, "https://voice.example.com")], 9, configured)[2]
    }


WAYS: list[tuple[dict[str, Any], dict[str, Any], Way]] = [
    ({}, {}, WAY),
    (
        {"tunnel": {"path": "/x/voice/webhook", "port": 8443}},
        {},
        Way(3334, "/voice/webhook", "/voice/stream", "/x/voice/webhook", "/x/voice/stream", 8443),
    ),
    (
        {"tunnel": {"path": "/calls"}},
        {},
        Way(3334, "/voice/webhook", "/voice/stream", "/calls", "/voice/stream"),
    ),
    (
        {"serve": {"path": "/hook", "bind": "::1"}, "streaming": {"stream_path": "/media"}},
        {},
        Way(3334, "/hook", "/media", "/hook", "/media", host="[::1]"),
    ),
    (
        {"realtime": {"enabled": True, "stream_path": "/rt"}},
        {},
        Way(3334, "/voice/webhook", "/rt", "/voice/webhook", "/rt"),
    ),
    (
        {"serve": {"bind": "0.0.0.0"}},  # noqa: S104 - nothing is bound
        {"public_path": "/a/b", "path": "/b", "public_port": 10000},
        Way(3334, "/b", "/voice/stream", "/a/b", "/a/voice/stream", 10000),
    ),
]


@pytest.mark.parametrize(("config", "given", "way"), WAYS)
def test_the_way_is_as_configured_unless_told(config: dict[str, Any], given: dict[str, Any], way: Way) -> None:
    assert make_way(Config.model_validate(config), 3334, **given) == way


@pytest.mark.parametrize("name", ["ngrok", "cloudflared", "tailscale-funnel", "tailscale-serve"])
def test_every_provider_has_its_tunnel(name: str, tmp_path: Path) -> None:
    assert make_tunnel(Options.model_validate({"provider": name}), tmp_path / "routes.json").name == name
