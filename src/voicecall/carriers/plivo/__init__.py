"""Plivo: the wire of its Voice API, its XML and its audio streaming. No IO, no clock."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
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
from .codecs import CONTENT_TYPES, Codec
from .media import PlivoMedia
from .numbers import PlivoNumbers
from .plivoxml import Manner

_HOST = "https://api.plivo.com"


class PlivoCarrier:
    """Plivo, as a codec."""

    def __init__(
        self,
        auth_id: str,
        auth_token: str,
        *,
        api_base_url: str | None = None,
        voice: str = "WOMAN",
        language: str = "en-US",
        codec: Codec = "PCMU",
    ) -> None:
        """Speak for the account or subaccount `auth_id`.

        `auth_token` is that account's own: it authorises REST requests and verifies webhooks. `api_base_url` is an
        origin in place of Plivo's. `voice` (Plivo's name) and `language` (BCP 47) are those of Plivo's own speech.
        `codec` is what media streams are asked to carry; each says itself what it does carry.
        """
        self.name = "plivo"
        self.capabilities = Capabilities(
            prompts=True,
            digits_at_dial=True,
            redirects=True,
            redirects_on_close=True,
            return_delay=1.0,
            machine_detection=True,
            recording=True,
            transfer=True,
            codecs=tuple(CONTENT_TYPES),
            marks_return_on_clear=False,
            credential_in_start=False,
            signs_handshake=True,
            dials_per_second=2.0,
        )
        self._token = signatures.Token(auth_token)
        self._manner = Manner(voice, language, codec)
        self._api = actions.Api(
            url=f"{(api_base_url or _HOST).rstrip('/')}/v1/Account/{quote(auth_id, '')}",
            authorization="Basic " + b64encode(f"{auth_id}:{auth_token}".encode()).decode("ascii"),
        )

    def recognises(self, headers: Mapping[str, str]) -> bool:
        """Say whether a webhook with these headers (lower case) bears a signature of Plivo's."""
        return signatures.is_signed(headers)

    def verify(self, webhook: Webhook, now: float) -> None:
        """Check the signature of a webhook, or of a media stream's handshake. Plivo signs no time: `now` is not used.

        Raises:
            SignatureError: it is missing or wrong; lists the URL forms tried.
        """
        signatures.verify(self._token, webhook)

    def parse(self, webhook: Webhook) -> tuple[Delivery, ...]:
        """Return what the webhook says.

        Raises:
            FrameError: it is not of Plivo's form.
        """
        return webhooks.parse(webhook)

    def document(self, action: Action | None) -> HttpReply | None:
        """Return the XML that carries out `action`, or None if REST must do it.

        Raises:
            CarrierError: the stream's URL or the text is longer than Plivo takes.
        """
        return actions.document(self._manner, action)

    def request(self, action: Action) -> RestRequest:
        """Return the REST request that carries out `action`.

        Raises:
            CarrierError: Plivo does it only in answer to its webhook, not at this length, not to this number, not with
                these digits, or not to a leg that has no name yet.
        """
        return actions.request(self._api, self._manner, action)

    def outcome(self, action: Action, response: RestResponse) -> tuple[Event, ...]:
        """Return what the response to `request(action)` means.

        Raises:
            CarrierError: Plivo refused or failed it.
        """
        return actions.outcome(action, response)

    def questions(self) -> tuple[Question, ...]:
        """Return what shows whether our credentials are good."""
        return account.questions(self._api.url, self._api.authorization)

    def shortcoming(self, body: bytes) -> str:
        """Return what the answer to one of `questions` says is wrong with the account."""
        return account.shortcoming(body)

    def sample(self, url: str, nonce: str, now: float) -> Sample:
        """Return a webhook to `url` about a call that there is not; `now` is Unix seconds."""
        return account.sample(self._token, url, nonce)

    def media(self) -> MediaCodec:
        """Return the codec of a new media stream."""
        return PlivoMedia()

    def numbers(self) -> NumberCodec:
        """Return the codec of the settings of the account's numbers."""
        return PlivoNumbers(self._api)
