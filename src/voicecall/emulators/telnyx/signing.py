"""How Telnyx signs what it sends. Pure.

Source: Telnyx docs `docs/voice/programmable-voice/receiving-webhooks`.
"""

from __future__ import annotations

from base64 import b64encode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class SigningKey:
    """The key pair of an account."""

    def __init__(self, seed: bytes) -> None:
        """`seed` has 32 bytes."""
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public(self) -> str:
        """The public key as the portal shows it: base64 of its 32 bytes."""
        return _base64(self._key.public_key().public_bytes_raw())

    def headers(self, body: bytes, now: float) -> dict[str, str]:
        """Return the headers of a webhook that is sent `now`, in Unix seconds."""
        timestamp = str(int(now))
        signature = self._key.sign(timestamp.encode() + b"|" + body)
        return {"telnyx-signature-ed25519": _base64(signature), "telnyx-timestamp": timestamp}


def _base64(data: bytes) -> str:
    return b64encode(data).decode("ascii")
