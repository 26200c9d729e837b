"""A call whose agent is one model that hears and speaks: when it is lost, transcriber, agent and voice take over. Pure.

How such a call takes turns is told by its rules (`hears`, `endpoints`, `interrupts`), which `turns` heeds.
"""

from __future__ import annotations

from voicecall.core import floor, replies, saying
from voicecall.core.draft import Draft
from voicecall.core.effects import CancelReply
from voicecall.core.languages import language


def lost(draft: Draft, detail: str, *, hopeless: bool) -> None:
    """The model is gone. What it was saying is said again, and what nobody answered is answered."""
    call = draft.call
    if not call.rules.turns.hears or not call.is_live:
        return
    if hopeless:
        draft.warn("realtime", detail)
        draft.end("error", detail)
        return
    draft.warn("realtime", f"{detail.rstrip('.')}. Transcriber, agent and voice take its place.")
    draft.stop(floor.ENDPOINT, floor.TRANSCRIPT, floor.BARGE_IN)
    if call.turns.reply in call.reporting:
        draft.do(CancelReply(call.turns.reply))
    unheard, interrupted = bool(call.turns.untold or call.turns.awaited), call.greeting_state == "sending"
    ready = call.turns.ready
    draft.leave_model()
    draft.set(turns=saying.start_over(draft.call.turns, call.greeting_reply if interrupted else 0))
    if interrupted:
        draft.set(greeting_state="pending", greeting_reply=0)
    if not ready:
        return
    draft.greet()
    if unheard:
        draft.say(language(call.rules.turns.language).apology)
    else:
        replies.answer_the_unanswered(draft, anyway=True)
