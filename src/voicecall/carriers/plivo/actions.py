"""What the gateway asks of Plivo: XML in the answer to a webhook, or a REST request, and what comes back.

A live leg that is to stream, or to be spoken to, is sent to ask for a new document: the call then answers that.

Source: plivo.com/docs/voice/api/calls, 2026-11.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import ceil
from typing import Any, assert_never

import msgspec

from voicecall.carriers import (
    Action,
    Callback,
    ComeBack,
    ConnectStream,
    Dismiss,
    EndStream,
    FetchStatus,
    HangUp,
    HttpReply,
    Listen,
    PlaceCall,
    PressDigits,
    Prompt,
    RejectCall,
    RestRequest,
    RestResponse,
)
from voicecall.core.events import Answered, CarrierAsked, Dialled, Event, HangupAccepted
from voicecall.core.ids import CarrierCallId
from voicecall.errors import CarrierError

from . import codes, plivoxml
from .plivoxml import Manner
from .webhooks import NAME, callback

_ALIVE = frozenset({"queued", "initiated", "ringing", "early-media"})
_OVER = frozenset({"completed", "busy", "failed", "timeout", "no-answer", "cancel", "machine", "hangup"})
_LONGEST = 24 * 3600
_KEYS = re.compile(r"[0-9A-D*#wW]+")
_SPELLING = str.maketrans(",pPabcd", "wwwABCD")
_NAMES: dict[type[Action], str] = {
    PlaceCall: "the call",
    ConnectStream: "the media stream",
    Prompt: "the prompt",
    ComeBack: "the wait",
    Dismiss: "the farewell",
    RejectCall: "the rejection",
    HangUp: "the hang-up",
    EndStream: "the end of the media stream",
    FetchStatus: "the question after the call",
    PressDigits: "the digits",
}
_Fields = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Api:
    """Where and as whom to ask."""

    url: str
    """Of the account, without a trailing slash."""
    authorization: str = field(repr=False)


class _Status(msgspec.Struct, frozen=True):
    call_status: str


class _Failure(msgspec.Struct, frozen=True):
    error: Any = None
    """A text, or texts by parameter."""


_UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)


def document(manner: Manner, action: Action | None) -> HttpReply | None:
    """Return the XML that carries out `action`, or None where only REST can.

    Raises:
        CarrierError: the stream's URL or the text is longer than Plivo takes.
    """
    match action:
        case None:
            return _reply("<Response/>")
        case ConnectStream() | Prompt() | ComeBack() | Dismiss() | RejectCall():
            return _reply(plivoxml.write(manner, action))
        case _:
            return None


def request(api: Api, manner: Manner, action: Action) -> RestRequest:
    """Return the REST request that carries out `action`. A dial is never repeatable: Plivo knows no key for it.

    Raises:
        CarrierError: Plivo does it only in answer to its webhook, not at this length, not to this number, not with
            these digits, or not to a leg that has no name yet.
    """
    match action:
        case PlaceCall():
            return _post(api, "/Call/", _dial(action))
        case ConnectStream() | Prompt():
            return _post(api, _leg(action.carrier_call_id), _transfer(action.back))
        case Dismiss(text=text):
            spoken: _Fields = {"text": plivoxml.words(text), "legs": "aleg"}
            spoken |= {"voice": manner.voice} if manner.voice else {}
            spoken |= {"language": manner.language} if manner.language else {}
            return _post(api, f"{_leg(action.carrier_call_id)}Speak/", spoken)
        case PressDigits(digits=digits):
            return _post(api, f"{_leg(action.carrier_call_id)}DTMF/", {"digits": _digits(digits), "leg": "aleg"})
        case HangUp() | RejectCall():
            return _ask(api, "DELETE", _leg(action.carrier_call_id))
        case EndStream():
            return _ask(api, "DELETE", f"{_leg(action.carrier_call_id)}Stream/")
        case FetchStatus():
            return _ask(api, "GET", f"{_leg(action.carrier_call_id)}?status=live")
        case ComeBack() | Listen():
            raise CarrierError("Plivo is told to wait, or answered, only in answer to its webhook", code="no-webhook")
        case _:
            assert_never(action)


def outcome(action: Action, response: RestResponse) -> tuple[Event, ...]:
    """Return what Plivo's answer to `action` means.

    An accepted dial has no leg yet: the first webhook names it. That a leg has ended, it tells later.

    Raises:
        CarrierError: it refused (4xx, certain) or failed (anything else, uncertain). Its text holds no number.
    """
    done, gone = 200 <= response.status < 300, response.status == 404
    match action:
        case PlaceCall() if done:
            return (Dialled(CarrierCallId("")),)
        case HangUp() if done or gone:
            return (HangupAccepted(),)
        case Dismiss() if gone:
            return (HangupAccepted(),)
        case RejectCall() | EndStream() if done or gone:
            return ()
        case ConnectStream() | Prompt() | Dismiss() | PressDigits() if done:
            return ()
        case FetchStatus() if response.status == 200:
            return _alive(response)
        case FetchStatus() if gone:
            return (CarrierAsked("gone"),)
        case _:
            raise _error(action, response)


def _dial(action: PlaceCall) -> _Fields:
    """Return the fields of a dial. Several numbers, parted by `<`, would be several calls."""
    if "<" in action.to:
        raise CarrierError("Plivo cannot call that number: write it in E.164, such as +15551234567", code="bad-number")
    base, call = action.webhook_url, action.call_id
    fields: _Fields = {
        "from": action.from_.removeprefix("+"),
        "to": action.to.removeprefix("+"),
        "answer_url": callback(base, call),
        "answer_method": "POST",
        "ring_url": callback(base, call, kind="ring"),
        "ring_method": "POST",
        "hangup_url": callback(base, call, kind="hangup"),
        "hangup_method": "POST",
        "ring_timeout": ceil(min(max(action.ring_timeout, 1), _LONGEST)),
        "time_limit": ceil(min(max(action.time_limit, 1), _LONGEST)),
    }
    if action.digits:
        fields["send_digits"] = _digits(action.digits)
    if action.detect_machine:
        fields["machine_detection"] = "true"
        fields["machine_detection_url"] = callback(base, call, kind="amd")
        fields["machine_detection_method"] = "POST"
    return fields


def _transfer(back: Callback) -> _Fields:
    url = callback(back.webhook_url, back.call_id, visit=back.visit)
    return {"legs": "aleg", "aleg_url": url, "aleg_method": "POST"}


def _digits(digits: str) -> str:
    """Return digits as Plivo spells them. A comma or a `p` is half a second's pause, as `w` is.

    They may be a secret, and are not told.
    """
    spelled = digits.translate(_SPELLING)
    if _KEYS.fullmatch(spelled) is None:
        raise CarrierError(f"Plivo cannot send the digits: {codes.BAD_DIGITS}", code="bad-digits")
    return spelled


def _leg(leg: str) -> str:
    """Return the path of a leg. Without a leg it would be that of all calls at once."""
    if re.search(NAME, leg) is None:
        raise CarrierError("Plivo has not named the call yet", code="no-leg")
    return f"/Call/{leg}/"


def _post(api: Api, path: str, fields: _Fields) -> RestRequest:
    headers = {"Authorization": api.authorization, "Content-Type": "application/json"}
    content = msgspec.json.encode({name: _text(value) for name, value in fields.items()})
    return RestRequest("POST", api.url + path, headers, content)


def _text(value: str | int) -> str | int:
    return value.encode(errors="replace").decode() if isinstance(value, str) else value


def _ask(api: Api, method: str, path: str) -> RestRequest:
    return RestRequest(method, api.url + path, {"Authorization": api.authorization}, repeatable=True)


def _reply(document: str) -> HttpReply:
    text = f'<?xml version="1.0" encoding="UTF-8"?>{document}'
    return HttpReply(body=text.encode("ascii", "xmlcharrefreplace"), content_type="text/xml")


def _alive(response: RestResponse) -> tuple[Event, ...]:
    """Say whether the leg lives; that it was answered may be news after a restart."""
    try:
        status = msgspec.json.decode(response.body, type=_Status).call_status
    except _UNREADABLE as error:
        raise CarrierError("Plivo's answer cannot be read (HTTP 200)", code="200", certain=False) from error
    if status == "in-progress":
        return (Answered(), CarrierAsked("alive"))
    if status in _OVER:
        return (CarrierAsked("gone"),)
    return (CarrierAsked("alive" if status in _ALIVE else "unknown"),)


def _error(action: Action, response: RestResponse) -> CarrierError:
    """A request that was refused did nothing; one that failed may have been carried out."""
    status = response.status
    refused = 400 <= status < 500
    what, why = _NAMES[type(action)], codes.refused(status, _told(response))
    text = f"Plivo refused {what} (HTTP {status}): {why}"
    if not refused:
        text = f"Plivo failed on {what} (HTTP {status}), and may have carried it out all the same: {why}"
    harmless = isinstance(action, HangUp | RejectCall | EndStream | FetchStatus)
    retryable = status == 429 or (not refused and harmless)
    return CarrierError(text, retryable=retryable, code=str(status), certain=refused)


def _told(response: RestResponse) -> str:
    try:
        return str(msgspec.json.decode(response.body, type=_Failure).error)
    except _UNREADABLE:
        return ""
