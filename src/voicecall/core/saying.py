"""The agent's side of turn-taking: what it has to say, when it may, and what remains when it is over. Pure."""

from __future__ import annotations

from voicecall.core.effects import Say, StopTimer
from voicecall.core.floor import BARGE_IN, Floor, Result, Turns, Utterance, changed
from voicecall.core.rules import TurnRules
from voicecall.core.turns import pause

LAST_WORD = 1.5
"""Seconds: a word that did not interrupt a question, and came so shortly before its end, was the answer to it."""


def say(turns: Turns, text: str, *, protected: bool, first: bool = False) -> Result:
    """The agent has something to say of its own accord, before all that waits if it is to be `first`.

    It gets the number `replies` of the result.
    """
    utterance = Utterance(turns.replies + 1, text, protected)
    queue = (utterance, *turns.queue) if first else (*turns.queue, utterance)
    return _next(changed(turns, replies=utterance.reply, queue=queue))


def connect(turns: Turns) -> Result:
    """From now on things can be said."""
    return _next(changed(turns, ready=True))


def respond(turns: Turns) -> Turns:
    """The agent is asked to answer; the answer gets the number `reply` of the result. The floor must be open."""
    number = turns.replies + 1
    turns = changed(turns, floor=Floor.THINKING, reply=number, replies=number, answering=True)
    return changed(turns, protected=False, sounding=False, owed=False, aside="")


def release(turns: Turns) -> Result:
    """Nobody answers the turn that ended: say what waits, if anything does."""
    return _next(turns)


def playback_started(turns: Turns, reply: int) -> Result:
    """The first audio of a reply was sent."""
    if reply != turns.reply:
        return turns, ()
    return changed(turns, sounding=True, floor=Floor.AGENT if turns.floor is Floor.THINKING else turns.floor), ()


def reply_over(turns: Turns, rules: TurnRules, reply: int, at: float, *, asked: bool = False) -> Result:
    """A reply was heard to its end, was cut off, or failed; `asked` when it ended with a question."""
    if reply != turns.reply:
        return pause(turns, rules, at) if turns.floor is Floor.PAUSE and not turns.due and rules.early else (turns, ())
    held = turns.floor is Floor.HELD
    turns = changed(turns, reply=0, protected=False, floor=Floor.OPEN)
    if turns.speaking:
        outlasted = turns.speaking == turns.spoken_over
        turns = changed(
            turns,
            floor=Floor.CALLER,
            spoken_over=0,
            since=at if outlasted else turns.since,
            awaited=turns.awaited | {turns.speaking},
        )
        return turns, (StopTimer(BARGE_IN),) if held else ()
    if asked and turns.aside and at - turns.aside_at <= LAST_WORD and not turns.words:
        turns = changed(turns, words=(turns.aside,), since=turns.aside_at)
    turns = changed(turns, aside="")
    if held or turns.words or turns.owed:
        turns, waiting = pause(turns, rules, at)
        return turns, (StopTimer(BARGE_IN), *waiting)
    return _next(turns)


def stop(turns: Turns) -> Turns:
    """The call ends: the agent says no more, and what the caller says is only written down."""
    awaited = turns.awaited | {turns.speaking} if turns.speaking else turns.awaited
    holder = Floor.CALLER if turns.reply else turns.floor
    return changed(turns, floor=holder, reply=0, protected=False, queue=(), awaited=awaited, spoken_over=0)


def forget(turns: Turns) -> Turns:
    """Keep the numbers and lose the moment: the media plane is gone."""
    return Turns(replies=turns.replies, turn=turns.turn)


def start_over(turns: Turns, without: int) -> Turns:
    """Lose the moment, but not what waits to be said (`without` one reply), nor words that are still to come."""
    queue = tuple(said for said in turns.queue if said.reply != without)
    return changed(forget(turns), queue=queue, late=turns.late | turns.awaited)


def drop(turns: Turns, without: int) -> Turns:
    """What the agent says is not to be said, and what waits (`without` one reply) not now; the caller goes on."""
    awaited = turns.awaited | {turns.speaking} if turns.speaking else turns.awaited
    holder = Floor.CALLER if turns.speaking else Floor.PAUSE if turns.floor is Floor.PAUSE else Floor.OPEN
    queue = tuple(said for said in turns.queue if said.reply != without)
    turns = changed(turns, floor=holder, reply=0, protected=False, queue=queue, awaited=awaited, spoken_over=0)
    return changed(turns, ready=False)


def _next(turns: Turns) -> Result:
    """If the floor is open, say what has waited longest."""
    if turns.floor is not Floor.OPEN or not turns.queue or not turns.ready:
        return turns, ()
    first, *rest = turns.queue
    turns = changed(
        turns,
        floor=Floor.THINKING,
        reply=first.reply,
        protected=first.protected,
        answering=False,
        sounding=False,
        aside="",
        queue=tuple(rest),
    )
    return turns, (Say(first.reply, first.text),)
