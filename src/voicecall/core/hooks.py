"""Outgoing webhooks: who is told of what, in which form, signed how, and when again. Pure.

Form, headers and signature are those of Standard Webhooks 1.0 (standardwebhooks.com).
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from voicecall.core.published import NAMES, without_words
from voicecall.core.times import rfc3339

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64
"""Bytes of a secret."""
DEFAULT_EVENTS = ("call.initiated", "call.answered", "call.ended")
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 3600.0
"""Seconds until the second attempt, and at most between two."""
PATIENCE = 24 * 3600.0
"""Seconds for which an event is tried again."""
_JITTER = 0.2
"""A pause is shorter by at most this share of it."""
_GONE = 410


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Who is told."""

    name: str
    url: str
    secrets: tuple[bytes, ...] = field(repr=False)
    """Each signs: while a secret is being replaced there are several."""
    events: tuple[str, ...] = DEFAULT_EVENTS
    """Patterns: `call.ended`, `call.*`, `*`."""
    words: bool = False
    """Whether the words of calls may be sent."""

    @property
    def host(self) -> str:
        """Where it is, for those who look: the rest of a URL may be secret."""
        return urlsplit(self.url).netloc

    def wants(self, type_: str) -> bool:
        """Say whether it is told of events of this class."""
        name = NAMES.get(type_, "")
        return name != "" and any(matches(pattern, name) for pattern in self.events)


class Cursor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a receiver was told, and how it goes. Times are Unix seconds."""

    after: int
    """Nothing up to this position of the log is still to be delivered."""
    owner: str = ""
    """The instance that delivers."""
    until: float = 0.0
    """How long it may."""
    failures: int = 0
    """Attempts that failed since the last one that did not."""
    failing_since: float = 0.0
    """When the first of them failed."""
    retry_at: float = 0.0
    """When the next attempt is due."""
    delivered_at: float = 0.0
    """When something was last taken; 0 for never."""
    error: str = ""
    """What was wrong with the last attempt that failed."""
    error_at: float = 0.0

    def is_free(self, instance: str, now: float) -> bool:
        """Say whether an instance may deliver."""
        return self.owner in ("", instance) or self.until <= now

    def taken(self, instance: str, until: float) -> Cursor:
        """Return it as held by an instance."""
        return msgspec.structs.replace(self, owner=instance, until=until)

    def delivered(self, position: int, now: float) -> Cursor:
        """Return it after a success."""
        return msgspec.structs.replace(
            self, after=position, failures=0, failing_since=0.0, retry_at=0.0, delivered_at=now
        )

    def failed(self, error: str, now: float, pause: float) -> Cursor:
        """Return it after a failure, which is made good `pause` seconds later at the earliest."""
        return msgspec.structs.replace(
            self,
            failures=self.failures + 1,
            failing_since=self.failing_since or now,
            retry_at=now + pause,
            error=error,
            error_at=now,
        )

    def gives_up(self, at: float, now: float) -> bool:
        """Say whether an event that happened `at` has been tried for long enough."""
        return self.failures > 0 and now - max(self.failing_since, at) >= PATIENCE


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an attempt."""

    status: int | None
    """HTTP; None where there was no answer."""
    error: str
    """What was wrong; empty for nothing."""
    retry_after: float = 0.0
    """Seconds that the receiver asks for."""

    @property
    def is_gone(self) -> bool:
        """Whether the receiver wants to be told nothing any more."""
        return self.status == _GONE


def judge(status: int, retry_after: str | None, now: float) -> Answer:
    """Return what a receiver's HTTP status says, with its `Retry-After` if it sent one. `now` is Unix seconds."""
    if 200 <= status < 300:
        return Answer(status, "")
    hint = ": redirects are not followed" if 300 <= status < 400 else ""
    return Answer(status, f"answered {status}{hint}", _seconds(retry_after, now))


def pause(failures: int, chance: float, retry_after: float = 0.0) -> float:
    """Return the seconds until the next attempt, after so many failures in a row (from 1). `chance`: 0 to 1."""
    doubled = min(FIRST_PAUSE * 2.0 ** min(failures - 1, 32), LONGEST_PAUSE)
    return max(doubled * (1 - _JITTER * chance), min(retry_after, PATIENCE))


def matches(pattern: str, name: str) -> bool:
    """Say whether a pattern (`call.ended`, `call.*`, `*`) is of this published name."""
    return pattern in ("*", name) or (pattern.endswith(".*") and name.startswith(pattern[:-1]))


def read_secret(text: str) -> bytes:
    """Return the key of a secret as it is written: `whsec_` and 24 to 64 bytes in base64.

    Raises:
        ValueError: it is not one; nothing of it is in the message.
    """
    try:
        key = b64decode(text.removeprefix(PREFIX).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        key = b""
    if not text.startswith(PREFIX) or not SHORTEST <= len(key) <= LONGEST:
        raise ValueError(
            f"expected {PREFIX} and {SHORTEST} to {LONGEST} bytes in base64: `voicecall webhooks secret` makes one"
        )
    return key


def write_secret(key: bytes) -> str:
    """Return a key as `read_secret` reads it."""
    return PREFIX + b64encode(key).decode("ascii")


def headers(secrets: Sequence[bytes], id_: str, body: bytes, now: float) -> dict[str, str]:
    """Return what goes with a message that is sent `now` (Unix seconds), signed with each secret."""
    seconds = str(int(now))
    signed = b".".join((id_.encode(), seconds.encode(), body))
    signatures = (b64encode(hmac.digest(key, signed, hashlib.sha256)).decode("ascii") for key in secrets)
    return {
        "content-type": "application/json",
        "webhook-id": id_,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def message_id(call_id: str, seq: int) -> str:
    """Return the id of the message about an event: the same whenever it is sent, another for each event."""
    return f"evt_{call_id}_{seq}"


def body(type_: str, at: float, data: dict[str, Any]) -> bytes:
    """Return a message. `at`: when it happened, in Unix seconds."""
    return msgspec.json.encode({"type": type_, "timestamp": rfc3339(at), "data": data})


def told(event: dict[str, Any], record: dict[str, Any] | None, *, words: bool) -> dict[str, Any]:
    """Return the `data` of the message about a published event; `record` is that of its call, once it has ended."""
    members = event["data"] if words else without_words(event["type"], event["data"])
    data = {"callId": event["callId"], "seq": event["seq"], **members}
    if record is not None:
        data["record"] = record if words else _wordless(record)
    return data


def _wordless(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record without what was said; the outcome stays, but for its quotations."""
    kept = {name: value for name, value in record.items() if name != "transcript"}
    if isinstance(outcome := kept.get("outcome"), dict):
        kept["outcome"] = {name: value for name, value in outcome.items() if name != "evidence"}
    return kept


def unknown(patterns: Iterable[str]) -> list[str]:
    """Return those patterns that no published event has."""
    names = set(NAMES.values())
    return [pattern for pattern in patterns if not any(matches(pattern, name) for name in names)]


def _seconds(retry_after: str | None, now: float) -> float:
    """Return what a `Retry-After` asks for: seconds or a date; what cannot be read asks for nothing."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, OverflowError):
        return 0.0
