"""Configuration of the carriers: credentials, and where their APIs are."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import SecretStr, model_validator

from .section import Listed, Number, Origin, Section


class SigningKey(Section):
    """A shared key with which a carrier signs webhooks."""

    id: str
    """The name by which the webhook tells which key signed it."""
    secret: SecretStr
    """The key."""


class Twilio(Section):
    """Twilio."""

    account_sid: str | None = None
    """The account's SID."""
    auth_token: SecretStr | None = None
    """Verifies webhooks; signs REST requests, unless an API key does."""
    api_key_sid: str | None = None
    """The SID of an API key that signs REST requests in place of the auth token; it goes with its secret."""
    api_key_secret: SecretStr | None = None
    """The secret of that API key."""
    region: Literal["us1", "ie1", "au1"] = "us1"
    """Where calls are processed; the credentials must belong to it."""
    from_number: Number | None = None
    """Caller id on this carrier; the general `from_number` when absent."""
    api_base_url: Origin | None = None
    """An origin in place of Twilio's own: tests, proxies."""
    signing_keys: Listed[SigningKey] = ()
    """Shared keys for webhooks that are signed with one."""
    voice: str = "Polly.Joanna"
    """Who speaks where Twilio does so itself: its name of a voice that speaks `twilio.language`."""
    language: str = "en-US"
    """The language that Twilio speaks and understands where it does so itself, such as `de-DE`."""


class Telnyx(Section):
    """Telnyx."""

    api_key: SecretStr | None = None
    """Authorises REST requests."""
    connection_id: str | None = None
    """The Call Control application's id."""
    public_key: str | None = None
    """Verifies webhooks."""
    from_number: Number | None = None
    """Caller id on this carrier; the general `from_number` when absent."""
    api_base_url: Origin | None = None
    """An origin in place of Telnyx's own: tests, proxies."""
    voice: str = "AWS.Polly.Joanna-Neural"
    """Who speaks where Telnyx does so itself: its name of a voice that speaks `telnyx.language`."""
    language: str = "en-US"
    """The language that Telnyx speaks and understands where it does so itself, such as `de-DE`."""
    codec: Literal["PCMU", "PCMA", "L16/16000"] = "PCMU"
    """What media streams carry: mu-law, A-law, or 16-bit samples at 16 kHz."""


class Plivo(Section):
    """Plivo."""

    auth_id: str | None = None
    """The id of the account or of a subaccount."""
    auth_token: SecretStr | None = None
    """The same account's token: authorises REST requests and verifies webhooks."""
    from_number: Number | None = None
    """Caller id on this carrier; the general `from_number` when absent."""
    api_base_url: Origin | None = None
    """An origin in place of Plivo's own: tests, proxies."""
    voice: str = "WOMAN"
    """Who speaks where Plivo does so itself: `WOMAN`, `MAN` or `Polly.<name>`, one that speaks `plivo.language`."""
    language: str = "en-US"
    """The language that Plivo speaks and understands where it does so itself, such as `de-DE`."""
    codec: Literal["PCMU", "L16/8000", "L16/16000"] = "PCMU"
    """What media streams carry: G.711 mu-law, or 16-bit PCM at 8 or 16 kHz."""


class Mock(Section):
    """The telephone network on this machine."""

    api_base_url: Origin | None = None
    """A mock network in another process; without it the network runs in this one."""
    secret: SecretStr | None = None
    """Signs its webhooks; random per process, and `mock` when `mock.api_base_url` is set."""

    @model_validator(mode="before")
    @classmethod
    def _agree_on_a_secret(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("api_base_url") is not None and data.get("secret") is None:
            return {**data, "secret": "mock"}
        return data
