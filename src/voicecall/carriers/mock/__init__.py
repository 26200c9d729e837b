"""The mock carrier: the gateway's side of the wire in `docs/mock-network.md`. No IO, no clock."""

from __future__ import annotations

from collections.abc import Mapping

from voicecall.carriers import (
    Action,
    Capabilities,
    Delivery,
    HttpReply,
    MediaCodec,
    RestRequest,
    RestResponse,
    Webhook,
)
from voicecall.core.events import Event

from . import actions, webhooks
from .media import MockMedia


class MockCarrier:
    """A small telephone network on this machine, for development and tests."""

    def __init__(self, secret: str, api_base_url: str) -> None:
        """Talk to the network at `api_base_url`, such as `http://127.0.0.1:9000`; `secret` signs both ways."""
        self.name = "mock"
        self.capabilities = Capabilities(machine_detection=True)
        self._secret = secret
        self._api = api_base_url.rstrip("/")

    def recognises(self, headers: Mapping[str, str]) -> bool:
        """Say whether a webhook with these headers (lower case) bears the mock network's signature."""
        return webhooks.SIGNATURE in headers

    def verify(self, webhook: Webhook, now: float) -> None:
        """Check the signature. `now` is Unix seconds.

        Raises:
            SignatureError: it is missing, wrong, or its timestamp is more than five minutes off.
        """
        webhooks.verify(self._secret, webhook, now)

    def parse(self, webhook: Webhook) -> tuple[Delivery, ...]:
        """Return what the webhook says.

        Raises:
            FrameError: the body is not of the mock network's form.
        """
        return webhooks.parse(webhook)

    def document(self, action: Action | None) -> HttpReply | None:
        """Return the answer to the webhook in hand that carries out `action`, or None if REST must do it."""
        return actions.document(action)

    def request(self, action: Action) -> RestRequest:
        """Return the REST request that carries out `action`.

        Raises:
            CarrierError: the mock network does this only in answer to a webhook, or not at all.
        """
        return actions.request(self._secret, self._api, action)

    def outcome(self, action: Action, response: RestResponse) -> tuple[Event, ...]:
        """Return what the response to `request(action)` means.

        Raises:
            CarrierError: the network refused or failed it.
        """
        return actions.outcome(action, response)

    def media(self) -> MediaCodec:
        """Return the codec of a new media stream."""
        return MockMedia()
