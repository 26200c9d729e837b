"""Who sent a request in Plivo's name: its V3 signature, over the URL, the parameters and a nonce.

V3 is made with the token of the account or subaccount whose call it is, Ma-V3 with that of the main account. Whoever
holds the one token that is configured is believed by either. V2 covers neither query nor body, and is not believed.

Source: plivo.com/docs/voice/concepts/signature-validation, 2026-11; where it is vague, as Plivo's own validators.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import parse_qsl

from voicecall.carriers import Webhook
from voicecall.errors import SignatureError

_SIGNATURES = ("x-plivo-signature-v3", "x-plivo-signature-ma-v3")
_NONCE = "x-plivo-signature-v3-nonce"
_OLD = ("x-plivo-signature-v2", "x-plivo-signature-ma-v2")
_FORM = "application/x-www-form-urlencoded"
_WAY_OUT = "compare plivo.auth_token with the account's, and public_url with the URL that Plivo calls"


@dataclass(frozen=True, slots=True)
class Token:
    """What Plivo signs with."""

    value: str = field(repr=False)


def is_signed(headers: Mapping[str, str]) -> bool:
    """Say whether there is a signature of Plivo's, of whatever age."""
    return any(name in headers for name in (*_SIGNATURES, *_OLD))


def verify(token: Token, request: Webhook) -> None:
    """Check a webhook, or with a `wss` URL and no body the handshake of a media stream.

    Raises:
        SignatureError: it is not from the holder of `token`. Names the URL forms tried, without a stream's credential.
    """
    tried = url_forms(_without_credential(request.url))
    given = [one.strip() for name in _SIGNATURES for one in request.headers.get(name, "").split(",") if one.strip()]
    nonce = request.headers.get(_NONCE, "")
    if not given and any(name in request.headers for name in _OLD):
        raise SignatureError("signed with V2 only, which covers neither query nor body: V3 is needed", tried)
    if not given or not nonce:
        raise SignatureError(f"{'nonce' if given else 'signature'} missing", tried)
    if not token.value:
        raise SignatureError("plivo.auth_token is not set, and verifies nothing", tried)
    if request.body and not is_form(request) and request.method != "GET":
        raise SignatureError("the body is no form, so that nothing vouches for it", tried)
    try:
        sent = form(request)
        texts = [f"{canonical(url, sent)}.{nonce}" for url in url_forms(request.url)]
    except UnicodeError:
        raise SignatureError("the query or the form is not UTF-8", tried) from None
    presented = [one.encode(errors="replace") for one in given]
    expected = [_sign(token, text) for text in texts]
    right = [hmac.compare_digest(one, signature) for one in presented for signature in expected]
    if not any(right):
        raise SignatureError(f"signature wrong: {_WAY_OUT}", tried)


def sign(token: Token, url: str, fields: list[tuple[str, str]], nonce: str) -> dict[str, str]:
    """Return the headers with which Plivo would send a form to `url`."""
    return {_SIGNATURES[0]: _sign(token, f"{canonical(url, fields)}.{nonce}").decode("ascii"), _NONCE: nonce}


def identity(request: Webhook) -> str:
    """Return the name of what a verified request says, however often Plivo sends it: without the nonce.

    It is taken over the very text that is signed. Names and values are glued together there, so that one signature may
    fit several forms; all of them get the same name.

    Raises:
        UnicodeError: the query or the form is not UTF-8.
    """
    return sha256(_bytes(canonical(request.url, form(request)))).hexdigest()


def canonical(url: str, sent: list[tuple[str, str]]) -> str:
    """Return what Plivo signs of a URL and of the parameters in the body, but for the nonce.

    A body is parted from its URL by a question mark even where there is no query.

    Raises:
        UnicodeError: the query is not UTF-8.
    """
    base, _, query = url.partition("#")[0].partition("?")
    asked = "&".join(f"{name}={value}" for name, value in sorted(_pairs(query)))
    if not sent:
        return f"{base}?{asked}" if asked else base
    glued = "".join(name + value for name, value in sorted(sent))
    return f"{base}?{asked}.{glued}" if asked else f"{base}?{glued}"


def is_form(request: Webhook) -> bool:
    """Say whether the parameters of a request are in its body."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return request.method != "GET" and kind == _FORM


def form(request: Webhook) -> list[tuple[str, str]]:
    """Return the parameters in the body, decoded, in the order in which they came.

    Raises:
        UnicodeError: they are not UTF-8.
    """
    return _pairs(request.body.decode()) if is_form(request) else []


def url_forms(url: str) -> tuple[str, ...]:
    """Return the URLs that Plivo may have signed for `url`, itself first: several only for a media stream.

    Which of them it signs there is not settled: the guide and the vendor's kits for Node and for Python each have
    another.
    """
    scheme, separator, rest = url.partition("://")
    if scheme not in {"wss", "ws"}:
        return (url,)
    path, mark, query = rest.partition("?")
    schemes = dict.fromkeys([scheme, "wss", "https", "http", "ws"])
    ends = ("", "/websocket")
    return tuple(f"{one}{separator}{path}{end}{mark}{query}" for end in ends for one in schemes)


def _pairs(text: str) -> list[tuple[str, str]]:
    return parse_qsl(text, keep_blank_values=True, errors="strict")


def _without_credential(url: str) -> str:
    """Return a URL as a log may show it: that of a media stream ends with the stream's credential."""
    if not url.startswith(("wss://", "ws://")):
        return url
    return url.partition("?")[0].rpartition("/")[0] + "/***"


def _sign(token: Token, text: str) -> bytes:
    return b64encode(hmac.digest(_bytes(token.value), _bytes(text), "sha256"))


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")
