"""An event loop in virtual time: it jumps to the next timer whenever nothing else is going on.

A call of five minutes passes in milliseconds and twice the same. Real sockets do not belong on such a loop: it does not
wait for them while a timer is set. Work handed to `run_in_executor` (and so `asyncio.to_thread`) is waited for.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from time import monotonic
from typing import Any, TypeVar, TypeVarTuple, Unpack

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

PATIENCE = 5.0
"""Real seconds without progress after which a run counts as stuck, unless it says otherwise."""


class Stuck(RuntimeError):
    """The run cannot end: nothing is left to wait for, or nothing moves any more."""


class _JumpingSelector(selectors.DefaultSelector):
    """Asks the real selector first and lets virtual time pass only when that has nothing to report."""

    def __init__(self, limit: float, patience: float) -> None:
        super().__init__()
        self.now = 0.0
        self.jobs = 0
        self.describe: Callable[[], str] = str
        self._limit = limit
        self._patience = patience
        self._moved = monotonic()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready:
            self._moved = monotonic()
        elif timeout is None or (timeout > 0 and self.jobs):
            ready = self._wait()
        elif timeout > 0:
            self._jump(timeout)
        elif monotonic() - self._moved > self._patience:
            raise self._stuck(f"busy for {self._patience:g} s while no time passed")
        return ready

    def _wait(self) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait in real time for a thread or a socket."""
        if not self.jobs and len(self.get_map()) < 2:  # the loop's own wake-up pipe is always there
            raise self._stuck("nothing left to wait for")
        ready = super().select(self._patience)
        if not ready:
            raise self._stuck(f"no thread or socket reported within {self._patience:g} s")
        self._moved = monotonic()
        return ready

    def _jump(self, seconds: float) -> None:
        self.now += seconds
        self._moved = monotonic()
        if self.now > self._limit:
            raise self._stuck(f"still running after {self._limit:g} virtual seconds")

    def _stuck(self, why: str) -> Stuck:
        self._limit = float("inf")  # the tasks are about to be cancelled, which may take time as well
        self._moved = monotonic()
        return Stuck(f"{why}, at {self.now:.3f} s; waiting: {self.describe()}")


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose `time()` starts at 0.0 and moves only from timer to timer.

    `limit` is in virtual seconds. Running raises `Stuck` when nothing is left to wait for, when the limit has passed,
    or when `patience` real seconds go by without progress.
    """

    def __init__(self, limit: float = 3600.0, patience: float = PATIENCE) -> None:
        self._virtual = _JumpingSelector(limit, patience)
        self._virtual.describe = self._describe
        super().__init__(self._virtual)

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self._virtual.now

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Run `func` in a thread; virtual time stands still until it is done."""
        future = super().run_in_executor(executor, func, *args)
        self._virtual.jobs += 1
        future.add_done_callback(self._job_done)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncio's name
        """Wait, in real time, until the threads of `run_in_executor` are gone."""
        self._virtual.jobs += 1
        try:
            await super().shutdown_default_executor()
        finally:
            self._virtual.jobs -= 1

    def _job_done(self, _: asyncio.Future[Any]) -> None:
        self._virtual.jobs -= 1

    def _describe(self) -> str:
        return ", ".join(sorted(task.get_name() for task in asyncio.all_tasks(self))) or "no task"


def run_virtual(main: Callable[[], Coroutine[Any, Any, T]], limit: float = 3600.0, patience: float = PATIENCE) -> T:
    """Run `main()` on a virtual loop of its own and return its result; `limit` and `patience` are those of the loop.

    Raises:
        Stuck: it cannot end.
    """
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(limit, patience)) as runner:
        return runner.run(main())
