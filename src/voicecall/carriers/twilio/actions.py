"""What the gateway asks of Twilio: TwiML in the answer to a webhook, or a REST request, and what comes back.

Source: twilio.com/docs/voice/api/call-resource and /docs/voice/twiml, 2026-11.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import Annotated, TypeVar, assert_never
from urllib.parse import quote, urlencode

import msgspec

from voicecall.carriers import (
    Action,
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

from . import codes, twiml
from .twiml import Speech
from .webhooks import NAME, callback

_ALIVE = frozenset({"queued", "initiated", "ringing"})
_OVER = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})
_LONGEST_INLINE = 4000
_LONGEST_RING = 600
_LONGEST_CALL = 24 * 3600
_MOST_DIGITS = 32
_GONE = frozenset({20404, 21220})
"""There is no such call, or it is not in a state to be changed: for a hang-up both are as good as done."""
_NAMES: dict[type[Action], str] = {
    PlaceCall: "the call",
    ConnectStream: "the media stream",
    Prompt: "the prompt",
    ComeBack: "the wait",
    Dismiss: "the farewell",
    RejectCall: "the rejection",
    HangUp: "the hang-up",
    FetchStatus: "the question after the call",
    PressDigits: "the digits",
}


@dataclass(frozen=True, slots=True)
class Api:
    """Where and as whom to ask."""

    url: str
    """Of the account, without a trailing slash."""
    authorization: str = field(repr=False)


class _Placed(msgspec.Struct, frozen=True):
    sid: Annotated[str, msgspec.Meta(pattern=NAME)]


class _Status(msgspec.Struct, frozen=True):
    status: str


class _Failure(msgspec.Struct, frozen=True):
    code: Annotated[int, msgspec.Meta(gt=0, lt=100_000)] | None = None


_Form = TypeVar("_Form", _Placed, _Status)
_UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)


def document(speech: Speech, action: Action | None) -> HttpReply | None:
    """Return the TwiML that carries out `action`, or None where only REST can.

    Raises:
        CarrierError: the credential or the text is longer than TwiML can carry.
    """
    match action:
        case None:
            return _reply("<Response/>")
        case ConnectStream() | Prompt() | ComeBack() | Dismiss() | RejectCall():
            return _reply(twiml.write(speech, action))
        case _:
            return None


def request(api: Api, speech: Speech, action: Action) -> RestRequest:
    """Return the REST request that carries out `action`. A dial is never repeatable: Twilio knows no key for it.

    Raises:
        CarrierError: Twilio does it only in answer to its webhook, not at this length, or not with these digits.
    """
    match action:
        case PlaceCall():
            return _post(api, "", _dial(action))
        case ConnectStream() | Prompt() | Dismiss() | PressDigits():
            text = twiml.write(speech, action)
            if len(text) > _LONGEST_INLINE:
                what = _NAMES[type(action)]
                raise CarrierError(f"the TwiML of {what} is too long to be sent by REST", code="too-long")
            return _post(api, action.carrier_call_id, [("Twiml", text)])
        case HangUp() | RejectCall():
            return _post(api, action.carrier_call_id, [("Status", "completed")], repeatable=True)
        case FetchStatus():
            headers = {"Authorization": api.authorization}
            return RestRequest("GET", _resource(api, action.carrier_call_id), headers, repeatable=True)
        case EndStream():
            raise CarrierError("Twilio ends a media stream when it is told anything else", code="no-streams")
        case ComeBack() | Listen():
            raise CarrierError("Twilio is told to wait, or answered, only in answer to its webhook", code="no-webhook")
        case _:
            assert_never(action)


def outcome(action: Action, response: RestResponse) -> tuple[Event, ...]:
    """Return what Twilio's answer to `action` means. That a leg dismissed with words has ended, it tells later.

    Raises:
        CarrierError: it refused (4xx, certain) or failed (anything else, uncertain). Its text holds no number.
    """
    code = None if 200 <= response.status < 300 else _code(response)
    gone = response.status == 404 or code in _GONE
    match action, response.status:
        case PlaceCall(), 201:
            return (Dialled(CarrierCallId(_read(response, _Placed).sid)),)
        case HangUp(), 200:
            return (HangupAccepted(),)
        case HangUp() | Dismiss(), _ if gone:
            return (HangupAccepted(),)
        case RejectCall(), _ if gone:
            return ()
        case ConnectStream() | Prompt() | Dismiss() | RejectCall() | PressDigits(), 200:
            return ()
        case FetchStatus(), 200:
            return _alive(_read(response, _Status).status)
        case FetchStatus(), 404:
            return (CarrierAsked("gone"),)
        case _:
            raise _error(action, response.status, code)


def _dial(action: PlaceCall) -> list[tuple[str, str]]:
    """Return the fields of a dial. With digits Twilio pays no heed to the wish for machine detection."""
    base, call = action.webhook_url, action.call_id
    events = ("initiated", "ringing", "answered", "completed")
    fields = [
        ("To", action.to),
        ("From", action.from_),
        ("Url", callback(base, call)),
        ("StatusCallback", callback(base, call, kind="status")),
        *(("StatusCallbackEvent", event) for event in events),
        ("Timeout", str(ceil(min(max(action.ring_timeout, 1), _LONGEST_RING)))),
        ("TimeLimit", str(ceil(min(max(action.time_limit, 1), _LONGEST_CALL)))),
    ]
    if action.digits:
        fields.append(("SendDigits", _first_digits(action.digits)))
    if action.detect_machine:
        report = callback(base, call, kind="amd")
        fields += [("MachineDetection", "Enable"), ("AsyncAmd", "true"), ("AsyncAmdStatusCallback", report)]
    return fields


def _first_digits(digits: str) -> str:
    """Return the digits that Twilio sends by itself: at most 32, so that long pauses are written in whole seconds."""
    keys = twiml.keys(digits)
    if len(keys) > _MOST_DIGITS:
        keys = keys.replace("ww", "W")
    if len(keys) > _MOST_DIGITS:
        raise twiml.bad_digits()
    return keys


def _post(api: Api, leg: str, fields: list[tuple[str, str]], *, repeatable: bool = False) -> RestRequest:
    headers = {"Authorization": api.authorization, "Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode(fields, errors="replace").encode("ascii")
    return RestRequest("POST", _resource(api, leg), headers, body, repeatable)


def _resource(api: Api, leg: str) -> str:
    return f"{api.url}/Calls{'/' + quote(leg, safe='', errors='replace') if leg else ''}.json"


def _reply(document: str) -> HttpReply:
    text = f'<?xml version="1.0" encoding="UTF-8"?>{document}'
    return HttpReply(body=text.encode("ascii", "xmlcharrefreplace"), content_type="text/xml")


def _alive(status: str) -> tuple[Event, ...]:
    """Say whether the leg lives; that it was answered may be news after a restart."""
    if status == "in-progress":
        return (Answered(), CarrierAsked("alive"))
    if status in _OVER:
        return (CarrierAsked("gone"),)
    return (CarrierAsked("alive" if status in _ALIVE else "unknown"),)


def _code(response: RestResponse) -> int | None:
    try:
        return msgspec.json.decode(response.body, type=_Failure).code
    except _UNREADABLE:
        return None


def _error(action: Action, status: int, code: int | None) -> CarrierError:
    """A request that was refused did nothing; one that failed may have been carried out."""
    refused = 400 <= status < 500
    which = f"error {code}" if code is not None else f"HTTP {status}"
    what, why = _NAMES[type(action)], codes.sentence(code, status)
    text = f"Twilio refused {what} ({which}): {why}"
    if not refused:
        text = f"Twilio failed on {what} ({which}), and may have carried it out all the same: {why}"
    harmless = isinstance(action, HangUp | RejectCall | FetchStatus)
    return CarrierError(
        text,
        retryable=status == 429 or (not refused and harmless),
        code=str(status if code is None else code),
        certain=refused,
    )


def _read(response: RestResponse, form: type[_Form]) -> _Form:
    try:
        return msgspec.json.decode(response.body, type=form)
    except _UNREADABLE as error:
        raise CarrierError(
            f"Twilio's answer cannot be read (HTTP {response.status})", code=str(response.status), certain=False
        ) from error
