"""What Plivo's webhooks say. Whether they are Plivo's is for `signatures`.

Source: plivo.com/docs/voice/concepts/callbacks and /docs/voice/xml, 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from voicecall.carriers import Delivery, Inbound, Webhook
from voicecall.carriers.forms import Parameters
from voicecall.core.events import (
    Answered,
    CarrierEnded,
    DigitPressed,
    DocumentAsked,
    Event,
    Gathered,
    Ringing,
    StreamStopped,
    Warned,
)
from voicecall.core.ids import CallId, CarrierCallId, StreamId, is_e164
from voicecall.errors import FrameError

from . import codes, signatures

NAME = r"\A[0-9A-Za-z_-]{1,64}\Z"
"""How Plivo names legs and streams: in 36 characters, of which none can lead a URL astray."""
_OURS = r"\A[!-~]{1,64}\Z"
_CALL, _KIND, _VISIT, _PROMPT = "call", "type", "visit", "prompt"
_OVERRIDES = "#rc=2&rp=all"
"""Plivo is to try twice more whatever went wrong. It is neither sent nor signed."""
_KEYS = frozenset("0123456789ABCD*#")
_NEWEST = 0
"""In place of a prompt's number."""
_ENDS: Mapping[str, codes.Cause] = {
    "completed": "completed",
    "busy": "busy",
    "failed": "failed",
    "timeout": "no-answer",
    "no-answer": "no-answer",
    "cancel": "canceled",
    "canceled": "canceled",
    "machine": "voicemail",
}


def callback(webhook_url: str, call: CallId, *, kind: str = "", visit: str = "", prompt: int | None = None) -> str:
    """Return a URL at which Plivo reports on a call.

    `kind` is `ring`, `hangup`, `amd`, `stream`, `gather` (with the number of its prompt) or nothing for documents.
    `visit` is new for every document that leads back here, so that coming again is no replay. How often to try again
    cannot be said for streams.
    """
    names = {_CALL: call, _KIND: kind, _VISIT: visit, _PROMPT: "" if prompt is None else str(prompt)}
    query = urlencode({name: value for name, value in names.items() if value}, errors="replace")
    return f"{webhook_url}{'&' if '?' in webhook_url else '?'}{query}{'' if kind == 'stream' else _OVERRIDES}"


def parse(webhook: Webhook) -> tuple[Delivery, ...]:
    """Return the one fact that a verified webhook reports.

    Raises:
        FrameError: it is not of Plivo's form, or says two things at once.
    """
    query = parse_qsl(webhook.url.partition("#")[0].partition("?")[2], keep_blank_values=True, errors="replace")
    try:
        sent = Parameters("plivo", query if webhook.method == "GET" else signatures.form(webhook))
        key = signatures.identity(webhook)
    except UnicodeError as error:
        raise FrameError("plivo webhook: the query or the form is not UTF-8") from error
    ours = Parameters("plivo", query)
    call, kind, visit, event = ours.one(_CALL), ours.one(_KIND), ours.one(_VISIT), sent.one("Event")
    inbound = None
    if kind == "stream" or sent.one("StreamID"):
        events = _stream(sent, event)
    elif kind == "hangup" or event == "Hangup" or sent.one("CallStatus") in _ENDS:
        events = (_ended(sent),)
    elif kind == "ring" or event == "Ring":
        events = (Ringing(),)
    elif kind == "amd" or event == "MachineDetection":
        events = (Answered(machine=_is_true(sent.need("Machine"))),)
    elif kind == "gather":
        events = _gathered(sent, _number(ours.one(_PROMPT)))
    elif not visit and sent.has("Speech", "Digits"):
        events = _gathered(sent, _NEWEST)
        inbound = _arrival(sent) if not call and sent.one("Direction") else None
    elif call and not visit:
        events = (Answered(machine=_is_true(sent.one("Machine"))), DocumentAsked())
    else:
        events = (DocumentAsked(),)
        inbound = None if call else _arrival(sent)
    leg = CarrierCallId(sent.name("CallUUID", NAME))
    return (Delivery(leg, key, events, inbound, CallId(ours.name(_CALL, _OURS)) if call else None),)


def _is_true(value: str) -> bool:
    return value.lower() == "true"


def _ended(sent: Parameters) -> CarrierEnded:
    """Say how a leg ended. The code tells more than the status, but only of a call that was never answered."""
    cause = _ENDS.get(sent.one("CallStatus"), "completed")
    code = sent.one("HangupCauseCode")
    number = int(code) if re.fullmatch(r"[0-9]{1,5}", code) else 0
    if cause != "completed" or codes.CAUSES.get(number) == "voicemail":
        cause = codes.CAUSES.get(number, cause)
    return CarrierEnded(cause, codes.ended(number))


def _gathered(sent: Parameters, prompt: int) -> tuple[Event, ...]:
    """Say what the caller pressed and said in answer to a prompt; nothing is an answer, too."""
    pressed = (DigitPressed(key) for key in sent.one("Digits") if key in _KEYS)
    return (*pressed, Gathered(prompt, sent.one("Speech").strip()))


def _number(prompt: str) -> int:
    if re.fullmatch(r"[0-9]{1,9}", prompt) is None:
        raise FrameError("plivo webhook: the number of the prompt is missing or garbled")
    return int(prompt)


def _stream(sent: Parameters, event: str) -> tuple[Event, ...]:
    """Say what became of a media stream. That it started, its own first frame says better.

    Two pages of the documentation name the events differently. One that never connected may have no name.
    """
    stopped = (StreamStopped(StreamId(sent.name("StreamID", NAME))),) if sent.one("StreamID") else ()
    match event:
        case "StopStream" | "stopped":
            return stopped
        case "DroppedStream" | "failed":
            why = codes.dropped(sent.one("StatusReason"))
            return (Warned("stream", f"Plivo dropped the media stream: {why}."), *stopped)
        case "DegradedStream" | "degraded":
            return (Warned("stream", "Plivo has a lot of audio yet to play on the media stream."),)
        case _:
            return ()


def _arrival(sent: Parameters) -> Inbound | None:
    """Return who called whom on a leg that we did not place, if its direction is one we know."""
    direction = sent.need("Direction")
    if direction not in {"inbound", "outbound"}:
        return None
    sent.need("To")
    return Inbound(_e164(sent.party("From")), _e164(sent.party("To")), placed=direction == "outbound")


def _e164(party: str) -> str:
    """Return a number in E.164, which Plivo writes without its plus sign; anything else as it came."""
    return f"+{party}" if is_e164(f"+{party}") else party
