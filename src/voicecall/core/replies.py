"""What becomes of a reply: it was heard, was cut off, or could not be made. Pure."""

from __future__ import annotations

from voicecall.core import floor, saying
from voicecall.core.call import Line
from voicecall.core.draft import Draft
from voicecall.core.effects import Acknowledge, Refuse


def heard_out(draft: Draft, reply: int, text: str, *, confirmed: bool) -> None:
    """A reply under way was played to its end; without the carrier's word for it an opening line stays unconfirmed."""
    call = draft.call
    draft.set(reporting=call.reporting - {reply})
    if text:
        draft.line(Line(call.replying_since, "agent", text))
    if reply == call.greeting_reply:
        draft.set(greeting_state="heard" if confirmed else "pending")
        if not confirmed:
            draft.warn("unconfirmed", "The carrier did not confirm that the opening line was played.")
        draft.told()
    _tell_speaker(draft, reply, Acknowledge(call.speaks.get(reply, ""), {"heard": True}))
    asked = text.rstrip().endswith("?")
    draft.turn(saying.reply_over(draft.call.turns, call.rules.turns, reply, draft.at, asked=asked))
    if reply == call.farewell:
        draft.end(call.farewell_reason, call.farewell_detail)


def cut_off(draft: Draft, reply: int, text: str, heard: str, failed: str = "", *, again: bool = False) -> None:
    """A reply ended early: the caller cut it off, the call ended, or it could not be made and is tried `again`."""
    call = draft.call
    if reply not in call.reporting:
        return
    draft.set(reporting=call.reporting - {reply})
    if failed:
        draft.warn("reply-failed", failed)
    if heard:
        draft.line(Line(call.replying_since, "agent", text, heard if heard != text else None))
    if reply == call.greeting_reply and call.is_live:
        draft.set(greeting_state="heard" if heard else "pending")
        if failed and call.mode == "notify" and not again:
            draft.end("error", f"The message could not be spoken: {failed}")
        draft.told()
    refusal = Refuse(call.speaks.get(reply, ""), "speech", failed)
    _tell_speaker(draft, reply, refusal if failed else Acknowledge(refusal.operation, {"heard": False}))
    draft.turn(saying.reply_over(draft.call.turns, call.rules.turns, reply, draft.at))
    if reply == call.farewell:
        draft.set(farewell=0)
        if failed or call.farewell_reason == "timeout":
            draft.end(call.farewell_reason, call.farewell_detail)


def _tell_speaker(draft: Draft, reply: int, answer: Acknowledge | Refuse) -> None:
    """Tell whoever asked for this reply what became of it; a `continue` goes on to wait for the caller."""
    call = draft.call
    if reply in call.speaks:
        draft.set(speaks={number: op for number, op in call.speaks.items() if number != reply})
        draft.do(answer)
    elif call.continues and reply == call.continue_reply:
        if isinstance(answer, Refuse):
            draft.set(continues="")
            draft.do(Refuse(call.continues, answer.code, answer.detail))
        else:
            draft.start("answer", call.continue_timeout or call.rules.transcript_timeout)


def answer_the_unanswered(draft: Draft, *, anyway: bool = False) -> None:
    """The media plane was lost, or its model (`anyway`), and the caller said something that nobody answered."""
    call = draft.call
    if (
        (call.streams > 1 or call.prompting or anyway)
        and call.mode == "conversation"
        and call.turns.floor is floor.Floor.OPEN
        and call.lines
        and call.lines[-1].speaker == "caller"
        and not call.machine
        and not call.continues
        and not call.moment
        and not call.keys
    ):
        draft.respond(call.turns.turn)
