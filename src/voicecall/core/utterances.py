"""What ears, mouth and agent of a call report, in the past tense: the part of the events that is speech."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from voicecall.core.fact import Binding, Passing

# --- what the ears report. `segment` numbers stretches of caller speech, from 1


class SpeechStarted(Passing, frozen=True):
    """The caller began to speak, `lead` seconds ago."""

    segment: int
    lead: float = 0.0


class SpeechSure(Passing, frozen=True):
    """The caller has been making sound for so long, and so clearly, that it is speech."""

    segment: int


class SpeechStopped(Passing, frozen=True):
    """The caller fell silent; `silence` seconds of it have already passed."""

    segment: int
    silence: float


class PartlyHeard(Passing, frozen=True):
    """What the transcriber makes of a segment so far."""

    segment: int
    text: str


class Heard(Binding, frozen=True):
    """What the caller said in a segment; empty when there were no words."""

    segment: int
    text: str
    echo: bool = False
    """Whether the words were our own, coming back."""


class TurnSigned(Passing, frozen=True):
    """What the transcriber, or a model of turns, makes of the caller's pause."""

    sign: Literal["likely", "over", "unlikely"]
    """Whether the turn is over: it seems so, it is, it seems not."""


class EarsFailed(Passing, frozen=True):
    """The transcriber failed on a segment."""

    segment: int
    detail: str


# --- what a model reports that hears and speaks by itself


class BargedIn(Passing, frozen=True):
    """The model stopped because the caller interrupted it."""


class ModelLost(Binding, frozen=True):
    """The model cannot be had, or not any more."""

    detail: str
    hopeless: bool = False
    """Whether nothing shall take its place."""


class ConsultBegan(Passing, frozen=True):
    """The model asks the agent behind it. `consult` numbers the questions."""

    consult: int


class ConsultOver(Passing, frozen=True):
    """The agent has answered the model, or will not."""

    consult: int


# --- what the mouth reports. `reply` numbers everything the agent says in a call, from 1


class PlaybackStarted(Passing, frozen=True):
    """The first audio of a reply was sent."""

    reply: int


class PlaybackConfirmed(Passing, frozen=True):
    """The carrier confirmed that a reply is being played."""

    reply: int


class ReplyWorded(Binding, frozen=True):
    """All words of a reply are known; the carrier is to speak them."""

    reply: int
    text: str
    """As it is spoken."""
    written: str = ""
    """As the agent wrote it, where that differs."""


class PromptFailed(Binding, frozen=True):
    """The carrier could not be told what to say."""

    detail: str
    prompt: int = 0
    """Which one, by its number; 0 for the newest."""


class FarewellAsked(Passing, frozen=True):
    """The agent wants to hang up once `reply` was heard."""

    reply: int


class KeysWanted(Binding, frozen=True):
    """The agent wants keys sent to the far end, in the course of `reply`."""

    reply: int
    digits: str


class OutcomeNoted(Binding, frozen=True):
    """The agent noted what came of the call."""

    disposition: str
    summary: str = ""
    data: dict[str, Any] = msgspec.field(default_factory=dict)


class Evidence(msgspec.Struct, frozen=True):
    """Where in the call something was said."""

    field: str
    """The member of the data that it speaks for: its path, such as `guests` or `address.city`."""
    line: int
    """Which line of the transcript, from 0."""
    quote: str
    """Words of that line."""


class Concluded(Binding, frozen=True):
    """The agent said what came of the call, once it was over; or why that is not known."""

    summary: str = ""
    data: dict[str, Any] | None = None
    """As the schema of the call wants it."""
    evidence: tuple[Evidence, ...] = ()
    error: str = ""


class Volunteered(Binding, frozen=True):
    """The agent has something to say of its own accord."""

    text: str


class PlaybackFinished(Binding, frozen=True):
    """All of a reply was played; `confirmed` when the carrier said so, else only the clock does."""

    reply: int
    text: str
    confirmed: bool = True


class PlaybackStopped(Binding, frozen=True):
    """A reply was cut off; `heard` is what the caller heard of `text`."""

    reply: int
    text: str
    heard: str


class ReplyFailed(Binding, frozen=True):
    """No reply, or no more of it, can be spoken. `heard` is what was."""

    reply: int
    detail: str
    text: str = ""
    heard: str = ""
    voice: bool = False
    """Whether it was our voice that failed."""


class TurnMeasured(Passing, frozen=True):
    """How long the stages of a turn took."""

    turn: int
    stages: dict[str, float]
    """Milliseconds by name of the stage."""
