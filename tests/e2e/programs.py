"""Processes of our own program: started from nothing, or forked from one that has imported it, where that is up."""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

COMMAND = str(Path(sys.executable).with_name("voicecall"))
EMULATORS = [sys.executable, "-m", "voicecall.emulators"]
_SERVER = Path(__file__).with_name("fork_server.py")
_STATUS = struct.Struct("<i")


class Process(Protocol):
    """What the tests use of `subprocess.Popen`."""

    pid: int

    def poll(self) -> int | None:
        """Return the exit status if it is over."""

    def wait(self) -> int:
        """Return the exit status once it is over; a signal is a negative number."""

    def send_signal(self, sig: int) -> None:
        """Send a signal unless it is over."""

    def kill(self) -> None:
        """Kill it unless it is over."""


class Forked:
    """A process that somebody else forked, who tells of it on a socket."""

    def __init__(self, told: socket.socket) -> None:
        self._told = told
        (self.pid,) = _STATUS.unpack(told.recv(_STATUS.size, socket.MSG_WAITALL))
        self._exit: int | None = None

    def poll(self) -> int | None:
        if self._exit is None and select.select([self._told], [], [], 0)[0]:
            self.wait()
        return self._exit

    def wait(self) -> int:
        if self._exit is None:
            with self._told:
                (status,) = _STATUS.unpack(self._told.recv(_STATUS.size, socket.MSG_WAITALL))
            self._exit = os.waitstatus_to_exitcode(status)
        return self._exit

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def kill(self) -> None:
        self.send_signal(9)


class ForkServer:
    """The process that has imported everything."""

    def __init__(self) -> None:
        self._one_at_a_time = threading.Lock()
        self._requests, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-P", str(_SERVER)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env={"PATH": os.environ["PATH"], "OPENBLAS_NUM_THREADS": "1"},
            )

    def close(self) -> None:
        """End it, and all that it forked."""
        self._requests.close()
        self._process.wait()

    def fork(
        self, module: str, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], *streams: int
    ) -> Forked:
        """Return a process that runs `python -m module`; `streams` are stdout and stderr."""
        wish = {"module": module, "arguments": arguments, "folder": str(folder), "environment": environment}
        ours, theirs = socket.socketpair()
        with theirs, self._one_at_a_time:
            socket.send_fds(self._requests, [json.dumps(wish).encode()], [*streams, theirs.fileno()])
            return Forked(ours)


_up: list[ForkServer] = []


@contextmanager
def forking() -> Iterator[None]:
    """Have what is started meanwhile forked, where the system is known to be good at it."""
    if sys.platform != "linux":
        yield
        return
    _up.append(ForkServer())
    try:
        yield
    finally:
        _up.pop().close()


def start(
    command: list[str],
    folder: Path,
    environment: Mapping[str, str],
    stdout: int,
    stderr: int,
    *,
    afresh: bool = False,
) -> Process:
    """Start a program that has nothing to read. Ours is forked, unless it starts afresh or is to find other modules."""
    ours = _module(command)
    if ours and _up and not afresh and "PYTHONPATH" not in environment:
        return _up[-1].fork(*ours, folder, environment, stdout, stderr)
    return subprocess.Popen(  # noqa: S603 - our own program
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr
    )


def _module(command: list[str]) -> tuple[str, list[str]] | None:
    """Return which module of ours it runs, and with which arguments."""
    if command[0] == COMMAND:
        return "voicecall", command[1:]
    if command[:3] == EMULATORS:
        return "voicecall.emulators", command[3:]
    return None
