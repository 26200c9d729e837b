"""Both demonstrations, held for real and side by side."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from pathlib import Path
from socket import create_server

import pytest

from tests.demo.played import Played
from voicecall.config.model import Config

OPTIONS = {"plain": [], "faults": ["--faults", "--json"]}
TRIES = 3
LONGEST = 150
"""Seconds after which a try is given up; a call takes 45, loading the models a few more."""
DISTURBANCES = pytest.StashKey[list[str]]()


def hold(folders: dict[str, Path]) -> dict[str, Played]:
    """Hold the named demonstrations side by side, each in its folder."""
    with ExitStack() as stack:
        running = {name: begin(folder, OPTIONS[name], stack) for name, folder in folders.items()}
        return {name: finish(process, folders[name]) for name, process in running.items()}


def begin(folder: Path, options: Iterable[str], stack: ExitStack) -> subprocess.Popen[str]:
    folder.mkdir()
    command = [sys.executable, "-m", "voicecall", "demo", *options]
    process = stack.enter_context(
        subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603
    )
    stack.callback(process.kill)
    return process


def finish(process: subprocess.Popen[str], folder: Path) -> Played:
    try:
        output, errors = process.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired:
        process.kill()
        output, errors = process.communicate()
    return Played(process.returncode, output, errors, folder / "demo")


@pytest.fixture(scope="session")
def tries(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> dict[str, list[Played]]:
    """The demonstration and the one with faults: all tries of each, of which only the last may be undisturbed.

    The daemon's usual ports are taken meanwhile.
    """
    home = tmp_path_factory.mktemp("demos")
    config = Config()
    held: dict[str, list[Played]] = {name: [] for name in OPTIONS}
    with ExitStack() as stack:
        for port in (config.serve.port, config.serve.port + 1):
            with suppress(OSError):  # something else has it, which does as well
                stack.enter_context(create_server(("127.0.0.1", port)))
        for number in range(1, TRIES + 1):
            due = [name for name, played in held.items() if not played or played[-1].disturbance() is not None]
            for name, played in hold({name: home / f"{name}{number}" for name in due}).items():
                held[name].append(played)
    pytestconfig.stash[DISTURBANCES] = [
        f"{name}, try {number}: {told}"
        for name, all_tries in held.items()
        for number, one in enumerate(all_tries, 1)
        if (told := one.disturbance()) is not None
    ]
    return held


@pytest.fixture(scope="session")
def demos(tries: dict[str, list[Played]]) -> dict[str, Played]:
    """Both demonstrations, of each the last try."""
    return {name: played[-1] for name, played in tries.items()}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Tell of the tries that were held again, so that a machine or a demonstration that needs many is noticed."""
    if disturbances := config.stash.get(DISTURBANCES, []):
        terminalreporter.section("disturbed demonstrations")
        for told in disturbances:
            terminalreporter.write_line(told)
