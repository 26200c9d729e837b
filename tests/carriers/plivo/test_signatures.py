"""Only Plivo is believed, as Plivo's own validator would have it, and where that fails as its documentation says."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from voicecall.carriers import Webhook
from voicecall.carriers.plivo import PlivoCarrier
from voicecall.carriers.plivo.signatures import canonical, identity, url_forms
from voicecall.errors import SignatureError

TOKEN = "tok_demo"
CARRIER = PlivoCarrier("MA1", TOKEN)
FORM = "application/x-www-form-urlencoded"
V3, MAIN, NONCE = "x-plivo-signature-v3", "x-plivo-signature-ma-v3", "x-plivo-signature-v3-nonce"
V2 = "x-plivo-signature-v2"
URL = "https://voice.example.org/hooks/plivo"
PARAMETERS = [("CallUUID", "u1"), ("From", "15550001111")]
SIGNED = "1GjWh4EoyFjGBsD1nGBCIKbP4x6FzDeBUWAv9tJRKZg="
SOCKET = "wss://voice.example.org/voice/stream/1.the-credential"
VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text("utf-8"))
"""Made by plivo 4.63.0 (`construct_get_url`, `construct_post_url`, `get_signature_v3`) from chance parameters."""
NO_MORE: Mapping[str, str] = {}
Pairs = list[tuple[str, str]]


def post(signature: str, pairs: Pairs = PARAMETERS, url: str = URL, headers: Mapping[str, str] = NO_MORE) -> Webhook:
    sent = {V3: signature, NONCE: "777", "content-type": FORM, **headers}
    return Webhook("POST", url, sent, urlencode(pairs).encode())


def mac(text: str, token: str = TOKEN) -> str:
    return b64encode(hmac.digest(token.encode(), text.encode(), "sha256")).decode()


def handshake(signed_url: str, url: str = SOCKET) -> Webhook:
    return Webhook("GET", url, {V3: mac(f"{signed_url}.777"), NONCE: "777"}, b"")


def is_believed(webhook: Webhook, carrier: PlivoCarrier = CARRIER) -> bool:
    try:
        carrier.verify(webhook, 0.0)
    except SignatureError:
        return False
    return True


def refusal(webhook: Webhook, carrier: PlivoCarrier = CARRIER) -> SignatureError:
    with pytest.raises(SignatureError) as error:
        carrier.verify(webhook, 0.0)
    return error.value


# --- worked examples, and what Plivo's own code made


def test_the_worked_example_of_a_form() -> None:
    assert is_believed(post(SIGNED))


def test_the_worked_example_of_a_form_and_a_query() -> None:
    assert is_believed(post("gTFy/GB59Yo5nt5MAVd82J/exKSu2B09z9FQq0ur1X8=", url=f"{URL}?z=1&a=x%20y"))


def test_the_worked_example_of_a_get() -> None:
    headers = {V3: "x8YmMeO+9IsnWtHDtdrxhQHq+STzikQx4pNEefxK04U=", NONCE: "777"}
    assert is_believed(Webhook("GET", f"{URL}?z=1&a=x%20y", headers, b""))


@pytest.mark.parametrize("vector", VECTORS)
def test_plivos_own_code_signs_the_same(vector: dict[str, str]) -> None:
    headers = {V3: vector["signature"], NONCE: vector["nonce"], "content-type": f"{FORM}; charset=utf-8"}
    webhook = Webhook(vector["method"], vector["url"], headers, vector["body"].encode())
    carrier = PlivoCarrier("MA1", vector["token"])
    assert is_believed(webhook, carrier)
    assert not is_believed(replace(webhook, headers=headers | {NONCE: "1" + vector["nonce"]}), carrier)
    assert not is_believed(replace(webhook, url=vector["url"].replace("://", "://x.")), carrier)


def test_the_vectors_hold_every_kind_of_request() -> None:
    kinds = {(vector["method"], "?" in vector["url"], bool(vector["body"])) for vector in VECTORS}
    assert len(kinds) == 6
    assert [vector for vector in VECTORS if len({name for name, _ in _form(vector)}) < len(_form(vector))]


def _form(vector: dict[str, str]) -> Pairs:
    return parse_qsl(vector["body"], keep_blank_values=True)


@pytest.mark.parametrize(
    ("url", "sent", "text"),
    [
        ("https://h.example", [], "https://h.example"),
        ("https://h.example:443/p?", [], "https://h.example:443/p"),
        ("https://h.example/p", [("b", "2"), ("b", "1"), ("b", "1"), ("a", "")], "https://h.example/p?ab1b1b2"),
        ("https://h.example/p?y=&x=%26+%2b", [("a", "1")], "https://h.example/p?x=& +&y=.a1"),
        ("https://h.example/p?x=2&x=1#rc=2&rp=all", [], "https://h.example/p?x=1&x=2"),
    ],
)
def test_what_is_signed(url: str, sent: Pairs, text: str) -> None:
    assert canonical(url, sent) == text


# --- where Plivo's own validator fails, and we do not


@pytest.mark.parametrize("query", ["name=%C3%A9", "n%C3%A4me=1&z=%F0%9F%8E%89", "name=é"])
def test_a_query_that_is_not_ascii_is_verified(query: str) -> None:
    """Plivo's validator raises UnicodeEncodeError."""
    decoded = "&".join("=".join(pair) for pair in parse_qsl(query))
    assert is_believed(post(mac(f"{URL}?{decoded}.CallUUIDu1From15550001111.777"), url=f"{URL}?{query}"))
    assert not is_believed(post(mac(f"{URL}?{query}.CallUUIDu1From15550001111.777"), url=f"{URL}?{query}&x=1"))


