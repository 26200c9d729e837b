"""Commands for the first configuration and the first call."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from voicecall.config.address import elsewhere
from voicecall.core.operations import Initiate, Live
from voicecall.errors import BadParameters

from .daemon import ask
from .options import ConfigFile, Json, Key, Timeout
from .output import as_json

if TYPE_CHECKING:  # costs time that commands about other things need not spend
    from voicecall.doctor import Check

_WORDS = "Hello, this is a test call. Everything works. Goodbye."
_NO_TERMINAL = (
    "there is no terminal to ask questions on: give the answers as flags (`voicecall setup --help`), or --yes"
)
_OURS = ("context", "yes", "no_point", "no_call", "plain_secrets", "config", "as_json_")
"""Parameters that are no answers."""
_ORIGINAL: Mapping[str, tuple[str, ...]] = {
    "plugin-enabled": ("config",),
    "provider": ("credentials-",),
    "provider-config": ("number-",),
    "webhook-exposure": ("public-url", "webhook-path", "tunnel"),
    "mode": ("stream",),
    "agent-owner": ("brain",),
}
"""What OpenClaw's `setup` and `smoke` call the doctor's checks; a name that ends in a dash is that of each carrier."""


def _about(help_: str, metavar: str = "TEXT") -> Any:
    return typer.Option(metavar=metavar, help=help_)


Text = str | None
SecretIn = "env:NAME|file:PATH"


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("setup")(_setup)
    app.command("smoke")(_smoke)


def _setup(
    context: typer.Context,
    provider: Annotated[Text, _about("The carrier: mock, twilio, telnyx or plivo.", "NAME")] = None,
    account_sid: Annotated[Text, _about("Twilio's account SID.", "SID")] = None,
    auth_token: Annotated[Text, _about("The auth token of Twilio or Plivo.", SecretIn)] = None,
    api_key: Annotated[Text, _about("Telnyx's API key.", SecretIn)] = None,
    connection_id: Annotated[Text, _about("Telnyx's Voice API application.", "ID")] = None,
    public_key: Annotated[Text, _about("Telnyx's public key.", "KEY")] = None,
    auth_id: Annotated[Text, _about("Plivo's auth id.", "ID")] = None,
    from_number: Annotated[Text, _about("The number that calls, and is called.", "NUMBER")] = None,
    tunnel: Annotated[Text, _about("A tunnel, `fixed` or `none`.", "NAME")] = None,
    public_url: Annotated[Text, _about("Where the carrier posts.", "URL")] = None,
    ngrok_token: Annotated[Text, _about("The token of the account at ngrok.", SecretIn)] = None,
    ngrok_domain: Annotated[Text, _about("A domain that is reserved at ngrok.", "HOST")] = None,
    inbound_policy: Annotated[Text, _about("Who may call: disabled, allowlist, pairing or open.", "NAME")] = None,
    allow_from: Annotated[Text, _about("Numbers that may call, with commas.", "NUMBERS")] = None,
    brain: Annotated[Text, _about("Who answers, such as demo, model, openclaw, http.", "KIND")] = None,
    brain_text: Annotated[Text, _about("What `fixed` answers.")] = None,
    model: Annotated[Text, _about("The language model.", "VENDOR:NAME")] = None,
    model_key: Annotated[Text, _about("The key of its vendor.", SecretIn)] = None,
    model_url: Annotated[Text, _about("Where a model of no vendor is served.", "URL")] = None,
    gateway_url: Annotated[Text, _about("OpenClaw's gateway.", "URL")] = None,
    gateway_token: Annotated[Text, _about("Its token.", SecretIn)] = None,
    brain_url: Annotated[Text, _about("The service that answers.", "URL")] = None,
    brain_token: Annotated[Text, _about("Its bearer token.", SecretIn)] = None,
    brain_command: Annotated[Text, _about("The program that answers.", "COMMAND")] = None,
    brain_callable: Annotated[Text, _about("The function that answers.", "MODULE:NAME")] = None,
    stt: Annotated[Text, _about("Who listens: local or a vendor.", "NAME")] = None,
    stt_key: Annotated[Text, _about("The key of that vendor.", SecretIn)] = None,
    tts: Annotated[Text, _about("Who speaks: local or a vendor.", "NAME")] = None,
    tts_key: Annotated[Text, _about("The key of that vendor.", SecretIn)] = None,
    to_number: Annotated[Text, _about("Your own telephone, for a test call.", "NUMBER")] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Ask nothing; open the tunnel, point the number, ring --to-number.")
    ] = False,
    no_point: Annotated[bool, typer.Option("--no-point", help="Leave the carrier's settings alone.")] = False,
    no_call: Annotated[bool, typer.Option("--no-call", help="Ring nobody.")] = False,
    plain_secrets: Annotated[
        bool, typer.Option("--plain-secrets", help="Write typed secrets into the configuration itself.")
    ] = False,
    config: ConfigFile = None,
    as_json_: Json = False,
) -> None:
    """Ask what is needed for a first call, try each answer, write the configuration, and place that call.

    Each question has a flag; with --yes, or without a terminal, nothing is asked. --json alone writes nothing and
    tells what is lacking.
    """
    given = {
        f"--{name.replace('_', '-')}": str(value)
        for name, value in context.params.items()
        if name not in _OURS and value is not None
    }
    if as_json_ and not given and not yes:
        told = _told(config)
        as_json(told)
        raise typer.Exit(0 if told["ok"] else 1)
    from voicecall import logs
    from voicecall.app import wall_clock
    from voicecall.setup.acting import Doing
    from voicecall.setup.run import SetUp, Wishes
    from voicecall.setup.terminal import Console, is_there
    from voicecall.setup.trying import Trying

    asks = is_there() and not yes and not as_json_
    if not asks and not given and not yes:
        raise BadParameters(_NO_TERMINAL)
    logs.configure(logs.LogOptions(level="warning"))
    console = Console()
    run = SetUp(
        Trying(wall_clock), Doing(wall_clock), os.environ, console if asks else None, None if as_json_ else console
    )
    try:
        run.run(Wishes(config, point=not no_point, call=not no_call, plain_secrets=plain_secrets, agreed=yes), given)
    except KeyboardInterrupt:
        typer.echo("", err=True)
        for line in run.outcome.so_far():
            typer.echo(line, err=True)
        raise
    if as_json_:
        as_json(run.outcome.plain())
    raise typer.Exit(0 if run.outcome.ok else 1)


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
    setup: dict[str, Any] = {"ok": True, "checks": []} if elsewhere() else _told(config)
    told: dict[str, Any] = {"ok": setup["ok"], "setup": setup, "liveCall": False}
    if setup["ok"]:
        ask(config, Live(), timeout)
        if to is not None and yes:
            placed = ask(config, Initiate(to=to, message=message, mode=mode), timeout, key=key)
            told |= {"liveCall": True, "callId": placed["callId"]}
    if as_json_:
        as_json(told)
    else:
        for check in setup["checks"]:
            typer.echo(f"{'OK' if check['ok'] else 'FAIL':<4}  {check['id']}: {check['message']}")
        if told["liveCall"]:
            typer.echo(f"{told['callId']} is placed")
        elif setup["ok"]:
            typer.echo("the daemon answers; nobody was called: give --to NUMBER --yes")
    raise typer.Exit(0 if told["ok"] else 1)


def _told(path: Path | None) -> dict[str, Any]:
    """Return what the doctor finds, in the form and by the names of OpenClaw: `{ok, checks: [{id, ok, message}]}`."""
    from voicecall.app import wall_clock
    from voicecall.doctor import merged
    from voicecall.doctor.examine import examine

    report = asyncio.run(examine(path, clock=wall_clock))
    checks = []
    for id_, ours in _ORIGINAL.items():
        if found := [check for check in report.checks if _is_one(check, ours)]:
            check = merged(id_, found)
            message = f"{check.message}: {check.fix}" if check.level == "fail" and check.fix else check.message
            checks.append({"id": id_, "ok": check.level != "fail", "message": message})
    return {"ok": all(check["ok"] for check in checks), "checks": checks}


def _is_one(check: Check, names: tuple[str, ...]) -> bool:
    return any(check.id == name or (name.endswith("-") and check.id.startswith(name)) for name in names)
