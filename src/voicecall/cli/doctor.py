"""The command that looks whether everything is as a call needs it, or why a call went as it did."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from voicecall.core.operations import Events, Status
from voicecall.doctor import Report

from .daemon import ask, bounded
from .options import ConfigFile, Json, MaybeCallId, Timeout
from .output import as_json, printable

_MOST = 5000
"""Events of a call that are read."""


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("doctor")(_doctor)


def _doctor(
    fix: Annotated[bool, typer.Option("--fix", help="Mend what can be mended without harm.")] = False,
    live: Annotated[
        bool, typer.Option("--live", help="Send a webhook and a media stream through the public URL, too.")
    ] = False,
    call_id: MaybeCallId = None,
    config: ConfigFile = None,
    as_json_: Json = False,
    timeout: Timeout = None,
) -> None:
    """Check every link of the chain, and say what to do."""
    report = _examined(config, timeout, fix=fix, live=live) if call_id is None else _diagnosed(config, call_id, timeout)
    if as_json_:
        as_json(report.plain())
    else:
        _show(report)
    raise typer.Exit(0 if report.ok else 1)


def _examined(path: Path | None, timeout: float | None, *, fix: bool, live: bool) -> Report:
    from voicecall.app import wall_clock
    from voicecall.doctor.examine import examine

    async def main() -> Report:
        async with bounded(timeout):
            return await examine(path, fix=fix, live=live, clock=wall_clock)

    return asyncio.run(main())


def _diagnosed(path: Path | None, call_id: str, timeout: float | None) -> Report:
    from voicecall.doctor.diagnosis import diagnose

    record = ask(path, Status(call_id=call_id), timeout)
    return diagnose(record, ask(path, Events(call_id=call_id, limit=_MOST), timeout))


def _show(report: Report) -> None:
    for check in report.checks:
        typer.echo(f"{check.level.upper():<4}  {check.id}: {printable(check.message)}")
        if check.level != "ok":
            typer.echo(f"      why: {check.why}")
            typer.echo(f"      fix: {printable(check.fix)}")
