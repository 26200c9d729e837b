"""The caller's side of turn-taking: speech, silence and words, and what they mean for the floor. Pure."""

from __future__ import annotations

from typing import assert_never

import msgspec

from voicecall.core.effects import CancelReply, HoldReply, Rehearse, ResumeReply, StartTimer, StopTimer
from voicecall.core.endpoint import completeness
from voicecall.core.floor import (
    BARGE_IN,
    ENDPOINT,
    TRANSCRIPT,
    Floor,
    Out,
    Result,
    Sign,
    TurnEnded,
    Turns,
    TurnWorded,
    Untold,
    changed,
)
from voicecall.core.languages import is_backchannel, language
from voicecall.core.rules import TurnRules


def _yields(turns: Turns, rules: TurnRules) -> bool:
    """Say whether what the agent makes or says gives way to the caller; an answer that nobody hears yet always does."""
    return not turns.protected and (
        rules.barge_in or turns.floor is Floor.HELD or (turns.floor is Floor.THINKING and turns.answering)
    )


def _gives_way(turns: Turns, rules: TurnRules) -> bool:
    """Say whether it gives way to what we hear of the caller, rather than to what the provider hears."""
    return rules.interrupts == "gateway" and _yields(turns, rules)


def speech_started(turns: Turns, rules: TurnRules, segment: int, lead: float, at: float) -> Result:
    """The caller began to speak, `lead` seconds before `at`."""
    if turns.floor in (Floor.AGENT, Floor.THINKING) and not _gives_way(turns, rules):
        return changed(turns, speaking=segment, spoken_over=segment), ()
    begins = not turns.words and not (rules.hears and turns.awaited)
    turns = changed(turns, speaking=segment, awaited=turns.awaited | {segment}, sign="")
    if begins:
        turns = changed(turns, since=at - lead)
    match turns.floor:
        case Floor.AGENT | Floor.THINKING:
            return _hold(turns, StartTimer(BARGE_IN, rules.barge_in_doubt))
        case Floor.PAUSE:
            turns = changed(turns, floor=Floor.CALLER, due=False)
            return turns, (StopTimer(ENDPOINT), StopTimer(TRANSCRIPT))
        case Floor.HELD if turns.sure in turns.awaited:
            return turns, (StopTimer(BARGE_IN),)
        case Floor.HELD:
            return turns, (StartTimer(BARGE_IN, rules.barge_in_doubt),)
        case Floor.OPEN | Floor.CALLER:
            return changed(turns, floor=Floor.CALLER), ()
        case _:
            assert_never(turns.floor)


def speech_sure(turns: Turns, rules: TurnRules, segment: int) -> Result:
    """What the caller is speaking is speech for sure."""
    if segment != turns.speaking or segment == turns.spoken_over or _is_told(turns, segment):
        return turns, ()
    turns = changed(turns, sure=segment, awaited=turns.awaited | {segment}, late=turns.late - {segment})
    longest = StartTimer(BARGE_IN, rules.barge_in_unworded if rules.hears else rules.barge_in_longest)
    if turns.floor in (Floor.AGENT, Floor.THINKING) and _gives_way(turns, rules):
        return _hold(turns, longest)
    return turns, (longest,) if turns.floor is Floor.HELD else ()


def speech_stopped(turns: Turns, rules: TurnRules, segment: int, silence: float, at: float) -> Result:
    """The caller fell silent, `silence` seconds before `at`."""
    if segment != turns.speaking:
        return turns, ()
    if segment == turns.spoken_over:
        return changed(turns, speaking=0), ()
    turns = changed(turns, speaking=0, silent_since=at - silence)
    if turns.floor is Floor.HELD and rules.hears and _is_meant(turns, rules):
        return _yield(turns, rules, at)
    if turns.floor is Floor.HELD and turns.sure in turns.awaited:
        return turns, (StartTimer(BARGE_IN, rules.barge_in_patience),)
    if turns.floor is Floor.CALLER:
        return pause(turns, rules, at)
    return turns, ()


def partly_heard(turns: Turns, rules: TurnRules, segment: int, text: str, at: float) -> Result:
    """The transcriber makes out some words of a segment."""
    known = segment in turns.awaited | turns.late
    interrupting = len(text.split()) > 1 and not _is_backchannel(text, rules)
    if turns.reply and known and interrupting and _gives_way(turns, rules):
        return _yield(turns, rules, at)
    return turns, ()


def _is_told(turns: Turns, segment: int) -> bool:
    """Say whether it belongs to a turn that is over, and whose words are still to come."""
    return any(segment in one.segments for one in turns.untold)


def is_due(turns: Turns, segment: int) -> bool:
    """Say whether the words of a segment are still to come."""
    return _is_told(turns, segment) or segment == turns.spoken_over or segment in turns.awaited | turns.late


