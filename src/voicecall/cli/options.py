"""Flags that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ConfigFile = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="The configuration; also finds the daemon.")
]
Json = Annotated[bool, typer.Option("--json", help="Write the result as JSON, and nothing else.")]
CallIdOf = Annotated[str, typer.Option("--call-id", metavar="ID", help="Which call.")]
MaybeCallId = Annotated[str | None, typer.Option("--call-id", metavar="ID", help="Which call.")]
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
