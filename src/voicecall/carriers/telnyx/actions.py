"""What the gateway asks of Telnyx: REST requests, and what comes back. Its commands only begin things; webhooks tell.

Source: developers.telnyx.com, Call Control commands, 2026-11.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from math import ceil
from typing import Annotated, Any, TypeVar, assert_never
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
    Listen,
    PlaceCall,
    PressDigits,
    Prompt,
    RejectCall,
    RestRequest,
    RestResponse,
)
from voicecall.core.events import CarrierAsked, Dialled, Event, Gathered, HangupAccepted
from voicecall.core.ids import CarrierCallId
from voicecall.errors import CarrierError

from . import codes
from .codecs import WIRE, Codec
from .state import State, write
from .webhooks import LEG

_SHORTEST_RING, _LONGEST_RING = 5, 600
_SHORTEST_CALL, _LONGEST_CALL = 60, 14400
_LONGEST_TEXT = 3000
_LONGEST_TOKEN = 4000
_MOST_DIGITS = 64
_KEYS = frozenset("0123456789ABCD*#wW")
_SPELLING = str.maketrans(",pPabcd", "wwwABCD")
_GONE = frozenset({"90015", "90018"})
"""The call has ended, or ended so long ago that its name means nothing any more."""
_STREAMING = "90045"
"""A media stream is under way; the end of one that we closed may not have been noticed yet."""
_REMEMBER = "client_state_update"
_NAMES: dict[type[Action], str] = {
    PlaceCall: "the call",
    ConnectStream: "the media stream",
    Listen: "listening",
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
    """Without a trailing slash."""
    authorization: str = field(repr=False)
    connection: str
    """The Call Control application's id."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How Telnyx speaks and listens by itself, and streams."""

    voice: str
    """One of Telnyx's names, such as `AWS.Polly.Joanna-Neural`."""
    language: str
    """BCP 47, such as `en-US`."""
    codec: Codec


class _Placed(msgspec.Struct, frozen=True):
    call_control_id: Annotated[str, msgspec.Meta(pattern=LEG)]


class _Status(msgspec.Struct, frozen=True):
    is_alive: bool | None = None


_Form = TypeVar("_Form", _Placed, _Status)


class _Error(msgspec.Struct, frozen=True):
    code: Annotated[str, msgspec.Meta(pattern=r"\A[0-9A-Z]{1,8}\Z")]


class _Failure(msgspec.Struct, frozen=True):
    errors: list[_Error]


class _Answer(msgspec.Struct, frozen=True):
    data: msgspec.Raw


_UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)


def request(api: Api, manner: Manner, action: Action) -> RestRequest:
    """Return the REST request that carries out `action`.

    Commands have an id that follows from what is asked, so that one that arrives twice is carried out once; a dial is
    of no call yet and has no such shield.

    Raises:
        CarrierError: Telnyx does it not at all, not at this length, or not with these digits.
    """
    match action:
        case PlaceCall():
            return _send(api, "POST", "", _dial(api, action) | _id(action.call_id), repeatable=False)
        case FetchStatus():
            return RestRequest("GET", _resource(api, action.carrier_call_id), _headers(api), repeatable=True)
        case EndStream():
            raise CarrierError("Telnyx ends a media stream when that is closed", code="no-streams")
        case ComeBack():
            raise CarrierError("Telnyx waits by itself, and does not ask a second time", code="no-waiting")
        case _:
            name, body = _command(manner, action)
            visit = action.back.visit if isinstance(action, ConnectStream | Listen | Prompt | PressDigits) else ""
            path = f"{action.carrier_call_id}/actions/{name}"
            if name == _REMEMBER:  # the one command that is put, and takes no id
                return _send(api, "PUT", path, body, repeatable=True)
            return _send(api, "POST", path, body | _id(f"{visit} {path} {_json(body)}"), repeatable=True)


