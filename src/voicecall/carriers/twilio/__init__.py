"""Twilio: the wire of Programmable Voice and Media Streams. No IO, no clock."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Literal
from urllib.parse import quote

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
from voicecall.carriers.accounts import Question, Sample
from voicecall.carriers.numbers import NumberCodec
from voicecall.core.events import Event

from . import account, actions, signatures, webhooks
from .media import TwilioMedia
from .numbers import TwilioNumbers
from .twiml import Speech

Region = Literal["us1", "ie1", "au1"]

_HOSTS: Mapping[Region, str] = {
    "us1": "https://api.twilio.com",
    "ie1": "https://api.dublin.ie1.twilio.com",
    "au1": "https://api.sydney.au1.twilio.com",
}
"""Source: twilio.com/docs/global-infrastructure/using-the-twilio-rest-api-in-a-non-us-region, 2026-07."""


class TwilioCarrier:
    """Twilio, as a codec."""

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        *,
        api_base_url: str | None = None,
        region: Region | None = None,
        signing_keys: Sequence[tuple[str, bytes]] = (),
        api_key: tuple[str, str] | None = None,
        voice: str = "Polly.Joanna",
        language: str = "en-US",
    ) -> None:
        """Speak for the account `account_sid`.

        `auth_token` verifies webhooks; empty where only shared keys do. `signing_keys` are those, by id. `api_key`, SID
        and secret, signs REST requests in place of the account's own credentials. `api_base_url` is an origin in place
        of the region's. `voice` (Twilio's name) and `language` (BCP 47) are those of Twilio's own speech.
        """
        self.name = "twilio"
        self.capabilities = Capabilities(
            prompts=True,
            digits_at_dial=True,
            digits_end_stream=True,
            machine_detection=True,
            recording=True,
            transfer=True,
            signs_handshake=True,
            redirects=True,
            dials_per_second=1.0,
        )
        self._speech = Speech(voice, language)
        self._keys = signatures.Keys(auth_token, dict(signing_keys))
        self._account_sid = account_sid
        self._own = _basic(account_sid, auth_token)
        self._api = actions.Api(
            url=f"{(api_base_url or _HOSTS[region or 'us1']).rstrip('/')}/2010-04-01/Accounts/{quote(account_sid, '')}",
            authorization=_basic(*api_key) if api_key else self._own,
        )

    def recognises(self, headers: Mapping[str, str]) -> bool:
        """Say whether a webhook with these headers (lower case) bears Twilio's signature."""
        return signatures.SIGNATURE in headers

    def verify(self, webhook: Webhook, now: float) -> None:
        """Check the signature of a webhook, or of a media stream's handshake. Twilio signs no time: `now` is not used.

        Raises:
            SignatureError: it is missing or wrong; lists the URL forms tried.
        """
        signatures.verify(self._keys, webhook)

    def parse(self, webhook: Webhook) -> tuple[Delivery, ...]:
        """Return what the webhook says.

        Raises:
            FrameError: it is not of Twilio's form.
        """
        return webhooks.parse(webhook)

    def document(self, action: Action | None) -> HttpReply | None:
        """Return the TwiML that carries out `action`, or None if REST must do it.

        Raises:
            CarrierError: the credential or the text is longer than TwiML can carry.
        """
        return actions.document(self._speech, action)

    def request(self, action: Action) -> RestRequest:
        """Return the REST request that carries out `action`.

        Raises:
            CarrierError: Twilio does it only in answer to its webhook, not at this length, or not with these digits.
        """
        return actions.request(self._api, self._speech, action)

    def outcome(self, action: Action, response: RestResponse) -> tuple[Event, ...]:
        """Return what the response to `request(action)` means.

        Raises:
            CarrierError: Twilio refused or failed it.
        """
        return actions.outcome(action, response)

    def questions(self) -> tuple[Question, ...]:
        """Return what shows whether our credentials are good."""
        return account.questions(self._api.url, self._own, self._api.authorization)

    def shortcoming(self, body: bytes) -> str:
        """Return what the answer to one of `questions` says is wrong with the account."""
        return account.shortcoming(body)

    def sample(self, url: str, nonce: str, now: float) -> Sample:
        """Return a webhook to `url` about a call that there is not; `now` is Unix seconds."""
        return account.sample(self._keys, self._account_sid, url, nonce)

    def media(self) -> MediaCodec:
        """Return the codec of a new media stream."""
        return TwilioMedia()

    def numbers(self) -> NumberCodec:
        """Return the codec of the settings of the account's numbers."""
        return TwilioNumbers(self._api)


def _basic(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode("ascii")
