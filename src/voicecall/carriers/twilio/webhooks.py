"""What Twilio's webhooks say. Whether they are Twilio's is for `signatures`.

Source: twilio.com/docs/voice/twiml and /docs/voice/api/call-resource, 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, cast
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
from voicecall.core.ids import CallId, CarrierCallId, StreamId
from voicecall.errors import FrameError

from . import codes, signatures

NAME = r"\A[!-~]{1,64}\Z"
"""How calls, legs and streams are named: ours in 26 characters, Twilio's in 34."""
_Cause = Literal["completed", "busy", "no-answer", "failed", "canceled"]
_CALL, _KIND, _VISIT, _PROMPT = "call", "type", "visit", "prompt"
_KEYS = frozenset("0123456789ABCD*#")
_NEWEST = 0
"""In place of a prompt's number."""
_ENDS = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})
_NO_NUMBERS: Mapping[str, str] = {"+266696687": "anonymous"}
"""Words that Twilio writes as a telephone's keys."""


def callback(webhook_url: str, call: CallId, *, kind: str = "", visit: str = "", prompt: int | None = None) -> str:
    """Return a URL at which Twilio reports on a call.

    `kind` is `status`, `amd`, `stream`, `gather` (with the number of its prompt) or nothing for documents. `visit` is
    new for every document that leads back here, so that coming again is no replay. Twilio is to try twice more where it
    was not answered with success.
    """
    names = {_CALL: call, _KIND: kind, _VISIT: visit, _PROMPT: "" if prompt is None else str(prompt)}
    query = urlencode({name: value for name, value in names.items() if value}, errors="replace")
    return f"{webhook_url}{'&' if '?' in webhook_url else '?'}{query}{signatures.OVERRIDES}"


def parse(webhook: Webhook) -> tuple[Delivery, ...]:
    """Return the one fact that a verified webhook reports.

    Raises:
        FrameError: it is not of Twilio's form, or says two things at once.
    """
    query = parse_qsl(webhook.url.partition("#")[0].partition("?")[2], keep_blank_values=True, errors="replace")
    try:
        sent = Parameters("twilio", query if webhook.method == "GET" else signatures.form(webhook))
        key = signatures.identity(webhook)
    except UnicodeError as error:
        raise FrameError("twilio webhook: the form is not UTF-8") from error
    ours = Parameters("twilio", query)
    call, kind, visit = ours.one(_CALL), ours.one(_KIND), ours.one(_VISIT)
    inbound = None
    if sent.one("CallStatus") in _ENDS:
        events: tuple[Event, ...] = (_ended(sent),)
    elif sent.one("StreamEvent"):
        events = _stream(sent)
    elif kind == "status" or sent.one("CallbackSource"):
        events = _progress(sent.need("CallStatus"))
    elif kind == "gather":
        events = _gathered(sent, _number(ours.one(_PROMPT)))
    elif not visit and sent.has("SpeechResult", "Digits"):
        events = _gathered(sent, _NEWEST)
        inbound = _arrival(sent) if not call and sent.one("Direction") else None
    elif kind == "amd" or not sent.one("CallStatus"):
        events = (Answered(machine=_is_machine(sent.need("AnsweredBy"))),)
    elif call and not visit:
        events = (Answered(machine=_is_machine(sent.one("AnsweredBy"))), DocumentAsked())
    else:
        events = (DocumentAsked(),)
        inbound = None if call else _arrival(sent)
    leg = CarrierCallId(sent.name("CallSid", NAME))
    return (Delivery(leg, key, events, inbound, CallId(ours.name(_CALL, NAME)) if call else None),)


def _ended(sent: Parameters) -> CarrierEnded:
    code, sip = sent.one("ErrorCode"), sent.one("SipResponseCode")
    if re.fullmatch(r"[0-9]{5}", code):
        detail = f"Twilio ended the call with error {code}: {codes.sentence(int(code))}."
    elif sent.one("CallStatus") == "failed" and re.fullmatch(r"[0-9]{3}", sip):
        detail = f"The network refused the call (SIP {sip})."
    else:
        detail = ""
    return CarrierEnded(cast("_Cause", sent.one("CallStatus")), detail)


def _progress(status: str) -> tuple[Event, ...]:
    """Say what a status callback means. A verdict on machines is not its to repeat: it comes by its own webhook."""
    match status:
        case "ringing":
            return (Ringing(),)
        case "in-progress":
            return (Answered(),)
        case _:
            return ()


def _gathered(sent: Parameters, prompt: int) -> tuple[Event, ...]:
    """Say what the caller pressed and said in answer to a prompt; nothing is an answer, too."""
    pressed = (DigitPressed(key) for key in sent.one("Digits") if key in _KEYS)
    return (*pressed, Gathered(prompt, sent.one("SpeechResult").strip()))


def _number(prompt: str) -> int:
    if re.fullmatch(r"[0-9]{1,9}", prompt) is None:
        raise FrameError("twilio webhook: the number of the prompt is missing or garbled")
    return int(prompt)


def _stream(sent: Parameters) -> tuple[Event, ...]:
    """Say what became of a media stream. That it started, its own first frame says better."""
    match sent.one("StreamEvent"):
        case "stream-stopped":
            return (StreamStopped(StreamId(sent.name("StreamSid", NAME))),)
        case "stream-error":
            code = re.search(r"\b[0-9]{5}\b", sent.one("StreamError"))
            why = f"error {code[0]}: {codes.sentence(int(code[0]))}" if code else codes.sentence(None)
            return (Warned("stream", f"Twilio reports on the media stream, {why}."),)
        case _:
            return ()


def _is_machine(answered_by: str) -> bool:
    return answered_by.startswith("machine") or answered_by == "fax"


def _arrival(sent: Parameters) -> Inbound | None:
    """Return who called whom on a leg that we did not place, if its direction is one we know."""
    direction = sent.need("Direction")
    placed = direction.startswith(("outbound-", "trunking-"))
    if not placed and direction != "inbound":
        return None
    sent.need("To")
    return Inbound(_caller(sent.party("From")), sent.party("To"), placed)


def _caller(from_: str) -> str:
    """Return who calls, as Twilio says: a number, an address, a word for none, or nothing."""
    return _NO_NUMBERS.get(from_, from_)
