"""Commands that only read: the state of calls, their history, words, events and latency."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from voicecall.config.load import load
from voicecall.core.operations import History, Latency, Live, Status, Transcript

from .daemon import ask, connect
from .options import CallIdOf, ConfigFile, Json, MaybeCallId, Timeout
from .output import as_json, dialogue, printable, summary, table


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("status")(_status)
    app.command("history")(_history)
    app.command("transcript")(_transcript)
    app.command("tail")(_tail)
    app.command("latency")(_latency)


def _status(
    call_id: MaybeCallId = None, config: ConfigFile = None, as_json_: Json = False, timeout: Timeout = None
) -> None:
    """Show one call, or all live ones."""
    if call_id is not None:
        record = ask(config, Status(call_id=call_id), timeout)
        return as_json(record) if as_json_ else summary(record)
    records = ask(config, Live(), timeout)
    return as_json(records) if as_json_ else table(records, empty="no live calls")


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


def _transcript(call_id: CallIdOf, config: ConfigFile = None, as_json_: Json = False, timeout: Timeout = None) -> None:
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
) -> None:
    """Show events, then new ones as they happen; those of one call until it has ended."""
    with connect(load(config)) as client:
        for event in client.subscribe(since, call_id):
            if as_json_:
                as_json(event)
            else:
                data = printable(json.dumps(event["data"], ensure_ascii=False))
                typer.echo(f"{event['seq']:>8} {event['at']} {event['callId']} {event['type']} {data}")
            if call_id is not None and event["type"] == "call.ended":
                return


def _latency(
    last: Annotated[int, typer.Option("--last", min=1, help="How many calls are looked at.")] = 200,
    config: ConfigFile = None,
    as_json_: Json = False,
    timeout: Timeout = None,
) -> None:
    """Show how long the stages of recent turns took."""
    result = ask(config, Latency(last=last), timeout)
    if as_json_:
        as_json(result)
        return
    typer.echo(f"{'stage':<24} {'count':>6} {'p50 ms':>8} {'p95 ms':>8}")
    for stage in result["stages"]:
        typer.echo(f"{stage['name']:<24} {stage['count']:>6} {stage['p50_ms']:>8.0f} {stage['p95_ms']:>8.0f}")
