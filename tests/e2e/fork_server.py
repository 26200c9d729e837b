"""A process that has imported our program, and forks to become it: what a start costs most is paid once.

Its standard input is a socket. A request is JSON, the members of `Wish`, with three descriptors: stdout, stderr, and a
socket, on which the id of the new process is written, and its wait status when it is over (`<i` each). When the
standard input ends, so do all who were forked.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import struct
import sys
from typing import NamedTuple

REQUEST = 1 << 16
"""Bytes at most."""
MODULES = (
    *("voicecall.cli", "voicecall.app", "voicecall.entrypoints.mcp_http", "voicecall.store.migrations"),
    *("voicecall.emulators.wires", "voicecall.emulators.twilio.server", "voicecall.emulators.telnyx.server"),
    *("voicecall.emulators.plivo.server", "voicecall.carriers.mock.webhooks", "voicecall.speech.tts.tone"),
    *("voicecall.doctor.reasons", "alembic.command", "uvicorn", "uvloop", "websockets"),
)


class Wish(NamedTuple):
    """What a new process is to be: `python -m module arguments`, here, with this environment and no other."""

    module: str
    arguments: list[str]
    folder: str
    environment: dict[str, str]


def forked(requests: socket.socket) -> Wish:
    """Serve until the requests end; return in every forked process, with what it is to be."""
    living: dict[int, socket.socket] = {}
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: whoever asked for us ends, and so do we
    while True:
        ready, _, _ = select.select([requests.fileno(), woken], [], [])
        if woken in ready:
            os.read(woken, 1 << 10)
            _tell_of_the_dead(living)
        if requests.fileno() not in ready:
            continue
        message, descriptors, _, _ = socket.recv_fds(requests, REQUEST, 3)
        if not message:
            for pid in living:
                os.kill(pid, signal.SIGKILL)
            while living:
                _tell_of_the_dead(living, 0)
            sys.exit()
        pid = os.fork()
        if not pid:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            for number, descriptor in enumerate([os.open(os.devnull, os.O_RDONLY), *descriptors[:2]]):
                os.dup2(descriptor, number)
            for descriptor in (woken, wake, *descriptors, requests.detach(), *(it.detach() for it in living.values())):
                os.close(descriptor)
            return Wish(**json.loads(message))
        living[pid] = socket.socket(fileno=descriptors.pop())
        for descriptor in descriptors:
            os.close(descriptor)
        living[pid].sendall(struct.pack("<i", pid))


def _tell_of_the_dead(living: dict[int, socket.socket], how: int = os.WNOHANG) -> None:
    while living:
        pid, status = os.waitpid(-1, how)
        if not pid:
            return
        with living.pop(pid) as interested:
            try:
                interested.sendall(struct.pack("<i", status))
            except BrokenPipeError:
                continue


def become(wish: Wish) -> None:
    """Run the program as if this process had been started for it."""
    os.chdir(wish.folder)
    os.environ.clear()
    os.environ.update(wish.environment)
    sys.argv[:] = [wish.module, *wish.arguments]
    sys.path.insert(0, wish.folder)
    runpy.run_module(wish.module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    for module in MODULES:
        importlib.import_module(module)
    gc.freeze()
    become(forked(socket.socket(fileno=os.dup(0))))
