"""What a call does next: `begin` and `step`, the only two decisions there are. Pure; time is an argument."""

from __future__ import annotations

from typing import assert_never

import msgspec

from voicecall.core import (
    consults,
    floor,
    keys,
    leg,
    outcome,
    patience,
    prompting,
    realtime,
    replies,
    requests,
    rescue,
    saying,
    timers,
    turns,
)
from voicecall.core.call import Call, EndReason, Measured, Outcome, Phase, open_call
from voicecall.core.draft import AGENT, HANGUP_TRIES, RING_SLACK, Draft, is_asked
from voicecall.core.effects import (
    Acknowledge,
    AskCarrier,
    Dial,
    Effect,
    Ignored,
    Refuse,
    Reject,
)
from voicecall.core.events import (
    Adopted,
    Answered,
    Arrived,
    CallEnded,
    CarrierAsked,
    CarrierEnded,
    ContinueAsked,
    Crashed,
    DialFailed,
    Dialled,
    DigitPressed,
    DigitsAsked,
    DigitsSent,
    DocumentAsked,
    EndAsked,
    Event,
    Gathered,
    HangupAccepted,
    HangupFailed,
    Imported,
    Placed,
    Ringing,
    SpeakAsked,
    StreamDenied,
    StreamStarted,
    StreamStopped,
    TimerFired,
    Told,
    Warned,
)
from voicecall.core.utterances import (
    BargedIn,
    Concluded,
    ConsultBegan,
    ConsultOver,
    EarsFailed,
    FarewellAsked,
    Heard,
    KeysWanted,
    ModelLost,
    OutcomeNoted,
    PartlyHeard,
    PlaybackConfirmed,
    PlaybackFinished,
    PlaybackStarted,
    PlaybackStopped,
    PromptFailed,
    ReplyFailed,
    ReplyWorded,
    SpeechStarted,
    SpeechStopped,
    SpeechSure,
    TurnMeasured,
    TurnSigned,
    Volunteered,
)

_HANGUP_PAUSE = 2.0


def begin(event: Placed | Arrived, at: float) -> tuple[Call, tuple[Effect, ...]]:
    """Return the call that begins with this event at `at` (Unix seconds), and what must be done about it."""
    draft = Draft(open_call(event, at), at)
    match event:
        case Placed():
            draft.do(Dial())
        case Arrived(refusal=""):
            if not draft.call.prompting:
                draft.connect()
            elif event.rules.can.listens_apart:
                prompting.have_it_listen(draft)
                draft.start("stream-start", event.rules.stream_start)
            else:
                prompting.asked(draft)
                prompting.attend(draft)
        case Arrived(refusal=refusal):
            reason: EndReason = "busy" if refusal in ("busy", "draining") else "rejected"
            draft.do(Reject(reason))
            draft.leg_over()
            draft.end(reason, _REFUSALS[refusal])
        case _:
            assert_never(event)
    patience.attend(draft)
    return draft.done()


_REFUSALS = {
    "policy": "The inbound policy does not admit this caller.",
    "anonymous": "The inbound policy is pairing, and the caller has no number.",
    "tries": "The caller was told a pairing code as often as a day allows.",
    "crowded": "As many callers as there is room for were being paired.",
    "busy": "As many calls as the limit allows were already under way.",
    "draining": "The gateway was shutting down.",
}


def step(call: Call, event: Event, at: float) -> tuple[Call, tuple[Effect, ...]]:
    """Return the call after `event` at `at` (Unix seconds), and what must be done about it.

    A late, duplicate or misplaced event changes nothing and yields `Ignored`: carriers retry and reorder their
    webhooks, so that is weather, not an error.
    """
    if call.is_over:
        return _after_the_end(call, event)
    if call.pairing and isinstance(event, DigitPressed):
        return call, (Ignored("nobody listens"),)
    draft = Draft(call, at)
    _take(draft, event)
    consults.attend(draft)
    patience.attend(draft)
    prompting.attend(draft)
    draft.settle()
    after, effects = draft.done()
    if effects or after != call or isinstance(event, PartlyHeard | DigitPressed):
        return after, effects
    return call, (Ignored(f"{type(event).__name__} in {call.phase}"),)


def _after_the_end(call: Call, event: Event) -> tuple[Call, tuple[Effect, ...]]:
    match event:
        case EndAsked(operation=operation):
            return call, (Acknowledge(operation, {}),)
        case SpeakAsked() | ContinueAsked() | DigitsAsked():
            return call, (Refuse(event.operation, "call-over", f"the call ended: {call.end_reason}"),)
        case _:
            return call, (Ignored(f"{type(event).__name__} after the end"),)