def outcome(action: Action, response: RestResponse) -> tuple[Event, ...]:
    """Return what Telnyx's answer to `action` means. That a leg dismissed with words has ended, it tells later.

    Raises:
        CarrierError: it refused (4xx, certain) or failed (anything else, uncertain). Its text holds no number.
    """
    status = response.status
    code = None if 200 <= status < 300 else _code(response)
    gone = status == 404 or code in _GONE
    match action, status:
        case PlaceCall(), 200 | 201:
            return (Dialled(CarrierCallId(_read(response, _Placed).call_control_id)),)
        case FetchStatus(), 200:
            return (CarrierAsked(_ALIVE[_read(response, _Status).is_alive]),)
        case FetchStatus(), _ if gone:
            return (CarrierAsked("gone"),)
        case HangUp(), 200:
            return (HangupAccepted(),)
        case HangUp() | Dismiss(), _ if gone:
            return (HangupAccepted(),)
        case RejectCall(), _ if gone:
            return ()
        case Prompt(listen=False), 200 if not _words(action.text):
            return (Gathered(action.number),)
        case ConnectStream() | Listen() | Prompt() | Dismiss() | RejectCall() | PressDigits(), 200:
            return ()
        case _:
            raise _error(action, status, code)


_ALIVE: Mapping[bool | None, Any] = {True: "alive", False: "gone", None: "unknown"}


def _dial(api: Api, action: PlaceCall) -> dict[str, Any]:
    body: dict[str, Any] = {
        "connection_id": api.connection,
        "to": action.to,
        "from": action.from_,
        "webhook_url": action.webhook_url,
        "webhook_url_method": "POST",
        "timeout_secs": ceil(min(max(action.ring_timeout, _SHORTEST_RING), _LONGEST_RING)),
        "time_limit_secs": ceil(min(max(action.time_limit, _SHORTEST_CALL), _LONGEST_CALL)),
        "client_state": write(State(action.call_id)),
        "send_silence_when_idle": True,
    }
    if action.digits:
        body["send_digits_on_answer"] = _first_digits(action.digits)
    if action.detect_machine:
        body["answering_machine_detection"] = "detect"
    return body


_Command = ConnectStream | Listen | Prompt | Dismiss | RejectCall | HangUp | PressDigits


def _command(manner: Manner, action: _Command) -> tuple[str, dict[str, Any]]:
    """Return the name of the command that carries out `action`, and its body.

    What goes on beside a prompt leaves the leg's state alone: with that the end of the prompt is reported.
    """
    match action:
        case ConnectStream(answered=True):
            return "streaming_start", _state(action) | _stream(manner, action) | _token(action) | _rate(manner)
        case ConnectStream() if manner.codec == "L16/16000":  # this command cannot name the rate: once answered, then
            return "answer", _state(action) | _ANSWER
        case ConnectStream():
            return "answer", _state(action, why="stream") | _stream(manner, action) | _ANSWER
        case Listen(answered=True):
            return "transcription_start", _transcription(manner)
        case Listen(deaf=True):
            return "answer", _state(action) | _ANSWER
        case Listen():
            config = _transcription(manner)
            return "answer", _state(action) | _ANSWER | {"transcription": True, "transcription_config": config}
        case Prompt(text=text):
            state = _state(action, prompt=action.number, listen=action.listen)
            return ("speak", _speech(manner, text) | state) if _words(text) else (_REMEMBER, state)
        case Dismiss(text=text):
            if not _words(text):
                return "hangup", {}
            return "speak", _speech(manner, text) | {"stop": "all", "client_state": write(State(why="dismiss"))}
        case RejectCall(reason=reason):
            return "reject", {"cause": "USER_BUSY" if reason == "busy" else "CALL_REJECTED"}
        case HangUp():
            return "hangup", {}
        case PressDigits(digits=digits):
            return "send_dtmf", {"digits": _digits(digits)}
        case _:
            assert_never(action)


_ANSWER = {"send_silence_when_idle": True}


def _state(action: ConnectStream | Listen | Prompt, **more: Any) -> dict[str, Any]:
    return {"client_state": write(State(action.back.call_id, **more))}


def _stream(manner: Manner, action: ConnectStream) -> dict[str, Any]:
    """Return how the stream is asked for. The credential is the last segment of its path."""
    codec, _ = WIRE[manner.codec]
    return {
        "stream_url": f"{action.stream_url}/{action.credential}",
        "stream_track": "inbound_track",
        "stream_codec": codec,
        "stream_bidirectional_mode": "rtp",
        "stream_bidirectional_codec": codec,
        "stream_bidirectional_target_legs": "self",
    }


