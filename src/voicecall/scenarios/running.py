"""Runs scenarios: some at a time, on a gateway for each configuration, and says how each of them went."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

from voicecall.app import new_event_loop
from voicecall.app.engines import Engines
from voicecall.config.speech import Stt
from voicecall.emulators.clock import VirtualLoop
from voicecall.errors import VoicecallError
from voicecall.speech import Transcriber

from .holding import Held, hold
from .judging import Miss, misses
from .listening import listen
from .measures import Measures, measure
from .memory import memory_stages
from .reading import Read
from .stage import OpenStage, Stage, real_stage

_LIMIT = 24 * 3600.0
"""Virtual seconds after which all scenarios together count as stuck."""
_PATIENCE = 60.0
"""Real seconds that a model may take to load, or to understand a sentence, on a busy machine."""


class Outcome:
    """How one scenario went."""

    def __init__(
        self, read: Read, missed: list[Miss], held: Held | None, measures: Measures | None, heard: str | None
    ) -> None:
        self.read = read
        self.missed = missed
        self.held = held
        """None when the call could not be held; `missed` then says why."""
        self.measures = measures
        self.heard = heard
        """What the caller heard, where that was made out."""

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.missed


Tell = Callable[[Outcome], None]


def run(scenarios: Sequence[Read], *, virtual: bool = False, seed: int = 1, jobs: int = 1, tell: Tell) -> list[Outcome]:
    """Run scenarios and return their outcomes, in the given order; `tell` hears of each as soon as it is there.

    In virtual time nothing waits for a clock: calls take as long as their speech takes to be made and understood, and
    that counts as no time at all. The same scenarios with the same `seed` then sound the same every time.

    Raises:
        VoicecallError: no gateway can be brought up.
    """
    loop_factory = (lambda: VirtualLoop(_LIMIT, _PATIENCE)) if virtual else new_event_loop
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        try:
            return runner.run(_run(scenarios, seed if virtual else None, jobs, tell))
        except BaseExceptionGroup as group:
            cause = _first(group)
            if isinstance(cause, VoicecallError):
                raise cause from None
            raise


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _run(scenarios: Sequence[Read], seed: int | None, jobs: int, tell: Tell) -> list[Outcome]:
    outcomes: dict[int, Outcome] = {}
    left = deque(sorted(range(len(scenarios)), key=lambda number: _group(scenarios, number)))
    async with AsyncExitStack() as stack:
        open_stage: OpenStage = real_stage
        if seed is not None:
            configs = [one.config for one in scenarios]
            speaking = any(_speaks(one) for one in scenarios)
            stages = await stack.enter_async_context(memory_stages(configs, speaking=speaking, seed=seed))
            open_stage = stages.open
        ear = await _ear(stack, scenarios)

        opening = asyncio.Lock()

        async def work() -> None:
            while left:
                config = scenarios[left[0]].config
                async with AsyncExitStack() as up:
                    async with opening:  # two archives cannot be migrated at once in one process
                        stage = await up.enter_async_context(open_stage(config))
                    while left and scenarios[left[0]].config == config:
                        number = left.popleft()
                        outcomes[number] = await _outcome(stage, scenarios[number], ear)
                        tell(outcomes[number])

        async with asyncio.TaskGroup() as tasks:
            for _ in range(min(jobs, len(scenarios))):
                tasks.create_task(work())
    return [outcomes[number] for number in range(len(scenarios))]


def _group(scenarios: Sequence[Read], number: int) -> int:
    """Return the number of the first scenario that has the same configuration."""
    return next(first for first, one in enumerate(scenarios) if one.config == scenarios[number].config)


def _speaks(read: Read) -> bool:
    """Say whether the phone of a scenario may need a voice."""
    scenario = read.scenario
    words = any(step.say is not None or step.voicemail is not None for step in scenario.caller.steps)
    return words or (scenario.direction == "outbound" and not scenario.caller.steps)


async def _ear(stack: AsyncExitStack, scenarios: Sequence[Read]) -> Transcriber | None:
    """Return a transcriber that is ready, if any scenario asks what was heard."""
    if not any(one.scenario.expect.heard or one.scenario.expect.not_heard for one in scenarios):
        return None
    engines = Engines()
    transcriber = engines.transcriber(Stt())
    await engines.load(stack)
    return transcriber


async def _outcome(stage: Stage, read: Read, ear: Transcriber | None) -> Outcome:
    scenario = read.scenario
    try:
        held = await hold(stage, scenario)
    except (VoicecallError, TimeoutError) as error:
        miss = Miss("call", "a call", f"it could not be held: {str(error) or 'nothing happened'}")
        return Outcome(read, [miss], None, None, None)
    measures = measure(held)
    heard = None
    if ear is not None and (scenario.expect.heard or scenario.expect.not_heard):
        heard = await listen(measures.agent, measures.sounded, ear)
    return Outcome(read, misses(scenario.expect, held, measures, heard), held, measures, heard)
