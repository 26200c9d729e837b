"""Commands that do something with a call: place it, speak into it, send digits, end it."""

from __future__ import annotations

import asyncio
import sys
from contextlib import aclosing
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import typer

from voicecall.client import AsyncClient, Client
from voicecall.config.address import elsewhere
from voicecall.config.load import load
from voicecall.core.operations import Continue, Dtmf, End, Initiate, Speak, Status, Wait
from voicecall.errors import BadParameters, OperationTimeout

from .daemon import ask, bounded
from .options import CallIdOf, ConfigFile, Json, Key, Timeout
from .output import as_json, ending

Message = Annotated[str, typer.Option("--message", "-m", metavar="TEXT", help="What to say.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("call")(_call)
    app.command("start", help="The same as `call`.")(_call)
    app.command("continue")(_continue)
    app.command("speak")(_speak)
    app.command("dtmf")(_dtmf)
    app.command("end")(_end)


def _call(
    to: Annotated[str | None, typer.Option("--to", "-t", metavar="NUMBER", help="Whom; default `to_number`.")] = None,
    message: Annotated[str, typer.Option("--message", "-m", metavar="TEXT", help="What is said first.")] = "",
    mode: Annotated[
        Literal["notify", "conversation"] | None, typer.Option("--mode", help="Default `outbound.default_mode`.")
    ] = None,
    carrier: Annotated[str | None, typer.Option("--carrier", metavar="NAME", help="Default `provider`.")] = None,
    dtmf: Annotated[str, typer.Option("--dtmf", metavar="DIGITS", help="Digits to send once answered.")] = "",
    objective: Annotated[
        str, typer.Option("--objective", metavar="TEXT", help="What the agent should achieve; private to it.")
    ] = "",
    schema: Annotated[
        Path | None,
        typer.Option(
            "--schema", metavar="FILE", help="JSON Schema of what the agent should bring back; - reads standard input."
        ),
    ] = None,
    language: Annotated[
        str | None, typer.Option("--language", metavar="TAG", help="What is spoken, such as `de`; default `language`.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Show the call until it has ended.")] = False,
    config: ConfigFile = None,
    as_json_: Json = False,
    timeout: Timeout = None,
    key: Key = None,
) -> None:
    """Place a call."""
    if to is None and elsewhere() is None and load(config).config.to_number is None:
        raise typer.BadParameter("whom to call? Give --to NUMBER, or set `to_number` in the configuration")
    wish = Initiate(
        to=to,
        message=message,
        mode=mode,
        carrier=carrier,
        dtmf=dtmf,
        objective=objective,
        schema=None if schema is None else _schema(schema),
        language=language,
    )
    placed = ask(config, wish, timeout, key=key)
    if not wait:
        _tell(placed, f"{placed['callId']} is {placed['state']}", as_json_)
        return
    if not as_json_:
        asyncio.run(_watch(config, placed["callId"], timeout))
    with Client(config=config, timeout=timeout) as client:
        record = _end_of(client, placed["callId"], bounded=timeout is not None)
    _tell(record, ending(record), as_json_)


async def _watch(config: Path | None, call_id: str, timeout: float | None) -> None:  # noqa: ASYNC109 - all of it
    from .live import follow

    async with (
        bounded(timeout),
        AsyncClient(config=config) as client,
        aclosing(client.subscribe(call_id=call_id)) as events,
    ):
        await follow(call_id, events)


def _schema(file: Path) -> dict[str, Any]:
    """Return the JSON object in a file, or on the standard input for `-`.

    Raises:
        BadParameters: there is none.
    """
    try:
        given = sys.stdin.read() if str(file) == "-" else file.read_bytes()
        return msgspec.json.decode(given, type=dict[str, Any])
    except OSError as error:
        raise BadParameters(f"--schema: {file}: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadParameters(f"--schema: {file} is not a JSON object: {error}") from None


def _end_of(client: Client, call_id: str, *, bounded: bool) -> Any:
    """Return the final record of a call, however long it takes unless `bounded`."""
    while True:
        try:
            return client.perform(Wait(call_id=call_id))
        except OperationTimeout:
            if bounded:
                raise
            if (record := client.perform(Status(call_id=call_id)))["state"] == "ended":
                return record


def _continue(
    call_id: CallIdOf,
    message: Message,
    config: ConfigFile = None,
    as_json_: Json = False,
    timeout: Timeout = None,
    key: Key = None,
) -> None:
    """Say something and wait for the caller's answer."""
    answer = ask(config, Continue(call_id=call_id, message=message), timeout, key=key)
    _tell(answer, "(no answer in time)" if answer.get("timedOut") else answer["transcript"], as_json_)


def _speak(
    call_id: CallIdOf,
    message: Message,
    config: ConfigFile = None,
    as_json_: Json = False,
    timeout: Timeout = None,
    key: Key = None,
) -> None:
    """Say something, and return once it was heard."""
    said = ask(config, Speak(call_id=call_id, message=message), timeout, key=key)
    _tell(said, "heard" if said.get("heard") else "not heard to its end", as_json_)


def _dtmf(
    call_id: CallIdOf,
    digits: Annotated[str, typer.Option("--digits", metavar="DIGITS", help="0-9 * # A-D; w pauses half a second.")],
    config: ConfigFile = None,
    as_json_: Json = False,
    timeout: Timeout = None,
    key: Key = None,
) -> None:
    """Send digits to the far end."""
    _tell(ask(config, Dtmf(call_id=call_id, digits=digits), timeout, key=key), "sent", as_json_)


def _end(
    call_id: CallIdOf,
    config: ConfigFile = None,
    as_json_: Json = False,
    timeout: Timeout = None,
    key: Key = None,
) -> None:
    """Hang up."""
    over = ask(config, End(call_id=call_id), timeout, key=key)
    _tell(over, ending(over), as_json_)


def _tell(result: Any, words: str, as_json_: bool) -> None:
    if as_json_:
        as_json(result)
    else:
        typer.echo(words)
