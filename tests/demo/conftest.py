"""Both demonstrations, held for real and side by side."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from socket import create_server

import pytest

from tests.demo.played import Played, is_undisturbed
from voicecall.config.model import Config


def begin(folder: Path, faults: bool) -> subprocess.Popen[str]:
    folder.mkdir()
    command = [sys.executable, "-m", "voicecall", "demo", *(["--faults", "--json"] if faults else [])]
    return subprocess.Popen(  # noqa: S603 - ours
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(running: subprocess.Popen[str], folder: Path) -> Played:
    output, errors = running.communicate(timeout=180)
    return Played(running.returncode, output, errors, folder / "demo")


@pytest.fixture(scope="session")
def demos(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Played]:
    """The demonstration and the one with faults. Each is held once more where a stall of the machine spoilt it.

    The daemon's usual ports are taken meanwhile.
    """
    home = tmp_path_factory.mktemp("demos")
    config = Config()
    with ExitStack() as stack:
        for port in (config.serve.port, config.serve.port + 1):
            with suppress(OSError):  # something else has it, which does as well
                stack.enter_context(create_server(("127.0.0.1", port)))
        played: dict[str, Played] = {}
        for attempt in ("1", "2"):
            due = [name for name in ("plain", "faults") if name not in played or not is_undisturbed(played[name])]
            started = {name: begin(home / (name + attempt), name == "faults") for name in due}
            for name, running in started.items():
                played[name] = finish(running, home / (name + attempt))
    return played
