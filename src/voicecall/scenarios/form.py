"""The form of a scenario file: who does what on the phone, and what is expected of the call. Times in milliseconds."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from voicecall.emulators.disturbance import Disturbance
from voicecall.emulators.script import Step

from .matching import check

CALLER = "+15550123456"
"""Who calls, or is called, unless the scenario says otherwise."""

Milliseconds = Annotated[float, msgspec.Meta(ge=0)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Number = Annotated[str, msgspec.Meta(pattern=r"^\+[1-9][0-9]{6,14}$")]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table without unknown keys."""


class Caller(_Table, frozen=True, kw_only=True):
    """Somebody at a phone of the emulated network."""

    number: Number = CALLER
    rings: Number | None = None
    """Inbound: which number of ours; default `from_number`."""
    line: Disturbance = Disturbance()
    """What is wrong with the line for the whole call."""
    steps: tuple[Step, ...] = ()


class Bounds(_Table, frozen=True, kw_only=True):
    """How long something may take."""

    at_least: Milliseconds = 0.0
    at_most: Milliseconds | None = None


class Response(Bounds, frozen=True, kw_only=True):
    """From the caller's last sound of a turn to the first sound of the answer."""

    turn: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """Which turn of the caller's; every one where it is not given."""
    less_wait: bool = False
    """Whether the silence that the turn's decision chose to wait is taken off."""


class Line(_Table, frozen=True, kw_only=True):
    """A line of the transcript: words that stand in it side by side, or `/a regular expression/`, in any case."""

    agent: str | None = None
    caller: str | None = None
    cut: bool | None = None
    """Of the agent's lines: whether the caller cut it short."""

    def __post_init__(self) -> None:
        if (self.agent is None) == (self.caller is None):
            raise ValueError("a line of the transcript is either the agent's or the caller's")
        if self.cut is not None and self.agent is None:
            raise ValueError("only the agent's lines are cut")
        check(self.agent or self.caller or "")


class Expected(_Table, frozen=True, kw_only=True):
    """What is expected of a call. What is not given is not looked at."""

    transcript: tuple[Line, ...] = ()
    """Lines that must stand in the transcript, in this order, others between them."""
    not_in_transcript: tuple[Line, ...] = ()
    heard: tuple[str, ...] = ()
    """What the caller must have heard, in this order, as a transcriber makes it out of the recording."""
    not_heard: tuple[str, ...] = ()
    turns: Count | None = None
    """How many turns the caller had, by the transcript."""
    agent_lines: Count | None = None
    """How many lines the agent spoke, by the transcript; what nobody heard does not count."""
    cuts: Count | None = None
    """How many of the agent's lines were cut short."""
    responses: tuple[Response, ...] = ()
    silent_after: Bounds | None = None
    """From each time the caller began to speak over the agent to the agent's silence."""
    pauses: Count | None = None
    """How many pauses of more than 600 ms inside the agent's lines are put up with."""
    longest_silence: Bounds | None = None
    """The longest stretch in which neither of them made a sound."""
    digits: str | None = None
    """The keys that the gateway took."""
    ends: str | None = None
    """`endReason` of the record."""
    warnings: tuple[str, ...] = ()
    """Codes that the record must hold."""
    no_warnings: tuple[str, ...] | bool = ()
    """Codes that it must not hold; `true` for none at all."""
    stages: tuple[str, ...] = ()
    """Stages that the latency of some turn must hold."""

    def __post_init__(self) -> None:
        for text in (*self.heard, *self.not_heard):
            check(text)


class Scenario(_Table, frozen=True, kw_only=True):
    """One call, and what is expected of it."""

    name: str
    about: str = ""
    config: dict[str, Any] = {}
    """Laid over the gateway's configuration."""
    direction: Literal["inbound", "outbound"] = "inbound"
    message: str = ""
    """Outbound: what the agent says first."""
    mode: Literal["notify", "conversation"] = "conversation"
    objective: str = ""
    caller: Caller = Caller()
    seconds: Annotated[float, msgspec.Meta(gt=0, le=600)] = 60.0
    """After so long the phone is hung up, and the scenario has failed."""
    expect: Expected

    def __post_init__(self) -> None:
        if self.direction == "inbound" and (self.message or self.objective):
            raise ValueError("message and objective are for outbound calls")
