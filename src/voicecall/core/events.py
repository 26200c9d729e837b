"""What can happen to a call, in the past tense. Nothing here does anything.

An event is *binding* when something in the world follows from it that must survive a crash: a dial, a hang-up, a
webhook answered, a credential used, a greeting confirmed, an operation acknowledged, a line of the transcript. It is
saved before it is acted on. The rest is *passing*: it is acted on at once and saved behind.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from voicecall.core.fact import Binding, Passing
from voicecall.core.ids import CallId, CarrierCallId, StreamId
from voicecall.core.rules import Mode, Route, Rules
from voicecall.core.utterances import (
    BargedIn,
    Concluded,
    ConsultBegan,
    ConsultOver,
    EarsFailed,
    FarewellAsked,
    Heard,
    KeysWanted,
    ModelLost,
    OutcomeNoted,
    PartlyHeard,
    PlaybackConfirmed,
    PlaybackFinished,
    PlaybackStarted,
    PlaybackStopped,
    PromptFailed,
    ReplyFailed,
    ReplyWorded,
    SpeechStarted,
    SpeechStopped,
    SpeechSure,
    TurnMeasured,
    TurnSigned,
    Volunteered,
)

# --- how a call begins


class Placed(Binding, frozen=True, kw_only=True):
    """Somebody asked for an outbound call. Always the first event of one."""

    call_id: CallId
    carrier: str
    to: str
    from_: str
    mode: Mode
    greeting: str
    """What is said first; empty for nothing."""
    rules: Rules
    digits: str = ""
    """Digits to send once answered, before anything is said."""
    objective: str = ""
    """Private to the agent."""
    schema: dict[str, Any] | None = None
    """JSON Schema of an object that the agent should bring back."""
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    """Other ways, tried in order while the ways before surely did not dial."""


class Arrived(Binding, frozen=True, kw_only=True):
    """A call leg reached us from outside. Always the first event of an inbound call."""

    call_id: CallId
    carrier: str
    carrier_call_id: CarrierCallId
    from_: str
    to: str
    greeting: str
    rules: Rules
    direction: Literal["inbound", "outbound"] = "inbound"
    """Outbound when it was placed elsewhere in our name."""
    refusal: str = ""
    """Why the call is not taken: `policy`, `anonymous`, `tries`, `crowded`, `busy` or `draining`; empty when it is."""
    pairing: bool = False
    """Whether the caller is only told a code, whose place in `greeting` is masked."""
    metadata: dict[str, str] = msgspec.field(default_factory=dict)


class OldLine(msgspec.Struct, frozen=True):
    """What somebody said in a call of before."""

    at: float
    """Unix seconds."""
    speaker: Literal["agent", "caller"]
    text: str


class Imported(Binding, frozen=True, kw_only=True):
    """A call that another system held, and that is over. Always the only event of one."""

    call_id: CallId
    carrier: str
    carrier_call_id: CarrierCallId | None
    direction: Literal["inbound", "outbound"]
    mode: Mode
    from_: str
    to: str
    answered_at: float | None
    ended_at: float
    reason: str
    """One of our end reasons."""
    detail: str
    lines: tuple[OldLine, ...]


# --- what the carrier reports


class Dialled(Binding, frozen=True):
    """The carrier accepted the dial and named the call leg; empty where it names it later."""

    carrier_call_id: CarrierCallId


BARRED = "barred"


class DialFailed(Binding, frozen=True):
    """The carrier did not take the dial."""

    detail: str
    code: str = ""
    """The carrier's own; `BARRED`: it was not asked, as we may not dial now."""
    certain: bool = False
    """Whether it surely did not dial."""


class Ringing(Binding, frozen=True):
    """The far end rings."""


class Answered(Binding, frozen=True):
    """The far end picked up."""

    machine: bool = False
    """Whether the carrier says that a machine did."""


class DocumentAsked(Binding, frozen=True):
    """The carrier asks what to do next with a leg that was answered."""


class Gathered(Binding, frozen=True):
    """The carrier spoke and listened as it was told to, and asks what to do next."""

    prompt: int
    """What it answers, by its number."""
    text: str = ""
    """What the caller said; empty when nothing was understood."""


