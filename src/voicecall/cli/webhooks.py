"""Commands about outgoing webhooks: how they go, a test, a new secret."""

from __future__ import annotations

import secrets
from typing import Annotated

import typer

from voicecall.core.administration import ListWebhooks, TryWebhook
from voicecall.core.hooks import write_secret

from .daemon import ask
from .options import ConfigFile, Json, Key, Timeout
from .output import as_json, printable

_BYTES = 32


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    family = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Look after outgoing webhooks.")
    family.command("list")(_list)
    family.command("test")(_test)
    family.command("secret")(_secret)
    app.add_typer(family, name="webhooks")


def _list(config: ConfigFile = None, as_json_: Json = False, timeout: Timeout = None) -> None:
    """Show who is told what happens to calls, and how that goes."""
    listed = ask(config, ListWebhooks(), timeout)
    if as_json_:
        as_json(listed)
        return
    for webhook in listed:
        lag = f"{webhook['lagSeconds']:g} s behind" if webhook["lagSeconds"] else "nothing waits"
        typer.echo(f"{webhook['name']}: {webhook['state']}, {lag}; {webhook['host']}; {' '.join(webhook['events'])}")
        typer.echo(f"  last delivered {webhook['deliveredAt'] or 'never'}")
        if webhook["error"]:
            again = f"; next attempt {webhook['retryAt']}" if webhook["retryAt"] else ""
            typer.echo(f"  last error {webhook['errorAt']}: {printable(webhook['error'])}{again}")
    if not listed:
        typer.echo("no webhooks are configured")


def _test(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its `name` in the configuration.")],
    config: ConfigFile = None,
    as_json_: Json = False,
    timeout: Timeout = None,
    key: Key = None,
) -> None:
    """Send a receiver a signed `webhook.test`."""
    result = ask(config, TryWebhook(receiver=name), timeout, key=key)
    if as_json_:
        as_json(result)
    elif result["accepted"]:
        typer.echo(f"{name} took {result['id']}: {result['status']}")
    else:
        typer.echo(f"{name} did not take {result['id']}: {printable(result['error'])}", err=True)
    if not result["accepted"]:
        raise typer.Exit(1)


def _secret(as_json_: Json = False) -> None:
    """Make a secret for a webhook; nothing is kept."""
    secret = write_secret(secrets.token_bytes(_BYTES))
    if as_json_:
        as_json({"secret": secret})
    else:
        typer.echo(secret)
