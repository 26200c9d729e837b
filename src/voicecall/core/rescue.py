"""A call's media stream is asked for, fails, or is not heard: another one, then the carrier's voice, then the end.

Pure. Every way ends: streams are counted, refused ones more strictly, and a call that fell back to the carrier's own
speech stays there.
"""

from __future__ import annotations

from voicecall.core import floor, keys, replies, saying
from voicecall.core.call import Phase, Prompts
from voicecall.core.draft import Draft
from voicecall.core.effects import CancelReply

MAX_CONNECTS = 4
"""One media stream and three that replace it."""
MAX_DENIALS = 1
"""Media streams that may be refused before no other is tried."""
UNHEARD_CONNECTS = 2
"""Media streams that are tried while none was ever heard to work, where the carrier can speak by itself."""


def asked(draft: Draft) -> None:
    """The carrier asks what to do with the leg: open a media stream, as long as that makes sense."""
    call = draft.call
    if call.rules.can.one_stream and call.stream is not None:
        return  # late news of an older stream
    draft.enter(Phase.ANSWERED)
    draft.answered()
    draft.set(asked="")
    if call.away or call.redirected:
        draft.set(away=0.0, connects=call.connects - 1)
        draft.connect()
    elif call.denials > MAX_DENIALS:
        draft.end("error", f"The media stream was refused {call.denials} times.", sorry=True)
    elif not call.proven and call.connects >= UNHEARD_CONNECTS and call.rules.can.prompts:
        fall_back(draft, f"{call.connects} media streams were opened, and none was heard.")
    elif call.connects >= MAX_CONNECTS:
        draft.end("error", f"The media stream ended {call.connects} times; it is not opened again.", sorry=True)
    else:
        draft.connect()


def failed(draft: Draft, why: str) -> None:
    """The call has no media stream that works, and the carrier did not ask for another."""
    call = draft.call
    if not call.is_live or call.prompting or call.connects >= MAX_CONNECTS:
        draft.end("error", why)
    elif call.rules.can.redirects and not call.rescues:
        draft.set(rescues=1)
        if call.greeting_state == "pending":
            draft.stop("notify")
        draft.warn("stream-retried", f"{why} Another media stream is asked for.")
        draft.set(stream=None)
        draft.redirect()
    elif call.rules.can.prompts:
        fall_back(draft, why)
    else:
        draft.end("error", why)


def unheard(draft: Draft) -> None:
    """The carrier did not confirm in time that what was sent is being played."""
    call = draft.call
    if not call.proven and call.stream is not None and call.turns.floor is floor.Floor.AGENT:
        failed(draft, f"The carrier did not confirm within {call.rules.playback:g} s that the caller hears anything.")


def fall_back(draft: Draft, why: str) -> None:
    """Let the carrier speak and listen from now on; what nobody heard is said again."""
    draft.answered()
    call = draft.call
    draft.warn("carrier-speech", f"{why} The carrier speaks and listens from now on.")
    draft.stop("stream-start", "stream-grace", "ask", "playback", keys.KEYS)
    draft.stop(floor.ENDPOINT, floor.TRANSCRIPT, floor.BARGE_IN)
    if call.turns.reply in call.reporting:
        draft.do(CancelReply(call.turns.reply))
    draft.last_words()
    draft.leave_model()
    draft.set(
        prompting=True,
        prompts=Prompts(number=call.prompts.number, waiting=True),
        stream=None,
        asked="",
        turns=saying.start_over(call.turns, call.greeting_reply),
        greeting_state="pending" if call.greeting_state == "sending" else call.greeting_state,
        greeting_reply=0,
    )
    draft.enter(Phase.ACTIVE)
    draft.back()
    draft.press_first_digits()
    draft.greet()
    replies.answer_the_unanswered(draft)
