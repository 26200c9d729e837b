"""The account that the simulator serves: its credentials, its numbers, and what becomes of certain calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from uuid import UUID

from .readings import Readings


def uuid(unique: str) -> str:
    """Return a UUID that always belongs to the same `unique` text."""
    return str(UUID(bytes=blake2b(unique.encode(), digest_size=16).digest(), version=4))


@dataclass(slots=True)
class Application:
    """What handles the calls of the numbers that are given to it."""

    app_id: str
    name: str
    answer_url: str = ""
    answer_method: str = "POST"
    fallback_url: str = ""
    fallback_method: str = "POST"
    hangup_url: str = ""
    hangup_method: str = "POST"
    auth_id: str = ""
    """Of the sub-account that owns it; empty: the main account."""


@dataclass(slots=True)
class Number:
    """A rented number, with the URLs of the application that it is rented for."""

    number: str
    """E.164."""
    answer_url: str = ""
    answer_method: str = "POST"
    fallback_url: str = ""
    fallback_method: str = "POST"
    hangup_url: str = ""
    hangup_method: str = "POST"
    auth_id: str = ""
    """Of the sub-account that owns it; empty: the main account."""
    app_id: str = ""
    """The application that handles its calls; one is made for the URLs when the number is rented."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The account, main or sub, that a call belongs to: its webhooks are signed with the tokens of both."""

    auth_id: str
    main_id: str
    tokens: tuple[str, ...] = field(repr=False)
    main_tokens: tuple[str, ...] = field(repr=False)


@dataclass(slots=True)
class Account:
    """One Plivo account."""

    auth_id: str = "MA" + "0" * 17 + "1"
    auth_token: str = field(default="plivo", repr=False)
    second_token: str = field(default="", repr=False)
    """Active too while tokens are exchanged: it opens the API, and everything is signed with both."""
    subaccounts: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Tokens by the auth ID, `SA...`, of the sub-account."""
    numbers: dict[str, Number] = field(default_factory=dict)
    """By E.164; while there are none, every number counts as the account's own."""
    applications: dict[str, Application] = field(default_factory=dict)
    """By their id."""
    default_application: str = ""
    """The id of the application that handles the calls of numbers that are given to none."""
    failures: Mapping[str, int] = field(default_factory=dict)
    """Hang-up codes by destination (E.164), such as 2030 for a country that is barred: such a call never rings."""
    readings: Readings = field(default_factory=Readings)
    most_requests: int = 300
    """REST requests within five seconds; more are answered with 429."""

    def add(self, number: Number) -> None:
        """Rent a number."""
        self.numbers[number.number] = number
        if not number.app_id and (number.answer_url or number.hangup_url):
            name = f"simulated-{number.number.removeprefix('+')}"
            number.app_id = self.make(name, number.auth_id).app_id
            made = self.applications[number.app_id]
            made.answer_url, made.answer_method = number.answer_url, number.answer_method
            made.fallback_url, made.fallback_method = number.fallback_url, number.fallback_method
            made.hangup_url, made.hangup_method = number.hangup_url, number.hangup_method

    def make(self, name: str, auth_id: str = "") -> Application:
        """Make an application of the account or a sub-account."""
        app_id = str(int(uuid(f"application/{len(self.applications)}").replace("-", ""), 16))[:17]
        self.applications[app_id] = Application(app_id, name, auth_id=auth_id)
        return self.applications[app_id]

    def handler(self, number: str) -> Application:
        """Return the application that handles the calls of a number; one without URLs where none does."""
        rented = self.numbers.get(number)
        app_id = rented.app_id if rented is not None else ""
        return self.applications.get(app_id) or Application("", "")

    def owns(self, number: str) -> bool:
        """Whether calls can be made from this number."""
        return not self.numbers or number in self.numbers

    def owner(self, auth_id: str) -> Owner | None:
        """Return the account or sub-account with this ID."""
        main = tuple(token for token in (self.auth_token, self.second_token) if token)
        if auth_id == self.auth_id:
            return Owner(auth_id, auth_id, main, main)
        if auth_id in self.subaccounts:
            return Owner(auth_id, self.auth_id, (self.subaccounts[auth_id],), main)
        return None

    def owner_of(self, number: str) -> Owner:
        """Return the account or sub-account that owns a number; the main account if nobody does."""
        rented = self.numbers.get(number)
        owner = self.owner(rented.auth_id) if rented is not None else None
        return owner or Owner(self.auth_id, self.auth_id, (self.auth_token,), (self.auth_token,))
