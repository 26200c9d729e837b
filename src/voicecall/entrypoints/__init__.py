"""The front doors: what reaches the gateway over HTTP and WebSocket. They translate and guard; they decide nothing.

This file holds what the doors need from behind them, and what they are told.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from voicecall.carriers import Delivery, HttpReply, MediaCodec, MediaStarted
from voicecall.core.credentials import Credential
from voicecall.core.ids import CarrierCallId
from voicecall.core.operations import Operation
from voicecall.core.tokens import Bearer
from voicecall.net import MediaSocket

FRAME, REALTIME_FRAME = 64 * 1024, 256 * 1024
"""Bytes that one message of a media stream may have, and may have where one model hears and speaks."""


class Desk(Protocol):
    """Takes what carriers bring: verified webhooks and started media streams."""

    async def deliver(self, carrier: str, deliveries: tuple[Delivery, ...]) -> HttpReply:
        """Return the answer to a webhook once it was decided.

        Raises:
            StoreError: it could not be made durable; the carrier is to deliver it again.
        """

    async def stream(
        self, carrier: str, codec: MediaCodec, started: MediaStarted, credential: Credential, socket: MediaSocket
    ) -> None:
        """Serve one media stream until it ends. `credential` was checked: it is ours and fresh.

        Raises:
            StreamRefused: it may not join a call.
            FrameError: the peer broke its wire format.
            StoreError: that it joined could not be made durable.
        """

    def refused(self, carrier: str, carrier_call_id: CarrierCallId, reason: str) -> None:
        """Take note that a media stream which named this call leg was refused; the call may want to know.

        Nobody vouches for the stream: whoever knows the leg's name can have sent it. `reason` is `StreamRefused`'s.
        """


class Operator(Protocol):
    """Does what is asked of the gateway."""

    async def perform(self, operation: Operation, *, idempotency_key: str | None = None) -> Any:
        """Return the operation's result as a JSON value.

        Raises:
            RequestError: it cannot be done.
            ProviderError: somebody else's service failed.
            StoreError: the archive cannot be read or written.
        """

    def subscribe(self, since: int, call_id: str | None) -> AsyncIterator[dict[str, Any]]:
        """Yield the events `{seq, at, callId, type, data}` after `since`: the stored ones, then live, without a gap."""

    def readiness(self) -> dict[str, bool]:
        """Say of each thing that must be in order whether it is."""


class Tokens(Protocol):
    """Knows the named tokens."""

    async def bearer(self, token: str) -> Bearer | None:
        """Return who holds a token, also one that has expired lately, or None where none such is known.

        Raises:
            StoreError: the archive cannot be read, so nobody is known.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicOptions:
    """How the public listener listens. Times in seconds, sizes in bytes."""

    bind: str = "127.0.0.1"
    port: int = 3334
    """0 takes a free one."""
    path: str = "/voice/webhook"
    public_url: str | None = None
    """The carrier-facing webhook URL; without it, what a trusted proxy says, else this listener's own address."""
    stream_path: str = "/voice/stream"
    """Where carriers are sent for media streams."""
    other_stream_paths: tuple[str, ...] = ()
    """Where media streams are served as well."""
    streaming_public_url: str | None = None
    default_carrier: str = ""
    near: frozenset[str] = frozenset()
    """Carriers on this machine: they reach the listener at its own address, on the paths with their names."""
    skip_signature_verification: bool = False
    credential_keys: tuple[bytes, ...] = field(default=(), repr=False)
    handshake_signature: Literal["log", "require"] = "log"
    """What becomes of a media stream whose handshake has a wrong signature, or with `require` none."""
    pre_start_timeout: float = 5.0
    max_pending: int = 32
    max_pending_per_address: int = 4
    max_connections: int = 128
    max_frame: int = FRAME
    max_body: int = 64 * 1024
    body_timeout: float = 5.0
    """For a body, and for the head of a connection's first request."""
    max_in_flight_per_address: int = 8
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks whose `X-Forwarded-*` is believed: of clients always, of hosts as the next two say."""
    trust_forwarding: bool = False
    """Believe loopback too, where no proxies are named; and hosts, where none are listed."""
    allowed_hosts: tuple[str, ...] = ()
    """Hosts that forwarded headers may name, whatever the port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlOptions:
    """How the control listener listens."""

    bind: str = "127.0.0.1"
    port: int = 3335
    """0 takes a free one."""
    token: str = field(repr=False)
    allowed_hosts: tuple[str, ...] = ()
    """Names under which the listener may be addressed beside the loopback's and its own."""
    requests_per_second: float = 50.0
    """Of each token, over all its connections; twice as many at once. 0 is without limit."""
