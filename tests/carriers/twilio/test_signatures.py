"""Only Twilio is believed, as Twilio's own validator would have it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, quote, quote_plus, urlencode

import msgspec
import pytest
from hypothesis import given, settings, strategies as st
from twilio.request_validator import RequestValidator

from voicecall.carriers import Webhook
from voicecall.carriers.twilio import TwilioCarrier
from voicecall.carriers.twilio.signatures import OVERRIDES, identity
from voicecall.errors import SignatureError

TOKEN = "tok_demo"
SHARED = ("webhooks_sharedkey_1", b"shk_demo")
CARRIER = TwilioCarrier("AC1", TOKEN, signing_keys=[SHARED])
FORM = "application/x-www-form-urlencoded"
SETTINGS = "x-twilio-webhooks-signature-settings"
URL = "https://voice.example.org/hooks/twilio?c=42"
PARAMETERS = [("CallSid", "CAx"), ("Digits", ""), ("From", "+15550001111"), ("SpeechResult", "one + two")]
SIGNED = "jxXGFvVzmRULj11YYZP6skCUtmk="

NO_MORE: Mapping[str, str] = {}

Pairs = list[tuple[str, str]]


class Multi:
    """Parameters as Twilio's validator takes them where names repeat."""

    def __init__(self, pairs: Pairs) -> None:
        self._pairs = pairs

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    def getall(self, name: str) -> list[str]:
        return [value for key, value in self._pairs if key == name]


def post(signature: str, pairs: Pairs = PARAMETERS, url: str = URL, headers: Mapping[str, str] = NO_MORE) -> Webhook:
    sent = {"x-twilio-signature": signature, "content-type": FORM, **headers}
    return Webhook("POST", url, sent, urlencode(pairs).encode())


def sign(url: str, pairs: Pairs = PARAMETERS, key: str = TOKEN) -> str:
    signature: str = RequestValidator(key).compute_signature(url, Multi(pairs))
    return signature


def is_believed(webhook: Webhook, carrier: TwilioCarrier = CARRIER) -> bool:
    try:
        carrier.verify(webhook, 0.0)
    except SignatureError:
        return False
    return True


def refusal(webhook: Webhook, carrier: TwilioCarrier = CARRIER) -> SignatureError:
    with pytest.raises(SignatureError) as error:
        carrier.verify(webhook, 0.0)
    return error.value


# --- worked examples


def test_the_worked_example_of_a_form() -> None:
    assert is_believed(post(SIGNED))


def test_the_worked_example_of_a_shared_key() -> None:
    asked = {SETTINGS: "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"}
    assert is_believed(post("NaeNghVUxVfvgqAXyEbLwP5wZEMZY03lKMaf9Ft4Vxc=", headers=asked))


def test_the_worked_example_of_a_json_body() -> None:
    digest = "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"
    url = f"https://voice.example.org/hooks/json?bodySHA256={digest}"
    headers = {"x-twilio-signature": "rVqLLG6aim2jK0IqXsm60CvxF1E=", "content-type": "application/json"}
    assert is_believed(Webhook("POST", url, headers, b'{"a":1}'))
    assert not is_believed(Webhook("POST", url, headers, b'{"a":2}'))
    assert not is_believed(Webhook("POST", url, headers, b""))


def test_the_worked_example_of_a_handshake() -> None:
    headers = {"x-twilio-signature": "fvzdqJSO8l/su6fST8UXwvV/Bh8="}
    assert is_believed(Webhook("GET", "wss://voice.example.org/media/ab12", headers, b""))
    assert is_believed(Webhook("GET", "wss://voice.example.org/media/ab12/", headers, b""))
    assert not is_believed(Webhook("GET", "https://voice.example.org/media/ab12", headers, b""))


# --- the oracle

hosts = st.sampled_from(["voice.example.org", "127.0.0.1", "x.ngrok.app", "HOST.example"])
ports = st.sampled_from(["", ":443", ":80", ":8443", ":3334"])
targets = st.text("abcXYZ019-._~%'+/é", max_size=12)
queries = st.one_of(st.just(""), st.text("abc=&+%27ü?/:", min_size=1, max_size=16).map("?".__add__))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(
    ["+1555", "a b", "", "&=", "%2B"]
)
names = st.sampled_from(["CallSid", "From", "From", "Digits", "Ä"]) | texts.filter(len)
forms = st.lists(st.tuples(names, texts), max_size=6)


