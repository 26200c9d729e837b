"""What the gateway asks of Twilio: TwiML in the answer to a webhook, or a REST request, and what comes back.

Source: twilio.com/docs/voice/api/call-resource and /docs/voice/twiml, 2026-11.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from math import ceil
from typing import Annotated, TypeVar, assert_never
from urllib.parse import quote, urlencode

import msgspec

from voicecall.carriers import (
    Action,
    ConnectStream,
    FetchStatus,
    HangUp,
    HttpReply,
    PlaceCall,
    PressDigits,
    RejectCall,
    RestRequest,
    RestResponse,
)
from voicecall.core.events import CarrierAsked, Dialled, Event, HangupAccepted
from voicecall.core.ids import CallId, CarrierCallId
from voicecall.errors import CarrierError

from . import codes
from .webhooks import callback

_ALIVE = frozenset({"queued", "initiated", "ringing", "in-progress"})
_OVER = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})
_LONGEST_PARAMETER = 499
_LONGEST_INLINE = 4000
_LONGEST_RING = 600
_GONE = frozenset({20404, 21220})
"""There is no such call, or it is not in a state to be changed: for a hang-up both are as good as done."""
_NAMES: dict[type[Action], str] = {
    PlaceCall: "the call",
    ConnectStream: "the media stream",
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
    sid: Annotated[str, msgspec.Meta(min_length=1)]


class _Status(msgspec.Struct, frozen=True):
    status: str


class _Failure(msgspec.Struct, frozen=True):
    code: Annotated[int, msgspec.Meta(gt=0, lt=100_000)] | None = None


_Form = TypeVar("_Form", _Placed, _Status)
_UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)


def document(action: Action | None) -> HttpReply | None:
    """Return the TwiML that carries out `action`, or None where only REST can.

    Raises:
        CarrierError: the credential is longer than TwiML can carry.
    """
    match action:
        case None:
            return _reply("<Response/>")
        case ConnectStream():
            return _reply(_connect(action))
        case RejectCall(reason=reason):
            return _reply(f'<Response><Reject reason="{reason}"/></Response>')
        case _:
            return None


def request(api: Api, action: Action) -> RestRequest:
    """Return the REST request that carries out `action`. A dial is never repeatable: Twilio knows no key for it.

    Raises:
        CarrierError: Twilio cannot do it on a leg that streams its media.
    """
    match action:
        case PlaceCall():
            return _post(api, "", _dial(action))
        case ConnectStream():
            twiml = _connect(action)
            if len(twiml) > _LONGEST_INLINE:
                raise CarrierError("the TwiML of the media stream is too long to be sent by REST", code="too-long")
            return _post(api, action.carrier_call_id, [("Twiml", twiml)])
        case HangUp() | RejectCall():
            return _post(api, action.carrier_call_id, [("Status", "completed")], repeatable=True)
        case FetchStatus():
            headers = {"Authorization": api.authorization}
            return RestRequest("GET", _resource(api, action.carrier_call_id), headers, repeatable=True)
        case PressDigits():
            raise CarrierError(
                "Twilio cannot send digits on a call whose media is streamed: it would end the stream; "
                "give the digits when the call is placed",
                code="digits-end-stream",
            )
        case _:
            assert_never(action)


def outcome(action: Action, response: RestResponse) -> tuple[Event, ...]:
    """Return what Twilio's answer to `action` means.

    Raises:
        CarrierError: it refused (4xx, certain) or failed (anything else, uncertain). Its text holds no number.
    """
    code = None if 200 <= response.status < 300 else _code(response)
    hung_up = response.status in {200, 404} or code in _GONE
    match action, response.status:
        case PlaceCall(), 201:
            return (Dialled(CarrierCallId(_read(response, _Placed).sid)),)
        case HangUp(), _ if hung_up:
            return (HangupAccepted(),)
        case RejectCall(), _ if hung_up:
            return ()
        case ConnectStream(), 200:
            return ()
        case FetchStatus(), 200:
            return (_alive(_read(response, _Status).status),)
        case FetchStatus(), 404:
            return (CarrierAsked("gone"),)
        case _:
            raise _error(action, response.status, code)


def _connect(action: ConnectStream) -> str:
    """Return TwiML that streams, and asks for a new document when the stream ends while the call lives on.

    Twilio follows the `action` and never gets to the `<Redirect>`, which is there for a leg that loses the stream in a
    way that skips the first.
    """
    if len(action.credential) + len("token") > _LONGEST_PARAMETER:
        raise CarrierError("the media stream's credential is longer than a TwiML parameter may be", code="too-long")
    call: CallId = getattr(action, "call_id", CallId(""))
    base: str = getattr(action, "webhook_url", "")
    visit: str = getattr(action, "nonce", "")
    again = report = then = ""
    if base:
        url = escape(callback(base, call, visit=visit))
        again, then = f' action="{url}"', f"<Redirect>{url}</Redirect>"
        report = f' statusCallback="{escape(callback(base, call, kind="stream"))}"'
    return (
        f'<Response><Connect{again}><Stream url="{escape(action.stream_url)}"{report}>'
        f'<Parameter name="token" value="{escape(action.credential)}"/></Stream></Connect>{then}</Response>'
    )


def _dial(action: PlaceCall) -> list[tuple[str, str]]:
    base, call = action.webhook_url, action.call_id
    events = ("initiated", "ringing", "answered", "completed")
    fields = [
        ("To", action.to),
        ("From", action.from_),
        ("Url", callback(base, call)),
        ("StatusCallback", callback(base, call, kind="status")),
        *(("StatusCallbackEvent", event) for event in events),
        ("Timeout", str(min(max(ceil(action.ring_timeout), 1), _LONGEST_RING))),
        ("TimeLimit", str(max(ceil(action.time_limit), 1))),
    ]
    if digits := getattr(action, "digits", ""):
        fields.append(("SendDigits", digits))
    if getattr(action, "detect_machine", False):
        report = callback(base, call, kind="amd")
        fields += [("MachineDetection", "Enable"), ("AsyncAmd", "true"), ("AsyncAmdStatusCallback", report)]
    return fields


def _post(api: Api, leg: str, fields: list[tuple[str, str]], *, repeatable: bool = False) -> RestRequest:
    headers = {"Authorization": api.authorization, "Content-Type": "application/x-www-form-urlencoded"}
    return RestRequest("POST", _resource(api, leg), headers, urlencode(fields).encode("ascii"), repeatable)


def _resource(api: Api, leg: str) -> str:
    return f"{api.url}/Calls{'/' + quote(leg, safe='') if leg else ''}.json"


def _reply(twiml: str) -> HttpReply:
    text = f'<?xml version="1.0" encoding="UTF-8"?>{twiml}'
    return HttpReply(body=text.encode("ascii", "xmlcharrefreplace"), content_type="text/xml")


def _alive(status: str) -> CarrierAsked:
    if status in _OVER:
        return CarrierAsked("gone")
    return CarrierAsked("alive" if status in _ALIVE else "unknown")


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
    once = isinstance(action, PlaceCall | ConnectStream)
    return CarrierError(
        text,
        retryable=status == 429 or (not refused and not once),
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
