"""A call as it happens: events in, lines for a person out."""

from __future__ import annotations

import time
from collections.abc import AsyncIterable, Mapping
from contextlib import nullcontext
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.text import Text

from .output import dialogue, printable

_NEWS = {
    "call.dialled": "dialled",
    "call.ringing": "ringing",
    "call.answered": "answered",
    "dtmf.sent": "digits sent",
    "call.adopted": "taken over by another gateway",
}


_STANDING = {
    "call.dialled": "dialled",
    "call.ringing": "ringing",
    "call.answered": "answered",
    "speech.started": "the caller speaks",
    "reply.started": "the agent speaks",
    "reply.finished": "listening",
    "reply.interrupted": "listening",
}


async def follow(call_id: str, events: AsyncIterable[Mapping[str, Any]], console: Console | None = None) -> None:
    """Write what happens in a call, a line each, until the call has ended.

    On a terminal a last line shows how it stands, and passes away.
    """
    console = console or Console(highlight=False, soft_wrap=True)
    standing = _Standing(call_id)
    with Live(standing, console=console, transient=True) if console.is_terminal else nullcontext():
        async for event in events:
            if (line := told(event)) is not None:
                console.print(Text(line))
            standing.take(event)
            if event["type"] == "call.ended":
                return


class _Standing:
    """How a call stands: for how long, what happens now, and what is being said."""

    def __init__(self, call_id: str) -> None:
        self._call_id = call_id
        self._words = "placed"
        self._began = time.monotonic()

    def take(self, event: Mapping[str, Any]) -> None:
        """Let an event show."""
        if event["type"] == "transcript.partial":
            self._words = f"caller: {printable(str(event['data'].get('text', '')))} …"
        else:
            self._words = _STANDING.get(str(event["type"]), self._words)

    def __rich__(self) -> Text:
        """Return the line as it is now."""
        minutes, seconds = divmod(int(time.monotonic() - self._began), 60)
        line = f"{minutes:>3}:{seconds:02}  {self._words}  ({self._call_id})"
        return Text(line, style="dim", no_wrap=True, overflow="ellipsis")


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
