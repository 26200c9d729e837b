"""Writing results: JSON for programs, tables and lines for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import typer

from voicecall.core.doubts import is_doubtful

_REASONS = {
    "completed": "the call is complete",
    "hangup-user": "the other side hung up",
    "hangup-agent": "we hung up",
    "timeout": "the call reached its time limit",
    "stale-timeout": "the call was never answered and was given up",
    "no-answer": "nobody answered",
    "busy": "the line was busy",
    "failed": "the call failed",
    "error": "something went wrong here",
    "voicemail": "a machine answered",
    "rejected": "the call was rejected",
}


def as_json(value: Any) -> None:
    """Write one JSON value on one line."""
    typer.echo(json.dumps(value))


def ending(record: Mapping[str, Any]) -> str:
    """Return how a call ended, in words; in lines of their own what came of it, what went wrong, and who explains."""
    reason = str(record.get("endReason") or record.get("state"))
    words = _REASONS.get(reason, reason)
    detail = record.get("endDetail")
    warnings = [
        f"warning: {each.get('code')}: {printable(str(each.get('text')))}" for each in record.get("warnings", ())
    ]
    return "\n".join(
        [
            f"{words} ({reason}){f': {printable(str(detail))}' if detail else ''}",
            *_outcome(record),
            *warnings,
            *_why(record),
        ]
    )


def _why(record: Mapping[str, Any]) -> list[str]:
    """Return the command that explains a call which did not go as it was meant, as a line."""
    return [f"why: voicecall doctor --call-id {record['callId']}"] if is_doubtful(record) else []


def _outcome(record: Mapping[str, Any]) -> list[str]:
    """Return what came of the call, in lines; none where nobody wanted to know."""
    known = record.get("outcome")
    if not known:
        return []
    data = json.dumps(known["data"], ensure_ascii=False) if known["data"] is not None else ""
    shown = {"outcome": known["disposition"], "summary": known["summary"], "data": data, "error": known.get("error")}
    return [f"{name}: {printable(str(text))}" for name, text in shown.items() if text]


def dialogue(line: Mapping[str, Any]) -> str:
    """Return one line of a transcript; what the caller did not hear of it stands in brackets."""
    text = str(line.get("text", ""))
    heard = line.get("heard")
    if isinstance(heard, str) and heard != text:
        rest = text[len(heard) :] if text.startswith(heard) else f" {text}"
        text = f"{heard}[{rest}]"
    return f"{line.get('speaker', '?'):>6}: {printable(text)}"


def printable(text: str) -> str:
    """Return text from elsewhere without what would steer a terminal."""
    return "".join(character if character.isprintable() else " " for character in text)


def table(records: Iterable[Mapping[str, Any]], *, empty: str) -> None:
    """Write calls as a table, or `empty` when there are none. Nothing is cut off: ids are there to be copied."""
    rows: list[tuple[str, ...]] = [("call", "carrier", "direction", "from", "to", "state", "started")]
    for record in records:
        state = record["endReason"] if record["state"] == "ended" else record["state"]
        started = str(record["startedAt"] or "")[:19].replace("T", " ")
        cells = [record["callId"], record["carrier"], record["direction"], record["from"], record["to"], state, started]
        rows.append(tuple(printable(str(cell or "–")) for cell in cells))
    if len(rows) == 1:
        typer.echo(empty)
        return
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def limits(outbound: Mapping[str, Any]) -> str:
    """Return in one line what may still be dialled; empty where nothing limits it."""
    if outbound["stopped"]:
        why = printable(str(outbound.get("reason") or ""))
        return f"outbound: stopped since {outbound['stoppedAt']}{f': {why}' if why else ''}"
    used = [
        f"{each['used']:g} of {each['limit']:g} {each['name'].removeprefix('budget.').partition('_per_day')[0]}"
        for each in outbound["limits"]
        if each["limit"] is not None
    ]
    return f"outbound, last 24 hours: {', '.join(used).replace('_', ' ')}" if used else ""


def summary(record: Mapping[str, Any]) -> None:
    """Write one call for a person."""
    over = record["state"] == "ended"
    state, *more = ending(record).splitlines() if over else [record["state"]]
    rows = {
        "call": record["callId"],
        "carrier": f"{record['carrier']} {record['carrierCallId'] or ''}",
        "direction": f"{record['direction']}, {record['mode']}",
        "from": record["from"],
        "to": record["to"],
        "state": state,
        "started": record["startedAt"],
        "answered": record["answeredAt"] or "not answered",
        "ended": record["endedAt"] or "goes on",
    }
    for name, value in rows.items():
        typer.echo(f"{name + ':':<10} {printable(str(value)).strip()}")
    if not over:
        more = [f"warning: {printable(str(each['text']))}" for each in record.get("warnings", ())]
    for line in more:
        name, _, text = line.partition(": ")
        typer.echo(f"{name + ':':<10} {text}")
