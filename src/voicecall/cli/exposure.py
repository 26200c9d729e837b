"""What `voicecall expose` does: sets up what lasts, holds open what does not, removes what it added."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import typer

from voicecall.app.tunnels import LEDGER as DAEMONS, make_tunnel, make_way
from voicecall.config.load import Loaded
from voicecall.errors import TunnelError
from voicecall.tunnels import Route, Tunnel, Way
from voicecall.tunnels.keeping import keep
from voicecall.tunnels.ledger import Ledger
from voicecall.tunnels.tailscale import Tailscale

from .output import as_json as write_json

LEDGER = "exposed-routes.json"
"""In the state directory: what was added to Tailscale's configuration."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be exposed; what is None is as configured."""

    mode: Literal["funnel", "serve", "ngrok", "cloudflared"]
    port: int
    public_path: str | None
    path: str | None
    public_port: int | None


def expose(loaded: Loaded, wish: Wish, *, as_json: bool) -> None:
    """Make webhooks and media streams reachable, and tell where.

    Raises:
        TunnelError: that cannot be had.
    """
    way = make_way(loaded.config, wish.port, public_path=wish.public_path, path=wish.path, public_port=wish.public_port)
    if way.webhook_path != loaded.config.serve.path:
        served = loaded.config.serve.path
        typer.echo(f"warning: the daemon of this configuration serves {served}, not {way.webhook_path}", err=True)
    if wish.mode in ("funnel", "serve"):
        ledger = Ledger(_ledger(loaded))
        _tell(asyncio.run(Tailscale(ledger, public=wish.mode == "funnel").open(way)), way, as_json=as_json)
        _keep(loaded, ledger, way)
        if not as_json:
            typer.echo("it lasts; `voicecall expose --mode off` removes it")
        return
    options = loaded.config.tunnel.model_copy(update={"provider": wish.mode})
    asyncio.run(_hold(make_tunnel(options, _ledger(loaded)), way, as_json=as_json))


def remove(loaded: Loaded, *, as_json: bool) -> None:
    """Remove what `expose` added, and only that.

    Raises:
        TunnelError: it cannot be removed.
    """
    removed = asyncio.run(Tailscale(Ledger(_ledger(loaded)), public=True).remove())
    if as_json:
        write_json({"publicUrl": None, "streamUrl": None, "routes": [], "removed": [_plain(one) for one in removed]})
        return
    for route in removed:
        typer.echo(f"{route.path} leads nowhere any more")
    if not removed:
        typer.echo("there is nothing that `voicecall expose` added")


def _keep(loaded: Loaded, ledger: Ledger, way: Way) -> None:
    """Let what the daemon would remove at its end be ours from now on."""
    daemons = Ledger(loaded.state.folder / DAEMONS)
    wanted = {(way.public_port, route.path) for route in way.routes}
    for entry in daemons.entries():
        if (entry.port, entry.path) in wanted:
            ledger.add(entry)
            daemons.drop(entry)


def _ledger(loaded: Loaded) -> Path:
    return loaded.state.folder / LEDGER


async def _hold(tunnel: Tunnel, way: Way, *, as_json: bool) -> None:
    """Keep a tunnel up until the process is told to stop; one that cannot be had from the start is an error."""
    stop, known = asyncio.Event(), ""
    loop = asyncio.get_running_loop()

    def announce(url: str | None) -> None:
        nonlocal known
        if url is not None and not known:
            _tell(url, way, as_json=as_json)
            typer.echo("it is there until Ctrl-C", err=True)
        elif url not in (None, known):
            typer.echo(f"the URL has changed: {url}{way.public_webhook_path}", err=True)
        known = url or known

    def failed(error: TunnelError, pause: float) -> None:
        if not known:
            raise error
        typer.echo(f"voicecall: {error}; it is tried again in {pause:g} s", err=True)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    try:
        async with asyncio.TaskGroup() as tasks:
            keeping = tasks.create_task(keep(tunnel, way, announce, failed))
            stopping = tasks.create_task(stop.wait())
            await stopping
            keeping.cancel()
    except* TunnelError as group:
        raise group.exceptions[0] from None


def _tell(base: str, way: Way, *, as_json: bool) -> None:
    public_url = base + way.public_webhook_path
    stream_url = base.replace("https://", "wss://", 1) + way.public_stream_path
    if as_json:
        routes = [_plain(route) for route in way.routes]
        write_json({"publicUrl": public_url, "streamUrl": stream_url, "routes": routes})
        return
    typer.echo(f"webhooks       {public_url}")
    typer.echo(f"media streams  {stream_url}")
    for route in way.routes:
        typer.echo(f"{route.path} leads to {route.target}")


def _plain(route: Route) -> dict[str, Any]:
    return {"path": route.path, "target": route.target}