@settings(max_examples=1000, deadline=None)
@given(
    st.tuples(st.sampled_from(["https", "http"]), hosts, ports, targets, queries),
    st.sampled_from(["", ":443", ":80", ":8443", None]),
    forms,
    st.none() | st.tuples(names, texts),
    st.booleans(),
    st.booleans(),
)
def test_twilios_own_validator_agrees(
    parts: tuple[str, str, str, str, str],
    signed_port: str | None,
    sent: Pairs,
    extra: tuple[str, str] | None,
    plus: bool,
    shared: bool,
) -> None:
    scheme, host, port, path, query = parts
    url = f"{scheme}://{host}{port}/{path}{query}"
    signed_url = url if signed_port is None else f"{scheme}://{host}{signed_port}/{path}{query}"
    algorithm, key = ("HMAC_SHA256", SHARED[1].decode()) if shared else ("HMAC_SHA1", TOKEN)
    validator = RequestValidator(key)
    signature = validator.compute_signature(signed_url, Multi(sent), algorithm)
    got = [*sent, extra] if extra else sent
    body = urlencode(got, quote_via=quote_plus if plus else quote).encode()
    headers = {"x-twilio-signature": signature, "content-type": f"{FORM}; charset=utf-8"}
    if shared:
        headers[SETTINGS] = f"key={SHARED[0]},algorithm={algorithm}"
    expected = validator.validate(url, Multi(got), signature, algorithm)
    assert is_believed(Webhook("POST", url, headers, body)) is expected
    if extra is None and signed_port is None:
        assert expected


@given(st.binary(max_size=40), st.booleans())
def test_twilios_own_validator_agrees_about_other_bodies(body: bytes, tampered: bool) -> None:
    text = body.decode("latin-1")
    url = f"https://voice.example.org/hooks?bodySHA256={hashlib.sha256(text.encode()).hexdigest()}"
    signature = sign(url, [])
    got = text + "x" if tampered else text
    validator = RequestValidator(TOKEN)
    headers = {"x-twilio-signature": signature, "content-type": "application/json"}
    believed = is_believed(Webhook("POST", url, headers, got.encode()))
    assert believed is validator.validate(url, got, signature)
    assert believed is not tampered


# --- ports and slashes


@pytest.mark.parametrize(
    ("url", "signed"),
    [
        ("https://h.example/p?q=1", "https://h.example:443/p?q=1"),
        ("https://h.example:443/p", "https://h.example/p"),
        ("https://h.example:8443/p", "https://h.example/p"),
        ("http://h.example/p", "http://h.example:80/p"),
        ("https://h.example", "https://h.example:443"),
        ("https://h.example:/p", "https://h.example:443/p"),
        ("https://[2001:db8::1]:8443/p", "https://[2001:db8::1]/p"),
        ("https://user:pass@h.example/p", "https://user:pass@h.example:443/p"),
        ("https://h.example/p:1?u=http://x:2/", "https://h.example:443/p:1?u=http://x:2/"),
        ("https://h.example/p", "https://h.example:8443/p"),
        ("wss://h.example/p?q", "wss://h.example:443/p/?q"),
        ("ws://h.example/p/", "ws://h.example:80/p"),
        ("HTTPS://h.example/p", "HTTPS://h.example/p"),
        ("gopher://h.example/p", "gopher://h.example/p"),
        ("/p", "/p"),
    ],
)
def test_ports_may_come_and_go(url: str, signed: str) -> None:
    mac = base64.b64encode(hmac.digest(TOKEN.encode(), signed.encode(), "sha1")).decode()
    assert is_believed(Webhook("GET", url, {"x-twilio-signature": mac, "host": "h.example:8443"}, b""))


@pytest.mark.parametrize(
    ("url", "signed"),
    [
        ("https://h.example/p", "https://h.example:80/p"),
        ("https://h.example/p", "https://h.example/p/"),
        ("https://h.example/p", "http://h.example/p"),
        ("https://h.example/p", "https://other.example/p"),
        ("https://h.example/p?a=%27", "https://h.example/p?a='"),
        ("https://h.example/p", "https://h.example:8443/p"),
    ],
)
def test_nothing_else_about_the_url_may_differ(url: str, signed: str) -> None:
    for host in ["h.example", "other.example", "", "h.example:port", "h.example:999999"]:
        assert not is_believed(post(sign(signed), url=url, headers={"host": host}))


# --- refusals


def test_a_missing_signature_names_the_url_forms() -> None:
    error = refusal(Webhook("POST", URL, {"content-type": FORM}, b"CallSid=CAx"))
    assert "missing" in str(error)
    assert error.tried == (URL, "https://voice.example.org:443/hooks/twilio?c=42", URL + OVERRIDES)


def test_a_wrong_signature_says_what_to_compare_and_no_secret() -> None:
    error = refusal(post("AAAA", url="https://user:word@h.example/p"))
    assert "public_url" in str(error)
    assert error.tried[:2] == ("https://***@h.example/p", "https://***@h.example:443/p")
    assert "tok_demo" not in repr(error)
    assert "word" not in repr(error) + repr(error.tried)


@pytest.mark.parametrize(
    "webhook",
    [
        post(SIGNED, [*PARAMETERS, ("More", "1")]),
        post(SIGNED, PARAMETERS[:-1]),
        post(SIGNED, url=URL + "&d=1"),
        post(SIGNED.lower()),
        post(""),
        post("é\udcff"),
        post(f"{SIGNED}, {SIGNED}"),
    ],
)
def test_what_was_tampered_with_is_refused(webhook: Webhook) -> None:
    assert "wrong" in str(refusal(webhook))


def test_a_body_that_nothing_vouches_for_is_refused() -> None:
    headers = {"x-twilio-signature": sign(URL, []), "content-type": "application/json"}
    assert "bodySHA256" in str(refusal(Webhook("POST", URL, headers, b"{}")))
    assert is_believed(Webhook("POST", URL, headers, b""))


