"""Telnyx's own SDK and the codec say the same of a generated thousand of signed webhooks, right and wrong."""

from __future__ import annotations

import random
from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from telnyx import Telnyx

from voicecall.carriers import Webhook
from voicecall.carriers.telnyx import TelnyxCarrier
from voicecall.errors import SignatureError

COUNT = 1000
NOW = 1795219200.0
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = b64encode(PRIVATE.public_key().public_bytes_raw()).decode()
CARRIER = TelnyxCarrier("key", "1", PUBLIC)
SDK = Telnyx(api_key="key", public_key=PUBLIC)


def generated(chance: random.Random) -> tuple[str, str, str]:
    """Return timestamp, signature and body; about half of them are spoilt in one way."""
    text = "".join(chance.choice('añ€🎉"\\ +|%&=\n0') for _ in range(chance.randrange(20)))
    body = '{"data":{"id":"e1","event_type":"call.answered","payload":{"client_state":' + f'"{len(text)}"' + "}}}"
    body = (
        body
        if chance.random() < 0.5
        else '{"text":"' + text.replace("\\", "").replace('"', "").replace("\n", "") + '"}'
    )
    at = str(int(NOW) + chance.choice((0, 0, 0, -299, 299, -302, 302)))
    signed = PRIVATE.sign(f"{at}|{body}".encode())
    match chance.randrange(8):
        case 0:
            body += " "
        case 1:
            at = str(int(at) + 1)
        case 2:
            signed = bytes([signed[0] ^ 1]) + signed[1:]
        case 3:
            return at, b64encode(signed).decode()[:-4], body
        case _:
            pass
    return at, b64encode(signed).decode(), body


def test_a_thousand_webhooks_are_judged_as_by_telnyxs_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: NOW)
    chance, verdicts = random.Random(2), []
    for _ in range(COUNT):
        at, signature, body = generated(chance)
        headers = {"telnyx-signature-ed25519": signature, "telnyx-timestamp": at}
        try:
            SDK.webhooks.unwrap(body, headers=headers)
            theirs = True
        except ValueError:
            theirs = False
        try:
            CARRIER.verify(Webhook("POST", "https://voice.example.org/voice/webhook", headers, body.encode()), NOW)
            ours = True
        except SignatureError:
            ours = False
        assert ours == theirs, (at, body)
        verdicts.append(ours)
    assert COUNT / 5 < sum(verdicts) < COUNT * 4 / 5
