"""Commands that run something: the daemon, the demonstration, and a simulated caller."""

from __future__ import annotations

import gc
import tomllib
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from voicecall.config.address import elsewhere
from voicecall.config.load import load
from voicecall.core.operations import CallerStep, Simulate
from voicecall.errors import BadParameters, VoicecallError

from .daemon import ask
from .options import ConfigFile, Json, Key, Timeout
from .output import as_json, dialogue, ending

_SILENCE = 2.0
_GREETING_OVER = 1.0
"""Seconds of silence after which a greeting, or an answer, is over."""


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("serve")(_serve)
    app.command("demo")(_demo)
    app.command("simulate")(_simulate)


def _serve(config: ConfigFile = None) -> None:
    """Run the daemon: the one process that carriers and all other commands talk to."""
    loaded = load(config)
    if not loaded.enabled:
        raise VoicecallError(f"{loaded.file} says `enabled: false`: set it to true to serve")
    gc.disable()  # until all is loaded, which stays for good: looking for garbage in it takes a sixth of the start
    from voicecall.app import serve

    raise typer.Exit(serve(loaded))


def _demo(
    faults: Annotated[bool, typer.Option("--faults", help="Let the network misbehave.")] = False,
    folder: Annotated[
        Path | None, typer.Option("--folder", metavar="DIR", help="Where recording and state go; default `./demo`.")
    ] = None,
    as_json_: Json = False,
) -> None:
    """Show a spoken conversation with the default agent, on the mock network."""
    from voicecall.demo import run

    raise typer.Exit(run(faults=faults, folder=folder, as_json=as_json_))


def _simulate(
    caller: Annotated[str, typer.Option("--from", metavar="NUMBER", help="Who calls.")],
    line: Annotated[str | None, typer.Option("--line", metavar="NUMBER", help="Which number is rung.")] = None,
    say: Annotated[str | None, typer.Option("--say", metavar="TEXT", help="What the caller says.")] = None,
    wav: Annotated[Path | None, typer.Option("--wav", metavar="FILE", help="A recording of the caller.")] = None,
    script: Annotated[Path | None, typer.Option("--script", metavar="FILE", help="A list of caller steps.")] = None,
    config: ConfigFile = None,
    as_json_: Json = False,
    timeout: Timeout = None,
    key: Key = None,
) -> None:
    """Ring the gateway from a phone of the mock network, and return once the call has ended."""
    if sum(given is not None for given in (say, wav, script)) != 1:
        raise typer.BadParameter("give one of --say, --wav and --script")
    if script is not None:
        steps = _steps(script)
    else:
        steps = [CallerStep(listen=_GREETING_OVER)] if _greets(line, config) else []
        steps.append(CallerStep(say=say) if wav is None else CallerStep(wav=str(_file(wav))))
        steps += [CallerStep(listen=_SILENCE), CallerStep(hangup=True)]
    record = ask(config, Simulate(from_=caller, line=line, steps=steps), timeout, key=key)
    if as_json_:
        as_json(record)
        return
    for spoken in record["transcript"]:
        typer.echo(dialogue(spoken))
    typer.echo(ending(record))


def _greets(line: str | None, file: Path | None) -> bool:
    """Say whether a greeting is to be waited for; a daemon elsewhere is taken to have one, as is the default."""
    if elsewhere():
        return True
    config = load(file).config
    return config.line(line or config.from_number or "").greeting.strip() != ""


def _file(path: Path) -> Path:
    if not path.is_file():
        raise BadParameters(f"there is no file {path}")
    return path.absolute()


def _steps(script: Path) -> list[CallerStep]:
    """Return the steps of a script: a list in JSON or JSON5, or the key `steps` in JSON, JSON5 or TOML.

    Raises:
        BadParameters: the file cannot be read, or is no list of steps.
    """
    text = _file(script).read_text("utf-8", errors="replace")
    try:
        tree = tomllib.loads(text) if script.suffix == ".toml" else _json5(text)
        listed = tree.get("steps") if isinstance(tree, dict) else tree
        steps = msgspec.convert(listed, list[CallerStep])
    except (ValueError, RecursionError) as error:
        raise BadParameters(f"{script}: {error}") from None
    return [
        msgspec.structs.replace(step, wav=str(_file(script.parent / step.wav))) if step.wav is not None else step
        for step in steps
    ]


def _json5(text: str) -> Any:
    import pyjson5

    try:
        return pyjson5.decode(text, maxdepth=20)
    except pyjson5.Json5DecoderException as error:
        raise ValueError(f"is not valid JSON5: {error.args[0] if error.args else 'it ends too early'}") from None
