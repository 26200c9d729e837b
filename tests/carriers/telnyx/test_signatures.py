"""Only Telnyx is believed, and only for five minutes."""

from __future__ import annotations

from base64 import b64decode, b64encode, urlsafe_b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings, strategies as st

from tests.carriers.telnyx import ed25519
from voicecall.carriers import Webhook
from voicecall.carriers.telnyx import TelnyxCarrier
from voicecall.errors import ConfigError, SignatureError

URL = "https://voice.example.org/voice/webhook/telnyx"
KEY = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
AT = 1795219200
BODY = b'{"data":{"id":"e1"}}'
SIGNED = "i35Q7GyhnVHguLunwlufFg8kpCPAXsjCckjZozbGpN/cYp0NhCX7pGXOLqCw85TTt4WGqtQsJvj8pK242+O6Ag=="


def carrier(key: str = KEY) -> TelnyxCarrier:
    return TelnyxCarrier("key", "1", key)


def post(signature: str = SIGNED, at: str = str(AT), body: bytes = BODY) -> Webhook:
    return Webhook("POST", URL, {"telnyx-signature-ed25519": signature, "telnyx-timestamp": at}, body)


def is_believed(webhook: Webhook, key: str = KEY, now: float = AT) -> bool:
    try:
        carrier(key).verify(webhook, now)
    except SignatureError:
        return False
    return True


def refusal(webhook: Webhook, key: str = KEY, now: float = AT) -> str:
    with pytest.raises(SignatureError) as error:
        carrier(key).verify(webhook, now)
    assert error.value.tried == (URL,)
    return str(error.value)


def test_the_worked_example_is_believed() -> None:
    assert is_believed(post())


@pytest.mark.parametrize("at", [AT - 300, AT + 300])
def test_a_webhook_is_good_for_five_minutes_either_way(at: float) -> None:
    assert is_believed(post(), now=at)
    assert "clocks" in refusal(post(), now=at + (at > AT) - (at < AT))


@pytest.mark.parametrize("at", ["", " 1795219200", "1795219200.0", "-1", "1e9", "1" * 13, "١٧٩٥٢١٩٢٠٠", "x"])
def test_a_time_that_is_no_whole_number_of_seconds_is_refused(at: str) -> None:
    assert "Unix seconds" in refusal(post(at=at))


@pytest.mark.parametrize("missing", ["telnyx-signature-ed25519", "telnyx-timestamp"])
def test_what_bears_no_signature_is_refused(missing: str) -> None:
    headers = {name: value for name, value in post().headers.items() if name != missing}
    assert refusal(Webhook("POST", URL, headers, BODY)) == "signature missing"


def test_without_a_key_nothing_is_believed() -> None:
    assert "telnyx.public_key is not set" in refusal(post(), key=" ")


@pytest.mark.parametrize(
    "signature", ["", "AA==", SIGNED[:-4], SIGNED + "AAAA", "é", "\udcff", "%%", b64encode(bytes(64)).decode()]
)
def test_another_signature_is_wrong(signature: str) -> None:
    assert "signature wrong" in refusal(post(signature))


@given(st.integers(0, 63), st.integers(1, 255))
def test_a_signature_that_differs_in_a_byte_is_wrong(place: int, change: int) -> None:
    raw = bytearray(b64decode(SIGNED))
    raw[place] ^= change
    assert not is_believed(post(b64encode(raw).decode()))


@pytest.mark.parametrize("change", [b" ", b"\n"])
def test_the_body_counts_byte_for_byte(change: bytes) -> None:
    assert not is_believed(post(body=BODY + change))
    assert not is_believed(post(at=str(AT + 1)))


@pytest.mark.parametrize("form", [SIGNED.rstrip("="), SIGNED.replace("+", "-").replace("/", "_")])
def test_a_signature_may_be_spelled_for_urls(form: str) -> None:
    assert is_believed(post(form))


@settings(max_examples=25, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=80), st.integers(0, 10**12 - 1), st.booleans())
def test_a_second_implementation_agrees(seed: bytes, body: bytes, at: int, tampered: bool) -> None:
    signature = ed25519.sign(seed, f"{at}|".encode() + body)
    webhook = post(b64encode(signature).decode(), str(at), body + b"x" * tampered)
    assert is_believed(webhook, b64encode(ed25519.public(seed)).decode(), at) is not tampered


# --- keys


def test_a_key_may_be_raw_or_der_or_pem() -> None:
    raw = b64decode(KEY)
    key = Ed25519PublicKey.from_public_bytes(raw)
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    for form in (KEY, KEY.rstrip("="), f" {KEY}\n", urlsafe_b64encode(raw).decode(), b64encode(der).decode(), pem):
        assert is_believed(post(), form)


def test_another_kind_of_key_is_none() -> None:
    other = generate_private_key(SECP256R1()).public_key()
    for encoding in (Encoding.DER, Encoding.PEM):
        data = other.public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
        text = data.decode() if encoding is Encoding.PEM else b64encode(data).decode()
        with pytest.raises(ConfigError, match="public_key"):
            carrier(text)


@given(st.text(min_size=1).filter(str.strip) | st.binary(min_size=33).map(lambda data: b64encode(data).decode()))
def test_what_is_no_key_is_a_fault_of_the_configuration(text: str) -> None:
    with pytest.raises(ConfigError) as error:
        carrier(text)
    assert text not in str(error.value) or len(text) < 9


def test_it_recognises_webhooks_and_streams_of_telnyx() -> None:
    assert carrier().recognises(post().headers)
    assert carrier().recognises({"x-telnyx-streaming-auth-token": "t"})
    assert not carrier().recognises({"x-twilio-signature": SIGNED, "telnyx-timestamp": "1"})
