"""The mock network's own wire: signed webhooks, documents and media messages.

Source: docs/mock-network.md, "Webhooks, network to gateway" and "Media stream".
"""

from __future__ import annotations

import hmac
from binascii import b2a_base64
from collections.abc import Mapping
from typing import Annotated, Literal, assert_never

import msgspec

from voicecall.errors import FrameError

from .courier import Courier
from .faces import (
    Answered,
    Attendant,
    Audio,
    Clear,
    Command,
    Connect,
    Dialect,
    Ended,
    HangUp,
    Happening,
    Incoming,
    Mark,
    Parties,
    Reject,
    Request,
    Ringing,
    Sent,
    Socket,
    Stay,
    StreamEnded,
)
from .legs import Leg
from .network import Network
from .playout import RATE, SILENCE

_UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)


class _Stream(msgspec.Struct, frozen=True):
    stream: Annotated[str, msgspec.Meta(pattern=r"^wss?://")]
    parameters: dict[str, str] = {}


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    connect: _Stream | None = None
    reject: Literal["busy", "rejected"] | None = None
    hangup: Literal[True] | None = None

    def __post_init__(self) -> None:
        if sum(member is not None for member in (self.connect, self.reject, self.hangup)) > 1:
            raise ValueError("a document does one thing")


class _Media(msgspec.Struct, frozen=True, tag="media", tag_field="event"):
    payload: bytes


class _Mark(msgspec.Struct, frozen=True, tag="mark", tag_field="event"):
    name: str


class _Clear(msgspec.Struct, frozen=True, tag="clear", tag_field="event"):
    pass


class MockFace:
    """The mock network's wire, from the network's side."""

    def __init__(self, secret: str) -> None:
        """`secret` signs the webhooks."""
        self._secret = secret.encode()

    def call_id(self, unique: str) -> str:
        """Return the name of a new call."""
        return f"mc_{unique}"

    def attend(self, leg: Leg, network: Network) -> Attendant:
        """Take charge of a new leg."""
        return _MockAttendant(self, leg, network)

    def kind(self, happening: Happening) -> str:
        """Return the webhook's `type`."""
        match happening:
            case Incoming():
                return "incoming"
            case Ringing():
                return "ringing"
            case Answered():
                return "answered"
            case StreamEnded():
                return "stream-ended"
            case Ended():
                return "ended"
            case _:
                assert_never(happening)

    def request(self, leg: Parties, happening: Happening, identity: str, at: float, now: float) -> Request:
        """Return the signed webhook. `identity` is its id; it happened `at` and is signed `now`, in Unix seconds."""
        report = {
            "id": identity,
            "type": self.kind(happening),
            "call": leg.call,
            "direction": leg.direction,
            "from": leg.from_,
            "to": leg.to,
            "reference": leg.reference or None,
            "at": round(at, 3),
            **_details(happening),
        }
        body = msgspec.json.encode(report)
        timestamp = str(int(now))
        signed = f"{timestamp}.{leg.webhook}.".encode() + body
        headers = {
            "Content-Type": "application/json",
            "X-Mock-Timestamp": timestamp,
            "X-Mock-Signature": hmac.digest(self._secret, signed, "sha256").hex(),
        }
        return Request(leg.webhook, headers, body)

    def command(self, body: bytes) -> Command:
        """Return what the document asks for.

        Raises:
            FrameError: it is of no known form.
        """
        try:
            document = msgspec.json.decode(body or b"{}", type=_Document)
        except _UNREADABLE as error:
            raise FrameError(f"not a document: {error}") from None
        if document.connect is not None:
            return Connect(document.connect.stream, document.connect.parameters)
        if document.reject is not None:
            return Reject(document.reject)
        return Stay() if document.hangup is None else HangUp()

    def dialect(self, leg: Parties, stream: str, parameters: Mapping[str, str]) -> MockDialect:
        """Return the messages of a new stream."""
        return MockDialect(leg.call, stream, parameters)


class _MockAttendant:
    """Reports what happens on a leg by webhook and does what the answers say."""

    def __init__(self, face: MockFace, leg: Leg, network: Network) -> None:
        self._face = face
        self._parties = leg.parties
        self._connect = network.wires.connect
        self.report = Courier(
            leg.parties,
            face,
            network.wires.post,
            faults=network.faults,
            now=network.wires.now,
            spawn=network.spawn,
            obey=leg.obey,
            note=leg.note,
        ).report

    async def open(self, url: str) -> Socket:
        """Open the socket of a media stream."""
        return await self._connect(url)

    def pressed(self, digit: str) -> None:
        """Keys are told over a media stream only."""

    def noted(self, what: str, text: str) -> None:
        """The journal is for the phones' side."""

    def dialect(self, count: int, parameters: Mapping[str, str]) -> Dialect:
        """Return the messages of a new stream."""
        return self._face.dialect(self._parties, f"ms_{self._parties.call[3:]}_{count}", parameters)


def _details(happening: Happening) -> dict[str, str | bool]:
    match happening:
        case Answered(machine):
            return {"machine": machine}
        case StreamEnded(reason):
            return {"reason": reason}
        case Ended(cause):
            return {"cause": cause}
        case Incoming() | Ringing():
            return {}
        case _:
            assert_never(happening)


def _base64(payload: bytes) -> str:
    return b2a_base64(payload, newline=False).decode("ascii")


_SILENCE = _base64(SILENCE)
_decoder = msgspec.json.Decoder(_Media | _Mark | _Clear)


class MockDialect:
    """The messages of one media stream."""

    def __init__(self, call: str, stream: str, parameters: Mapping[str, str]) -> None:
        self._call = call
        self._stream = stream
        self._parameters = dict(parameters)
        self._chunk = 0

    def opening(self) -> tuple[str, ...]:
        """Return the first message."""
        return (self.start(),)

    def start(self) -> str:
        """Return the first message."""
        return _text(
            {
                "event": "start",
                "stream": self._stream,
                "call": self._call,
                "parameters": self._parameters,
                "format": {"encoding": "mulaw", "rate": RATE},
            }
        )

    def audio(self, mulaw: bytes) -> str:
        """Return the message that carries 20 ms of the phone's audio."""
        self._chunk += 1
        payload = _SILENCE if mulaw is SILENCE else _base64(mulaw)
        return f'{{"event":"media","chunk":{self._chunk},"payload":"{payload}"}}'

    def mark(self, name: str) -> str:
        """Return the message that returns a mark."""
        return _text({"event": "mark", "name": name})

    def digit(self, digit: str) -> str:
        """Return the message that reports a pressed key."""
        return _text({"event": "digit", "digit": digit})

    def stop(self) -> str:
        """Return the last message."""
        return _text({"event": "stop"})

    def binary(self) -> None:
        """Raise FrameError: all messages are text."""
        raise FrameError("mock stream: a binary message")

    def read(self, message: str) -> Sent:
        """Return what the gateway sent.

        Raises:
            FrameError: the message is of no known form, or holds more than a second of audio.
        """
        try:
            frame = _decoder.decode(message)
        except _UNREADABLE as error:
            raise FrameError(f"mock stream: {error}") from None
        match frame:
            case _Media(payload=payload):
                if len(payload) > RATE:
                    raise FrameError(f"mock stream: {len(payload)} bytes of audio in one message")
                return Audio(payload)
            case _Mark(name=name):
                return Mark(name)
            case _Clear():
                return Clear()
            case _:
                assert_never(frame)


def _text(message: Mapping[str, object]) -> str:
    return msgspec.json.encode(message).decode()
