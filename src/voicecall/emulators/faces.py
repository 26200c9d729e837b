"""The port between the network and a carrier's wire: what happens on a call leg, what a gateway can command.

A face speaks one carrier's dialect: happenings become signed webhooks, the gateway's documents commands, and
media messages audio and marks. The network itself knows none of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from .legs import Leg
    from .network import Network

Cause = Literal["completed", "busy", "no-answer", "failed", "canceled", "voicemail"]
Direction = Literal["inbound", "outbound"]


@dataclass(frozen=True, slots=True)
class Parties:
    """Who calls whom on a leg, and where the gateway wants to hear about it."""

    call: str
    direction: Direction
    """Seen from the gateway."""
    from_: str
    to: str
    webhook: str
    reference: str = ""
    """The gateway's own id of the call."""


# --- what happens on a leg


@dataclass(frozen=True, slots=True)
class Incoming:
    """A phone rings the gateway."""


@dataclass(frozen=True, slots=True)
class Ringing:
    """The dialled phone rings."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The dialled phone was picked up."""

    machine: bool = False


@dataclass(frozen=True, slots=True)
class StreamEnded:
    """The media stream ended while the leg lives."""

    reason: Literal["closed", "lost"]


@dataclass(frozen=True, slots=True)
class Ended:
    """The leg is over."""

    cause: Cause


Happening = Incoming | Ringing | Answered | StreamEnded | Ended


# --- what the gateway answers


@dataclass(frozen=True, slots=True)
class Connect:
    """Answer, where that is due, and open a media stream."""

    url: str
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reject:
    """Turn an incoming call away."""

    reason: Literal["busy", "rejected"]


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the leg."""


@dataclass(frozen=True, slots=True)
class Stay:
    """Change nothing."""


Command = Connect | Reject | HangUp | Stay


# --- what the gateway sends over the media stream


@dataclass(frozen=True, slots=True)
class Audio:
    """Mu-law, 8 kHz, to be queued and played."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Mark:
    """To be returned when everything queued before it was played."""

    name: str


@dataclass(frozen=True, slots=True)
class Clear:
    """Drop what is queued."""


Sent = Audio | Mark | Clear


class Dialect(Protocol):
    """The messages of one media stream."""

    def opening(self) -> tuple[str, ...]:
        """Return the first messages."""

    def audio(self, mulaw: bytes) -> str:
        """Return the message that carries 20 ms of the phone's audio."""

    def mark(self, name: str) -> str:
        """Return the message that returns a mark."""

    def digit(self, digit: str) -> str:
        """Return the message that reports a pressed key."""

    def stop(self) -> str:
        """Return the last message."""

    def read(self, message: str) -> Sent | None:
        """Return what the gateway sent; None for a message that has no effect.

        Raises:
            FrameError: the message is of no known form, and the stream must be closed.
        """

    def binary(self) -> None:
        """A message that is not text arrived.

        Raises:
            FrameError: the stream must be closed.
        """


@dataclass(frozen=True, slots=True)
class Request:
    """One webhook, signed and ready to be posted."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class Wire(Protocol):
    """The wire of a carrier whose webhooks' answers are commands, from the network's side."""

    def kind(self, happening: Happening) -> str:
        """Return the name that fault plans use for such a webhook."""

    def request(self, leg: Parties, happening: Happening, identity: str, at: float, now: float) -> Request:
        """Return the webhook. `identity` is its id; it happened `at` and is signed `now`, both in Unix seconds."""

    def command(self, body: bytes) -> Command:
        """Return what the answer to a webhook asks for.

        Raises:
            FrameError: the document is of no known form.
        """

    def dialect(self, leg: Parties, stream: str, parameters: Mapping[str, str]) -> Dialect:
        """Return the messages of a new stream."""


class Socket(Protocol):
    """One end of a WebSocket that carries text."""

    async def send(self, text: str) -> None:
        """Send one message.

        Raises:
            ConnectionError: the socket is closed.
        """

    async def recv(self) -> str | None:
        """Return the next message, or None once the socket is closed.

        Raises:
            FrameError: a message that is not text arrived.
        """

    async def close(self, code: int = 1000) -> None:
        """Close it politely; closing twice is nothing."""

    def drop(self) -> None:
        """Cut the connection without a close frame."""

    @property
    def code(self) -> int | None:
        """The peer's close code; None while open, 1006 where it sent none."""


class Attendant(Protocol):
    """What a carrier does about one leg. Nothing here may block; work is spawned on the network."""

    def report(self, happening: Happening) -> None:
        """React to what happened on the leg."""

    def pressed(self, digit: str) -> None:
        """The phone pressed a key while no media stream ran."""

    def noted(self, what: str, text: str) -> None:
        """The leg's journal got this entry."""

    async def open(self, url: str) -> Socket:
        """Open the socket of a media stream.

        Raises:
            OSError: it cannot be opened.
        """

    def dialect(self, count: int, parameters: Mapping[str, str]) -> Dialect:
        """Return the messages of the leg's media stream number `count`, whose socket was opened."""


class Face(Protocol):
    """One carrier, as the network knows it."""

    def call_id(self, unique: str) -> str:
        """Return the carrier's name for a new call."""

    def attend(self, leg: Leg, network: Network) -> Attendant:
        """Take charge of a new leg."""


Post = Callable[[str, Mapping[str, str], bytes], Awaitable[tuple[int, bytes]]]
"""Posts a body to a URL with headers and returns status and body; raises OSError when nobody answers."""
Open = Callable[[str], Awaitable[Socket]]
"""Opens a WebSocket; raises OSError when it cannot."""
