"""The state of one call, and the table of its legal phases."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

import msgspec

from voicecall.core.events import Arrived, Placed
from voicecall.core.floor import Floor, Turns
from voicecall.core.ids import CallId, CarrierCallId, StreamId
from voicecall.core.rules import Mode, Route, Rules, without_model
from voicecall.core.utterances import Evidence


class Phase(StrEnum):
    """How far a call has come."""

    INITIATED = "initiated"
    RINGING = "ringing"
    ANSWERED = "answered"
    ACTIVE = "active"
    """A media stream has joined the call."""
    ENDING = "ending"
    """Why it ends is settled; the carrier's confirmation, the last words or the outcome are awaited."""
    ENDED = "ended"


NEXT: dict[Phase, frozenset[Phase]] = {
    Phase.INITIATED: frozenset({Phase.RINGING, Phase.ANSWERED, Phase.ACTIVE, Phase.ENDING, Phase.ENDED}),
    Phase.RINGING: frozenset({Phase.ANSWERED, Phase.ACTIVE, Phase.ENDING, Phase.ENDED}),
    Phase.ANSWERED: frozenset({Phase.ACTIVE, Phase.ENDING, Phase.ENDED}),
    Phase.ACTIVE: frozenset({Phase.ENDING, Phase.ENDED}),
    Phase.ENDING: frozenset({Phase.ENDED}),
    Phase.ENDED: frozenset(),
}
"""Every legal change of phase. The diagram in the documentation is drawn from it."""

EndReason = Literal[
    "completed",
    "hangup-user",
    "hangup-agent",
    "timeout",
    "stale-timeout",
    "no-answer",
    "busy",
    "failed",
    "error",
    "voicemail",
    "rejected",
]

Greeting = Literal["none", "pending", "sending", "heard"]
"""The opening line: there is none, it waits for a stream, it is being said, the carrier confirmed it."""


class Prompts(msgspec.Struct, frozen=True):
    """What the carrier speaks and hears by itself, where no media stream does."""

    number: int = 0
    """The newest prompt."""
    listening: bool = False
    """Whether the carrier was told to listen, where that is a step of its own."""
    waiting: bool = False
    """Whether the carrier waits to be told what to do, or is to be interrupted for it."""
    reply: int = 0
    """The newest reply that was given to the carrier."""
    written: str = ""
    """It, as the agent wrote it, where that differs from how it is spoken."""
    told: tuple[str, ...] = ()
    """Parts of it that were heard out."""
    left: tuple[str, ...] = ()
    """Parts of it that are still to be told, the one under way included."""


class Line(msgspec.Struct, frozen=True):
    """One line of the transcript."""

    at: float
    """When it began, in Unix seconds."""
    speaker: Literal["agent", "caller"]
    text: str
    heard: str | None = None
    """The agent's lines: what the caller heard of it, where that is less than `text`."""
    keys: bool = False
    """The caller's lines: whether `text` are keys that were pressed."""


class Outcome(msgspec.Struct, frozen=True):
    """What came of the call."""

    disposition: str
    summary: str
    data: dict[str, Any] | None
    """JSON values."""
    evidence: tuple[Evidence, ...] = ()
    error: str = ""
    """Why it is not known, or not all of it."""


class Caution(msgspec.Struct, frozen=True):
    """Something that was not as it should be."""

    at: float
    code: str
    text: str


