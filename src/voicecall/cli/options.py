"""Flags that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from voicecall.core.operations import History, Live
from voicecall.errors import VoicecallError

ConfigFile = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="The configuration; also finds the daemon.")
]
Json = Annotated[bool, typer.Option("--json", help="Write the result as JSON, and nothing else.")]


def _live_calls(context: typer.Context) -> list[tuple[str, str]]:
    return _calls(context, Live())


def _recent_calls(context: typer.Context) -> list[tuple[str, str]]:
    return _calls(context, History(limit=20))


def _calls(context: typer.Context, operation: Live | History) -> list[tuple[str, str]]:
    """Return ids for a shell to choose from, and what calls they are of; none where they cannot be had at once."""
    from .daemon import ask

    try:
        records = ask(context.params.get("config"), operation, 1.0)
    except (VoicecallError, OSError):
        return []
    return [(str(one["callId"]), f"{one['from']} > {one['to']} {one['state']}") for one in records]


CallIdOf = Annotated[str, typer.Option("--call-id", metavar="ID", help="Which call.", autocompletion=_live_calls)]
RecentCallId = Annotated[str, typer.Option("--call-id", metavar="ID", help="Which call.", autocompletion=_recent_calls)]
MaybeCallId = Annotated[
    str | None, typer.Option("--call-id", metavar="ID", help="Which call.", autocompletion=_recent_calls)
]
Timeout = Annotated[
    float | None, typer.Option("--timeout", metavar="SECONDS", min=0.1, help="Give up after so many seconds.")
]
Key = Annotated[
    str | None,
    typer.Option(
        "--idempotency-key",
        metavar="KEY",
        help="Yours for this request: given again within 24 h, it tells what came of it and does nothing twice.",
    ),
]
