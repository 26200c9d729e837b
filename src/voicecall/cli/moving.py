"""Commands that bring a configuration into our form: OpenClaw's, or an older one of ours."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from voicecall.config.writing import replace
from voicecall.errors import BadParameters, ConfigError

from .options import ConfigFile, Json
from .output import as_json

Source = Annotated[Path, typer.Argument(metavar="FILE", help="A configuration file.")]


def add_to(family: typer.Typer) -> None:
    """Add these commands to those of the configuration."""
    family.command("import")(_import)
    family.command("import-calls")(_import_calls)
    family.command("migrate")(_migrate)


def _import(
    file: Source,
    output: Annotated[Path, typer.Option("--output", metavar="FILE", help="What to write.")] = Path("voicecall.toml"),
    force: Annotated[
        bool, typer.Option("--force", help="Write over a file; it is kept as FILE.bak, FILE.bak2 …")
    ] = False,
    as_json_: Json = False,
) -> None:
    """Make a voicecall.toml of OpenClaw's configuration, and say what became of each key."""
    from voicecall.config.moving import move

    moved = move(file, os.environ)
    if output.exists() and not force:
        raise BadParameters(f"{output} exists: name another with --output, or write over it with --force")
    backup = _kept(replace(output, moved.toml))
    to_do = _faults(output)
    if as_json_:
        keys = [
            {"was": one.was, "line": one.line, "becomes": one.becomes, "value": one.value, "remark": one.remark}
            for one in moved.keys
        ]
        as_json({"file": str(output), "backup": backup, "keys": keys, "faults": to_do})
        return
    for one in moved.keys:
        place = f"{file.name}:{one.line}: " if one.line else ""
        key = f"{one.was} -> {one.becomes}" if one.was and one.becomes else one.was or one.becomes
        typer.echo(f"{place}{key}{f': {one.remark}' if one.remark else ''}")
    _tell(output, backup)
    for fault in to_do:
        typer.echo(f"still to do: {fault['key']}: {fault['message']}", err=True)


def _import_calls(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="OpenClaw's calls.jsonl.")],
    config: ConfigFile = None,
    as_json_: Json = False,
) -> None:
    """Bring OpenClaw's calls into the history; those that it never closed are closed. May be repeated."""
    import asyncio

    from voicecall.app.history import bring_in
    from voicecall.config.load import load
    from voicecall.store.sql import SqlStore

    loaded = load(config)
    url = loaded.config.store.url

    async def run() -> Any:
        loaded.state.create()
        text = "" if url is None else url.get_secret_value()
        store = SqlStore(text, instance=loaded.state.instance(), clock=lambda: datetime.now(UTC).timestamp())
        await store.open()
        try:
            return await bring_in(file, store)
        finally:
            await store.close()

    brought = asyncio.run(run())
    if as_json_:
        told = {"imported": brought.imported, "closed": brought.closed, "present": brought.present}
        as_json({**told, "faults": list(brought.faults)})
        return
    for fault in brought.faults:
        typer.echo(f"left out: {fault}", err=True)
    typer.echo(
        f"{brought.imported} calls brought in, {brought.closed} of them closed as stale; {brought.present} were there"
    )


def _migrate(file: Source = Path("voicecall.toml"), as_json_: Json = False) -> None:
    """Write an older file of ours in today's spelling; what it was stays beside it, as FILE.bak, FILE.bak2 …"""
    from voicecall.config.migrating import respell

    text, changes = respell(file)
    backup = _kept(replace(file, text)) if changes else None
    if as_json_:
        listed = [{"line": line, "was": was, "becomes": becomes} for line, was, becomes in changes]
        as_json({"file": str(file), "backup": backup, "keys": listed})
        return
    for line, was, becomes in changes:
        typer.echo(f"{file.name}:{line}: {was} -> {becomes}")
    if changes:
        _tell(file, backup)
    else:
        typer.echo(f"{file}: nothing to change")


def _kept(backup: Path | None) -> str | None:
    return None if backup is None else str(backup)


def _faults(file: Path) -> list[dict[str, Any]]:
    """Return what is lacking before the gateway can run on a file."""
    from voicecall.config.load import load

    try:
        load(file)
    except ConfigError as error:
        return [{"key": fault.key, "message": fault.message} for fault in error.faults]
    return []


def _tell(file: Path, backup: str | None) -> None:
    typer.echo(f"wrote {file}{f'; what it was is in {backup}' if backup else ''}")
