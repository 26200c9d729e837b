"""What the gateway asks of the mock network: in the answer to a webhook, or by REST.

Source: docs/mock-network.md, "REST, gateway to network".
"""

from __future__ import annotations

from typing import Any, Literal, TypeVar, assert_never
from urllib.parse import quote

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
from voicecall.core.events import CarrierAsked, Dialled, Event, HangupAccepted
from voicecall.core.ids import CarrierCallId
from voicecall.errors import CarrierError


class _Placed(msgspec.Struct, frozen=True):
    call: CarrierCallId


class _Status(msgspec.Struct, frozen=True):
    status: Literal["ringing", "answered", "ended"]


class _Fault(msgspec.Struct, frozen=True):
    code: str = ""
    message: str = ""


class _Failure(msgspec.Struct, frozen=True):
    error: _Fault


_Form = TypeVar("_Form", _Placed, _Status)
_UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)


def document(action: Action | None) -> HttpReply | None:
    """Return the document that carries out `action`, or None where only REST can."""
    match action:
        case None:
            return _json_reply({})
        case ConnectStream(stream_url=url, credential=token):
            return _json_reply({"connect": {"stream": url, "parameters": {"token": token}}})
        case RejectCall(reason=reason):
            return _json_reply({"reject": reason})
        case _:
            return None


def request(secret: str, api: str, action: Action) -> RestRequest:
    """Return the REST request to the network at `api` (no trailing slash) that carries out `action`.

    Digits that come with a dial are not sent. A leg is dismissed without words: the network has no voice.

    Raises:
        CarrierError: the network connects a stream only in answer to a webhook, and speaks and waits not at all.
    """
    method, path, repeatable = "POST", "/calls", False
    body: dict[str, Any] | None = None
    match action:
        case PlaceCall():
            body = {
                "to": action.to,
                "from": action.from_,
                "webhook": action.webhook_url,
                "ring_timeout": action.ring_timeout,
                "time_limit": action.time_limit,
                "reference": action.call_id,
            }
        case PressDigits():
            path, body = f"{_leg(action.carrier_call_id)}/digits", {"digits": action.digits}
        case FetchStatus():
            method, path, repeatable = "GET", _leg(action.carrier_call_id), True
        case HangUp() | Dismiss() | RejectCall():
            method, path, repeatable = "DELETE", _leg(action.carrier_call_id), True
        case ConnectStream():
            raise CarrierError("the mock network connects a stream only in answer to a webhook", code="no-webhook")
        case Prompt() | Listen():
            raise CarrierError("the mock network neither speaks nor listens by itself", code="no-prompts")
        case EndStream():
            raise CarrierError("the mock network ends no media stream by itself", code="no-streams")
        case ComeBack():
            raise CarrierError("the mock network does not ask a second time", code="no-waiting")
        case _:
            assert_never(action)
    headers = {"Authorization": f"Bearer {secret}"}
    if body is None:
        return RestRequest(method, api + path, headers, repeatable=repeatable)
    headers["Content-Type"] = "application/json"
    return RestRequest(method, api + path, headers, msgspec.json.encode(body), repeatable)


def outcome(action: Action, response: RestResponse) -> tuple[Event, ...]:
    """Return what the network's answer to `action` means.

    Raises:
        CarrierError: it refused (4xx, certain) or failed (anything else, uncertain).
    """
    match action, response.status:
        case PlaceCall(), 201:
            return (Dialled(_read(response, _Placed).call),)
        case HangUp() | Dismiss(), 204 | 404:
            return (HangupAccepted(),)
        case RejectCall(), 204 | 404:
            return ()
        case PressDigits(), 204:
            return ()
        case FetchStatus(), 200:
            return (CarrierAsked("gone" if _read(response, _Status).status == "ended" else "alive"),)
        case FetchStatus(), 404:
            return (CarrierAsked("gone"),)
        case _:
            raise _error(action, response)


def _error(action: Action, response: RestResponse) -> CarrierError:
    """A request that was refused did nothing; one that failed may have been carried out."""
    status = response.status
    refused = 400 <= status < 500
    try:
        fault = msgspec.json.decode(response.body, type=_Failure).error
    except _UNREADABLE:
        fault = _Fault()
    detail = f": {fault.message}" if fault.message else ""
    return CarrierError(
        f"the mock network answered {type(action).__name__} with {status}{detail}",
        retryable=status == 429 or (not refused and not isinstance(action, PlaceCall)),
        code=fault.code or str(status),
        certain=refused,
    )


def _leg(call: CarrierCallId) -> str:
    return f"/calls/{quote(call, safe='')}"


def _json_reply(document: dict[str, Any]) -> HttpReply:
    return HttpReply(body=msgspec.json.encode(document), content_type="application/json")


def _read(response: RestResponse, form: type[_Form]) -> _Form:
    try:
        return msgspec.json.decode(response.body, type=form)
    except _UNREADABLE as error:
        raise CarrierError(
            f"the mock network's answer cannot be read: {error}", code=str(response.status), certain=False
        ) from error
