"""A call as it happens: events in, lines for a person out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import typer

from .output import dialogue, printable

_NEWS = {
    "call.dialled": "dialled",
    "call.ringing": "ringing",
    "call.answered": "answered",
    "dtmf.sent": "digits sent",
    "call.adopted": "taken over by another gateway",
}


def follow(events: Iterable[Mapping[str, Any]]) -> None:
    """Write what happens in a call, a line each, until the call has ended."""
    for event in events:
        if (line := told(event)) is not None:
            typer.echo(line)
        if event["type"] == "call.ended":
            return


def told(event: Mapping[str, Any]) -> str | None:
    """Return the line for an event, or None when it is nothing to a listener."""
    kind, data = str(event["type"]), event.get("data") or {}
    match kind:
        case "transcript.final":
            return dialogue({"speaker": "caller", "text": data["text"]}) if data.get("text") else None
        case "reply.finished":
            return dialogue({"speaker": "agent", "text": data.get("text", "")})
        case "reply.interrupted" | "reply.failed" if data.get("text"):
            return dialogue({"speaker": "agent", "text": data["text"], "heard": data.get("heard", "")})
        case "reply.failed" | "call.dial-failed" | "call.hangup-failed" | "transcript.failed":
            return f"     –  {printable(str(data.get('detail', kind)))}"
        case "call.warning":
            return f"     –  {printable(str(data.get('text', kind)))}"
        case "dtmf.received":
            return f"caller: [pressed {printable(str(data.get('digit', '')))}]"
        case _:
            return f"     –  {_NEWS[kind]}" if kind in _NEWS else None
