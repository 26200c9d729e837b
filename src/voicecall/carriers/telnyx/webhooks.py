"""What Telnyx's webhooks say. Whether they are Telnyx's is for `signatures`.

They come in any order, more than once, and about every application of the account. Source: developers.telnyx.com,
Call Control webhooks, 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from voicecall.carriers import Delivery, Inbound, Webhook
from voicecall.core.events import (
    Answered,
    CarrierEnded,
    Dialled,
    DigitPressed,
    DocumentAsked,
    Event,
    Gathered,
    StreamStopped,
    Told,
    Warned,
)
from voicecall.core.ids import CallId, CarrierCallId, StreamId
from voicecall.errors import FrameError

from . import codes
from .state import State, read

LEG = r"\A[!-~]{1,255}\Z"
"""How legs are named: opaque, and long."""
NAME = r"\A[!-~]{1,64}\Z"
"""How events and streams are named."""
_LONGEST_PARTY = 255
_LONGEST_REASON = 200
_KEYS = frozenset("0123456789ABCD*#")
_Cause = Literal["completed", "busy", "no-answer", "failed", "canceled", "rejected"]
_CAUSES: Mapping[str, tuple[_Cause, str]] = {
    "normal_clearing": ("completed", ""),
    "originator_cancel": ("canceled", ""),
    "timeout": ("no-answer", ""),
    "no_answer": ("no-answer", ""),
    "time_limit": ("completed", "Telnyx ended the call: it reached its longest duration."),
    "user_busy": ("busy", ""),
    "call_rejected": ("rejected", ""),
    "not_found": ("failed", "Telnyx found nobody at the number called."),
}
_MACHINES = frozenset({"machine", "fax_detected"})
_UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)


class _Transcription(msgspec.Struct, frozen=True):
    transcript: str | None = None
    is_final: bool | None = None
    transcription_track: str | None = None


class _Payload(msgspec.Struct, frozen=True):
    """What the events of a call leg say; each says some of it."""

    call_control_id: Annotated[str, msgspec.Meta(pattern=LEG)]
    connection_id: str | int | None = None
    client_state: str | None = None
    from_: str | None = msgspec.field(name="from", default=None)
    to: str | None = None
    direction: str | None = None
    hangup_cause: str | None = None
    sip_hangup_cause: str | int | None = None
    digit: str | None = None
    status: str | None = None
    result: str | None = None
    stream_id: str | None = None
    failure_reason: str | None = None
    transcription_data: _Transcription | None = None


class _Data(msgspec.Struct, frozen=True):
    event_type: str
    id: Annotated[str, msgspec.Meta(pattern=NAME)]
    payload: msgspec.Raw


class _Envelope(msgspec.Struct, frozen=True):
    data: _Data


_envelope: msgspec.json.Decoder[_Envelope] = msgspec.json.Decoder(_Envelope)
_payload: msgspec.json.Decoder[_Payload] = msgspec.json.Decoder(_Payload)


def parse(connection: str, webhook: Webhook) -> tuple[Delivery, ...]:
    """Return the fact that a verified webhook reports about a call leg of `connection`, if it reports one.

    Raises:
        FrameError: it is not of Telnyx's form, or of another application than ours.
    """
    try:
        data = _envelope.decode(webhook.body).data
        kind = data.event_type.replace("_", ".")  # older names have underscores
        if kind not in _TOLD:
            return ()
        sent = _payload.decode(data.payload)
    except _UNREADABLE as error:
        raise FrameError(f"telnyx webhook: {str(error)[:_LONGEST_REASON]}") from error
    if sent.connection_id is not None and str(sent.connection_id) != connection:
        raise FrameError("telnyx webhook: of another application than telnyx.connection_id names")
    state = read(sent.client_state)
    leg = CarrierCallId(sent.call_control_id)
    arrives = kind == "call.initiated" and sent.direction == "incoming"
    events = (DocumentAsked(),) if arrives else _events(kind, leg, sent, state)
    if not events:
        return ()
    inbound = Inbound(_party(sent.from_, "from"), _party(sent.to, "to", needed=True)) if arrives else None
    return (Delivery(leg, data.id, events, inbound, CallId(state.call) if state.call else None),)


_TOLD = frozenset(
    {
        "call.initiated",
        "call.answered",
        "call.hangup",
        "call.dtmf.received",
        "call.speak.ended",
        "call.transcription",
        "call.machine.detection.ended",
        "call.machine.premium.detection.ended",
        "streaming.stopped",
        "streaming.failed",
    }
)
"""The events that say something to us."""


def _events(kind: str, leg: CarrierCallId, sent: _Payload, state: State) -> tuple[Event, ...]:
    match kind:
        case "call.initiated":
            return (Dialled(leg),) if state.call else ()
        case "call.answered":
            return (Answered(),) if state.why == "stream" else (Answered(), DocumentAsked())
        case "call.hangup":
            return (_ended(sent),)
        case "call.dtmf.received":
            return (DigitPressed(sent.digit),) if sent.digit in _KEYS else ()
        case "call.speak.ended":
            return _spoken(sent.status, state)
        case "call.transcription":
            return _transcribed(sent.transcription_data or _Transcription())
        case "streaming.stopped" | "streaming.failed":
            return _stream_over(kind, sent)
        case _:
            return (Answered(machine=sent.result in _MACHINES),)


def _spoken(status: str | None, state: State) -> tuple[Event, ...]:
    """Say what the end of a prompt means; one that made room for a newer one means nothing any more.

    A prompt that Telnyx cut off, because it took the far end for a machine, is asked for anew.
    """
    if not state.prompt:
        return ()
    match status:
        case "completed" | None:
            return (Told(state.prompt),) if state.listen else (Gathered(state.prompt),)
        case "cancelled_amd":
            return (DocumentAsked(),)
        case _:
            return ()


def _transcribed(said: _Transcription) -> tuple[Event, ...]:
    """Say what the caller said, once that is final; it answers whatever prompt is the newest."""
    text = (said.transcript or "").strip()
    if not text or said.is_final is False or said.transcription_track == "outbound":
        return ()
    return (Gathered(0, text),)


def _stream_over(kind: str, sent: _Payload) -> tuple[Event, ...]:
    """Say what became of a media stream. The call goes on in silence; the reason may quote a URL, which is secret."""
    stopped: tuple[Event, ...] = ()
    if sent.stream_id and re.search(NAME, sent.stream_id):
        stopped = (StreamStopped(StreamId(sent.stream_id)),)
    if kind == "streaming.stopped":
        return stopped
    reason = sent.failure_reason or ""
    why = f" ({reason})" if re.fullmatch(r"[A-Za-z_ -]{1,64}", reason) else ""
    text = f"Telnyx could not open or keep the media stream{why}; check from outside that the stream URL is reached."
    return (Warned("stream", text), *stopped, DocumentAsked())


def _ended(sent: _Payload) -> CarrierEnded:
    sip = str(sent.sip_hangup_cause or "")
    if re.fullmatch(r"D[0-9]{1,3}", sip):
        return CarrierEnded("failed", f"Telnyx refused the call ({sip}): {codes.sentence(sip)}.")
    cause, detail = _CAUSES.get(sent.hangup_cause or "", ("failed", ""))
    if cause == "failed" and sip == "200":
        return CarrierEnded("completed")
    if not detail and cause == "failed" and re.fullmatch(r"[0-9]{3}", sip):
        detail = f"The network refused the call (SIP {sip})."
    return CarrierEnded(cause, detail)


def _party(value: str | None, name: str, *, needed: bool = False) -> str:
    """Return a number, an address, or a word for none."""
    party = value or ""
    if len(party) > _LONGEST_PARTY or not party.isprintable() or (needed and not party):
        raise FrameError(f"telnyx webhook: {name} is missing or garbled")
    return party
