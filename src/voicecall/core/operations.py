"""What can be asked of the gateway. Every door (command line, REST, RPC, tool) is drawn from this table.

Parameters travel as JSON objects in `camelCase`; results are the JSON values of the contract, the same at every door.
What only those may ask who look after the gateway is in `administration`; both make up the one `TABLE`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from voicecall.core import results
from voicecall.core.administration import ADMINISTRATION, Administration
from voicecall.core.asking import Asking
from voicecall.core.rules import Mode
from voicecall.errors import CallNotFound, CallOver, CallRefused, OperationTimeout, ProviderError

Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e9)]
Position = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""A sequence number, or none yet."""
Many = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]


class Initiate(Asking, frozen=True, kw_only=True):
    """Place a call. Result: `{callId, state}`, at once."""

    name = "initiate"
    route = ("POST", "/v1/calls")
    scope = "call"
    changes = True
    creates = True
    result = results.Placed
    errors = (CallRefused,)
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
    schema: dict[str, Any] | None = None
    """A JSON Schema of an object, at most 16 KiB: what the agent should bring back, as the record's `outcome.data`."""
    language: str | None = None
    """What is spoken: a BCP 47 tag; default `language`."""
    metadata: dict[str, str] = msgspec.field(default_factory=dict)


class Continue(Asking, frozen=True):
    """Say something and wait for the caller's answer. Result: `{callId, transcript, timedOut?}`."""

    name = "continue"
    route = ("POST", "/v1/calls/{callId}/continue")
    scope = "call"
    changes = True
    result = results.Answered
    errors = (CallNotFound, CallOver, CallRefused, ProviderError)
    call_id: str
    message: str
    timeout: Seconds | None = None
    """Seconds in which an answer is awaited, at most 3600; default `limits.transcript_timeout_ms`."""


class Speak(Asking, frozen=True):
    """Say something. Result, once it was heard: `{callId, heard}`."""

    name = "speak"
    route = ("POST", "/v1/calls/{callId}/speak")
    scope = "call"
    changes = True
    result = results.Spoken
    errors = (CallNotFound, CallOver, CallRefused, ProviderError)
    call_id: str
    message: str


class Dtmf(Asking, frozen=True):
    """Send digits to the far end. Result: `{callId}`."""

    name = "dtmf"
    route = ("POST", "/v1/calls/{callId}/dtmf")
    scope = "call"
    changes = True
    result = results.Sent
    errors = (CallNotFound, CallOver, CallRefused, ProviderError)
    call_id: str
    digits: str


class End(Asking, frozen=True):
    """Hang up. Result, once the hang-up was accepted: `{callId, state, endReason}`."""

    name = "end"
    route = ("DELETE", "/v1/calls/{callId}")
    scope = "call"
    changes = True
    result = results.Ended
    errors = (CallNotFound, CallRefused)
    call_id: str


class Wait(Asking, frozen=True):
    """Wait until a call has ended. Result: its final record."""

    name = "wait"
    route = ("GET", "/v1/calls/{callId}/wait")
    result = results.Record
    errors = (
        CallNotFound,
        CallRefused,
        OperationTimeout,
    )
    call_id: str
    timeout: Seconds = 600.0
    """Seconds."""


class Status(Asking, frozen=True):
    """The record of one call. Result: the record."""

    name = "status"
    route = ("GET", "/v1/calls/{callId}")
    reads_store = True
    result = results.Record
    errors = (CallNotFound,)
    call_id: str


class Live(Asking, frozen=True):
    """All live calls. Result: a list of records."""

    name = "live"
    route = ("GET", "/v1/live")
    result = list[results.Record]


class History(Asking, frozen=True):
    """Calls, newest first. Result: a list of records."""

    name = "history"
    route = ("GET", "/v1/calls")
    reads_store = True
    result = list[results.Record]
    since: str | None = None
    """RFC 3339, or a span back from now: `90s`, `30m`, `2h`, `7d`."""
    limit: Many = 50
    number: str | None = None
    state: str | None = None


class Transcript(Asking, frozen=True):
    """What was said. Result: a list of lines `{at, speaker, text, heard?}`."""

    name = "transcript"
    route = ("GET", "/v1/calls/{callId}/transcript")
    reads_store = True
    result = list[results.TranscriptLine]
    errors = (CallNotFound,)
    call_id: str


class Events(Asking, frozen=True):
    """Events after a sequence number. Result: a list of `{seq, at, callId, type, data}`, in order."""

    name = "events"
    route = ("GET", "/v1/calls/{callId}/events")
    reads_store = True
    result = list[results.Event]
    errors = (CallNotFound,)
    call_id: str | None = None
    since: Position = 0
    limit: Many = 1000


class Recording(Asking, frozen=True):
    """What was heard and said, as sound. Result: where it is, and of what kind; REST gives the sound itself."""

    name = "recording"
    route = ("GET", "/v1/calls/{callId}/recording")
    reads_store = True
    result = results.Recording
    errors = (CallNotFound, CallRefused)
    call_id: str


class Latency(Asking, frozen=True):
    """How long the stages of recent turns took. Result: `{stages: [{name, count, p50_ms, p95_ms}]}`."""

    name = "latency"
    route = ("GET", "/v1/latency")
    reads_store = True
    result = results.Latency
    last: Many = 200
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


class Simulate(Asking, frozen=True, kw_only=True):
    """Ring the gateway from the telephone network on this machine. Result: the final record."""

    name = "simulate"
    route = ("POST", "/v1/simulate")
    scope = "call"
    changes = True
    result = results.Record
    errors = (CallRefused, OperationTimeout, ProviderError)
    from_: str = msgspec.field(name="from")
    line: str | None = None
    """The number that is rung; default `from_number`, else one of that network's."""
    steps: list[CallerStep]


Calling = (
    Initiate
    | Continue
    | Speak
    | Dtmf
    | End
    | Wait
    | Status
    | Live
    | History
    | Transcript
    | Events
    | Recording
    | Latency
    | Simulate
)
Operation = Calling | Administration

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
    Recording,
    Latency,
    Simulate,
    *ADMINISTRATION,
)
"""All operations, in the order in which they are documented."""
