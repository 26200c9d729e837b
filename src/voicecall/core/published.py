"""Events as the outside sees them: stable names, camelCase members. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from voicecall.core.times import rfc3339

NAMES = {
    "Placed": "call.initiated",
    "Arrived": "call.initiated",
    "Imported": "call.imported",
    "Dialled": "call.dialled",
    "DialFailed": "call.dial-failed",
    "Ringing": "call.ringing",
    "Answered": "call.answered",
    "DocumentAsked": "call.instructions-asked",
    "Gathered": "call.gathered",
    "Told": "call.told",
    "CarrierEnded": "call.leg-ended",
    "CarrierAsked": "call.carrier-asked",
    "HangupAccepted": "call.hangup-accepted",
    "HangupFailed": "call.hangup-failed",
    "DigitsSent": "dtmf.sent",
    "StreamStarted": "stream.started",
    "StreamDenied": "stream.refused",
    "StreamStopped": "stream.stopped",
    "DigitPressed": "dtmf.received",
    "SpeechStarted": "speech.started",
    "SpeechSure": "speech.sure",
    "SpeechStopped": "speech.stopped",
    "PartlyHeard": "transcript.partial",
    "Heard": "transcript.final",
    "TurnSigned": "turn.signed",
    "EarsFailed": "transcript.failed",
    "BargedIn": "model.interrupted",
    "ModelLost": "model.lost",
    "ConsultBegan": "consult.began",
    "ConsultOver": "consult.over",
    "PlaybackStarted": "reply.started",
    "PlaybackConfirmed": "reply.confirmed",
    "ReplyWorded": "reply.worded",
    "PromptFailed": "reply.prompt-failed",
    "FarewellAsked": "reply.farewell",
    "KeysWanted": "agent.keys",
    "OutcomeNoted": "agent.outcome",
    "Concluded": "agent.concluded",
    "Volunteered": "agent.volunteered",
    "PlaybackFinished": "reply.finished",
    "PlaybackStopped": "reply.interrupted",
    "ReplyFailed": "reply.failed",
    "TurnMeasured": "turn.measured",
    "SpeakAsked": "operation.speak",
    "ContinueAsked": "operation.continue",
    "DigitsAsked": "operation.dtmf",
    "EndAsked": "operation.end",
    "TimerFired": "timer.fired",
    "Adopted": "call.adopted",
    "Crashed": "call.crashed",
    "CallEnded": "call.ended",
    "Warned": "call.warning",
}
"""The outside name of each event, by class."""

_HIDDEN = frozenset({"type", "rules", "routes", "call_id", "objective", "schema"})
_WORDS = frozenset({"greeting", "lines", "text", "written", "heard", "digit", "digits", "evidence"})
"""Members that hold what somebody says, or the keys that somebody presses."""
_OURS = frozenset({"call.warning"})
"""Events whose text is a sentence of the gateway."""


def publish(position: int, call_id: str, at: float, type_: str, data: bytes) -> dict[str, Any]:
    """Return a logged event as the outside sees it: `{seq, at, callId, type, data}`."""
    members = {_camel(name): value for name, value in msgspec.json.decode(data).items() if name not in _HIDDEN}
    return {"seq": position, "at": rfc3339(at), "callId": call_id, "type": NAMES[type_], "data": members}


def without_words(name: str, data: dict[str, Any]) -> dict[str, Any]:
    """Return the data of a published event without the words of the call."""
    return data if name in _OURS else {member: value for member, value in data.items() if member not in _WORDS}


def _camel(name: str) -> str:
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(word.title() for word in rest)
