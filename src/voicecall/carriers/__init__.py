"""The carrier port: wire formats as codecs. Bytes in, facts out; actions in, bytes out. No IO, no clock.

A carrier module turns a signed webhook into deliveries (events for one call leg), an action into either the document
that answers the webhook in hand or a REST request, and a REST response into events. Its media codec does the same for
the frames of one media stream.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec

from voicecall.core.events import Event
from voicecall.core.ids import CallId, CarrierCallId, StreamId
from voicecall.core.rules import Capabilities as Capabilities


class Webhook(msgspec.Struct, frozen=True):
    """One HTTP request from a carrier, as received."""

    method: str
    url: str
    """The public URL that the carrier signed: `public_url` plus what followed `serve.path`, query included."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    peer: str = ""


class HttpReply(msgspec.Struct, frozen=True):
    """What a webhook is answered."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain"


class RestRequest(msgspec.Struct, frozen=True):
    """One request to a carrier's REST API."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""
    repeatable: bool = False
    """Whether sending it twice does no more than sending it once."""


class RestResponse(msgspec.Struct, frozen=True):
    """What the REST API answered."""

    status: int
    body: bytes


class Inbound(msgspec.Struct, frozen=True):
    """A call leg arrived from outside; policy decides what becomes of it."""

    from_: str
    to: str
    placed: bool = False
    """Whether it was placed elsewhere in our name, from the carrier's console for one: it is an outbound call."""


class Delivery(msgspec.Struct, frozen=True):
    """What one webhook said about one call leg."""

    carrier_call_id: CarrierCallId
    key: str
    """Names this fact for ever: the same fact delivered twice has the same key."""
    events: tuple[Event, ...] = ()
    inbound: Inbound | None = None
    call_id: CallId | None = None
    """Ours, where the carrier gave it back to us."""


# --- actions: what the gateway wants of a carrier


class Callback(msgspec.Struct, frozen=True):
    """Where the carrier asks what to do next with a leg."""

    webhook_url: str
    call_id: CallId
    visit: str
    """New for every document, so that coming back is never taken for a replay."""


class PlaceCall(msgspec.Struct, frozen=True):
    """Dial. `webhook_url` is where the carrier reports."""

    call_id: CallId
    to: str
    from_: str
    webhook_url: str
    ring_timeout: float
    time_limit: float
    digits: str = ""
    """Sent by the carrier once the call is answered, where it can (`digits_at_dial`)."""
    detect_machine: bool = False


class ConnectStream(msgspec.Struct, frozen=True):
    """Open a bidirectional media stream on the leg, answering it first where that is needed."""

    carrier_call_id: CarrierCallId
    stream_url: str
    credential: str
    back: Callback
    """Where the leg goes when the stream ends and the call lives on."""
    answered: bool = True
    """Whether the leg was answered; else it is to be answered with this."""


class Listen(msgspec.Struct, frozen=True):
    """Have the carrier listen by itself from now on, where that is a step of its own."""

    carrier_call_id: CarrierCallId
    back: Callback
    answered: bool
    """Whether the leg was answered; else it is to be answered with this."""
    deaf: bool = False
    """Whether it is only to be answered: nobody wants to know what the caller says."""


class Prompt(msgspec.Struct, frozen=True):
    """Speak `text` (nothing when empty) in the carrier's own voice; then listen, where asked to, and report."""

    carrier_call_id: CarrierCallId
    text: str
    listen: bool
    """Whether to wait for the caller's words or keys; without it the leg is back at once."""
    number: int
    """Comes back in `Gathered.prompt`."""
    back: Callback


class ComeBack(msgspec.Struct, frozen=True):
    """The decision is not there yet: keep the leg, and ask again in a second."""

    carrier_call_id: CarrierCallId
    back: Callback


class Dismiss(msgspec.Struct, frozen=True):
    """Speak `text` where the carrier can, and end the leg."""

    carrier_call_id: CarrierCallId
    text: str