def test_several_signatures_may_have_spaces_between_them() -> None:
    """Plivo's validator does not trim them."""
    for listed in (f"AAAA, {SIGNED}", f" {SIGNED} ,AAAA", f"AAAA,, {SIGNED}\t"):
        assert is_believed(post(listed))
    assert not is_believed(post("AAAA, BBBB"))


FORMS = [
    f"{scheme}://voice.example.org/voice/stream/1.the-credential{end}"
    for end in ("", "/websocket")
    for scheme in ("wss", "https", "http", "ws")
]


@pytest.mark.parametrize("signed", FORMS)
@pytest.mark.parametrize("url", [SOCKET, SOCKET.replace("wss:", "ws:")])
def test_a_handshake_is_verified_in_each_url_form(signed: str, url: str) -> None:
    """Plivo's validator takes no `wss` URL at all."""
    assert is_believed(handshake(signed, url))
    assert sorted(url_forms(url)) == sorted(FORMS)


def test_a_handshakes_query_is_signed_too() -> None:
    url = f"{SOCKET}?b=2&a=1"
    assert url_forms(url)[-1].endswith("/1.the-credential/websocket?b=2&a=1")
    assert is_believed(handshake(f"{SOCKET}?a=1&b=2", url))
    assert not is_believed(handshake(SOCKET, url))


@pytest.mark.parametrize(
    "signed",
    [
        "wss://voice.example.org/voice/stream/another-credential",
        "wss://voice.example.org/voice/stream/1.the-credential/",
        "wss://other.example.org/voice/stream/1.the-credential",
        "gopher://voice.example.org/voice/stream/1.the-credential",
    ],
)
def test_nothing_else_about_a_handshake_may_differ(signed: str) -> None:
    assert not is_believed(handshake(signed))


def test_a_webhook_has_one_url_form_only() -> None:
    assert url_forms(URL) == (URL,)
    for other in ("http://voice.example.org/hooks/plivo", f"{URL}/websocket", f"{URL}/"):
        assert not is_believed(post(mac(f"{other}?CallUUIDu1From15550001111.777")))


# --- which signature


def test_the_main_accounts_signature_will_do() -> None:
    webhook = post("made with the token of a subaccount", headers={MAIN: SIGNED})
    assert is_believed(webhook)
    del (headers := dict(webhook.headers))[V3]
    assert is_believed(replace(webhook, headers=headers))


def test_v2_alone_is_refused_however_right_it_is() -> None:
    webhook = post("", headers={V2: mac(f"{URL}777"), "x-plivo-signature-v2-nonce": "777"})
    assert "V2" in str(refusal(webhook))
    headers = {name: value for name, value in webhook.headers.items() if name != V3}
    assert "V2" in str(refusal(replace(webhook, headers=headers)))
    assert CARRIER.recognises(headers)


def test_v2_beside_v3_does_no_harm() -> None:
    assert is_believed(post(SIGNED, headers={V2: "AAAA"}))


@pytest.mark.parametrize("name", [V3, MAIN, V2, "x-plivo-signature-ma-v2"])
def test_the_signature_header_tells_the_carrier(name: str) -> None:
    assert CARRIER.recognises({name: ""})
    assert not CARRIER.recognises({"x-twilio-signature": "", NONCE: "777"})


# --- refusals


def test_a_missing_signature_or_nonce_names_the_url() -> None:
    webhook = post(SIGNED)
    for gone, why in ((V3, "signature missing"), (NONCE, "nonce missing")):
        error = refusal(replace(webhook, headers={n: v for n, v in webhook.headers.items() if n != gone}))
        assert (str(error), error.tried) == (why, (URL,))
    assert "nonce" in str(refusal(post(mac(f"{URL}?CallUUIDu1From15550001111."), headers={NONCE: ""})))


