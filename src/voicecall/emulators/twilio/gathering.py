"""`<Gather>`: what the phone says and which keys it presses, until the verb has enough.

Source: Twilio docs `voice/twiml/gather`. Speech is known from the phone's script; nothing is recognised.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from .verbs import Gather


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
    """Decides on each input whether a `<Gather>` has enough, and until when it waits for the next. Pure."""

    def __init__(self, verb: Gather) -> None:
        self.digits = ""
        self.interrupts = False
        """Whether the latest input stops the prompts."""
        self.patience: float | None = None
        """Seconds from the latest input until the verb ends; None: that input changed nothing about it."""
        self._verb = verb
        self._prompting = True
        self._heard: list[str] = []
        self._saying: str | None = None

    @property
    def speech(self) -> str:
        """What was said, with what is being said."""
        return " ".join([*self._heard, *([self._saying] if self._saying is not None else [])])

    def take(self, given: Input) -> bool:
        """Take an input and return whether the verb has enough."""
        verb = self._verb
        self.interrupts, self.patience = False, None
        match given:
            case PromptsOver():
                self._prompting = False
                if not self.digits and not self._heard and self._saying is None:
                    self.patience = verb.timeout
            case Pressed(digit) if verb.dtmf:
                self.interrupts = True
                if digit == verb.finish_on_key:
                    return True
                self.digits += digit
                self.patience = verb.timeout
                return len(self.digits) == verb.num_digits
            case Speaking(text) if verb.speech and (verb.barge_in or not self._prompting):
                self.interrupts = True
                self._saying = text
                self.patience = verb.max_speech_time
            case Said(text) if self._saying is not None:
                self._heard.append(text)
                self._saying = None
                self.patience = verb.timeout if verb.speech_timeout is None else verb.speech_timeout
            case _:
                pass
        return False


async def gather(
    verb: Gather,
    inputs: asyncio.Queue[Input],
    interrupt: Callable[[], None],
    partial: Callable[[str], None] | None = None,
) -> dict[str, str]:
    """Return the parameters that the action gets, none if nothing was heard.

    `interrupt` stops the prompts; `partial` gets what was said so far.
    """
    collector = Collector(verb)
    loop = asyncio.get_running_loop()
    deadline: float | None = None
    try:
        while True:
            async with asyncio.timeout_at(deadline):
                given = await inputs.get()
            enough = collector.take(given)
            if collector.interrupts:
                interrupt()
            if enough:
                break
            if partial is not None and isinstance(given, Said) and collector.speech:
                partial(collector.speech)
            if collector.patience is not None:
                deadline = loop.time() + collector.patience
    except TimeoutError:
        pass
    if collector.digits:
        return {"Digits": collector.digits}
    return {"SpeechResult": collector.speech, "Confidence": "0.9"} if collector.speech else {}
