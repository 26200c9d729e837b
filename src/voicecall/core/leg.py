"""The carrier's side of a call: its leg ends, is asked after, is taken over after a restart. Pure."""

from __future__ import annotations

from voicecall.core import prompting, rescue, saying
from voicecall.core.call import EndReason, Phase, Prompts
from voicecall.core.draft import LAST_WORDS, Draft
from voicecall.core.effects import AskCarrier

_ASK_PAUSE = 5.0


def over(draft: Draft, cause: str, detail: str) -> None:
    """The carrier says that the leg is over, or no longer knows it."""
    call = draft.call
    draft.leg_over()
    reason: EndReason
    match cause:
        case "completed" if call.answered_at is None:
            reason = "no-answer" if call.direction == "outbound" else "hangup-user"
        case "completed" if call.machine:
            reason = "voicemail"
        case "completed":
            told = call.mode == "notify" and call.greeting_state == "heard"
            reason = "completed" if told else "hangup-user"
        case "canceled":
            reason = "no-answer" if call.direction == "outbound" else "hangup-user"
        case "busy" | "no-answer" | "voicemail" | "rejected" as same:
            reason = same
        case _:
            reason = "failed"
    draft.end(reason, detail or None)


def asked(draft: Draft, answer: str) -> None:
    """The carrier said whether the leg lives; why it was asked decides what follows."""
    why = draft.call.asked
    draft.set(asked="")
    match why, answer:
        case "", _:
            return
        case "stale", _:
            if answer == "gone":
                draft.leg_over()
            draft.end("stale-timeout", "The call was not answered in time, and no report of its end came.")
        case "stream" | "prompt" | "quiet", "gone":
            over(draft, "completed", "")
        case "quiet", _:
            prompting.asked(draft)
        case "prompt", _:
            draft.end("error", "The carrier could not be told what to say.")
        case "stream", _:
            grace = draft.call.rules.stream_grace
            rescue.failed(draft, f"The media stream was lost and did not come back within {grace:g} s.")
        case _, "gone":
            draft.leg_over()
            draft.end("stale-timeout", "The gateway was restarted, and the carrier knew the call no longer.")
        case _, "alive" if draft.call.answered_at is None and draft.call.direction == "outbound":
            draft.start("ring", max(0.0, draft.call.started_at + draft.call.rules.ring_timeout - draft.at))
        case _, "alive" if draft.call.prompting:
            prompting.asked(draft)
        case _, "alive" if draft.call.rules.can.redirects:
            draft.redirect()
        case _, "alive":
            draft.start("stream-start", draft.call.rules.stream_start)
        case _:
            draft.set(asked=why)
            draft.start("ask", _ASK_PAUSE)


def unanswered(draft: Draft) -> None:
    """Nobody answered in time, and the carrier did not end the call by itself, as it was told to."""
    call = draft.call
    if call.phase is Phase.INITIATED:
        draft.warn("unreported", "The carrier took the call, and reported nothing of it.")
    draft.end("no-answer", f"Nobody answered within {call.rules.ring_timeout:g} s.")


def adopted(draft: Draft) -> None:
    """The process that served the call is gone, and its media plane and waiters with it."""
    draft.last_words()
    call, rules = draft.call, draft.call.rules
    draft.set(
        turns=saying.forget(call.turns),
        greeting_state="pending" if call.greeting_state == "sending" else call.greeting_state,
        stream=None,
        prompts=Prompts(number=call.prompts.number, listening=call.prompts.listening),
        reporting=frozenset(),
        timers=frozenset(),
        speaks={},
        presses=(),
        later=(),
        continues="",
        ends=(),
        farewell=0,
        concluding="",
    )
    if call.carrier_call_id is None:
        draft.leg_over()
        draft.end(
            "stale-timeout",
            "The gateway stopped while it was dialling; whether the phone rang is not known, and nothing is redialled.",
        )
    elif call.phase is Phase.ENDING:
        draft.start("settle", LAST_WORDS + rules.hangup_patience)
        draft.hang_up()
    else:
        draft.set(asked="adopted")
        draft.do(AskCarrier())
        if call.answered_at is not None:
            draft.start("max-duration", max(0.0, call.answered_at + rules.max_duration - draft.at))
        elif rules.stale:
            draft.start("stale", max(0.0, call.started_at + rules.stale - draft.at))
