"""Turn-taking: who has the floor. Pure; one small state per call, one function per fact.

The floor is open, or the caller has it, or the agent. Two states lie between: *pause*, when the caller fell silent and
may go on, and *held*, when the agent was cut short by something that may turn out to be nothing. Sound alone holds the
agent, and not for long unless it is surely speech; only words take the floor from it.

    open ──speech──► caller ──silence──► pause ──endpoint──► thinking ──first audio──► agent ──last mark──► open
                       ▲                  │ │                   │                      │  ▲
                       └──────speech──────┘ │                   └──speech──► caller    ▼  │ nothing was said
                                            └─no words──► open                        held ┘
                                                              caller, pause ◄──words── ┘

The agent says one thing at a time: whatever else there is to say waits in `queue` for the floor to be open.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

import msgspec

from voicecall.core.effects import CancelReply, HoldReply, Rehearse, ResumeReply, Say, StartTimer, StopTimer

ENDPOINT = "endpoint"
TRANSCRIPT = "transcript"
BARGE_IN = "barge-in"

Sign = Literal["", "likely", "over", "unlikely"]
"""What the transcriber, or a model of turns, makes of the caller's pause."""


class Floor(StrEnum):
    """Who has the floor."""

    OPEN = "open"
    CALLER = "caller"
    PAUSE = "pause"
    THINKING = "thinking"
    AGENT = "agent"
    HELD = "held"


class Utterance(msgspec.Struct, frozen=True):
    """Something the agent will say."""

    reply: int
    text: str
    protected: bool
    """Whether it is heard out before the caller can interrupt."""


class Untold(msgspec.Struct, frozen=True):
    """A turn that was over before its words were known."""

    since: float
    """When the caller began it, in Unix seconds."""
    segments: frozenset[int]
    """Segments whose words are still to come."""
    words: tuple[str, ...]


class Turns(msgspec.Struct, frozen=True):
    """The state of turn-taking in one call."""

    floor: Floor = Floor.OPEN
    reply: int = 0
    """What the agent is making, saying or holding; 0 for nothing."""
    replies: int = 0
    """How many replies there were."""
    protected: bool = False
    answering: bool = False
    """Whether `reply` answers the caller."""
    sounding: bool = False
    """Whether any of `reply` was sent."""
    queue: tuple[Utterance, ...] = ()
    turn: int = 0
    """How many turns the caller has ended."""
    speaking: int = 0
    """The segment that the caller is speaking; 0 for silence."""
    sure: int = 0
    """The newest segment that is surely speech."""
    spoken_over: int = 0
    """The segment spoken over a protected reply: it does not count unless it outlasts the reply."""
    awaited: frozenset[int] = frozenset()
    """Segments whose words are not known yet."""
    late: frozenset[int] = frozenset()
    """Segments whose words were not waited for any longer; they count when they come all the same."""
    words: tuple[str, ...] = ()
    """What was said in the turn so far, by segment."""
    untold: tuple[Untold, ...] = ()
    aside: str = ""
    """What the caller said over the reply at hand that did not interrupt it."""
    aside_at: float = 0.0
    """When that was, in Unix seconds."""
    since: float = 0.0
    """When the caller began this turn, in Unix seconds."""
    silent_since: float = 0.0
    """When the caller last fell silent, in Unix seconds."""
    sign: Sign = ""
    """What was made of the pause at hand."""
    waited: float = 0.0
    """Seconds of silence that the pause at hand is given."""
    rehearsed: str = ""
    """The words for which an answer was prepared."""
    due: bool = False
    """Whether the endpoint has passed and only words are missing."""
    owed: bool = False
    """Whether the caller went on before the last turn was answered; noise alone must not cost the answer."""
    ready: bool = False
    """Whether anything can be said yet."""

    @property
    def text(self) -> str:
        """The words of the turn so far."""
        return " ".join(self.words)


class TurnEnded(msgspec.Struct, frozen=True):
    """The caller has finished, `text` is empty when nothing was said. Not an effect; the call decides who answers."""

    turn: int
    text: str
    since: float
    unanswered: bool = True
    """Whether this turn, or else the one before, wants an answer."""
    waited: float = 0.0
    """Seconds of silence that it was given."""
    keys: bool = False
    """Whether the text are keys that were pressed."""
    wordless: bool = False
    """Whether its words are still to come, as `TurnWorded`."""


class TurnWorded(msgspec.Struct, frozen=True):
    """What the caller said in a turn that is over. Not an effect, either."""

    text: str
    since: float


Out = HoldReply | ResumeReply | CancelReply | Rehearse | Say | StartTimer | StopTimer | TurnEnded | TurnWorded
Result = tuple[Turns, tuple[Out, ...]]


def changed(turns: Turns, **changes: Any) -> Turns:
    """Return the state with these fields changed."""
    return msgspec.structs.replace(turns, **changes)
