"""Commands about callers who want to be let in: the codes they were told, and who was approved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from voicecall.core.administration import ApprovePairing, ListPairings, RevokePairing

from .daemon import ask
from .options import ConfigFile, Json, Key, Timeout
from .output import as_json, printable


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    family = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Let callers in by the code they heard.")
    family.command("list")(_list)
    family.command("approve")(_approve)
    family.command("revoke")(_revoke)
    app.add_typer(family, name="pairing")


def _list(config: ConfigFile = None, as_json_: Json = False, timeout: Timeout = None) -> None:
    """List who was approved, and the codes that can be."""
    found = ask(config, ListPairings(), timeout)
    if as_json_:
        as_json(found)
        return
    for caller in found:
        typer.echo(_line(caller))
    if not found:
        typer.echo("nobody was approved, and no code is pending")


def _approve(
    code: Annotated[str, typer.Argument(metavar="CODE", help="Six digits, as the caller heard them.")],
    config: ConfigFile = None,
    as_json_: Json = False,
    timeout: Timeout = None,
    key: Key = None,
) -> None:
    """Let in whoever was told this code."""
    _tell(ask(config, ApprovePairing(code=code), timeout, key=key), as_json_)


def _revoke(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="E.164, as `pairing list` shows it.")],
    config: ConfigFile = None,
    as_json_: Json = False,
    timeout: Timeout = None,
    key: Key = None,
) -> None:
    """Let a caller in no longer, or take back their code."""
    _tell(ask(config, RevokePairing(number=number), timeout, key=key), as_json_)


def _tell(caller: Mapping[str, Any], as_json_: bool) -> None:
    if as_json_:
        as_json(caller)
    else:
        typer.echo(_line(caller))


def _line(caller: Mapping[str, Any]) -> str:
    code = f"  code {caller['code']} until {caller['expiresAt']}" if caller.get("code") else ""
    return printable(f"{caller['number']}  {caller['state']} {caller['at']}{code}")
