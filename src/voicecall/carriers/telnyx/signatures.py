"""Who sent a webhook in Telnyx's name: Ed25519 over its time and its body. The URL is not signed.

Source: developers.telnyx.com, "Receiving webhooks", 2026-11.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key

from voicecall.carriers import Webhook
from voicecall.errors import ConfigError, Fault, SignatureError

SIGNATURE = "telnyx-signature-ed25519"
"""The header that bears the signature, in lower case."""
STREAM_TOKEN = "x-telnyx-streaming-auth-token"  # noqa: S105 - a header's name
"""The header of a media stream's handshake that brings back the token we gave it, in lower case."""
_TIMESTAMP = "telnyx-timestamp"
_TOLERANCE = 300
"""Seconds, either way."""
_UNIX_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
_RAW = 32


def read_key(text: str) -> Ed25519PublicKey | None:
    """Return the public key: base64 (standard or URL-safe) of its 32 bytes or of its DER form, or PEM; None for "".

    Raises:
        ConfigError: it is none of these.
    """
    text = text.strip()
    if not text:
        return None
    try:
        if text.startswith("-----BEGIN"):
            key = load_pem_public_key(text.encode())
        else:
            data = _base64("".join(text.split()))
            key = Ed25519PublicKey.from_public_bytes(data) if len(data) == _RAW else load_der_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        where = "copy the public key from Account Settings > Keys & Credentials in the Telnyx portal"
        raise ConfigError([Fault("telnyx.public_key", f"is not an Ed25519 public key: {where}")])
    return key


def forged(now: float) -> dict[str, str]:
    """Return headers of the form of Telnyx's signature; only Telnyx can make a right one. `now` is Unix seconds."""
    return {SIGNATURE: b64encode(bytes(64)).decode("ascii"), _TIMESTAMP: str(int(now))}


def verify(key: Ed25519PublicKey | None, webhook: Webhook, now: float) -> None:
    """Check signature and age; `now` is Unix seconds.

    Raises:
        SignatureError: the webhook is not from the holder of the key, not from these ten minutes, or there is no key.
    """
    tried = [webhook.url]
    given, at = webhook.headers.get(SIGNATURE), webhook.headers.get(_TIMESTAMP)
    if given is None or at is None:
        raise SignatureError("signature missing", tried)
    if key is None:
        raise SignatureError("telnyx.public_key is not set, so that nothing can be believed", tried)
    if _UNIX_SECONDS.fullmatch(at) is None:
        raise SignatureError("timestamp is not a number of Unix seconds", tried)
    if abs(now - int(at)) > _TOLERANCE:
        raise SignatureError("timestamp more than 300 s off: compare the clocks", tried)
    try:
        key.verify(_base64(given), f"{at}|".encode("ascii") + webhook.body)
    except (InvalidSignature, ValueError):
        wrong = "signature wrong: compare telnyx.public_key with the account's; what stands between may change bodies"
        raise SignatureError(wrong, tried) from None


def _base64(text: str) -> bytes:
    """Return what base64, standard or URL-safe, padded or not, stands for.

    Raises:
        ValueError: it is something else.
    """
    bare = text.rstrip("=").translate(str.maketrans("-_", "+/"))
    return b64decode(bare + "=" * (-len(bare) % 4), validate=True)
