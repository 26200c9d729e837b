"""Signatures: the worked examples of the documentation, and the official validator as referee."""

from __future__ import annotations

from hypothesis import given, strategies as st
from twilio.request_validator import RequestValidator

from voicecall.emulators.twilio.signing import SharedKey, signature, signature_headers

URL = "https://voice.example.org/hooks/twilio?c=42"
FORM = (("SpeechResult", "one + two"), ("CallSid", "CAx"), ("From", "+15550001111"), ("Digits", ""))


def test_a_form_is_signed_as_documented() -> None:
    assert signature_headers("tok_demo", None, URL, FORM) == {"X-Twilio-Signature": "jxXGFvVzmRULj11YYZP6skCUtmk="}


def test_a_shared_key_signs_with_sha256_and_says_so() -> None:
    headers = signature_headers("tok_demo", SharedKey("webhooks_sharedkey_1", "shk_demo"), URL, FORM)
    assert headers == {
        "X-Twilio-Signature": "NaeNghVUxVfvgqAXyEbLwP5wZEMZY03lKMaf9Ft4Vxc=",
        "X-Twilio-Webhooks-Signature-Settings": "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256",
    }


def test_a_handshake_is_signed_without_parameters_and_fragment() -> None:
    url = "wss://voice.example.org/media/ab12"
    assert signature("tok_demo", url) == signature("tok_demo", url + "#rc=2") == "fvzdqJSO8l/su6fST8UXwvV/Bh8="


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=6))
def test_the_official_validator_accepts_any_form(form: dict[str, str]) -> None:
    assert RequestValidator("tok_demo").validate(URL, form, signature("tok_demo", URL, form.items()))
