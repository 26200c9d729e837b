"""Named tokens of the control listener: their form, and what is kept of them. Pure."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable

import msgspec

from voicecall.core.asking import Scope
from voicecall.errors import BadParameters, CallRefused

OWNER = "control-token"
"""What the one token is called that the configuration or the state directory holds; no other is called so."""
PREFIX = "vc_"
"""How every named token begins."""
BYTES = 32
"""Of chance in a token."""
LONGEST = 10 * 365 * 86400.0
"""Seconds that a token may live, unless it lives for ever."""
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a token; the token itself is not."""

    label: str
    may: Scope
    digest: str
    """SHA-256 of the token, in hexadecimal. A token is chance alone, so there is nothing that salt could hide."""
    created_at: float
    """Unix seconds."""
    expires_at: float | None = None

    def expired(self, at: float) -> bool:
        """Say whether it holds no longer."""
        return self.expires_at is not None and self.expires_at <= at


class Bearer(msgspec.Struct, frozen=True):
    """Whoever came with a token that was made."""

    label: str
    may: Scope
    expired: bool = False


def spell(entropy: bytes) -> str:
    """Return the token that this chance makes; its characters need no escaping anywhere."""
    return PREFIX + urlsafe_b64encode(entropy).decode().rstrip("=")


def digest(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def find(token: str, kept: Iterable[Kept]) -> Kept | None:
    """Return what is kept of this token, or None. How long it takes tells nothing of how much was right."""
    wanted, found = digest(token), None
    for one in kept:
        if hmac.compare_digest(one.digest, wanted):
            found = one
    return found


def check(label: str, lifetime: float | None) -> None:
    """Say whether a token can be called so, and can live so long (seconds).

    Raises:
        BadParameters: it cannot.
        CallRefused: `label-taken`: it is the name of the control token.
    """
    if not _LABEL.fullmatch(label):
        raise BadParameters("label: 1 to 64 letters, digits and . _ @ -, the first one a letter or a digit")
    if lifetime is not None and not 1 <= lifetime <= LONGEST:
        raise BadParameters("lifetime: 1 second to 10 years, in seconds")
    if label == OWNER:
        raise taken(label)


def taken(label: str) -> CallRefused:
    """Return why no second token gets this name."""
    return CallRefused("label-taken", f"a token is called {label!r} already: revoke it, or take another label")