class Told(Binding, frozen=True):
    """The carrier has spoken a prompt, and listens now; what the caller says comes as `Gathered`."""

    prompt: int


class CarrierEnded(Binding, frozen=True):
    """The carrier says that the call leg is over."""

    cause: Literal["completed", "busy", "no-answer", "failed", "canceled", "voicemail", "rejected"]
    detail: str = ""


class CarrierAsked(Binding, frozen=True):
    """The carrier was asked whether the call leg still lives."""

    answer: Literal["alive", "gone", "unknown"]


class HangupAccepted(Binding, frozen=True):
    """The carrier hung up at our request, or knew the call no longer."""


class HangupFailed(Binding, frozen=True):
    """The carrier could not be told to hang up."""

    detail: str


class DigitsSent(Binding, frozen=True):
    """The carrier took the digits of an operation, or refused them with `error`."""

    operation: str
    error: str = ""


# --- the media stream


class StreamStarted(Binding, frozen=True):
    """A media stream joined the call and its credential was used up."""

    stream_id: StreamId
    credential: str
    """The credential's own id, not the secret."""


class StreamDenied(Passing, frozen=True):
    """A media stream of this leg was refused."""

    reason: str


class StreamStopped(Passing, frozen=True):
    """A media stream ended or was lost."""

    stream_id: StreamId


class DigitPressed(Binding, frozen=True):
    """The caller pressed a key: `0-9*#A-D`."""

    digit: str


# --- what somebody asks of a live call. `operation` is unique and answered once


class SpeakAsked(Binding, frozen=True):
    """Say this."""

    operation: str
    text: str


class ContinueAsked(Binding, frozen=True):
    """Say this and wait for the caller's answer."""

    operation: str
    text: str
    timeout: float = 0.0
    """Seconds in which it is awaited; 0 for as long as is configured."""


class DigitsAsked(Binding, frozen=True):
    """Send these digits: `0-9*#A-D` and `w` for half a second."""

    operation: str
    digits: str


class EndAsked(Binding, frozen=True):
    """Hang up."""

    operation: str


# --- ourselves


class TimerFired(Passing, frozen=True):
    """A timer that the call asked for went off."""

    name: str


class Adopted(Binding, frozen=True):
    """A gateway took the call over after a restart."""

    instance: str


class Crashed(Binding, frozen=True):
    """The gateway itself failed on this call."""

    detail: str


class CallEnded(Binding, frozen=True):
    """The call is over; always the last event of one. It repeats what the call knows, for whoever follows the log."""

    reason: str
    detail: str = ""


class Warned(Passing, frozen=True):
    """Something is not as it should be; the call goes on."""

    code: str
    text: str


Beginning = Placed | Arrived
_OfCarrier = Dialled | DialFailed | Ringing | Answered | DocumentAsked | Gathered | Told | CarrierEnded | CarrierAsked
_OfRequest = HangupAccepted | HangupFailed | DigitsSent | PromptFailed
_OfStream = StreamStarted | StreamDenied | StreamStopped | DigitPressed
_OfEars = SpeechStarted | SpeechSure | SpeechStopped | PartlyHeard | Heard | TurnSigned | EarsFailed
_OfModel = BargedIn | ModelLost | ConsultBegan | ConsultOver
_OfPlayback = PlaybackStarted | PlaybackConfirmed | PlaybackFinished | PlaybackStopped
_OfMouth = _OfPlayback | ReplyWorded | ReplyFailed | TurnMeasured
_OfAgent = FarewellAsked | KeysWanted | OutcomeNoted | Concluded | Volunteered
_OfPeople = SpeakAsked | ContinueAsked | DigitsAsked | EndAsked
_OfOurselves = TimerFired | Adopted | Crashed | CallEnded | Warned
Event = (
    Beginning
    | Imported
    | _OfCarrier
    | _OfRequest
    | _OfStream
    | _OfEars
    | _OfModel
    | _OfMouth
    | _OfAgent
    | _OfPeople
    | _OfOurselves
)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def encode(event: Event) -> bytes:
    """Return the event as one JSON object; its `type` member is the class name."""
    return _encoder.encode(event)


def decode(data: bytes) -> Event:
    """Return the event that `encode` wrote.

    Raises:
        msgspec.ValidationError: the object is not one of our events.
    """
    return _decoder.decode(data)