class RejectCall(msgspec.Struct, frozen=True):
    """Turn an inbound leg away."""

    carrier_call_id: CarrierCallId
    reason: Literal["busy", "rejected"]


class HangUp(msgspec.Struct, frozen=True):
    """End the leg. A leg that is over already counts as done."""

    carrier_call_id: CarrierCallId


class EndStream(msgspec.Struct, frozen=True):
    """End the leg's media stream, lost though it may be without the carrier's knowing. None to end counts as done."""

    carrier_call_id: CarrierCallId


class FetchStatus(msgspec.Struct, frozen=True):
    """Ask whether the leg lives."""

    carrier_call_id: CarrierCallId


class PressDigits(msgspec.Struct, frozen=True):
    """Send DTMF to the far end: `0-9*#A-D`, `w` pauses half a second."""

    carrier_call_id: CarrierCallId
    digits: str
    back: Callback
    """Where the leg goes afterwards, where the digits end its media stream."""


Action = (
    PlaceCall
    | ConnectStream
    | Listen
    | Prompt
    | ComeBack
    | Dismiss
    | RejectCall
    | HangUp
    | EndStream
    | FetchStatus
    | PressDigits
)


# --- media frames


class MediaStarted(msgspec.Struct, frozen=True):
    """The stream names itself and its call leg."""

    stream_id: StreamId
    carrier_call_id: CarrierCallId
    credential: str | None
    """The token, where this carrier hands it over in the stream rather than in the URL."""


class MediaAudio(msgspec.Struct, frozen=True):
    """Caller audio: mu-law, 8 kHz, mono; 20 ms are 160 bytes."""

    payload: bytes
    base64: str = ""
    """The same as the carrier wrote it, where that is mu-law in base64."""


class MediaMark(msgspec.Struct, frozen=True):
    """A mark came back: what was queued before it was played, or cleared."""

    name: str


class MediaDigit(msgspec.Struct, frozen=True):
    """The caller pressed a key."""

    digit: str


class MediaStopped(msgspec.Struct, frozen=True):
    """The carrier ends the stream."""


MediaFrame = MediaStarted | MediaAudio | MediaMark | MediaDigit | MediaStopped


class MediaCodec(Protocol):
    """The frames of one media stream. Holds what the stream told about itself."""

    def decode(self, message: str | bytes) -> MediaFrame | None:
        """Return the frame, or None for a message that says nothing to us.

        Raises:
            FrameError: the message is not of this carrier's form.
        """

    def audio(self, mulaw: bytes) -> str:
        """Return the message that plays this audio: mu-law, 8 kHz, any length up to one second."""

    def mark(self, name: str) -> str:
        """Return the message that asks for a mark after the audio sent so far."""

    def clear(self) -> str:
        """Return the message that drops the audio that was sent and not yet played."""


class Carrier(Protocol):
    """One telephone carrier, as a codec."""

    name: str
    capabilities: Capabilities

    def recognises(self, headers: Mapping[str, str]) -> bool:
        """Say whether a webhook with these headers (lower case) bears this carrier's signature."""

    def verify(self, webhook: Webhook, now: float) -> None:
        """Check the signature. `now` is Unix seconds.

        Raises:
            SignatureError: it is missing or wrong; lists the URL forms tried.
        """

    def parse(self, webhook: Webhook) -> tuple[Delivery, ...]:
        """Return what the webhook says.

        Raises:
            FrameError: the body is not of this carrier's form.
        """

    def document(self, action: Action | None) -> HttpReply | None:
        """Return the answer to the webhook in hand that carries out `action`, or None if REST must do it.

        Without an action: the answer that changes nothing.
        """

    def request(self, action: Action) -> RestRequest:
        """Return the REST request that carries out `action`."""

    def outcome(self, action: Action, response: RestResponse) -> tuple[Event, ...]:
        """Return what the response to `request(action)` means.

        Raises:
            CarrierError: the carrier refused or failed it.
        """

    def media(self) -> MediaCodec:
        """Return the codec of a new media stream."""
