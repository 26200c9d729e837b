"""Turn-taking: who has the floor. Pure; one small state per call, one function per fact.

The floor is open, or the caller has it, or the agent. Two states lie between: *pause*, when the caller fell silent and
may go on, and *held*, when the agent was cut short by something that may turn out to be nothing. Sound alone holds the
agent; only words take the floor from it.

    open ──speech──► caller ──silence──► pause ──endpoint──► thinking ──first audio──► agent ──last mark──► open
                       ▲                  │ │                   │                      │  ▲
                       └──────speech──────┘ │                   └──speech──► caller    ▼  │ nothing was said
                                            └─no words──► open                        held ┘
                                                              caller, pause ◄──words── ┘

The agent says one thing at a time: whatever else there is to say waits in `queue` for the floor to be open.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any, assert_never

import msgspec

from voicecall.core.effects import CancelReply, HoldReply, ResumeReply, Say, StartTimer, StopTimer
from voicecall.core.endpoint import completeness
from voicecall.core.rules import TurnRules

ENDPOINT = "endpoint"
TRANSCRIPT = "transcript"
BARGE_IN = "barge-in"

_BACKCHANNELS = frozenset(
    {"mm", "mmm", "mhm", "mm-hmm", "mmhmm", "hm", "hmm", "uh-huh", "uh", "um", "ah", "oh", "okay", "ok", "right"}
    | {"yeah", "yep", "sure", "i see", "got it", "all right", "alright"}
)


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


class Turns(msgspec.Struct, frozen=True):
    """The state of turn-taking in one call."""

    floor: Floor = Floor.OPEN
    reply: int = 0
    """What the agent is making, saying or holding; 0 for nothing."""
    replies: int = 0
    """How many replies there were."""
    protected: bool = False
    answering: bool = False
    """Whether `reply` answers the caller, and so falls when the caller goes on."""
    queue: tuple[Utterance, ...] = ()
    turn: int = 0
    """How many turns the caller has ended."""
    speaking: int = 0
    """The segment that the caller is speaking; 0 for silence."""
    spoken_over: int = 0
    """The segment spoken over a protected reply: it does not count unless it outlasts the reply."""
    awaited: frozenset[int] = frozenset()
    """Segments whose words are not known yet."""
    late: frozenset[int] = frozenset()
    """Segments whose words were not waited for any longer; they count when they come all the same."""
    words: tuple[str, ...] = ()
    """What was said in the turn so far, by segment."""
    since: float = 0.0
    """When the caller began this turn, in Unix seconds."""
    silent_since: float = 0.0
    """When the caller last fell silent, in Unix seconds."""
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


Out = HoldReply | ResumeReply | CancelReply | Say | StartTimer | StopTimer | TurnEnded
Result = tuple[Turns, tuple[Out, ...]]


def is_backchannel(text: str) -> bool:
    """Say whether the words only tell the agent to go on."""
    plain = " ".join(re.findall(r"[a-z'-]+", text.lower()))
    return plain in _BACKCHANNELS or (bool(plain) and all(word in _BACKCHANNELS for word in plain.split()))


def _with(turns: Turns, **changes: Any) -> Turns:
    return msgspec.structs.replace(turns, **changes)


def _yields(turns: Turns, rules: TurnRules) -> bool:
    """Say whether what the agent makes or says gives way to the caller; an answer that nobody hears yet always does."""
    return not turns.protected and (rules.barge_in or (turns.floor is Floor.THINKING and turns.answering))


# --- the caller


def speech_started(turns: Turns, rules: TurnRules, segment: int, lead: float, at: float) -> Result:
    """The caller began to speak, `lead` seconds before `at`."""
    if turns.floor in (Floor.AGENT, Floor.THINKING) and not _yields(turns, rules):
        return _with(turns, speaking=segment, spoken_over=segment), ()
    turns = _with(turns, speaking=segment, awaited=turns.awaited | {segment})
    if not turns.words:
        turns = _with(turns, since=at - lead)
    match turns.floor:
        case Floor.AGENT:
            return _with(turns, floor=Floor.HELD), (HoldReply(turns.reply, turns.turn + 1),)
        case Floor.THINKING if turns.answering:
            return _with(turns, floor=Floor.CALLER, reply=0, owed=True), (CancelReply(turns.reply),)
        case Floor.THINKING:
            return _with(turns, floor=Floor.HELD), (HoldReply(turns.reply, turns.turn + 1),)
        case Floor.PAUSE:
            return _with(turns, floor=Floor.CALLER, due=False), (StopTimer(ENDPOINT), StopTimer(TRANSCRIPT))
        case Floor.HELD:
            return turns, (StopTimer(BARGE_IN),)
        case Floor.OPEN | Floor.CALLER:
            return _with(turns, floor=Floor.CALLER), ()
        case _:
            assert_never(turns.floor)


def speech_stopped(turns: Turns, rules: TurnRules, segment: int, silence: float, at: float) -> Result:
    """The caller fell silent, `silence` seconds before `at`."""
    if segment != turns.speaking:
        return turns, ()
    if segment == turns.spoken_over:
        return _with(turns, speaking=0), ()
    turns = _with(turns, speaking=0, silent_since=at - silence)
    if turns.floor is Floor.HELD:
        return turns, (StartTimer(BARGE_IN, rules.barge_in_patience),)
    if turns.floor is Floor.CALLER:
        return _pause(turns, rules, at)
    return turns, ()


def partly_heard(turns: Turns, rules: TurnRules, segment: int, text: str, at: float) -> Result:
    """The transcriber makes out some words of a segment."""
    if turns.floor is Floor.HELD and segment in turns.awaited and len(text.split()) > 1 and not is_backchannel(text):
        return _yield(turns, rules, at)
    return turns, ()


def heard(turns: Turns, rules: TurnRules, segment: int, text: str, at: float) -> Result:
    """The words of a segment are known; there may be none."""
    if segment not in turns.awaited | turns.late:
        return turns, ()
    awaited = turns.awaited - {segment}
    turns = _with(turns, awaited=awaited, late=turns.late - {segment})
    if turns.reply and _yields(turns, rules):
        if text and not is_backchannel(text):
            return _yield(_with(turns, words=(*turns.words, text)), rules, at)
        return _resume(turns) if turns.floor is Floor.HELD and not awaited else (turns, ())
    turns = _with(turns, words=(*turns.words, text) if text else turns.words)
    if turns.floor is Floor.PAUSE:
        return _end_turn(turns) if turns.due and not awaited else _pause(turns, rules, at)
    if turns.floor is Floor.OPEN and text:
        return _end_turn(turns)
    return turns, ()


def timer_fired(turns: Turns, rules: TurnRules, name: str, at: float) -> Result:
    """One of the timers of this machine went off."""
    match name, turns.floor:
        case "endpoint", Floor.PAUSE:
            if turns.awaited:
                return _with(turns, due=True), (StartTimer(TRANSCRIPT, rules.transcript_patience),)
            return _end_turn(turns)
        case "transcript", Floor.PAUSE:
            return _end_turn(_give_up(turns))
        case "barge-in", Floor.HELD:
            return _resume(turns)
        case _:
            return turns, ()


def _pause(turns: Turns, rules: TurnRules, at: float) -> Result:
    """The caller is silent: wait as long as what was said so far asks for."""
    match completeness(turns.text) if turns.words and not turns.awaited else "unclear":
        case "complete":
            wait = rules.endpointing_min
        case "open":
            wait = rules.endpointing_max
        case _:
            wait = rules.endpointing
    left = max(0.0, turns.silent_since + wait - at)
    return _with(turns, floor=Floor.PAUSE, due=False), (StartTimer(ENDPOINT, left),)


def _end_turn(turns: Turns) -> Result:
    out: tuple[Out, ...] = (StopTimer(ENDPOINT), StopTimer(TRANSCRIPT))
    text, since, owed = turns.text, turns.since, turns.owed
    turns = _with(turns, floor=Floor.OPEN, words=(), due=False, owed=False)
    turns = _with(turns, turn=turns.turn + bool(text))
    return turns, (*out, TurnEnded(turns.turn, text, since, unanswered=bool(text) or owed))


def _give_up(turns: Turns) -> Turns:
    """Wait for words no longer."""
    return _with(turns, awaited=frozenset(), late=turns.late | turns.awaited)


def _yield(turns: Turns, rules: TurnRules, at: float) -> Result:
    """It was an interruption: the reply is dropped and the caller has the floor."""
    out: tuple[Out, ...] = (StopTimer(BARGE_IN), CancelReply(turns.reply))
    turns = _with(turns, floor=Floor.CALLER, reply=0)
    if turns.speaking:
        return turns, out
    turns, waiting = _pause(turns, rules, at)
    return turns, (*out, *waiting)


def _resume(turns: Turns) -> Result:
    """It was nothing: go on from where the reply was held."""
    turns = _with(_give_up(turns), floor=Floor.AGENT)
    return turns, (StopTimer(BARGE_IN), ResumeReply(turns.reply))


# --- the agent


def say(turns: Turns, text: str, *, protected: bool, first: bool = False) -> Result:
    """The agent has something to say of its own accord, before all that waits if it is to be `first`.

    It gets the number `replies` of the result.
    """
    utterance = Utterance(turns.replies + 1, text, protected)
    queue = (utterance, *turns.queue) if first else (*turns.queue, utterance)
    return _next(_with(turns, replies=utterance.reply, queue=queue))


def connect(turns: Turns) -> Result:
    """From now on things can be said."""
    return _next(_with(turns, ready=True))


def respond(turns: Turns) -> Turns:
    """The agent is asked to answer; the answer gets the number `reply` of the result. The floor must be open."""
    number = turns.replies + 1
    return _with(turns, floor=Floor.THINKING, reply=number, replies=number, protected=False, answering=True)


def release(turns: Turns) -> Result:
    """Nobody answers the turn that ended: say what waits, if anything does."""
    return _next(turns)


def playback_started(turns: Turns, reply: int) -> Result:
    """The first audio of a reply was sent."""
    if reply == turns.reply and turns.floor is Floor.THINKING:
        return _with(turns, floor=Floor.AGENT), ()
    return turns, ()


def reply_over(turns: Turns, rules: TurnRules, reply: int, at: float) -> Result:
    """A reply was heard to its end, was cut off, or failed."""
    if reply != turns.reply:
        return turns, ()
    held = turns.floor is Floor.HELD
    turns = _with(turns, reply=0, protected=False, floor=Floor.OPEN)
    if turns.speaking:
        outlasted = turns.speaking == turns.spoken_over
        turns = _with(
            turns,
            floor=Floor.CALLER,
            spoken_over=0,
            since=at if outlasted else turns.since,
            awaited=turns.awaited | {turns.speaking},
        )
        return turns, (StopTimer(BARGE_IN),) if held else ()
    if held or turns.words:
        turns, waiting = _pause(turns, rules, at)
        return turns, (StopTimer(BARGE_IN), *waiting)
    return _next(turns)


def stop(turns: Turns) -> Turns:
    """The call ends: the agent says no more, and what the caller says is only written down."""
    awaited = turns.awaited | {turns.speaking} if turns.speaking else turns.awaited
    holder = Floor.CALLER if turns.reply else turns.floor
    return _with(turns, floor=holder, reply=0, protected=False, queue=(), awaited=awaited, spoken_over=0)


def forget(turns: Turns) -> Turns:
    """Keep the numbers and lose the moment: the media plane is gone."""
    return Turns(replies=turns.replies, turn=turns.turn)


def start_over(turns: Turns, without: int) -> Turns:
    """Lose the moment, but not what waits to be said (`without` one reply), nor words that are still to come."""
    queue = tuple(said for said in turns.queue if said.reply != without)
    return _with(forget(turns), queue=queue, late=turns.late | turns.awaited)


def drop(turns: Turns, without: int) -> Turns:
    """What the agent says is not to be said, and what waits (`without` one reply) not now; the caller goes on."""
    awaited = turns.awaited | {turns.speaking} if turns.speaking else turns.awaited
    holder = Floor.CALLER if turns.speaking else Floor.PAUSE if turns.floor is Floor.PAUSE else Floor.OPEN
    queue = tuple(said for said in turns.queue if said.reply != without)
    turns = _with(turns, floor=holder, reply=0, protected=False, queue=queue, awaited=awaited, spoken_over=0)
    return _with(turns, ready=False)


def _next(turns: Turns) -> Result:
    """If the floor is open, say what has waited longest."""
    if turns.floor is not Floor.OPEN or not turns.queue or not turns.ready:
        return turns, ()
    first, *rest = turns.queue
    turns = _with(
        turns,
        floor=Floor.THINKING,
        reply=first.reply,
        protected=first.protected,
        answering=False,
        queue=tuple(rest),
    )
    return turns, (Say(first.reply, first.text),)
