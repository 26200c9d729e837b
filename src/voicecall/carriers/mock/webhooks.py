"""The mock network's webhooks: who sent them, and what they say.

Source: docs/mock-network.md, "Webhooks, network to gateway".
"""

from __future__ import annotations

import hmac
import re
from typing import Annotated, Literal, assert_never

import msgspec

from voicecall.carriers import Delivery, Inbound, Webhook
from voicecall.core.events import Answered, CarrierEnded, DocumentAsked, Event, Ringing
from voicecall.core.ids import CallId, CarrierCallId
from voicecall.errors import FrameError, SignatureError

SIGNATURE = "x-mock-signature"
"""The header that bears the signature, in lower case."""
_TIMESTAMP = "x-mock-timestamp"
_TOLERANCE = 300.0
_UNIX_SECONDS = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")


class _Report(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """What every webhook says."""

    id: Annotated[str, msgspec.Meta(min_length=1)]
    call: Annotated[str, msgspec.Meta(min_length=1)]
    from_: str = msgspec.field(name="from")
    to: str
    reference: str | None = None


class _Incoming(_Report, frozen=True, tag="incoming"):
    pass


class _Ringing(_Report, frozen=True, tag="ringing"):
    pass


class _Answered(_Report, frozen=True, tag="answered"):
    machine: bool | None = None


class _StreamEnded(_Report, frozen=True, tag="stream-ended"):
    pass


class _Ended(_Report, frozen=True, kw_only=True, tag="ended"):
    cause: Literal["completed", "busy", "no-answer", "failed", "canceled", "voicemail"]


_AnyReport = _Incoming | _Ringing | _Answered | _StreamEnded | _Ended
_decoder: msgspec.json.Decoder[_AnyReport] = msgspec.json.Decoder(_AnyReport)


def verify(secret: str, webhook: Webhook, now: float) -> None:
    """Check signature and age; `now` is Unix seconds.

    Raises:
        SignatureError: the webhook is not from the holder of `secret`, or not from these five minutes.
    """
    given, at = webhook.headers.get(SIGNATURE), webhook.headers.get(_TIMESTAMP)
    if given is None or at is None:
        raise SignatureError("signature missing", [webhook.url])
    if _UNIX_SECONDS.fullmatch(at) is None:
        raise SignatureError("timestamp is not a number of Unix seconds", [webhook.url])
    if abs(now - float(at)) > _TOLERANCE:
        raise SignatureError("timestamp more than 300 s off: compare the clocks", [webhook.url])
    signed = f"{at}.{webhook.url}.".encode(errors="surrogateescape") + webhook.body
    expected = hmac.digest(secret.encode(), signed, "sha256").hex()
    if not hmac.compare_digest(expected.encode(), given.encode(errors="replace")):
        raise SignatureError("signature wrong", [webhook.url])


def parse(webhook: Webhook) -> tuple[Delivery, ...]:
    """Return the one fact that a webhook reports.

    Raises:
        FrameError: the body is not of the mock network's form.
    """
    try:
        report = _decoder.decode(webhook.body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise FrameError(f"mock webhook: {error}") from error
    return (
        Delivery(
            carrier_call_id=CarrierCallId(report.call),
            key=report.id,
            events=_events(report),
            inbound=Inbound(from_=report.from_, to=report.to) if isinstance(report, _Incoming) else None,
            call_id=CallId(report.reference) if report.reference else None,
        ),
    )


def _events(report: _AnyReport) -> tuple[Event, ...]:
    match report:
        case _Incoming():
            return ()
        case _Ringing():
            return (Ringing(),)
        case _Answered():
            return (Answered(machine=bool(report.machine)), DocumentAsked())
        case _StreamEnded():
            return (DocumentAsked(),)
        case _Ended():
            return (CarrierEnded(cause=report.cause),)
        case _:
            assert_never(report)
