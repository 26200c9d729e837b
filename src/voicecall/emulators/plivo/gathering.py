"""`<GetInput>`: what the phone says and which keys it presses, until there is enough.

Source: Plivo docs `voice/xml/input`. Speech is known from the phone's script; nothing is recognised.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from .elements import GetInput


@dataclass(frozen=True, slots=True)
class Pressed:
    """The phone pressed a key."""

    digit: str


@dataclass(frozen=True, slots=True)
class Speaking:
    """The phone begins to say this."""

    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """The phone has said this."""

    text: str


@dataclass(frozen=True, slots=True)
class PromptsOver:
    """All prompts have been played."""


Input = Pressed | Speaking | Said | PromptsOver


class Collector:
    """Decides on each input whether there is enough, and until when the next is waited for. Pure."""

    def __init__(self, wanted: GetInput) -> None:
        self.digits = ""
        self.interrupts = False
        """Whether the latest input stops the prompts."""
        self._wanted = wanted
        self._heard: list[str] = []
        self._saying: str | None = None
        self._last = float("inf")
        """The execution time-out ends here."""
        self._pause = float("inf")
        """So does the pause after the latest input."""

    @property
    def deadline(self) -> float | None:
        """When to give up waiting; None: not yet known."""
        soonest = min(self._last, self._pause)
        return None if soonest == float("inf") else soonest

    @property
    def speech(self) -> str:
        """What was said, with what is being said."""
        return " ".join([*self._heard, *([self._saying] if self._saying is not None else [])])

    def take(self, given: Input, at: float) -> bool:
        """Take an input and return whether that is enough."""
        wanted = self._wanted
        self.interrupts = False
        match given:
            case PromptsOver():
                self._count_from(at)
            case Pressed(digit) if wanted.dtmf:
                self._count_from(at)
                self.interrupts = True
                if digit == wanted.finish_on_key:
                    return True
                self.digits += digit
                self._pause = at + wanted.digit_end_timeout
                return len(self.digits) == wanted.num_digits
            case Speaking(text) if wanted.speech:
                self._count_from(at)
                self.interrupts = True
                self._saying = text
                self._pause = float("inf")
            case Said(text) if self._saying is not None:
                self._heard.append(text)
                self._saying = None
                self._pause = at + wanted.speech_end_timeout
            case _:
                pass
        return False

    def _count_from(self, at: float) -> None:
        self._last = min(self._last, at + self._wanted.execution_timeout)


async def get_input(
    wanted: GetInput,
    inputs: asyncio.Queue[Input],
    interrupt: Callable[[], None],
    interim: Callable[[str], None] | None = None,
) -> dict[str, str]:
    """Return the parameters that the action gets, none if nothing was heard.

    `interrupt` stops the prompts; `interim` gets what was said so far.
    """
    collector = Collector(wanted)
    loop = asyncio.get_running_loop()
    try:
        while True:
            async with asyncio.timeout_at(collector.deadline):
                given = await inputs.get()
            enough = collector.take(given, loop.time())
            if collector.interrupts:
                interrupt()
            if enough:
                break
            if interim is not None and isinstance(given, Said) and collector.speech:
                interim(collector.speech)
    except TimeoutError:
        pass
    if collector.digits:
        return {"InputType": "dtmf", "Digits": collector.digits, "Speech": ""}
    if collector.speech:
        confidence = {"SpeechConfidenceScore": "0.9", "BilledAmount": "0.0200"}
        return {"InputType": "speech", "Digits": "", "Speech": collector.speech, **confidence}
    return {}
