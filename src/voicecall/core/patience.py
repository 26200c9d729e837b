"""A silence on the line: the caller is asked whether they are there, and in the end the call is ended. Pure."""

from __future__ import annotations

from voicecall.core.call import Call, Phase
from voicecall.core.draft import SILENCE, Draft
from voicecall.core.floor import Floor

_DETAIL = "The caller said nothing any more."


def attend(draft: Draft) -> None:
    """Let the clock of silence run while nobody speaks and it is the caller's turn to."""
    if draft.call.silent and draft.call.prompts.waiting and _is_the_callers_turn(draft.call):
        silent(draft)
    call, rules = draft.call, draft.call.rules.turns
    if not _is_the_callers_turn(call) or not rules.silence:
        draft.stop(SILENCE)
        draft.set(silent=False)
    elif SILENCE not in call.timers and not call.silent:
        draft.start(SILENCE, rules.moment if call.moment else rules.silence)


def silent(draft: Draft) -> None:
    """Nobody spoke for too long; where the carrier listens, that is known once it comes back without words."""
    call, rules = draft.call, draft.call.rules.turns
    if call.prompting and not call.prompts.waiting:
        draft.set(silent=True)
        return
    draft.set(silent=False)
    if call.reprompted < rules.reprompts:
        draft.set(reprompted=call.reprompted + 1, moment=False)
        if rules.reprompt:
            draft.say(rules.reprompt)
    elif rules.goodbye:
        draft.set(farewell=call.turns.replies + 1, farewell_reason="hangup-agent", farewell_detail=_DETAIL)
        draft.say(rules.goodbye)
    else:
        draft.end("hangup-agent", _DETAIL)


def spoken(draft: Draft) -> None:
    """The caller said something, be it only that they listen: they are there."""
    draft.set(reprompted=0)
    if draft.call.farewell_detail == _DETAIL:
        draft.set(farewell=0, farewell_detail=None)


def _is_the_callers_turn(call: Call) -> bool:
    """Say whether the agent has had its say; where somebody speaks in its place, they may take their time."""
    return (
        call.phase is Phase.ACTIVE
        and call.mode == "conversation"
        and not call.machine
        and not call.driven
        and call.turns.floor is Floor.OPEN
        and call.turns.ready
        and not call.turns.queue
        and not (call.continues or call.presses or call.away or call.keys or call.consults)
    )
