"""What can be asked of the gateway. Every door (command line, REST, RPC, tool) is drawn from this table.

Parameters travel as JSON objects in `camelCase`; results are the JSON values of the contract, the same at every door.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from voicecall.core.rules import Mode


class _Operation(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What every operation says of itself."""

    name: ClassVar[str]
    """The method's name behind `voicecall.`"""
    route: ClassVar[tuple[str, str]]
    """REST: HTTP method and path; `{callId}` is taken from the path, the rest from the body or the query."""
    changes: ClassVar[bool] = False
    """Whether it changes something, and so takes an idempotency key."""
    reads_store: ClassVar[bool] = False
    """Whether it can be answered from the store when no daemon runs."""


class Initiate(_Operation, frozen=True):
    """Place a call. Result: `{callId, state}`, at once."""

    name = "initiate"
    route = ("POST", "/v1/calls")
    changes = True
    message: str = ""
    """What is said first."""
    to: str | None = None
    """E.164; default `to_number`."""
    mode: Mode | None = None
    """Default `outbound.default_mode`."""
    carrier: str | None = None
    """Default `provider`."""
    dtmf: str = ""
    """Digits to send once answered."""
    objective: str = ""
    """What the agent should achieve; private to it."""
    language: str | None = None
    """What is spoken: a BCP 47 tag; default `language`."""
    metadata: dict[str, str] = {}


class Continue(_Operation, frozen=True):
    """Say something and wait for the caller's answer. Result: `{callId, transcript, timedOut?}`."""

    name = "continue"
    route = ("POST", "/v1/calls/{callId}/continue")
    changes = True
    call_id: str
    message: str


class Speak(_Operation, frozen=True):
    """Say something. Result, once it was heard: `{callId, heard}`."""

    name = "speak"
    route = ("POST", "/v1/calls/{callId}/speak")
    changes = True
    call_id: str
    message: str


class Dtmf(_Operation, frozen=True):
    """Send digits to the far end. Result: `{callId}`."""

    name = "dtmf"
    route = ("POST", "/v1/calls/{callId}/dtmf")
    changes = True
    call_id: str
    digits: str


class End(_Operation, frozen=True):
    """Hang up. Result, once the hang-up was accepted: `{callId, state, endReason}`."""

    name = "end"
    route = ("DELETE", "/v1/calls/{callId}")
    changes = True
    call_id: str


class Wait(_Operation, frozen=True):
    """Wait until a call has ended. Result: its final record."""

    name = "wait"
    route = ("GET", "/v1/calls/{callId}/wait")
    call_id: str
    timeout: float = 600.0
    """Seconds."""


class Status(_Operation, frozen=True):
    """The record of one call. Result: the record."""

    name = "status"
    route = ("GET", "/v1/calls/{callId}")
    reads_store = True
    call_id: str


class Live(_Operation, frozen=True):
    """All live calls. Result: a list of records."""

    name = "live"
    route = ("GET", "/v1/live")


class History(_Operation, frozen=True):
    """Calls, newest first. Result: a list of records."""

    name = "history"
    route = ("GET", "/v1/calls")
    reads_store = True
    since: str | None = None
    """RFC 3339, or a span back from now: `90s`, `30m`, `2h`, `7d`."""
    limit: int = 50
    number: str | None = None
    state: str | None = None


class Transcript(_Operation, frozen=True):
    """What was said. Result: a list of lines `{at, speaker, text, heard?}`."""

    name = "transcript"
    route = ("GET", "/v1/calls/{callId}/transcript")
    reads_store = True
    call_id: str


class Events(_Operation, frozen=True):
    """Events after a sequence number. Result: a list of `{seq, at, callId, type, data}`, in order."""

    name = "events"
    route = ("GET", "/v1/calls/{callId}/events")
    reads_store = True
    call_id: str | None = None
    since: int = 0
    limit: int = 1000


class Latency(_Operation, frozen=True):
    """How long the stages of recent turns took. Result: `{stages: [{name, count, p50_ms, p95_ms}]}`."""

    name = "latency"
    route = ("GET", "/v1/latency")
    reads_store = True
    last: int = 200
    """Calls looked at."""


class CallerStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing a simulated caller does; exactly one field but `voice` is set. Times in seconds."""

    say: str | None = None
    """Speak this text."""
    wav: str | None = None
    """Play this file."""
    wait: float | None = None
    """Stay silent for so long."""
    listen: float | None = None
    """Wait until the other side spoke and was then silent for so long."""
    onset: float | None = None
    """Wait until the other side has been speaking for so long."""
    press: str | None = None
    """Press these keys."""
    hangup: Literal[True] | None = None
    cough: int | None = None
    """Cough so many times."""
    hum: float | None = None
    """Hum "mm-hmm" for so long."""
    noise: dict[str, float | str] | None = None
    """Make noise: `kind`, `snr` or `dbfs`, `seconds`."""
    music: float | None = None
    """Play music on hold for so long."""
    voicemail: str | None = None
    """Speak this text as a machine does, and beep."""
    line: dict[str, dict[str, float | str]] | None = None
    """From now on the line has this `noise`, `echo` and `loss`."""
    voice: dict[str, float] | None = None
    """Who says what `say` or `voicemail` says: `pitch`, `pace`."""


class Simulate(_Operation, frozen=True, kw_only=True):
    """Ring the gateway from the telephone network on this machine. Result: the final record."""

    name = "simulate"
    route = ("POST", "/v1/simulate")
    changes = True
    from_: str = msgspec.field(name="from")
    line: str | None = None
    """The number that is rung; default `from_number`, else one of that network's."""
    steps: list[CallerStep]


Operation = (
    Initiate | Continue | Speak | Dtmf | End | Wait | Status | Live | History | Transcript | Events | Latency | Simulate
)

TABLE: tuple[type[Operation], ...] = (
    Initiate,
    Continue,
    Speak,
    Dtmf,
    End,
    Wait,
    Status,
    Live,
    History,
    Transcript,
    Events,
    Latency,
    Simulate,
)
"""All operations, in the order in which they are documented."""
