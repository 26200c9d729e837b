"""Commands that only read: the state of calls, their history, words, events and latency."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from contextlib import aclosing
from pathlib import Path
from typing import Annotated

import typer

from voicecall.client import AsyncClient, Client
from voicecall.config.address import elsewhere
from voicecall.core.administration import ShowOutbound
from voicecall.core.operations import History, Latency, Live, Recording, Status, Transcript
from voicecall.errors import VoicecallError

from .daemon import ask, bounded
from .options import ConfigFile, Json, MaybeCallId, RecentCallId, Timeout
from .output import as_json, dialogue, limits, printable, summary, table

TheirFile = Annotated[Path | None, typer.Option("--file", metavar="FILE", hidden=True)]
"""Where OpenClaw kept its calls; accepted, as its documentation shows it."""


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("status")(_status)
    app.command("history")(_history)
    app.command("transcript")(_transcript)
    app.command("tail")(_tail)
    app.command("latency")(_latency)
    app.command("recording")(_recording)


def _status(
    call_id: MaybeCallId = None, config: ConfigFile = None, as_json_: Json = False, timeout: Timeout = None
) -> None:
    """Show one call, or all live ones."""
    if call_id is not None:
        record = ask(config, Status(call_id=call_id), timeout)
        return as_json(record) if as_json_ else summary(record)
    records = ask(config, Live(), timeout)
    if as_json_:
        return as_json(records)
    table(records, empty="no live calls")
    try:
        told = limits(ask(config, ShowOutbound(), timeout))
    except VoicecallError as error:
        told = f"outbound: its limits are not known: {error}"
    return typer.echo(told) if told else None


def _history(
    since: Annotated[
        str | None, typer.Option("--since", metavar="WHEN", help="RFC 3339, or a span back from now: 90s 30m 2h 7d.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many at most.")] = 50,
    number: Annotated[str | None, typer.Option("--number", metavar="NUMBER", help="Either end of the call.")] = None,
    state: Annotated[str | None, typer.Option("--state", metavar="STATE", help="Only calls in this state.")] = None,
    config: ConfigFile = None,
    as_json_: Json = False,
    timeout: Timeout = None,
) -> None:
    """Show calls, newest first."""
    records = ask(config, History(since=since, limit=limit, number=number, state=state), timeout)
    return as_json(records) if as_json_ else table(records, empty="no calls")


def _transcript(
    call_id: RecentCallId, config: ConfigFile = None, as_json_: Json = False, timeout: Timeout = None
) -> None:
    """Show what was said in a call."""
    lines = ask(config, Transcript(call_id=call_id), timeout)
    if as_json_:
        as_json(lines)
        return
    for line in lines:
        typer.echo(dialogue(line))


def _tail(
    call_id: MaybeCallId = None,
    since: Annotated[int, typer.Option("--since", min=0, help="Begin after this sequence number.")] = 0,
    config: ConfigFile = None,
    as_json_: Json = False,
    timeout: Timeout = None,
    file: TheirFile = None,
    poll: Annotated[int | None, typer.Option("--poll", min=50, hidden=True)] = None,
) -> None:
    """Show events, then new ones as they happen; those of one call until it has ended."""
    del poll  # events come when they happen
    _not_read(file)

    async def watch() -> None:
        async with (
            bounded(timeout),
            AsyncClient(config=config) as client,
            aclosing(client.subscribe(since, call_id)) as events,
        ):
            async for event in events:
                if as_json_:
                    as_json(event)
                else:
                    data = printable(json.dumps(event["data"], ensure_ascii=False))
                    typer.echo(f"{event['seq']:>8} {event['at']} {event['callId']} {event['type']} {data}")
                if call_id is not None and event["type"] == "call.ended":
                    return

    asyncio.run(watch())


def _recording(
    call_id: RecentCallId,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Copy it there.")] = None,
    config: ConfigFile = None,
    as_json_: Json = False,
    timeout: Timeout = None,
) -> None:
    """Show where the recording of a call is, or copy it: stereo, the caller left and the agent right."""
    found = ask(config, Recording(call_id=call_id), timeout)
    if output is not None:
        if elsewhere() is None and os.access(found["path"], os.R_OK):
            shutil.copyfile(found["path"], output)
        else:
            with Client(config=config, timeout=timeout) as client:
                client.save_sound(call_id, output)
        found = {**found, "path": str(output.absolute())}
    if as_json_:
        as_json(found)
    else:
        typer.echo(f"{found['path']}: {found['seconds']:.1f} s")


def _latency(
    last: Annotated[int, typer.Option("--last", min=1, help="How many calls are looked at.")] = 200,
    config: ConfigFile = None,
    as_json_: Json = False,
    timeout: Timeout = None,
    file: TheirFile = None,
) -> None:
    """Show how long the stages of recent turns took."""
    _not_read(file)
    result = ask(config, Latency(last=last), timeout)
    if as_json_:
        as_json(result)
        return
    typer.echo(f"{'stage':<24} {'count':>6} {'p50 ms':>8} {'p95 ms':>8}")
    for stage in result["stages"]:
        typer.echo(f"{stage['name']:<24} {stage['count']:>6} {stage['p50_ms']:>8.0f} {stage['p95_ms']:>8.0f}")


def _not_read(file: Path | None) -> None:
    """Say that calls are in the archive, to those who name a file of calls."""
    if file is not None:
        typer.echo(f"voicecall: {file} is not read: calls are in the archive", err=True)