def heard(turns: Turns, rules: TurnRules, segment: int, text: str, at: float) -> Result:
    """The words of a segment are known; there may be none."""
    if _is_told(turns, segment):
        return _worded(turns, segment, text)
    if segment == turns.spoken_over != turns.speaking:
        return changed(turns, spoken_over=0), ()
    if segment not in turns.awaited | turns.late:
        return turns, ()
    awaited = turns.awaited - {segment}
    turns = changed(turns, awaited=awaited, late=turns.late - {segment})
    if turns.reply and _gives_way(turns, rules):
        if text and not _is_backchannel(text, rules):
            return _yield(changed(turns, words=(*turns.words, text)), rules, at)
        turns = changed(turns, aside=text or turns.aside, aside_at=at if text else turns.aside_at)
        if turns.floor is not Floor.HELD or (awaited and turns.sure != segment):
            return turns, ()
        return (turns, (StartTimer(BARGE_IN, rules.barge_in_doubt),)) if awaited else _resume(turns)
    turns = changed(turns, words=(*turns.words, text) if text else turns.words)
    if turns.floor is Floor.PAUSE:
        return _end_turn(turns, rules) if turns.due and not awaited else pause(turns, rules, at)
    if turns.floor is Floor.OPEN and text:
        return _end_turn(turns, rules)
    return turns, ()


def signed(turns: Turns, rules: TurnRules, sign: Sign, at: float) -> Result:
    """The transcriber, or a model of turns, says what it makes of the pause."""
    if rules.endpoints == "provider" and sign == "over":
        return _over(turns, rules)
    turns = changed(turns, sign=sign)
    return pause(turns, rules, at) if turns.floor is Floor.PAUSE and not turns.due else (turns, ())


def _over(turns: Turns, rules: TurnRules) -> Result:
    """The provider, whose say it is, says that the turn is over."""
    match turns.floor:
        case Floor.OPEN | Floor.CALLER | Floor.PAUSE if turns.awaited and turns.sure not in turns.awaited:
            turns = changed(turns, sign="over", floor=Floor.PAUSE, due=True)
            return turns, (StopTimer(ENDPOINT), StartTimer(TRANSCRIPT, rules.barge_in_words))
        case Floor.OPEN | Floor.CALLER | Floor.PAUSE:
            return _end_turn(changed(turns, sign="over"), rules, unnoticed=not turns.awaited)
        case Floor.HELD if turns.sure in turns.awaited:
            return changed(turns, sign="over"), (StartTimer(BARGE_IN, rules.barge_in_words),)
        case _:
            return turns, ()


def barged_in(turns: Turns, rules: TurnRules, at: float) -> Result:
    """The provider, whose say it is, says that the caller interrupted."""
    if rules.interrupts == "gateway" or not turns.reply or not _yields(turns, rules):
        return turns, ()
    if segment := turns.speaking or turns.spoken_over:
        turns = changed(turns, awaited=turns.awaited | {segment}, sure=segment, spoken_over=0, since=at)
    return _yield(turns, rules, at)


def keys_pressed(turns: Turns, rules: TurnRules) -> Result:
    """The caller pressed a key: what the agent makes or says gives way."""
    if not turns.reply or not _yields(turns, rules):
        return turns, ()
    held = turns.floor is Floor.HELD
    holder = Floor.CALLER if turns.speaking else Floor.OPEN
    cancelled = CancelReply(turns.reply)
    turns = changed(_give_up(turns), floor=holder, reply=0, owed=turns.answering and not turns.sounding)
    return turns, (StopTimer(BARGE_IN), cancelled) if held else (cancelled,)


def keys_entered(turns: Turns, text: str, at: float) -> Result:
    """The caller has entered keys: a turn of its own, answered with what the caller is saying, if anything."""
    turns = changed(turns, turn=turns.turn + 1)
    free = turns.floor is Floor.OPEN
    return changed(turns, owed=not free), (TurnEnded(turns.turn, text, at, unanswered=free, keys=True),)


def timer_fired(turns: Turns, rules: TurnRules, name: str, at: float) -> Result:
    """One of the timers of this machine went off."""
    match name, turns.floor:
        case "endpoint", Floor.PAUSE:
            if turns.awaited and not rules.hears:
                return changed(turns, due=True), (StartTimer(TRANSCRIPT, rules.transcript_patience),)
            return _end_turn(turns, rules)
        case "transcript", Floor.PAUSE:
            return _end_turn(turns if rules.hears else _give_up(turns), rules)
        case "barge-in", Floor.HELD:
            return _yield(turns, rules, at) if rules.hears and _is_meant(turns, rules) else _resume(turns)
        case _:
            return turns, ()


