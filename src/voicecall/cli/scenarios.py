"""The command that tests how a gateway feels: scripted callers, real audio, measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from voicecall.config.load import load
from voicecall.errors import BadParameters

from .options import ConfigFile, Json
from .output import as_json, printable

if TYPE_CHECKING:
    from voicecall.scenarios.running import Outcome


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("test")(_test)


def _test(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILES", help="Scenario files, or folders of them; default ours.")
    ] = None,
    config: ConfigFile = None,
    virtual: Annotated[bool, typer.Option("--virtual", help="As fast as the machine can, in virtual time.")] = False,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Another one makes other voices; virtual only.")] = 1,
    jobs: Annotated[int, typer.Option("--jobs", metavar="N", min=1, max=64, help="So many calls at a time.")] = 1,
    keep: Annotated[
        Path | None, typer.Option("--keep", metavar="DIR", help="Keep recordings, transcripts and events there.")
    ] = None,
    as_json_: Json = False,
) -> None:
    """Hold the calls of scenario files on a gateway in this process, and compare what was heard with what must be."""
    from voicecall import logs
    from voicecall.scenarios.reading import read_all
    from voicecall.scenarios.report import as_json as of_outcome, keep as keep_outcome, lines
    from voicecall.scenarios.running import run

    logs.configure(logs.LogOptions(level="error"))
    scenarios = read_all(_found(files or []), load(config).config)

    def tell(outcome: Outcome) -> None:
        if keep is not None:
            keep_outcome(outcome, keep)
        if not as_json_:
            for line in lines(outcome):
                typer.echo(printable(line))

    outcomes = run(scenarios, virtual=virtual, seed=seed, jobs=jobs, tell=tell)
    failed = sum(not outcome.passed for outcome in outcomes)
    if as_json_:
        as_json({"ok": not failed, "scenarios": [of_outcome(outcome) for outcome in outcomes]})
    else:
        typer.echo(f"{len(outcomes) - failed} passed, {failed} failed")
    raise typer.Exit(1 if failed else 0)


def _found(given: list[Path]) -> list[Path]:
    """Return the files that were named, those in the folders that were, or ours.

    Raises:
        BadParameters: there are none.
    """
    from voicecall.scenarios import shipped

    files: list[Path] = []
    for path in given or [shipped()]:
        found = sorted([*path.glob("*.yaml"), *path.glob("*.yml")]) if path.is_dir() else [path]
        if not found:
            raise BadParameters(f"there is no scenario in {path}")
        files += found
    return files
