"""The command line: arguments in, words out. All commands but `serve`, `demo` and `test` are clients of the daemon."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from voicecall import __version__
from voicecall.errors import BadParameters, ConfigError, VoicecallError

from . import (
    calls,
    doctor,
    exposing,
    numbers,
    outbound,
    pairing,
    reading,
    scenarios,
    serving,
    settings,
    setup,
    tokens,
    tools,
    webhooks,
)

app = typer.Typer(
    name="voicecall",
    help="A phone gateway for AI agents.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def _root(version: bool = typer.Option(False, "--version", help="Write the version and exit.")) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit


_FAMILIES = (
    *(serving, calls, reading, settings, setup, doctor, numbers, exposing, scenarios),
    *(tokens, pairing, outbound, tools, webhooks),
)
for family in _FAMILIES:
    family.add_to(app)


def main() -> None:
    """Run the command line of this process and exit: 0 done, 1 failed, 2 used wrongly."""
    sys.exit(run(sys.argv[1:]))


@cache
def _command() -> Callable[..., Any]:
    """Return what Typer makes of all the functions; that takes it some time, and the result knows nothing of a run."""
    return get_command(app)


def run(arguments: list[str]) -> int:
    """Run one command and return its exit status; a failure is told on stderr, a configuration's line by line."""
    try:
        status = _command()(arguments, prog_name="voicecall", standalone_mode=False)
        sys.stdout.flush()
    except ConfigError as error:
        return _fail(str(error), 2)
    except BadParameters as error:
        return _fail(_one_line(error), 2)
    except VoicecallError as error:
        return _fail(_one_line(error), 1)
    except TyperException as error:
        return _fail(_one_line(error.format_message()), error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _fail(_one_line(error), 1)
    except (KeyboardInterrupt, typer.Abort):
        return 130
    return status if isinstance(status, int) else 0


def _one_line(message: object) -> str:
    return "voicecall: " + " ".join(str(message).split())


def _fail(message: str, status: int) -> int:
    typer.echo(message, err=True)
    return status
