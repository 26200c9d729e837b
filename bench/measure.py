"""What a benchmark on a shared machine needs: process CPU time, memory, percentiles, pinning, host stalls.

Linux only: affinity, `/proc` and the CPU clock of another process. Knows nothing of what is measured.
"""

import asyncio
import math
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import uvloop

SERVER_CORE, LOAD_CORE = 0, 1

STALL = 0.05
"""Seconds by which an idle thread may wake late before a run counts as hit by a host stall."""

_SPAWN = get_context("spawn")


class Cost(Protocol):
    """What one run cost the server."""

    @property
    def cpu_us(self) -> float:
        """Server CPU for one unit of work, microseconds."""
        ...

    @property
    def late(self) -> float:
        """Seconds by which the load generator itself was late at worst."""
        ...


CostT = TypeVar("CostT", bound=Cost)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that `share` (0 to 1) of `values` do not exceed; NaN when there are none."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def pin(core: int) -> None:
    """Keep the calling thread, and what it starts afterwards, on one core."""
    os.sched_setaffinity(0, {core % (os.cpu_count() or 1)})


def cpu_seconds(pid: int) -> float:
    """Return the CPU time all threads of a process have used, in seconds.

    Reads the clock that clock_getcpuclockid(3) names, which counts nanoseconds where `/proc` counts ticks of 10 ms.
    """
    return time.clock_gettime((~pid << 3) | 2)


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process in MB (10^6 bytes)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@dataclass(frozen=True, slots=True)
class Running:
    """A server process under measurement."""

    pid: int
    port: int


@contextmanager
def serving(server: str, core: int = SERVER_CORE) -> Iterator[Running]:
    """Run `server` ("module:function") on uvloop in a process pinned to `core`.

    The function returns a context that serves on 127.0.0.1 and yields the port. The process ends with this context,
    and by itself when this process dies. Raises: RuntimeError when it does not start.
    """
    command = [sys.executable, "-m", "bench.measure", server, str(core)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = process.stdout.readline() if process.stdout else ""
            if not port:
                raise RuntimeError(f"{server} did not start")
            yield Running(process.pid, int(port))
        finally:
            if process.stdin:
                process.stdin.close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


async def _until_stdin_closes(start: Callable[[], AbstractAsyncContextManager[int]]) -> None:
    closed = asyncio.Event()
    async with start() as port:
        print(port, flush=True)
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), closed.set)
        await closed.wait()
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())


def _serve(server: str, core: int) -> None:
    pin(core)
    module, _, name = server.partition(":")
    uvloop.run(_until_stdin_closes(getattr(import_module(module), name)))


class IdleTwin:
    """A process that does nothing on the measured cores but notice how late it is woken."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def worst_lag(self) -> float:
        """Return the longest delay of a wake-up since the last time this was asked, in seconds."""
        self._connection.send(None)
        lag: float = self._connection.recv()
        return lag


@contextmanager
def idle_twin(cores: Sequence[int] = (SERVER_CORE, LOAD_CORE)) -> Iterator[IdleTwin]:
    """Keep an idle twin with one sleeper on each of `cores`."""
    here, there = _SPAWN.Pipe()
    process = _SPAWN.Process(target=_sleep_and_notice, args=(there, tuple(cores)), daemon=True)
    process.start()
    there.close()
    try:
        yield IdleTwin(here)
    finally:
        here.close()
        process.join(5)


def _sleep_and_notice(parent: Connection, cores: tuple[int, ...]) -> None:
    worst = [0.0] * len(cores)

    def sleeper(place: int, core: int) -> None:
        pin(core)
        while True:
            before = time.perf_counter()
            time.sleep(0.02)
            worst[place] = max(worst[place], time.perf_counter() - before - 0.02)

    for place, core in enumerate(cores):
        threading.Thread(target=sleeper, args=(place, core), daemon=True).start()
    try:
        while True:
            parent.recv()
            parent.send(max(worst))
            worst[:] = [0.0] * len(cores)
    except EOFError:
        return


@dataclass(slots=True)
class Runs(Generic[CostT]):
    """The clean runs of one measurement, and how many were spoiled."""

    clean: list[CostT] = field(default_factory=list)
    spoiled: int = 0

    def best(self) -> CostT | None:
        """Return the run with the least CPU for a unit of work, or None when every one was spoiled."""
        return min(self.clean, key=lambda cost: cost.cpu_us, default=None)


def one_run(
    runs: Runs[CostT], server: str, twin: IdleTwin, load: Callable[[Running], Coroutine[Any, Any, CostT]]
) -> None:
    """Load a fresh server once and note the cost, unless the host stalled meanwhile."""
    with serving(server) as running:
        twin.worst_lag()
        cost = uvloop.run(load(running))
        lag = twin.worst_lag()
    if max(lag, cost.late) > STALL:
        runs.spoiled += 1
    else:
        runs.clean.append(cost)


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]))
