"""Telnyx: the wire of Call Control and its media streaming. No IO, no clock."""

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
from voicecall.carriers.accounts import Question, Sample
from voicecall.carriers.numbers import NumberCodec
from voicecall.core.events import Event

from . import account, actions, signatures, webhooks
from .codecs import Codec
from .media import TelnyxMedia
from .numbers import TelnyxNumbers

_HOST = "https://api.telnyx.com"


class TelnyxCarrier:
    """Telnyx, as a codec. It takes no documents: whatever it is to do goes by REST, and its webhooks say what came."""

    def __init__(
        self,
        api_key: str,
        connection_id: str,
        public_key: str,
        *,
        api_base_url: str | None = None,
        voice: str = "AWS.Polly.Joanna-Neural",
        language: str = "en-US",
        codec: Codec = "PCMU",
    ) -> None:
        """Speak for the Call Control application `connection_id`.

        `public_key` verifies webhooks: base64 of the 32 bytes or of their DER form, or PEM; without one, nothing is
        believed. `api_base_url` is an origin in place of Telnyx's. `voice` (Telnyx's name) and `language` (BCP 47) are
        those of Telnyx's own speech. `codec` is what media streams are asked to carry.

        Raises:
            ConfigError: the public key is none.
        """
        self.name = "telnyx"
        self.capabilities = Capabilities(
            documents=False,
            prompts=True,
            listens_apart=True,
            one_stream=True,
            digits_at_dial=True,
            redirects=True,
            machine_detection=True,
            recording=True,
            transfer=True,
            codecs=("PCMU", "PCMA", "L16/16000"),
            credential_in_start=False,
            dials_per_second=1.0,
        )
        self._connection = connection_id
        self._key = signatures.read_key(public_key)
        self._codec: Codec = codec
        self._api = actions.Api(f"{(api_base_url or _HOST).rstrip('/')}/v2", f"Bearer {api_key}", connection_id)
        self._manner = actions.Manner(voice, language, codec)

    def recognises(self, headers: Mapping[str, str]) -> bool:
        """Say whether these headers (lower case) are Telnyx's: a webhook's signature, or a media stream's token."""
        return signatures.SIGNATURE in headers or signatures.STREAM_TOKEN in headers

    def verify(self, webhook: Webhook, now: float) -> None:
        """Check the signature of a webhook; `now` is Unix seconds. Telnyx signs neither URLs nor media streams.

        Raises:
            SignatureError: it is missing or wrong, more than five minutes off, or there is no public key.
        """
        signatures.verify(self._key, webhook, now)

    def parse(self, webhook: Webhook) -> tuple[Delivery, ...]:
        """Return what the webhook says; nothing for events that no call waits for.

        Raises:
            FrameError: it is not of Telnyx's form, or of another application.
        """
        return webhooks.parse(self._connection, webhook)

    def document(self, action: Action | None) -> HttpReply | None:
        """Return the answer that changes nothing; what is to be done, only REST can do."""
        return HttpReply(body=b"OK") if action is None else None

    def request(self, action: Action) -> RestRequest:
        """Return the REST request that carries out `action`.

        Raises:
            CarrierError: Telnyx does it not at all, not at this length, or not with these digits.
        """
        return actions.request(self._api, self._manner, action)

    def outcome(self, action: Action, response: RestResponse) -> tuple[Event, ...]:
        """Return what the response to `request(action)` means.

        Raises:
            CarrierError: Telnyx refused or failed it.
        """
        return actions.outcome(action, response)

    def questions(self) -> tuple[Question, ...]:
        """Return what shows whether our credentials are good."""
        return account.questions(self._api.url, self._api.authorization, self._connection)

    def shortcoming(self, body: bytes) -> str:
        """Return what the answer to one of `questions` says is wrong with the account."""
        return account.shortcoming(body)

    def sample(self, url: str, nonce: str, now: float) -> Sample:
        """Return a webhook to `url` about a call that there is not; `now` is Unix seconds."""
        return account.sample(url, nonce, now)

    def media(self) -> MediaCodec:
        """Return the codec of a new media stream."""
        return TelnyxMedia(self._codec)

    def numbers(self) -> NumberCodec:
        """Return the codec of the settings of the account's numbers."""
        return TelnyxNumbers(self._api)
