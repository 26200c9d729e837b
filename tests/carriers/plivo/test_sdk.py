"""Plivo's own SDK and the codec judge a generated thousand of signed webhooks alike, except where the SDK errs."""

from __future__ import annotations

import random
from base64 import b64encode
from hmac import digest
from urllib.parse import parse_qs, quote, urlencode

import pytest
from plivo.exceptions import ValidationError
from plivo.utils import validate_v3_signature
from plivo.utils.signature_v3 import construct_get_url, construct_post_url, get_signature_v3

from voicecall.carriers import Webhook
from voicecall.carriers.plivo import PlivoCarrier
from voicecall.errors import SignatureError

COUNT = 1000
TOKEN = "tok_demo"
CARRIER = PlivoCarrier("MA1", TOKEN)
FORM = "application/x-www-form-urlencoded"
Pairs = list[tuple[str, str]]


def ours(method: str, url: str, nonce: str, signature: str, pairs: Pairs) -> bool:
    """Return the codec's verdict."""
    headers = {"x-plivo-signature-v3": signature, "x-plivo-signature-v3-nonce": nonce, "content-type": FORM}
    try:
        CARRIER.verify(Webhook(method, url, headers, urlencode(pairs).encode()), 0.0)
    except SignatureError:
        return False
    return True


def parameters(pairs: Pairs) -> dict[str, list[str]]:
    """Return a form as Plivo's SDK takes it."""
    return parse_qs(urlencode(pairs), keep_blank_values=True)


def sign(method: str, url: str, nonce: str, pairs: Pairs) -> str:
    """Return what Plivo's SDK would sign this with."""
    base = construct_get_url(url, {}) if method == "GET" else construct_post_url(url, parameters(pairs))
    return str(get_signature_v3(TOKEN, base, nonce).decode())


def chance_pairs(chance: random.Random) -> Pairs:
    names = ["CallUUID", "From", "To", "a", "b c", "ä"]
    values = ["", "u1", "+1 555", "ümläut 🎉", "a&b=c", "100%", "x+y"]
    return [(chance.choice(names), chance.choice(values)) for _ in range(chance.randrange(7))]


def test_a_thousand_webhooks_are_judged_as_by_plivos_sdk() -> None:
    chance, verdicts = random.Random(3), []
    for number in range(COUNT):
        method = chance.choice(("POST", "POST", "GET"))
        query = [(name, value) for name, value in chance_pairs(chance) if name.isascii() and value.isascii()]
        url = "https://voice.example.org/hooks/plivo" + (f"?{urlencode(query, quote_via=quote)}" if query else "")
        pairs = [] if method == "GET" else chance_pairs(chance)
        nonce = str(number)
        signature = sign(method, url, nonce, pairs)
        match chance.randrange(6):
            case 0:
                nonce += "1"
            case 1:
                signature = "A" + signature[1:]
            case 2 if pairs:
                pairs = [*pairs, ("Digits", "1")]
            case 3:
                signature = f"{'B' * 43}=,{signature}"
            case _:
                pass
        theirs = validate_v3_signature(method, url, nonce, TOKEN, signature, parameters(pairs))
        assert ours(method, url, nonce, signature, pairs) == theirs, (method, url, pairs)
        verdicts.append(theirs)
    assert COUNT / 5 < sum(verdicts) < COUNT * 9 / 10


def test_a_list_of_signatures_may_have_spaces_where_the_sdk_errs() -> None:
    url, pairs = "https://voice.example.org/hooks/plivo", [("CallUUID", "u1")]
    signature = f"{'B' * 43}=, {sign('POST', url, '7', pairs)}"
    assert not validate_v3_signature("POST", url, "7", TOKEN, signature, parameters(pairs))
    assert ours("POST", url, "7", signature, pairs)


def test_a_query_beyond_ascii_is_verified_where_the_sdk_breaks() -> None:
    url = "https://voice.example.org/hooks/plivo?a=%C3%BC"
    signed = "https://voice.example.org/hooks/plivo?a=ü.7"
    signature = b64encode(digest(TOKEN.encode(), signed.encode(), "sha256")).decode()
    with pytest.raises((UnicodeError, ValidationError)):
        validate_v3_signature("GET", "https://voice.example.org/hooks/plivo?a=ü", "7", TOKEN, signature, {})
    assert ours("GET", url, "7", signature, [])


def test_a_sockets_url_is_verified_where_the_sdk_refuses_it() -> None:
    url = "wss://voice.example.org/voice/stream/token"
    with pytest.raises(ValidationError):
        validate_v3_signature("GET", url, "7", TOKEN, "x", {})
    assert ours("GET", url, "7", sign("GET", url, "7", []), [])
