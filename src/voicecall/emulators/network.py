"""The telephone network: numbers, the phones behind them, and the call legs that are up. Knows no carrier's wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from math import pi
from typing import Any

import numpy as np

from voicecall.audio import TELEPHONE_RATE
from voicecall.audio.g711 import from_float
from voicecall.speech import Speaker, Voice

from .faces import Face, Open, Parties, Post
from .faults import Faults
from .legs import Leg, Plan
from .metronome import Metronome
from .script import Prepared, Sound, Step, prepare

GREETING = "You have reached my voicemail. I cannot take your call. Please leave a message after the tone."
"""What the voicemail says."""

NUMBERS: Mapping[str, Plan] = {
    "+15550100001": Plan(busy=True),
    "+15550100002": Plan(answers_after=None),
    "+15550100003": Plan(machine=True),
    "+15550100004": Plan(steps=(Step(wait=1.0), Step(hangup=True))),
}
"""The numbers that do not behave like the others."""


METRONOMES = 4
"""Calls are spread over so many clocks of different phase, so that they do not all send at the same moment."""


@dataclass(frozen=True, slots=True)
class Wires:
    """What the network needs of the world around it."""

    post: Post
    connect: Open
    now: Callable[[], float]
    """Unix seconds."""


class Network:
    """Places calls to its phones and rings the gateway from them. Everything runs inside `running()`."""

    def __init__(
        self, wires: Wires, synthesizer: Speaker, *, name: str, voice: Voice | None = None, keep: int = 100
    ) -> None:
        """`name` makes the call ids unique across networks; `keep` is how many ended calls are remembered."""
        self.metronomes = tuple(Metronome() for _ in range(METRONOMES))
        self.faults = Faults()
        self.legs: dict[str, Leg] = {}
        """By call id; live ones and the latest ended ones."""
        self.wires = wires
        """The way to the gateway."""
        self._synthesizer = synthesizer
        self._voice = voice or Voice()
        self._name = name
        self._keep = keep
        self._count = 0
        self._scripts: dict[str, tuple[Prepared, ...]] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._running: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Be in operation; on exit all media streams are closed, and nothing is reported any more."""
        async with asyncio.TaskGroup() as self._tasks:
            for metronome in self.metronomes:
                self.spawn(metronome.run())
            try:
                yield
            finally:
                self._tasks = None
                for task in self._running:
                    task.cancel()

    async def place(self, face: Face, parties: Parties, *, ring_timeout: float, time_limit: float | None = None) -> Leg:
        """Dial a phone of the network for the gateway. The call id of `parties` is replaced by a new one.

        Raises:
            SpeechError: the voicemail's greeting cannot be spoken.
        """
        plan = await self.plan(parties.to)
        return self._start(face, parties, replace(plan, ring_timeout=ring_timeout, time_limit=time_limit))

    async def plan(self, number: str) -> Plan:
        """Return how the phone of `number` behaves when it is dialled.

        Raises:
            SpeechError: the voicemail's greeting cannot be spoken.
        """
        plan = NUMBERS.get(number, Plan())
        if plan.machine and number not in self._scripts:
            greeting = await prepare([Step(say=GREETING)], self._synthesizer, self._voice)
            self._scripts[number] = (*greeting, Sound("beep", "", _beep()))
        return replace(plan, steps=self._scripts.get(number, plan.steps))

    async def speak(self, text: str) -> bytes:
        """Return the carrier's own voice saying `text`, as mu-law.

        Raises:
            SpeechError: it cannot be spoken.
        """
        return b"".join([chunk async for chunk in self._synthesizer.speak(text, Voice())])

    async def ring(self, face: Face, parties: Parties, steps: Sequence[Step], *, ring_timeout: float = 30.0) -> Leg:
        """Ring the gateway from a phone of the network, whose caller then does `steps`.

        Raises:
            BadParameters: a step names a file that cannot be played.
            SpeechError: a step's text cannot be spoken.
        """
        prepared = await prepare(steps, self._synthesizer, self._voice)
        return self._start(face, parties, Plan(steps=prepared, ring_timeout=ring_timeout))

    async def script(self, number: str, steps: Sequence[Step]) -> None:
        """Tell the phone of `number` what to do whenever it is dialled and answers.

        Raises:
            BadParameters: a step names a file that cannot be played.
            SpeechError: a step's text cannot be spoken.
        """
        self._scripts[number] = await prepare(steps, self._synthesizer, self._voice)

    def _start(self, face: Face, parties: Parties, plan: Plan) -> Leg:
        self._count += 1
        parties = replace(parties, call=face.call_id(f"{self._name}{self._count:05d}"))
        metronome = self.metronomes[self._count % METRONOMES]
        leg = Leg(parties, plan, faults=self.faults, metronome=metronome)
        leg.attendant = face.attend(leg, self)
        self.legs[parties.call] = leg
        self._forget()
        self.spawn(leg.run())
        return leg

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
        """Have this done as long as the network is in operation; None once it is not."""
        if self._tasks is None:
            work.close()
            return None
        task = self._tasks.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def _forget(self) -> None:
        ended = [call for call, leg in self.legs.items() if leg.status == "ended"]
        for call in ended[: max(0, len(ended) - self._keep)]:
            del self.legs[call]


def _beep(seconds: float = 0.5, hertz: float = 1000.0, amplitude: float = 0.25) -> bytes:
    times = np.arange(int(seconds * TELEPHONE_RATE), dtype=np.float32) / np.float32(TELEPHONE_RATE)
    return from_float((amplitude * np.sin(2 * pi * hertz * times)).astype(np.float32))
