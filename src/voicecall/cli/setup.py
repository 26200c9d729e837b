"""Commands that look whether a first call can be placed; the interactive set-up is not there yet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from voicecall.config.address import elsewhere
from voicecall.config.load import Loaded, load
from voicecall.config.model import PROVIDERS
from voicecall.core.operations import Initiate, Live
from voicecall.errors import ConfigError, Fault

from .daemon import ask
from .options import ConfigFile, Json, Key, Timeout
from .output import as_json

_WORDS = "Hello, this is a test call. Everything works. Goodbye."

Checks = list[dict[str, Any]]
"""`{id, ok, message}` each."""


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("setup")(_setup)
    app.command("smoke")(_smoke)


def _setup(config: ConfigFile = None, as_json_: Json = False) -> None:
    """Show what is set for a first call, and what is lacking."""
    told = _told(_checks(config))
    if as_json_:
        as_json(told)
    else:
        _lines(told)
    raise typer.Exit(0 if told["ok"] else 1)


def _smoke(
    to: Annotated[str | None, typer.Option("--to", "-t", metavar="NUMBER", help="Whom to call.")] = None,
    message: Annotated[str, typer.Option("--message", "-m", metavar="TEXT", help="What is said.")] = _WORDS,
    mode: Annotated[Literal["notify", "conversation"], typer.Option("--mode", help="How the call goes.")] = "notify",
    yes: Annotated[bool, typer.Option("--yes", help="Do place the call.")] = False,
    config: ConfigFile = None,
    as_json_: Json = False,
    timeout: Timeout = None,
    key: Key = None,
) -> None:
    """Check the set-up and the daemon; with --to and --yes, place a short call."""
    setup = _told([_check("config", True, "that of another daemon")] if elsewhere() else _checks(config))
    told: dict[str, Any] = {"ok": setup["ok"], "setup": setup, "liveCall": False}
    if setup["ok"]:
        ask(config, Live(), timeout)
        if to is not None and yes:
            placed = ask(config, Initiate(to=to, message=message, mode=mode), timeout, key=key)
            told |= {"liveCall": True, "callId": placed["callId"]}
    if as_json_:
        as_json(told)
    else:
        _lines(setup)
        if told["liveCall"]:
            typer.echo(f"{told['callId']} is placed")
        elif setup["ok"]:
            typer.echo("the daemon answers; nobody was called: give --to NUMBER --yes")
    raise typer.Exit(0 if told["ok"] else 1)


def _told(checks: Checks) -> dict[str, Any]:
    return {"ok": all(check["ok"] for check in checks), "checks": checks}


def _lines(told: dict[str, Any]) -> None:
    for check in told["checks"]:
        typer.echo(f"{'OK' if check['ok'] else 'FAIL':<4}  {check['id']}: {check['message']}")


def _checks(path: Path | None) -> Checks:
    try:
        return _of(load(path))
    except ConfigError as error:
        return [_of_fault(fault) for fault in error.faults]


def _of_fault(fault: Fault) -> dict[str, Any]:
    of_provider = fault.key.partition(".")[0] in ("provider", *PROVIDERS, "from_number")
    return _check("provider-config" if of_provider else "config", False, str(fault))


def _of(loaded: Loaded) -> Checks:
    config = loaded.config
    real = config.provider != "mock"
    exposed = config.public_url or (config.tunnel.provider != "none" and f"by {config.tunnel.provider}")
    hears = "media streams" if config.streaming.enabled else "the carrier's own speech"
    return [
        _check("plugin-enabled", loaded.enabled, "enabled" if loaded.enabled else "disabled: set `enabled` to true"),
        _check("provider", True, config.provider),
        _check(
            "provider-config",
            bool(config.from_number) or not real,
            config.from_number or ("not needed" if not real else "`from_number` is missing: the number that calls"),
        ),
        _check(
            "webhook-exposure",
            bool(exposed) or not real,
            str(exposed or ("not needed" if not real else "`public_url` is missing: where the carrier reaches this")),
        ),
        _check("mode", True, f"{config.outbound.default_mode}, by {hears}"),
        _check("agent-owner", True, f"brain.kind = {config.brain.kind}"),
    ]


def _check(id_: str, ok: bool, message: str) -> dict[str, Any]:
    return {"id": id_, "ok": ok, "message": message}