def test_a_get_has_everything_in_its_url() -> None:
    assert is_believed(Webhook("GET", URL, {"x-twilio-signature": sign(URL, [])}, b""))


@pytest.mark.parametrize("body", [b"From=%FF", b"From=\xff"])
def test_a_form_that_is_not_utf8_is_refused(body: bytes) -> None:
    webhook = msgspec.structs.replace(post(SIGNED), body=body)
    assert "UTF-8" in str(refusal(webhook))


def test_bytes_that_are_no_text_in_the_url_are_refused_and_nothing_worse() -> None:
    assert not is_believed(post(SIGNED, url=URL + "\udcff"))


@given(st.text(), st.text(), st.binary(max_size=20))
def test_any_headers_and_body_are_refused_and_nothing_worse(signature: str, asked: str, body: bytes) -> None:
    headers = {"x-twilio-signature": signature, SETTINGS: asked, "host": asked, "content-type": FORM}
    refusal(Webhook("POST", URL, headers, body))


# --- which key


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ("key=webhooks_sharedkey_1,algorithm=HMAC_SHA1", "algorithm"),
        ("key=webhooks_sharedkey_1,algorithm=HMAC_MD5", "algorithm"),
        ("key=webhooks_sharedkey_1", "algorithm"),
        ("", "algorithm"),
        ("key=webhooks_sharedkey_2,algorithm=HMAC_SHA256", "signing_keys"),
        ("algorithm=HMAC_SHA256", "signing_keys"),
    ],
)
def test_a_key_that_is_not_configured_is_refused(asked: str, why: str) -> None:
    error = refusal(post(SIGNED, headers={SETTINGS: asked}))
    assert why in str(error)
    assert URL in error.tried


def test_a_secret_goes_with_its_own_algorithm_only() -> None:
    text = URL + "".join(name + value for name, value in PARAMETERS)
    by_shared_sha1 = base64.b64encode(hmac.digest(SHARED[1], text.encode(), "sha1")).decode()
    by_token_sha256 = base64.b64encode(hmac.digest(TOKEN.encode(), text.encode(), "sha256")).decode()
    assert not is_believed(post(by_shared_sha1))
    assert not is_believed(post(by_token_sha256))
    assert not is_believed(post(by_token_sha256, headers={SETTINGS: f"key={SHARED[0]},algorithm=HMAC_SHA256"}))


def test_without_an_auth_token_only_shared_keys_are_believed() -> None:
    only_shared = TwilioCarrier("AC1", "", signing_keys=[SHARED])
    assert "auth_token" in str(refusal(post(sign(URL, key="")), only_shared))


def test_an_empty_shared_key_signs_nothing() -> None:
    carrier = TwilioCarrier("AC1", TOKEN, signing_keys=[("k", b"")])
    text = URL + "".join(name + value for name, value in PARAMETERS)
    mac = base64.b64encode(hmac.digest(b"", text.encode(), "sha256")).decode()
    assert "signing_keys" in str(refusal(post(mac, headers={SETTINGS: "key=k,algorithm=HMAC_SHA256"}), carrier))


def test_no_secret_shows_in_what_the_carrier_keeps() -> None:
    carrier = TwilioCarrier("AC1", "s3cret", signing_keys=[("k", b"sh4red")], api_key=("SK1", "k3y"))
    shown = "".join(repr(value) for value in vars(carrier).values())
    assert not [secret for secret in ("s3cret", "sh4red", "k3y", "U0sxOms") if secret in shown]


# --- identity


def test_a_retry_has_the_same_identity_however_it_is_written() -> None:
    first = identity(post(SIGNED))
    assert identity(post("another signature", [*reversed(PARAMETERS), PARAMETERS[0]])) == first
    assert identity(post(SIGNED, headers={"i-twilio-idempotency-token": "x"})) == first


def test_another_url_or_form_has_another_identity() -> None:
    first = identity(post(SIGNED))
    assert identity(post(SIGNED, url=URL + "&visit=2")) != first
    assert identity(post(SIGNED, PARAMETERS[1:])) != first


def test_forms_that_fit_one_signature_have_one_identity() -> None:
    shifted = [("CallSi", "dCAx"), *PARAMETERS[1:]]
    assert is_believed(post(SIGNED, shifted))
    assert identity(post(SIGNED, shifted)) == identity(post(SIGNED))


@given(forms)
def test_what_is_believed_twice_is_one_fact(sent: Pairs) -> None:
    signature = sign(URL, sent)
    again = Webhook(
        "POST", URL, {"x-twilio-signature": signature, "content-type": FORM}, urlencode(sent[::-1]).encode()
    )
    assert parse_qsl(again.body.decode(), keep_blank_values=True) == sent[::-1]
    assert is_believed(again)
    assert identity(again) == identity(post(signature, sent))


def test_the_signature_header_tells_the_carrier() -> None:
    assert CARRIER.recognises({"x-twilio-signature": ""})
    assert not CARRIER.recognises({"x-plivo-signature-v3": ""})
