"""What a call can ask for, in the imperative. Nothing here does anything.

Effects on the media plane are carried out at once. The others reach beyond this process, or acknowledge something;
they wait until the events that led to them are durable.
"""

from __future__ import annotations

import msgspec


class _Effect(msgspec.Struct, frozen=True):
    pass


# --- at once: the media plane, timers


class HoldReply(_Effect, frozen=True):
    """Stop sounding at once, but keep what is left: the caller may have begun turn `turn`."""

    reply: int
    turn: int


class ResumeReply(_Effect, frozen=True):
    """Go on from where the reply was held: it was nothing."""

    reply: int


class CancelReply(_Effect, frozen=True):
    """Stop making and playing this reply for good; report what was heard."""

    reply: int


class TakeOver(_Effect, frozen=True):
    """Put transcriber, agent and voice in the place of the model that heard and spoke; it is of no use any more."""


class Inform(_Effect, frozen=True):
    """Let a model that hears and speaks know something that nobody said."""

    text: str


class DropConsults(_Effect, frozen=True):
    """Stop working on what a model asked the agent behind it: nobody waits for the answers any more."""


class Rehearse(_Effect, frozen=True):
    """Prepare, unheard, the answer to turn `turn`, should it end with the words `text`; no other stays prepared."""

    turn: int
    text: str


class StartTimer(_Effect, frozen=True):
    """Post `TimerFired(name)` after `seconds`; replaces a running timer of that name."""

    name: str
    seconds: float


class StopTimer(_Effect, frozen=True):
    """Forget the timer of that name, if it runs."""

    name: str


# --- once durable: the media plane


class Say(_Effect, frozen=True):
    """Speak `text` as `reply`."""

    reply: int
    text: str


class Respond(_Effect, frozen=True):
    """Ask the agent to answer what the caller said last, and speak it as `reply`."""

    reply: int
    turn: int
    waited: float | None = None
    """Seconds of silence after which the caller's turn was to end; None where it did not end so."""


class Conclude(_Effect, frozen=True):
    """The call is over but for its outcome: ask the agent for it, and post `Concluded`."""


# --- once durable: the carrier


class Dial(_Effect, frozen=True):
    """Place the outbound leg."""


class Connect(_Effect, frozen=True):
    """Open a media stream on this leg, answering it first where that is needed."""


class Listen(_Effect, frozen=True):
    """Have the carrier listen by itself, answering the leg first where that is needed."""


class Prompt(_Effect, frozen=True):
    """Have the carrier speak `text` itself and, if told to, listen: it answers with this number."""

    number: int
    text: str
    listen: bool


class Dismiss(_Effect, frozen=True):
    """Have the carrier speak `text`, where it can, and end the leg."""

    text: str


class Reject(_Effect, frozen=True):
    """Turn an inbound leg away: `busy` or `rejected`."""

    reason: str


class Hangup(_Effect, frozen=True):
    """End the leg at the carrier."""


class AskCarrier(_Effect, frozen=True):
    """Ask the carrier whether the leg still lives."""


class SendDigits(_Effect, frozen=True):
    """Send digits to the far end on behalf of an operation (empty: of the call itself)."""

    operation: str
    digits: str


# --- once durable: whoever asked


class Acknowledge(_Effect, frozen=True):
    """Tell whoever asked for `operation` that it is done."""

    operation: str
    result: dict[str, str | bool]


class Refuse(_Effect, frozen=True):
    """Tell whoever asked for `operation` that it cannot be done: `code` is a `RequestError.code`."""

    operation: str
    code: str
    detail: str


class Ignored(_Effect, frozen=True):
    """The event was late, a duplicate or out of place: weather. Nothing follows from it."""

    why: str


Now = (
    HoldReply
    | ResumeReply
    | CancelReply
    | TakeOver
    | Inform
    | DropConsults
    | Rehearse
    | StartTimer
    | StopTimer
    | Ignored
)
Durable = (
    Say
    | Respond
    | Conclude
    | Dial
    | Connect
    | Listen
    | Prompt
    | Dismiss
    | Reject
    | Hangup
    | AskCarrier
    | SendDigits
    | Acknowledge
    | Refuse
)
Effect = Now | Durable
