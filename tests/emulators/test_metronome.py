"""The metronome: on time, on an absolute schedule, and only while somebody listens."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from voicecall.emulators.clock import VirtualLoop, run_virtual
from voicecall.emulators.metronome import Metronome


class Listener:
    def __init__(self) -> None:
        self.ticks: list[float] = []

    def tick(self, at: float) -> None:
        self.ticks.append(round(at, 6))


def test_ticks_come_every_20_ms_from_the_first_listener_on() -> None:
    listener = Listener()

    async def main() -> None:
        metronome = Metronome()
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(metronome.run())
            await asyncio.sleep(5)
            metronome.add(listener)
            await asyncio.sleep(0.07)
            metronome.remove(listener)
            await asyncio.sleep(60)
            metronome.add(listener)
            await asyncio.sleep(0.03)
            running.cancel()

    run_virtual(main)
    assert listener.ticks == pytest.approx([5.02, 5.04, 5.06, 65.09])


def test_a_listener_may_leave_while_it_is_ticked() -> None:
    async def main() -> list[float]:
        metronome = Metronome()

        class Leaver(Listener):
            def tick(self, at: float) -> None:
                super().tick(at)
                metronome.remove(self)

        leaver = Leaver()
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(metronome.run())
            metronome.add(leaver)
            await asyncio.sleep(1)
            running.cancel()
        return leaver.ticks

    assert run_virtual(main) == [0.02]


class StallingLoop(VirtualLoop):
    """A loop whose clock can be put forward, as if the process had stood still."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead


@pytest.mark.parametrize(("stall", "skipped"), [(0.1, 0), (1.0, 39)])
def test_after_a_stall_a_bounded_burst_is_made_up_for(stall: float, skipped: int) -> None:
    loop = StallingLoop()
    metronome = Metronome()

    class Sleeper(Listener):
        def tick(self, at: float) -> None:
            super().tick(at)
            if len(self.ticks) == 1:
                loop.ahead = stall

    async def main() -> list[float]:
        sleeper = Sleeper()
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(metronome.run())
            metronome.add(sleeper)
            await asyncio.sleep(stall + 0.2)
            running.cancel()
        return sleeper.ticks

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        ticks = runner.run(main())
    gaps = [round(later - earlier, 3) for earlier, later in pairwise(ticks)]
    assert metronome.skipped == skipped
    assert gaps[0] == pytest.approx(0.02 * (skipped + 1))
    assert set(gaps[1:]) == {0.02}