@pytest.mark.parametrize(
    "webhook",
    [
        post(SIGNED, [*PARAMETERS, ("More", "1")]),
        post(SIGNED, PARAMETERS[:-1]),
        post(SIGNED, [*PARAMETERS, PARAMETERS[0]]),
        post(SIGNED, url=f"{URL}?d=1"),
        post(SIGNED.lower()),
        post(SIGNED, headers={NONCE: "778"}),
        post("é\udcff"),
    ],
)
def test_what_was_tampered_with_is_refused(webhook: Webhook) -> None:
    error = refusal(webhook)
    assert "plivo.auth_token" in str(error)
    assert "public_url" in str(error)
    assert TOKEN not in repr(error)


def test_without_a_token_nothing_is_believed() -> None:
    carrier = PlivoCarrier("MA1", "")
    assert "not set" in str(refusal(post(mac(f"{URL}?CallUUIDu1From15550001111.777", "")), carrier))


def test_a_body_that_nothing_vouches_for_is_refused() -> None:
    headers = {V3: mac(f"{URL}.777"), NONCE: "777", "content-type": "application/json"}
    assert "no form" in str(refusal(Webhook("POST", URL, headers, b"{}")))
    assert is_believed(Webhook("POST", URL, headers, b""))
    assert is_believed(Webhook("GET", URL, headers, b"not looked at"))


@pytest.mark.parametrize(("body", "query"), [(b"From=%FF", ""), (b"From=\xff", ""), (b"From=1", "?a=%FF")])
def test_what_is_not_utf8_is_refused(body: bytes, query: str) -> None:
    assert "UTF-8" in str(refusal(replace(post(SIGNED), body=body, url=URL + query)))


def test_a_refused_handshake_does_not_tell_the_credential() -> None:
    for webhook in (handshake("wss://x"), Webhook("GET", f"{SOCKET}?a=b", {}, b"")):
        error = refusal(webhook)
        assert "wss://voice.example.org/voice/stream/***" in error.tried
        assert len(error.tried) == 8
        assert "credential" not in str(error) + str(error.tried)


def test_no_secret_shows_in_what_the_carrier_keeps() -> None:
    shown = "".join(repr(value) for value in vars(PlivoCarrier("MA1", "s3cret")).values())
    assert not [secret for secret in ("s3cret", b64encode(b"MA1:s3cret").decode()) if secret in shown]


@given(st.text(), st.text(), st.binary(max_size=20))
def test_any_headers_and_body_are_refused_and_nothing_worse(signature: str, nonce: str, body: bytes) -> None:
    refusal(Webhook("POST", URL, {V3: signature, MAIN: nonce, NONCE: nonce, "content-type": FORM}, body))


def test_bytes_that_are_no_text_are_refused_and_nothing_worse() -> None:
    assert not is_believed(post(SIGNED, url=URL + "?\udcff"))
    assert not is_believed(post(SIGNED, headers={NONCE: "\udcff"}))


# --- identity

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
forms = st.lists(st.tuples(texts, texts), max_size=6)


def test_a_retry_has_the_same_identity_whatever_its_nonce() -> None:
    first = identity(post(SIGNED))
    assert identity(post("another", [*reversed(PARAMETERS)], headers={NONCE: "778"})) == first
    query = post("", url=f"{URL}?a=%31&b=2")
    assert identity(query) == identity(post("", url=f"{URL}?b=2&a=1#rc=2"))


def test_another_url_or_form_has_another_identity() -> None:
    assert len({identity(post("", pairs, url)) for url in (URL, f"{URL}?visit=2") for pairs in (PARAMETERS, [])}) == 4


def test_forms_that_fit_one_signature_have_one_identity() -> None:
    shifted = [("CallUUI", "Du1"), *PARAMETERS[1:]]
    assert is_believed(post(SIGNED, shifted))
    assert identity(post(SIGNED, shifted)) == identity(post(SIGNED))


@given(forms, forms)
def test_what_is_believed_twice_is_one_fact(asked: Pairs, sent: Pairs) -> None:
    url = f"{URL}?{urlencode(asked)}" if asked else URL
    signature = mac(f"{canonical(url, sent)}.777")
    again = post(signature, sent[::-1], f"{URL}?{urlencode(asked[::-1], quote_via=quote)}" if asked else URL)
    assert is_believed(post(signature, sent, url))
    assert is_believed(again)
    assert identity(again) == identity(post("", sent, url))
    assert identity(again) == sha256(canonical(url, sent).encode()).hexdigest()
