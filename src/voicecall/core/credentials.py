"""Signed stream credentials: what lets a media stream join the call it was opened for. Pure and stateless.

A credential is `1.KEY.CLAIMS.MAC`, all in characters that need no escaping in a URL's path: the version, the id of the
signing key, the claims as base64url of a JSON array, and HMAC-SHA256 over everything before it. Whether it was used
before is not for this module to know: whoever takes the stream remembers the nonce.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable

import msgspec

from voicecall.core.ids import CallId
from voicecall.errors import StreamRefused

_FORM = re.compile(r"(1\.([\w-]{8})\.([\w-]+))\.([\w-]{43})", re.ASCII)
_PURPOSE = b"voicecall stream credential\n"
"""Goes into every hash, so that a key that also signs other things never signs a credential by accident."""


class Credential(msgspec.Struct, frozen=True, array_like=True):
    """What a valid credential says."""

    call_id: CallId
    nonce: str
    """The credential's own id, unique per credential; no secret."""
    expires: float
    """Unix seconds."""
    carrier: str = ""
    """Whose stream it admits."""


def mint(key: bytes, *, call_id: CallId, nonce: str, expires: float, carrier: str = "") -> str:
    """Return a credential that admits one media stream of the carrier to the call until `expires` (Unix seconds)."""
    claims = _base64(msgspec.json.encode(Credential(call_id, nonce, expires, carrier)))
    signed = f"1.{_key_id(key)}.{claims}"
    return f"{signed}.{_mac(key, signed)}"


def check(keys: Iterable[bytes], token: str | None, *, call_id: CallId | None, now: float) -> Credential:
    """Return what the credential says, if one of `keys` signed it. Without a `call_id`, any call's will do.

    Raises:
        StreamRefused: it is `missing`, `malformed`, of the `wrong key`, for the `wrong call`, or `expired`.
    """
    if not token:
        raise StreamRefused("missing")
    form = _FORM.fullmatch(token)
    if form is None:
        raise StreamRefused("malformed")
    signed, key_id, claims, mac = form.groups()
    # The contents are looked at only once they are known to be ours.
    if not any(_key_id(key) == key_id and hmac.compare_digest(_mac(key, signed), mac) for key in keys):
        raise StreamRefused("wrong key")
    credential = msgspec.json.decode(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)), type=Credential)
    if call_id is not None and credential.call_id != call_id:
        raise StreamRefused("wrong call")
    if now >= credential.expires:
        raise StreamRefused("expired")
    return credential


def _mac(key: bytes, signed: str) -> str:
    return _base64(hmac.digest(key, _PURPOSE + signed.encode("ascii"), "sha256"))


def _key_id(key: bytes) -> str:
    return _base64(hashlib.sha256(_PURPOSE + b"key id\n" + key).digest()[:6])


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
