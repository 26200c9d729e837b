"""The command that makes the public listener reachable from outside, without the daemon's doing."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from voicecall.config.load import load
from voicecall.errors import BadParameters

from .options import ConfigFile, Json

Mode = Literal["funnel", "serve", "ngrok", "cloudflared", "off"]


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("expose")(_expose)


def _expose(
    mode: Annotated[
        Mode,
        typer.Option(
            "--mode",
            help="Tailscale for the internet, or for the own network; ngrok; cloudflared; remove what was added.",
        ),
    ] = "funnel",
    path: Annotated[
        str | None, typer.Option("--path", metavar="PATH", help="The public path; default tunnel.path, or serve.path.")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", metavar="PORT", min=1, max=65535, help="Here; default serve.port.")
    ] = None,
    serve_path: Annotated[
        str | None,
        typer.Option("--serve-path", metavar="PATH", help="The path here that it leads to; default --path."),
    ] = None,
    public_port: Annotated[
        int | None,
        typer.Option("--public-port", metavar="PORT", min=1, max=65535, help="Outside; default tunnel.port."),
    ] = None,
    config: ConfigFile = None,
    as_json_: Json = False,
) -> None:
    """Make webhooks and media streams reachable from outside.

    With Tailscale that lasts, until `--mode off`; ngrok and cloudflared run until Ctrl-C.
    """
    loaded = load(config)
    for option, given in (("--path", path), ("--serve-path", serve_path)):
        if given is not None and not given.startswith("/"):
            raise BadParameters(f"{option}: a path begins with /")
    path, serve_path = (given and (given.rstrip("/") or "/") for given in (path, serve_path))
    from voicecall import logs

    from . import exposure

    level: Literal["debug", "warning"] = "debug" if loaded.config.log.level == "debug" else "warning"
    logs.configure(logs.LogOptions(level=level))
    if mode == "off":
        exposure.remove(loaded, as_json=as_json_)
        return
    local = port or loaded.config.serve.port
    if not local:
        raise BadParameters("--port: serve.port lets the system choose one; name the one that the daemon has")
    wish = exposure.Wish(mode, local, public_path=path, path=serve_path or path, public_port=public_port)
    exposure.expose(loaded, wish, as_json=as_json_)
