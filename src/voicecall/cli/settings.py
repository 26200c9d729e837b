"""Commands about this installation: its configuration and its models; no daemon is asked."""

from __future__ import annotations

import typer

from voicecall.config.available import check_available
from voicecall.config.load import load
from voicecall.errors import ConfigError, Fault, SpeechError

from . import moving
from .options import ConfigFile, Json
from .output import as_json


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    family = typer.Typer(
        no_args_is_help=True, rich_markup_mode=None, help="Show, check, import or migrate the configuration."
    )
    family.command("show")(_show)
    family.command("check")(_check)
    moving.add_to(family)
    app.add_typer(family, name="config")
    app.command("models")(_models)


def _show(config: ConfigFile = None, as_json_: Json = False) -> None:
    """Show the configuration that holds, without its secrets."""
    import json

    from voicecall.config.show import show

    shown = show(load(config).config)
    typer.echo(json.dumps(shown, indent=None if as_json_ else 2))


def _check(config: ConfigFile = None, as_json_: Json = False) -> None:
    """List everything that is wrong with the configuration."""
    try:
        loaded = load(config)
        check_available(loaded.config)
    except ConfigError as error:
        if not as_json_:
            raise
        as_json({"ok": False, "faults": [_plain(fault) for fault in error.faults], "warnings": []})
        raise typer.Exit(2) from None
    if as_json_:
        as_json({"ok": True, "faults": [], "warnings": [_plain(warning) for warning in loaded.warnings]})
        return
    for warning in loaded.warnings:
        typer.echo(f"warning: {warning}", err=True)
    typer.echo(f"{loaded.file or 'no file'}: ok")


def _models(as_json_: Json = False) -> None:
    """List the installed speech models: their licences, and whether their bytes are the right ones."""
    from voicecall.speech.models import installed, verify

    listed = []
    for model in installed():
        try:
            verify(model)
        except SpeechError as error:
            state = str(error)
        else:
            state = "ok"
        listed.append(
            {
                "engine": model.engine,
                "package": model.requirement,
                "file": model.file,
                "licence": model.licence,
                "sha256": model.sha256,
                "state": state,
            }
        )
    if as_json_:
        as_json(listed)
        return
    for one in listed:
        typer.echo(f"{one['engine']:<10} {one['package']:<28} {one['licence']:<8} {one['file']}: {one['state']}")


def _plain(fault: Fault) -> dict[str, str | int | None]:
    return {"key": fault.key, "file": fault.file, "line": fault.line, "message": fault.message}
