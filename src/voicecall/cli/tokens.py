"""Commands about tokens: who else may ask the daemon for something, and for what."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import typer

from voicecall.core.administration import CreateToken, ListTokens, RevokeToken

from .daemon import ask
from .options import ConfigFile, Json, Key, Timeout
from .output import as_json

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    family = typer.Typer(
        no_args_is_help=True, rich_markup_mode=None, help="Make, list and revoke tokens of the control listener."
    )
    family.command("create")(_create)
    family.command("list")(_list)
    family.command("revoke")(_revoke)
    app.add_typer(family, name="token")


def _create(
    label: Annotated[str, typer.Option("--label", metavar="LABEL", help="What it is called; one token each.")],
    may: Annotated[
        Literal["read", "call", "admin"],
        typer.Option("--may", help="What it allows: look; also place and steer calls; also look after the gateway."),
    ] = "call",
    expires: Annotated[
        str | None, typer.Option("--expires", metavar="SPAN", help="When it ends, such as 12h or 30d; default never.")
    ] = None,
    config: ConfigFile = None,
    as_json_: Json = False,
    timeout: Timeout = None,
) -> None:
    """Make a token, and write it: this once only."""
    lifetime = None if expires is None else _span(expires)
    made = ask(config, CreateToken(label=label, may=may, lifetime=lifetime), timeout)
    if as_json_:
        as_json(made)
        return
    typer.echo(made["token"])
    typer.echo(f"{_words(made)}; it is not shown again", err=True)


def _list(config: ConfigFile = None, as_json_: Json = False, timeout: Timeout = None) -> None:
    """Show the tokens that hold, without the tokens themselves."""
    tokens = ask(config, ListTokens(), timeout)
    if as_json_:
        as_json(tokens)
        return
    for token in tokens:
        typer.echo(f"{_words(token)}, made {token['createdAt']}")
    if not tokens:
        typer.echo("no tokens but the control token")


def _revoke(
    label: Annotated[str, typer.Argument(metavar="LABEL", help="What it is called.")],
    config: ConfigFile = None,
    as_json_: Json = False,
    timeout: Timeout = None,
    key: Key = None,
) -> None:
    """Let a token hold no longer, at once."""
    revoked = ask(config, RevokeToken(label=label), timeout, key=key)
    if as_json_:
        as_json(revoked)
    else:
        typer.echo(f"{revoked['label']}: revoked")


def _span(text: str) -> float:
    match = re.fullmatch(r"([0-9]{1,9})([smhd])", text)
    if match is None:
        raise typer.BadParameter("--expires: a span such as 90s, 30m, 12h or 30d")
    return float(match[1]) * _SECONDS[match[2]]


def _words(token: dict[str, Any]) -> str:
    until = f"until {token['expiresAt']}" if token.get("expiresAt") else "until it is revoked"
    return f"{token['label']}: may {token['may']}, {until}"