class Measured(msgspec.Struct, frozen=True):
    """How long the stages of one turn took, in milliseconds."""

    turn: int
    stages: dict[str, float]


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call, from the wish to place it (or its arrival) to its end."""

    id: CallId
    carrier: str
    direction: Literal["outbound", "inbound"]
    mode: Mode
    from_: str
    to: str
    rules: Rules
    started_at: float
    phase: Phase = Phase.INITIATED
    carrier_call_id: CarrierCallId | None = None
    answered_at: float | None = None
    ended_at: float | None = None
    end_reason: EndReason | None = None
    end_detail: str | None = None
    objective: str = ""
    schema: dict[str, Any] | None = None
    """JSON Schema of the object that its agent should bring back."""
    metadata: dict[str, str] = {}
    routes: tuple[Route, ...] = ()
    """Other ways to place the call, that were not tried yet."""

    greeting: str = ""
    greeting_state: Greeting = "none"
    greeting_reply: int = 0
    pairing: bool = False
    """Whether the caller is only told a code, and nobody listens."""
    machine: bool = False
    """Whether a machine answered that a message is to be left on."""
    digits: str = ""
    """Digits still to be sent before anything is said."""

    turns: Turns = Turns()
    reporting: frozenset[int] = frozenset()
    """Replies that were asked for, and of which it is not yet known what became of them."""
    replying_since: float = 0.0
    """When the current reply was first audible, in Unix seconds."""
    farewell: int = 0
    """The reply after which to hang up; 0 for none."""
    farewell_reason: EndReason = "hangup-agent"
    farewell_detail: str | None = None
    driven: bool = False
    """Whether somebody else than the agent speaks in its place: what was said last was asked for."""
    moment: bool = False
    """Whether the caller asked for a moment, or put us on hold."""
    silent: bool = False
    """Whether it was silent for too long, so far as is known while the carrier listens."""
    reprompted: int = 0
    """How often in a row the caller was asked whether they are there."""
    keys: str = ""
    """What the caller has entered so far."""
    consults: frozenset[int] = frozenset()
    """Questions of a model that hears and speaks to the agent behind it, which are not answered yet."""
    outcome: Outcome | None = None
    """As its agent noted it; of a call that is over, all that is known of it."""
    concluding: Literal["", "asked", "failed"] = ""
    """Whether its agent was asked for the outcome, or cannot be because we failed."""
    lines: tuple[Line, ...] = ()
    warnings: tuple[Caution, ...] = ()
    latency: tuple[Measured, ...] = ()

    stream: StreamId | None = None
    streams: int = 0
    """How many media streams have joined so far."""
    connects: int = 0
    """How often a media stream was asked for."""
    denials: int = 0
    """How many media streams were refused."""
    rescues: int = 0
    """How often a media stream was asked for because the one before did not do."""
    redirected: bool = False
    """Whether the leg is to ask for a media stream that was counted already."""
    proven: bool = False
    """Whether the carrier ever confirmed that the caller hears us."""
    away: float = 0.0
    """Seconds for which the leg leaves its stream to send digits; 0 when it does not."""
    prompting: bool = False
    """Whether the carrier speaks and listens by itself."""
    prompts: Prompts = Prompts()
    credentials: tuple[str, ...] = ()
    """Ids of the stream credentials that were used up."""

    leg_over: bool = False
    """Whether the carrier's leg is known to be gone, or there never was one."""
    hangups: int = 0
    asked: Literal["", "stale", "stream", "prompt", "quiet", "adopted"] = ""
    """Why the carrier was asked whether the leg lives."""

    timers: frozenset[str] = frozenset()
    speaks: dict[int, str] = {}
    """Operations that wait for a reply to be heard, by reply."""
    later: tuple[tuple[str, str], ...] = ()
    """Operations and their digits that wait until the leg is back from sending others."""
    presses: tuple[str, ...] = ()
    """Operations that wait for their digits to be sent; empty for the call's own."""
    continues: str = ""
    """The operation that waits for the caller's next turn."""
    continue_reply: int = 0
    continue_timeout: float = 0.0
    """Seconds that it waits; 0 for as long as is configured."""
    ends: tuple[str, ...] = ()
    """Operations that wait until the leg is over."""

    @property
    def state(self) -> str:
        """The state as the outside knows it."""
        match self.phase:
            case Phase.ACTIVE if self.turns.floor in (Floor.AGENT, Floor.HELD):
                return "speaking"
            case Phase.ACTIVE if self.turns.floor in (Floor.CALLER, Floor.PAUSE):
                return "listening"
            case Phase.ENDING:
                return "active" if self.answered_at else "initiated"
            case phase:
                return phase.value

    @property
    def is_over(self) -> bool:
        """Whether nothing will happen to it any more."""
        return self.phase is Phase.ENDED

    @property
    def wants_outcome(self) -> bool:
        """Whether somebody wants to know what came of it, beyond what its agent notes by itself."""
        return bool(self.objective) or self.schema is not None

    @property
    def has_line(self) -> bool:
        """Whether it takes up a line, or is about to: it is not over, and more than its outcome is missing."""
        return not self.is_over and self.concluding != "asked"

    @property
    def is_live(self) -> bool:
        """Whether words can still be exchanged."""
        return self.phase not in (Phase.ENDING, Phase.ENDED)


def open_call(event: Placed | Arrived, at: float) -> Call:
    """Return the call that begins with this event, before anything follows from it."""
    pairing = isinstance(event, Arrived) and event.pairing
    mode: Mode = event.mode if isinstance(event, Placed) else "notify" if pairing else "conversation"
    prompting = not (event.rules.streaming and event.rules.can.streaming)
    return Call(
        id=event.call_id,
        carrier=event.carrier,
        direction="outbound" if isinstance(event, Placed) else event.direction,
        mode=mode,
        from_=event.from_,
        to=event.to,
        rules=event.rules if mode == "conversation" and not prompting else without_model(event.rules),
        started_at=at,
        carrier_call_id=event.carrier_call_id if isinstance(event, Arrived) else None,
        prompting=prompting,
        greeting=event.greeting,
        greeting_state="pending" if event.greeting else "none",
        pairing=pairing,
        digits=event.digits if isinstance(event, Placed) else "",
        objective=event.objective if isinstance(event, Placed) else "",
        schema=event.schema if isinstance(event, Placed) else None,
        metadata=event.metadata,
        routes=event.routes if isinstance(event, Placed) else (),
    )
