"""Commands that look after what may be dialled: `outbound` and `do-not-call`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from voicecall.core.administration import (
    AddDoNotCall,
    ListDoNotCall,
    RemoveDoNotCall,
    ResumeOutbound,
    ShowOutbound,
    StopOutbound,
)

from .daemon import ask
from .options import ConfigFile, Json, Key, Timeout
from .output import as_json, limits, printable

Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for those who look.")]
Whose = Annotated[str, typer.Argument(metavar="NUMBER", help="E.164, such as +15551234567.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    outbound = typer.Typer(name="outbound", help="What may be dialled.", no_args_is_help=True, rich_markup_mode=None)
    outbound.command("show")(_show)
    outbound.command("stop")(_stop)
    outbound.command("resume")(_resume)
    app.add_typer(outbound)
    refusers = typer.Typer(name="do-not-call", help="Who wants no calls.", no_args_is_help=True, rich_markup_mode=None)
    refusers.command("list")(_list)
    refusers.command("add")(_add)
    refusers.command("remove")(_remove)
    app.add_typer(refusers)


def _show(config: ConfigFile = None, as_json_: Json = False, timeout: Timeout = None) -> None:
    """Show the limits, how much of each is used, and whether dialling is stopped."""
    _tell(ask(config, ShowOutbound(), timeout), as_json_)


def _stop(
    reason: Reason = "",
    hang_up: Annotated[bool, typer.Option("--hang-up", help="End the outbound calls under way, too.")] = False,
    config: ConfigFile = None,
    as_json_: Json = False,
    timeout: Timeout = None,
    key: Key = None,
) -> None:
    """Dial nobody until it is resumed, over restarts too."""
    _tell(ask(config, StopOutbound(reason=reason, hang_up=hang_up), timeout, key=key), as_json_)


def _resume(config: ConfigFile = None, as_json_: Json = False, timeout: Timeout = None, key: Key = None) -> None:
    """Dial again."""
    _tell(ask(config, ResumeOutbound(), timeout, key=key), as_json_)


def _list(config: ConfigFile = None, as_json_: Json = False, timeout: Timeout = None) -> None:
    """Show the numbers that are not called."""
    entries = ask(config, ListDoNotCall(), timeout)
    if as_json_:
        as_json(entries)
        return
    for entry in entries:
        typer.echo(_line(entry))
    if not entries:
        typer.echo("every number may be called")


def _add(
    number: Whose,
    reason: Reason = "",
    config: ConfigFile = None,
    as_json_: Json = False,
    timeout: Timeout = None,
    key: Key = None,
) -> None:
    """Never call a number."""
    entry = ask(config, AddDoNotCall(number=number, reason=reason), timeout, key=key)
    as_json(entry) if as_json_ else typer.echo(_line(entry))


def _remove(
    number: Whose, config: ConfigFile = None, as_json_: Json = False, timeout: Timeout = None, key: Key = None
) -> None:
    """Allow a number to be called again."""
    entry = ask(config, RemoveDoNotCall(number=number), timeout, key=key)
    as_json(entry) if as_json_ else typer.echo(f"{entry['number']} may be called again")


def _tell(outbound: Any, as_json_: bool) -> None:
    if as_json_:
        as_json(outbound)
    else:
        typer.echo(limits(outbound) or "outbound: nothing is limited or stopped")


def _line(entry: Any) -> str:
    return f"{entry['number']}  {entry['at'] or 'budget.do_not_call'}  {printable(entry['reason'])}".rstrip()
