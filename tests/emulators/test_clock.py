"""The virtual loop: time jumps from timer to timer, threads are waited for, and a hang is named."""

from __future__ import annotations

import asyncio
import threading
from time import monotonic

import pytest

from voicecall.emulators.clock import Stuck, run_virtual


def test_an_hour_of_sleep_passes_at_once() -> None:
    async def main() -> float:
        await asyncio.sleep(3599)
        return asyncio.get_running_loop().time()

    before = monotonic()
    assert run_virtual(main) == pytest.approx(3599)
    assert monotonic() - before < 60


def test_time_starts_at_zero_and_stands_still_without_timers() -> None:
    async def main() -> list[float]:
        loop = asyncio.get_running_loop()
        times = [loop.time()]
        await asyncio.sleep(0)
        times.append(loop.time())
        return times

    assert run_virtual(main) == [0.0, 0.0]


def test_timers_fire_in_order_whatever_their_task() -> None:
    async def main() -> list[tuple[str, float]]:
        loop = asyncio.get_running_loop()
        seen: list[tuple[str, float]] = []

        async def wait(name: str, seconds: float) -> None:
            await asyncio.sleep(seconds)
            seen.append((name, round(loop.time(), 6)))

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(wait("late", 2.5))
            tasks.create_task(wait("early", 0.02))
            tasks.create_task(wait("middle", 1.0))
        return seen

    assert run_virtual(main) == [("early", 0.02), ("middle", 1.0), ("late", 2.5)]


def test_a_timeout_fires_in_virtual_time() -> None:
    async def main() -> None:
        async with asyncio.timeout(30):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        run_virtual(main)


def test_time_stands_still_while_a_thread_works() -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        began = threading.Event()
        go_on = threading.Event()

        def work() -> float:
            began.set()
            assert go_on.wait(10)
            return loop.time()

        async def release() -> None:
            while not began.is_set():  # noqa: ASYNC110 - the thread's own event
                await asyncio.sleep(0)
            go_on.set()

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(asyncio.sleep(100))
            tasks.create_task(release())
            job = tasks.create_task(asyncio.to_thread(work))
        return job.result()

    assert run_virtual(main) == 0.0


def test_waiting_for_nothing_is_reported_with_the_tasks_that_wait() -> None:
    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(asyncio.Event().wait(), name="waits for a letter")

    with pytest.raises(Stuck, match=r"nothing left to wait for.*waits for a letter"):
        run_virtual(main)


def test_a_clock_that_ticks_for_ever_is_stopped_at_the_limit() -> None:
    async def main() -> None:
        while True:  # noqa: ASYNC110 - a metronome
            await asyncio.sleep(0.02)

    with pytest.raises(Stuck, match="still running after 10 virtual seconds"):
        run_virtual(main, limit=10)


def test_a_task_that_spins_is_stopped() -> None:
    async def main() -> None:
        while True:  # noqa: ASYNC110 - a task that spins
            await asyncio.sleep(0)

    with pytest.raises(Stuck, match="busy"):
        run_virtual(main, patience=0.05)


def test_a_thread_that_never_returns_is_named() -> None:
    release = threading.Event()

    async def main() -> None:
        try:
            await asyncio.to_thread(release.wait, 10)
        finally:
            release.set()

    with pytest.raises(Stuck, match="no thread or socket"):
        run_virtual(main, patience=0.01)


def test_cancellation_still_runs_after_a_hang() -> None:
    cleaned: list[str] = []

    async def main() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(1)
            cleaned.append("yes")

    with pytest.raises(Stuck):
        run_virtual(main)
    assert cleaned == ["yes"]