def _take(draft: Draft, event: Event) -> None:
    """One line a fact, more where it decides."""
    call, rules, at = draft.call, draft.call.rules, draft.at
    match event:
        case Placed() | Arrived() | Imported():
            pass
        case Dialled(carrier_call_id):
            if call.carrier_call_id is None:
                draft.set(
                    carrier_call_id=carrier_call_id or None, digits="" if rules.can.digits_at_dial else call.digits
                )
                if call.phase is Phase.ENDING:
                    draft.hang_up()
                elif call.answered_at is None and "ring" not in call.timers:
                    draft.start("ring", rules.ring_timeout + RING_SLACK)
                    if rules.stale:
                        draft.start("stale", rules.stale)
        case DialFailed(detail, certain=True) if call.carrier_call_id is None and call.routes and call.is_live:
            (route, *rest) = call.routes
            draft.warn("carrier-passed", f"{call.carrier} did not dial, {route.carrier} is tried: {detail}")
            draft.set(carrier=route.carrier, from_=route.from_, routes=tuple(rest))
            draft.set(rules=msgspec.structs.replace(rules, can=route.can))
            draft.set(prompting=not (rules.streaming and route.can.streaming))
            if draft.call.prompting:
                draft.leave_model()
            draft.do(Dial())
        case DialFailed(detail) if call.carrier_call_id is None:
            draft.leg_over()
            draft.end("failed", detail)
        case Ringing():
            draft.enter(Phase.RINGING)
        case Answered(machine):
            if call.is_live:
                draft.enter(Phase.ANSWERED)
                draft.answered()
                if machine and not call.machine and rules.machine != "off":
                    draft.machine_answered()
        case DocumentAsked():
            if call.is_live:
                _asked(draft)
        case Gathered(prompt, text):
            if call.is_live and call.prompting:
                prompting.gathered(draft, prompt, text)
            elif call.is_live:
                _asked(draft)
        case Told(prompt):
            if call.is_live and call.prompting:
                prompting.told(draft, prompt)
        case CarrierEnded(cause, detail):
            leg.over(draft, cause, detail)
        case CarrierAsked(answer):
            leg.asked(draft, answer)
        case DialFailed():
            pass
        case HangupAccepted() | HangupFailed() if call.is_live or call.leg_over:
            pass
        case HangupAccepted():
            draft.leg_over()
        case HangupFailed(detail):
            draft.warn("hangup-failed", detail)
            if call.hangups < HANGUP_TRIES:
                draft.start("hangup", _HANGUP_PAUSE)
            else:
                draft.leg_over()
        case StreamStarted(stream_id, credential):
            if call.prompting:
                draft.set(credentials=(*call.credentials, credential))
            elif call.is_live:
                draft.answered()
                draft.stop("stream-start", "stream-grace", "ask")
                draft.enter(Phase.ACTIVE)
                draft.set(
                    stream=stream_id,
                    streams=call.streams + 1,
                    redirected=False,
                    credentials=(*call.credentials, credential),
                    asked="",
                )
                draft.back()
                draft.press_first_digits()
                if not call.proven and call.turns.floor is floor.Floor.AGENT:
                    draft.start("playback", rules.playback)
                draft.greet()
                replies.answer_the_unanswered(draft)
        case StreamStopped(stream_id):
            if call.is_live and stream_id == call.stream:
                draft.set(stream=None)
                draft.stop("playback")
                draft.start("stream-grace", rules.stream_grace + rules.can.return_delay + call.away)
        case StreamDenied():
            draft.set(denials=call.denials + 1)
        case DigitPressed(digit):
            keys.pressed(draft, digit)
        case SpeechStarted(segment, lead) if call.phase is Phase.ACTIVE and not call.prompting:
            draft.stop("machine")
            draft.turn(turns.speech_started(call.turns, rules.turns, segment, lead, at))
        case SpeechSure(segment):
            draft.turn(turns.speech_sure(call.turns, rules.turns, segment))
        case TurnSigned(sign):
            draft.turn(turns.signed(call.turns, rules.turns, sign, at))
        case SpeechStopped(segment, silence):
            draft.turn(turns.speech_stopped(call.turns, rules.turns, segment, silence, at))
        case PartlyHeard(segment, text):
            draft.turn(turns.partly_heard(call.turns, rules.turns, segment, text, at))
        case Heard(segment, text):
            if text and call.is_live and turns.is_due(call.turns, segment):
                patience.spoken(draft)
            draft.turn(turns.heard(call.turns, rules.turns, segment, text, at))
        case EarsFailed(segment, detail):
            draft.warn("stt", detail)
            draft.turn(turns.heard(call.turns, rules.turns, segment, "", at))
        case SpeechStarted():
            pass
        case BargedIn():
            draft.turn(turns.barged_in(call.turns, rules.turns, at))
        case ModelLost(detail, hopeless):
            realtime.lost(draft, detail, hopeless=hopeless)
        case ConsultBegan(consult):
            draft.set(consults=call.consults | {consult})
        case ConsultOver(consult):
            draft.set(consults=call.consults - {consult})
        case PlaybackStarted(reply):
            if reply == call.turns.reply:
                draft.set(replying_since=at)
                draft.turn(saying.playback_started(call.turns, reply))
                if not call.proven:
                    draft.start("playback", rules.playback)
        case PlaybackConfirmed():
            draft.set(proven=True)
            draft.stop("playback")
        case ReplyWorded(reply, text, written):
            prompting.worded(draft, reply, text, written)
        case PromptFailed(detail, prompt):
            if call.is_live and prompt in (0, call.prompts.number):
                draft.warn("carrier-speech", detail)
                draft.set(asked="prompt")
                draft.do(AskCarrier())
        case FarewellAsked(reply):
            if reply == call.turns.reply:
                draft.set(farewell=reply, farewell_reason="hangup-agent", farewell_detail=None)
        case KeysWanted(reply, digits):
            if call.is_live:
                draft.press(f"{AGENT}{reply}", digits)
        case OutcomeNoted(disposition, summary, data):
            draft.set(outcome=Outcome(disposition, summary, data))
        case Concluded() if call.concluding == "asked":
            draft.close(event)
        case Concluded():
            pass
        case Volunteered(text):
            if call.is_live and call.mode == "conversation":
                draft.say(text)
        case PlaybackFinished(reply, text, confirmed):
            if reply in call.reporting:
                draft.set(proven=call.proven or confirmed)
                draft.stop("playback")
                replies.heard_out(draft, reply, text, confirmed=confirmed)
                if not draft.call.proven and call.stream is not None:
                    rescue.failed(draft, "The carrier confirmed nothing of what was sent to the caller.")
        case PlaybackStopped(reply, text, heard):
            replies.cut_off(draft, reply, text, heard)
        case ReplyFailed(reply, detail, text, heard, voice):
            asked_for = reply in call.speaks or reply == call.continue_reply
            able = call.is_live and rules.can.prompts and not call.prompting
            again = voice and able and reply in call.reporting and not asked_for
            replies.cut_off(draft, reply, text, heard, failed=detail, again=again)
            if again:
                rescue.fall_back(draft, f"Our own voice failed: {detail.rstrip('.')}.")
        case TurnMeasured(turn, stages):
            draft.set(latency=(*call.latency, Measured(turn, stages)))
        case Warned(code, text):
            draft.warn(code, text)
        case SpeakAsked() | ContinueAsked() | DigitsAsked() | EndAsked():
            requests.asked(draft, event)
        case DigitsSent(operation, error) if operation in call.presses:
            draft.set(presses=tuple(press for press in call.presses if press != operation))
            if error:
                draft.back()
            if is_asked(operation):
                draft.do(Refuse(operation, "carrier", error) if error else Acknowledge(operation, {}))
            elif operation:
                if error:
                    consults.unsent(draft, error)
            else:
                if error:
                    draft.warn("dtmf", f"The first digits could not be sent: {error}")
                draft.set(digits="")
                draft.greet()
        case DigitsSent():
            pass
        case TimerFired(name):
            if name in call.timers:
                draft.set(timers=call.timers - {name})
                timers.fired(draft, name)
        case Adopted():
            consults.drop(draft)
            leg.adopted(draft)
        case Crashed() if call.concluding == "asked":
            draft.close(Concluded(error=outcome.FAILED))
        case Crashed(detail):
            draft.set(concluding="failed")
            draft.end("error", detail)
        case CallEnded():
            pass
        case _:
            assert_never(event)


def _asked(draft: Draft) -> None:
    """The carrier asks what to do with a leg that was answered, or that is to be."""
    if draft.call.prompting:
        prompting.asked(draft)
    else:
        rescue.asked(draft)
