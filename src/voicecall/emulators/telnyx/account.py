"""The account that the simulator serves: its credentials, its application, and what it may not do."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from uuid import UUID

from .signing import SigningKey


def control_id(unique: str) -> str:
    """Return a call control id that always belongs to the same `unique` text."""
    return "v3:" + urlsafe_b64encode(blake2b(unique.encode(), digest_size=42).digest()).decode("ascii")


def identity(unique: str) -> str:
    """Return a UUID that always belongs to the same `unique` text."""
    return str(UUID(bytes=blake2b(unique.encode(), digest_size=16).digest(), version=4))


@dataclass(slots=True)
class Application:
    """Another Call Control application of the account."""

    name: str
    webhook_url: str
    failover_url: str = ""
    api_version: str = "2"
    active: bool = True


@dataclass(slots=True)
class Account:
    """One Telnyx account with one Call Control application of its own, and perhaps others. Times in seconds."""

    api_key: str = field(default="telnyx", repr=False)
    seed: bytes = field(default=bytes(range(32)), repr=False)
    """32 bytes, of which the key pair is made that signs webhooks."""
    connection_id: str = "1000000000000000001"
    """The application's id."""
    name: str = "simulated"
    """The application's name."""
    webhook_url: str = ""
    failover_url: str = ""
    api_version: str = "2"
    """The form of its webhooks; only the second is sent."""
    active: bool = True
    webhook_timeout: float = 2.0
    first_command_timeout: float | None = None
    """A parked call that gets no command in this time is ended; None: it is left alone."""
    numbers: frozenset[str] = frozenset()
    """In E.164; while there are none, every number counts as the account's own."""
    applications: dict[str, Application] = field(default_factory=dict)
    """The others, by their id."""
    connections: dict[str, str] = field(default_factory=dict)
    """Whose the calls to a number are, where they are not the account's own application's; empty: nobody's."""
    refusals: Mapping[str, str] = field(default_factory=dict)
    """Error codes by destination, such as D13 for one that is not permitted."""
    concurrency: int = 100
    """REST requests in flight; more are answered with 429."""

    @property
    def public_key(self) -> str:
        """What the gateway verifies webhooks with."""
        return SigningKey(self.seed).public

    def connection(self, number: str) -> str:
        """Return the id of the connection that has the calls to a number, or nothing."""
        return self.connections.get(number, self.connection_id)

    def announces(self, number: str) -> str:
        """Return where calls to a number are announced, or nothing."""
        connection = self.connection(number)
        if connection == self.connection_id:
            return self.webhook_url if self.active else ""
        other = self.applications.get(connection)
        return other.webhook_url if other is not None and other.active else ""

    def owns(self, number: str) -> bool:
        """Whether calls can be made from this number."""
        return not self.numbers or number in self.numbers
