"""A silence on the line: the caller is asked whether they are there, and in the end the call is ended. Pure."""

from __future__ import annotations

from voicecall.core.call import Call, Phase
from voicecall.core.draft import Draft
from voicecall.core.floor import Floor

SILENCE = "silence"


def attend(draft: Draft) -> None:
    """Let the clock of silence run while nobody speaks and it is the caller's turn to."""
    rules = draft.call.rules.turns
    if not _is_the_callers_turn(draft.call) or not rules.silence:
        draft.stop(SILENCE)
    elif SILENCE not in draft.call.timers:
        draft.start(SILENCE, rules.moment if draft.call.moment else rules.silence)


def silent(draft: Draft) -> None:
    """Nobody spoke for too long."""
    call, rules = draft.call, draft.call.rules.turns
    if call.reprompted < rules.reprompts:
        draft.set(reprompted=call.reprompted + 1, moment=False)
        if rules.reprompt:
            draft.say(rules.reprompt)
        return
    detail = "The caller said nothing any more."
    if rules.goodbye:
        draft.set(farewell=call.turns.replies + 1, farewell_reason="hangup-agent", farewell_detail=detail)
        draft.say(rules.goodbye)
    else:
        draft.end("hangup-agent", detail)


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
        and not (call.continues or call.presses or call.away or call.keys)
    )