def pause(turns: Turns, rules: TurnRules, at: float) -> Result:
    """The caller is silent: wait as long as what was said so far asks for, and prepare an answer if one is near."""
    if rules.endpoints == "provider" and turns.sign == "over":
        return _end_turn(turns, rules)
    known = bool(turns.words) and not turns.awaited
    said = completeness(turns.text, language(rules.language)) if known else "unclear"
    match turns.sign, said:
        case _ if rules.endpoints == "provider":
            wait = rules.provider_patience
        case ("over", _) | ("likely", "complete" | "unclear") | ("", "complete"):
            wait = rules.endpointing_min
        case ("unlikely", _) | ("", "open"):
            wait = rules.endpointing_max
        case _:
            wait = rules.endpointing
    left = max(0.0, turns.silent_since + wait - at)
    turns = changed(turns, floor=Floor.PAUSE, due=False, waited=wait)
    timer = StartTimer(ENDPOINT, left)
    if not rules.early or not known or wait > rules.endpointing or turns.text == turns.rehearsed:
        return turns, (timer,)
    return changed(turns, rehearsed=turns.text), (timer, Rehearse(turns.turn + 1, turns.text))


def _end_turn(turns: Turns, rules: TurnRules, *, unnoticed: bool = False) -> Result:
    """The caller has finished; `unnoticed`: in the word of the provider, of what we did not hear."""
    out: tuple[Out, ...] = (StopTimer(ENDPOINT), StopTimer(TRANSCRIPT))
    text, since, owed, waited = turns.text, turns.since, turns.owed, turns.waited
    unknown = rules.hears and bool(turns.awaited)
    meant = rules.endpoints == "gateway" or turns.sign == "over" or turns.sure in turns.awaited
    said = bool(text) or (unknown and meant) or unnoticed
    if unknown:
        untold = Untold(since, turns.awaited, turns.words)
        turns, text = changed(turns, awaited=frozenset(), untold=(*turns.untold, untold)), ""
    turns = changed(turns, floor=Floor.OPEN, words=(), due=False, owed=False, sign="", waited=0.0, rehearsed="")
    turns = changed(turns, turn=turns.turn + said)
    wordless = rules.hears and not text
    ended = TurnEnded(turns.turn, text, since, unanswered=said or owed, waited=waited, wordless=wordless)
    return turns, (*out, ended)


def _worded(turns: Turns, segment: int, text: str) -> Result:
    """More is known of what the caller said in turns that are over: it belongs to the first that waits for it."""
    kept, out = [], []
    for told in turns.untold:
        words = (*told.words, text) if text and segment in told.segments else told.words
        text = "" if segment in told.segments else text
        told = Untold(told.since, told.segments - {segment}, words)
        if told.segments:
            kept.append(told)
        elif told.words:
            out.append(TurnWorded(" ".join(told.words), told.since))
    known = {segment}
    return changed(turns, untold=tuple(kept), awaited=turns.awaited - known, late=turns.late - known), tuple(out)


def _is_meant(turns: Turns, rules: TurnRules) -> bool:
    """Say whether an agent that hears has lost the floor to sure speech: it lasts, or was taken for a turn."""
    if turns.sure not in turns.awaited:
        return False
    return turns.speaking == turns.sure or turns.sign == "over" or rules.endpoints == "gateway"


def _give_up(turns: Turns) -> Turns:
    """Wait for words no longer."""
    return changed(turns, awaited=frozenset(), late=turns.late | turns.awaited)


def _hold(turns: Turns, *timers: StartTimer) -> Result:
    """The caller makes a sound: the agent stops, and keeps what is left."""
    return changed(turns, floor=Floor.HELD), (HoldReply(turns.reply, turns.turn + 1), *timers)


def _yield(turns: Turns, rules: TurnRules, at: float) -> Result:
    """It was an interruption: the reply is dropped and the caller has the floor."""
    out: tuple[Out, ...] = (StopTimer(BARGE_IN), CancelReply(turns.reply))
    owed = turns.owed or (turns.answering and not turns.sounding)
    turns = changed(turns, floor=Floor.CALLER, reply=0, owed=owed)
    if turns.speaking:
        return turns, out
    turns, waiting = pause(turns, msgspec.structs.replace(rules, early=False), at)  # what was heard is yet to be told
    return turns, (*out, *waiting)


def _resume(turns: Turns) -> Result:
    """It was nothing: go on from where the reply was held."""
    turns = changed(_give_up(turns), floor=Floor.AGENT if turns.sounding else Floor.THINKING)
    return turns, (StopTimer(BARGE_IN), ResumeReply(turns.reply))


def _is_backchannel(text: str, rules: TurnRules) -> bool:
    return is_backchannel(text, language(rules.language))
