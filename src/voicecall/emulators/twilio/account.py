"""The account that the simulator serves: its credentials, its numbers, and what it may not do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from .signing import SharedKey


def sid(prefix: str, unique: str) -> str:
    """Return a SID, 34 characters, that always belongs to the same `unique` text."""
    return prefix + blake2b(unique.encode(), digest_size=16).hexdigest()


@dataclass(slots=True)
class Number:
    """A phone number of the account, and what happens when it is called."""

    phone_number: str
    voice_url: str = ""
    voice_method: str = "POST"
    voice_fallback_url: str = ""
    voice_fallback_method: str = "POST"
    status_callback: str = ""
    status_callback_method: str = "POST"
    voice_application_sid: str = ""
    """The application that handles its calls in place of its own URLs."""
    trunk_sid: str = ""
    """The trunk that has its calls; it excludes an application."""

    @property
    def sid(self) -> str:
        """The number's own SID."""
        return sid("PN", self.phone_number)


@dataclass(slots=True)
class Application:
    """Voice settings that several numbers can share."""

    friendly_name: str
    voice_url: str = ""
    voice_method: str = "POST"
    voice_fallback_url: str = ""
    voice_fallback_method: str = "POST"
    status_callback: str = ""
    status_callback_method: str = "POST"

    @property
    def sid(self) -> str:
        """The application's own SID."""
        return sid("AP", self.friendly_name)


@dataclass(slots=True)
class Account:
    """One Twilio account."""

    sid: str = "AC" + "0" * 31 + "1"
    auth_token: str = field(default="twilio", repr=False)
    api_keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Secrets by `SK` SID, which open the REST API but sign nothing."""
    shared_key: SharedKey | None = None
    """Signs webhooks in place of the auth token."""
    numbers: dict[str, Number] = field(default_factory=dict)
    """By E.164; while there are none, every number counts as the account's own."""
    applications: dict[str, Application] = field(default_factory=dict)
    """By SID."""
    refusals: Mapping[str, int] = field(default_factory=dict)
    """Error codes by destination, such as 21215 for a country that is not permitted."""
    concurrency: int = 100
    """REST requests in flight; more are answered with 429."""

    def add(self, number: Number) -> None:
        """Buy a number."""
        self.numbers[number.phone_number] = number

    def handler(self, number: str) -> Number | Application:
        """Return what says how calls to a number are handled; nothing handles those of a trunk here."""
        found = self.numbers.get(number, Number(number))
        if found.trunk_sid:
            return Number(number)
        return self.applications.get(found.voice_application_sid, found)

    def owns(self, number: str) -> bool:
        """Whether calls can be made from this number."""
        return not self.numbers or number in self.numbers