def _token(action: ConnectStream) -> dict[str, Any]:
    if len(action.credential) > _LONGEST_TOKEN:
        raise CarrierError("the media stream's credential is longer than a token may be", code="too-long")
    return {"stream_auth_token": action.credential}


def _rate(manner: Manner) -> dict[str, Any]:
    return {"stream_bidirectional_sampling_rate": WIRE[manner.codec][1]}


def _transcription(manner: Manner) -> dict[str, Any]:
    """Return how the caller is listened to. This engine takes languages without their region."""
    engine = {"transcription_engine": "Telnyx", "language": manner.language.partition("-")[0].lower()}
    return {
        "transcription_engine": "Telnyx",
        "transcription_engine_config": engine,
        "transcription_tracks": "inbound",
    }


def _speech(manner: Manner, text: str) -> dict[str, Any]:
    """Return how a text is spoken: after what is being spoken.

    In place of it would have Telnyx report the end of the older text with the newer one's state.
    """
    words = _words(text)
    if len(words) > _LONGEST_TEXT:
        raise CarrierError(f"a text of {len(words)} characters is too long for Telnyx to speak", code="too-long")
    return {"payload": words, "voice": manner.voice, "language": manner.language}


def _words(text: str) -> str:
    return " ".join(text.encode(errors="ignore").decode().split())


def _first_digits(digits: str) -> str:
    """Return the digits that Telnyx sends by itself: at most 64, so that long pauses are written in whole seconds."""
    keys = _digits(digits)
    if len(keys) > _MOST_DIGITS:
        keys = keys.replace("ww", "W")
    if len(keys) > _MOST_DIGITS:
        raise _bad_digits()
    return keys


def _digits(digits: str) -> str:
    """Return digits as Telnyx spells them. A comma or a `p` is half a second's pause, as `w` is."""
    keys = digits.translate(_SPELLING)
    if not keys or not _KEYS.issuperset(keys):
        raise _bad_digits()
    return keys


def _bad_digits() -> CarrierError:
    """Return the refusal; the digits may be a secret, and are not told."""
    which = f"use 0-9, A-D, *, #, w and W, at most {_MOST_DIGITS}"
    return CarrierError(f"Telnyx cannot send the digits: {which}", code="digits")


def _send(api: Api, method: str, path: str, body: dict[str, Any], *, repeatable: bool) -> RestRequest:
    headers = {**_headers(api), "Content-Type": "application/json"}
    return RestRequest(method, _resource(api, path), headers, _json(body).encode("ascii"), repeatable)


def _id(asked: str) -> dict[str, str]:
    return {"command_id": sha256(asked.encode(errors="replace")).hexdigest()[:32]}


def _json(body: dict[str, Any]) -> str:
    return json.dumps(body, separators=(",", ":"))


def _headers(api: Api) -> dict[str, str]:
    return {"Authorization": api.authorization}


def _resource(api: Api, path: str) -> str:
    return f"{api.url}/calls" + (f"/{quote(path, safe='/:', errors='replace')}" if path else "")


def _code(response: RestResponse) -> str | None:
    try:
        errors = msgspec.json.decode(response.body, type=_Failure).errors
    except _UNREADABLE:
        return None
    return errors[0].code if errors else None


def _error(action: Action, status: int, code: str | None) -> CarrierError:
    """A request that was refused did nothing; one that failed may have been carried out."""
    refused = 400 <= status < 500 and status != 408
    which = f"error {code}" if code is not None else f"HTTP {status}"
    what, why = _NAMES[type(action)], codes.sentence(code, status)
    text = f"Telnyx refused {what} ({which}): {why}"
    if not refused:
        text = f"Telnyx failed on {what} ({which}), and may have carried it out all the same: {why}"
    return CarrierError(
        text,
        retryable=status == 429 or code == _STREAMING or (not refused and not isinstance(action, PlaceCall)),
        code=code or str(status),
        certain=refused,
    )


def _read(response: RestResponse, form: type[_Form]) -> _Form:
    try:
        answer = msgspec.json.decode(response.body, type=_Answer)
        return msgspec.json.decode(answer.data, type=form)
    except _UNREADABLE as error:
        raise CarrierError(
            f"Telnyx's answer cannot be read (HTTP {response.status})", code=str(response.status), certain=False
        ) from error
