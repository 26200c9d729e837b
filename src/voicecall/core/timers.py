"""A timer of a call went off. Pure."""

from __future__ import annotations

from voicecall.core import floor, keys, leg, outcome, patience, prompting, rescue, turns
from voicecall.core.draft import Draft
from voicecall.core.effects import Acknowledge, AskCarrier
from voicecall.core.utterances import Concluded

_LONGEST = "The call reached its longest duration."


def fired(draft: Draft, name: str) -> None:
    """A timer that was still wanted went off."""
    call, rules = draft.call, draft.call.rules
    match name:
        case floor.ENDPOINT | floor.TRANSCRIPT | floor.BARGE_IN:
            draft.turn(turns.timer_fired(call.turns, rules.turns, name, draft.at))
        case "settle":
            draft.settle(force=True)
        case "conclude":
            draft.close(Concluded(error=outcome.LATE))
        case "hangup":
            draft.hang_up()
        case "ring":
            leg.unanswered(draft)
        case "stale" if call.carrier_call_id is None:
            draft.end("stale-timeout", "The carrier never named the call.")
        case "stale":
            draft.set(asked="stale")
            draft.do(AskCarrier())
        case "ask":
            draft.do(AskCarrier())
        case "stream-start" if call.prompting:
            draft.end("error", f"The carrier did not ask within {rules.stream_start:g} s what to say.")
        case "stream-start":
            rescue.failed(draft, f"No media stream arrived within {rules.stream_start:g} s of the answer.")
        case "prompt":
            prompting.quiet(draft)
        case "playback":
            rescue.unheard(draft)
        case "stream-grace":
            draft.set(asked="stream")
            draft.do(AskCarrier())
        case "notify" if call.turns.reply or call.turns.queue:
            draft.told()
        case "notify":
            draft.end("voicemail" if call.machine else "completed")
        case "machine":
            draft.greet(machine_silent=True)
        case keys.KEYS:
            keys.entered(draft)
        case "silence":
            patience.silent(draft)
        case "answer":
            draft.set(continues="")
            draft.do(Acknowledge(call.continues, {"transcript": "", "timedOut": True}))
        case "max-duration" if call.turns.floor in (floor.Floor.AGENT, floor.Floor.HELD):
            draft.set(farewell=call.turns.reply, farewell_reason="timeout", farewell_detail=_LONGEST)
            draft.start("last-sentence", rules.last_sentence)
        case _:
            draft.end("timeout", _LONGEST)
