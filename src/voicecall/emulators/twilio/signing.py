"""How Twilio signs what it sends. Pure.

Source: Twilio docs `usage/webhooks/webhooks-security`.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field

Parameters = tuple[tuple[str, str], ...]
"""Names and values of a form, decoded."""


@dataclass(frozen=True, slots=True)
class SharedKey:
    """A key that signs webhooks in place of the auth token."""

    name: str
    """`webhooks_sharedkey_...`."""
    secret: str = field(repr=False)


def signed_text(url: str, parameters: Iterable[tuple[str, str]] = ()) -> bytes:
    """Return what is signed: the URL without fragment, then each distinct parameter, by name and then by value."""
    return (url.partition("#")[0] + "".join(name + value for name, value in sorted(set(parameters)))).encode()


def signature(auth_token: str, url: str, parameters: Iterable[tuple[str, str]] = ()) -> str:
    """Return the value of `X-Twilio-Signature`."""
    return _base64(hmac.digest(auth_token.encode(), signed_text(url, parameters), "sha1"))


def signature_headers(
    auth_token: str, shared_key: SharedKey | None, url: str, parameters: Iterable[tuple[str, str]] = ()
) -> dict[str, str]:
    """Return the headers of a signed request; a shared key takes the place of the auth token."""
    if shared_key is None:
        return {"X-Twilio-Signature": signature(auth_token, url, parameters)}
    digest = hmac.digest(shared_key.secret.encode(), signed_text(url, parameters), "sha256")
    return {
        "X-Twilio-Signature": _base64(digest),
        "X-Twilio-Webhooks-Signature-Settings": f"key={shared_key.name},algorithm=HMAC_SHA256",
    }


def _base64(digest: bytes) -> str:
    return b64encode(digest).decode("ascii")
