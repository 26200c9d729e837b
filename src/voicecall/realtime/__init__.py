"""Speech to speech: the port of a model that hears and speaks by itself; one file per vendor.

A session takes the place of transcriber, agent and synthesiser in one call. It hears what the caller says, says what it
is asked to say, and reports; what becomes of the call is decided elsewhere. Who ends the caller's turn, and who
interrupts, is declared by its `Traits`.

An *answer* is everything the model says in one go, and has a name. The gateway names those that it asks for; those that
a model gives unasked are named by the session and announced with `Began`. Whatever is reported of an answer that was
cancelled is dropped by whoever listens, so a session need not wait for its vendor to fall silent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import msgspec

from voicecall.errors import Trouble as Trouble


@dataclass(frozen=True, slots=True)
class RealtimeOptions:
    """What every vendor's model is made of; what a vendor does not have, it ignores."""

    api_key: str = field(default="", repr=False)
    base_url: str | None = None
    """An origin in place of the vendor's own, such as `http://127.0.0.1:9`; sockets take `ws` for `http`."""
    model: str | None = None
    voice: str | None = None
    turn_detection: str = ""
    """How the end of the caller's turn is found: a vendor's own ways, or `local`; empty for the vendor's default."""
    extra: tuple[tuple[str, str], ...] = ()
    """Names and values that only this one understands."""


class Traits(msgspec.Struct, frozen=True):
    """What a model decides by itself, and what is decided for it."""

    endpoints: Literal["gateway", "provider"] = "gateway"
    """Who says that the caller's turn is over. The provider says so by `TurnOver`, or by answering (`Began`)."""
    interrupts: Literal["gateway", "provider"] = "gateway"
    """Who says that the caller interrupts. The provider does so by `Interrupted`."""
    truncates: bool = True
    """Whether its history can be cut to what the caller heard. A model without it is only silenced."""


class Tool(msgspec.Struct, frozen=True):
    """A function that the model may call."""

    name: str
    """At most 64 of `A-Za-z0-9_-`."""
    description: str
    parameters: dict[str, Any]
    """JSON Schema of an object."""


class Past(msgspec.Struct, frozen=True):
    """One line of what was said before; of the agent's, what was heard."""

    speaker: Literal["agent", "caller"]
    text: str


@dataclass(frozen=True, slots=True)
class Brief:
    """What a session is told when it is opened."""

    call_id: str
    instructions: str
    history: Callable[[], tuple[Past, ...]]
    """What was said so far, for a session that takes the place of another within the call."""
    language: str = "en"
    """A BCP 47 tag."""


# --- what a session reports


class Audio(msgspec.Struct, frozen=True):
    """More audio of an answer: mu-law, 8 kHz, any length."""

    answer: str
    mulaw: bytes


class Worded(msgspec.Struct, frozen=True):
    """More words of an answer, as the model writes them down; spaces as they belong."""

    answer: str
    text: str


class Began(msgspec.Struct, frozen=True):
    """The model begins an answer that it was not asked for. Reported before anything else of it."""

    answer: str


class Ended(msgspec.Struct, frozen=True):
    """No more of an answer comes. Not reported while a result is due that the model may go on with."""

    answer: str
    failed: str = ""
    """Why it failed, in a sentence without secrets."""


class Called(msgspec.Struct, frozen=True):
    """The model calls a tool in the course of an answer. One `Session.result` is due."""

    answer: str
    call: str
    """What the vendor calls it."""
    name: str
    arguments: str
    """As the model wrote them: it should be JSON of an object, and need not be."""


class Uncalled(msgspec.Struct, frozen=True):
    """The model does not wait for this tool any more."""

    call: str


class CallerWords(msgspec.Struct, frozen=True):
    """What the caller said in the turn `item`, as the model understood it; empty when there were no words."""

    item: str
    text: str


class TurnOver(msgspec.Struct, frozen=True):
    """The caller's turn is over, or was taken as over at our request; its words come as `CallerWords` of that `item`.

    Where the gateway endpoints, it only says how the words will be named.
    """

    item: str


class Interrupted(msgspec.Struct, frozen=True):
    """The model has been interrupted by the caller, and has stopped."""


class Sound(msgspec.Struct, frozen=True):
    """The model hears the caller begin to speak, or stop. Believed only where no detector of ours listens."""

    started: bool


Report = Audio | Worded | Began | Ended | Called | Uncalled | CallerWords | TurnOver | Interrupted | Sound | Trouble


class Session(Protocol):
    """A model in one call. Not thread-safe; everything but `run` returns within microseconds."""

    def feed(self, mulaw: bytes, base64: str = "") -> None:
        """Take caller audio: mu-law 8 kHz, usually 160 bytes. `base64` is the same, where the carrier sent it so."""

    def speech_started(self) -> None:
        """Our detector hears the caller speak. Of interest where the gateway endpoints."""

    def speech_stopped(self) -> None:
        """Our detector hears the caller no more."""

    def respond(self, answer: str) -> None:
        """Have the model answer what the caller said; where the gateway endpoints, the caller's turn ends here."""

    def say(self, answer: str, text: str) -> None:
        """Have the model say this, word for word."""

    def cancel(self, answer: str, heard: int) -> None:
        """Have it stop, if it has not, and forget what was not heard: the caller heard `heard` ms of its audio."""

    def result(self, call: str, output: str, *, more: bool) -> None:
        """Tell what came of a tool. `more`: the model is to go on with the answer that called it, once all came."""

    def note(self, text: str) -> None:
        """Let the model know something that nobody said, such as the keys that the caller pressed."""

    async def run(self, tools: tuple[Tool, ...]) -> None:
        """Be connected until cancelled; a session that its vendor ends after a while is replaced by a fresh one.

        Raises:
            RealtimeError: it cannot be had, or not any more. Nothing is reported afterwards.
        """


class Realtime(Protocol):
    """A model that hears and speaks, shared by all calls."""

    traits: Traits

    def open(self, brief: Brief, report: Callable[[Report], None]) -> Session:
        """Return the session of a call that begins. `report` is called on the event loop."""
