"""What somebody asks of a live call. Pure."""

from __future__ import annotations

from typing import assert_never

from voicecall.core.draft import Draft
from voicecall.core.effects import Acknowledge, Refuse
from voicecall.core.events import ContinueAsked, DigitsAsked, EndAsked, SpeakAsked


def asked(draft: Draft, event: SpeakAsked | ContinueAsked | DigitsAsked | EndAsked) -> None:
    """Take an operation; it is answered once, now or later."""
    call = draft.call
    match event:
        case EndAsked(operation) if call.concluding == "asked":
            draft.do(Acknowledge(operation, {}))
        case EndAsked(operation):
            draft.set(ends=(*call.ends, operation))
            draft.end("hangup-agent")
        case _ if not call.is_live:
            draft.do(Refuse(event.operation, "call-over", f"the call is ending: {call.end_reason}"))
        case SpeakAsked(operation, text):
            draft.set(speaks={**call.speaks, call.turns.replies + 1: operation}, driven=True)
            draft.say(text)
        case ContinueAsked(operation) if call.continues:
            draft.do(Refuse(operation, "refused", "somebody else waits for the caller's answer already"))
        case ContinueAsked(operation, text, timeout):
            draft.set(continues=operation, continue_reply=call.turns.replies + 1, continue_timeout=timeout, driven=True)
            draft.say(text)
        case DigitsAsked(operation, digits):
            draft.press(operation, digits)
        case _:
            assert_never(event)
