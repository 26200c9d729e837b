"""How Telnyx signs."""

from __future__ import annotations

from voicecall.emulators.telnyx.account import Account
from voicecall.emulators.telnyx.signing import SigningKey


def test_a_signature_covers_timestamp_and_body() -> None:
    key = SigningKey(bytes(range(32)))
    assert key.public == "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
    assert key.headers(b'{"data":{"id":"e1"}}', 1795219200.9) == {
        "telnyx-timestamp": "1795219200",
        "telnyx-signature-ed25519": (
            "i35Q7GyhnVHguLunwlufFg8kpCPAXsjCckjZozbGpN/cYp0NhCX7pGXOLqCw85TTt4WGqtQsJvj8pK242+O6Ag=="
        ),
    }


def test_another_seed_is_another_key() -> None:
    assert Account(seed=b"\1" * 32).public_key != Account().public_key
