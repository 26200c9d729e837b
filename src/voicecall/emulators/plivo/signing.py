"""How Plivo signs what it sends: version 3. Pure.

Source: Plivo docs `voice/concepts/signature-validation`; where its prose differs, the published test vectors hold.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from .account import Owner
from .readings import HandshakeUrl

Parameters = tuple[tuple[str, str], ...]
"""Names and values of a form, decoded."""


def signed_text(method: str, url: str, parameters: Iterable[tuple[str, str]], nonce: str) -> bytes:
    """Return what is signed: the address, the sorted query, the sorted form of a POST, and the nonce."""
    address, _, query = url.partition("#")[0].partition("?")
    text = address
    asked = "&".join(f"{name}={value}" for name, value in sorted(parse_qsl(query, keep_blank_values=True)))
    form = "".join(name + value for name, value in sorted(parameters)) if method == "POST" else ""
    if asked or form:
        text += "?" + asked
    if form:
        text += ("." if asked else "") + form
    return f"{text}.{nonce}".encode()


def signature(token: str, method: str, url: str, parameters: Iterable[tuple[str, str]], nonce: str) -> str:
    """Return one signature, as `X-Plivo-Signature-V3` lists them."""
    digest = hmac.digest(token.encode(), signed_text(method, url, parameters, nonce), "sha256")
    return b64encode(digest).decode("ascii")


def signature_headers(owner: Owner, method: str, url: str, parameters: Parameters, nonce: str) -> dict[str, str]:
    """Return the headers of a signed request, one signature for each active token."""

    def signatures(tokens: Iterable[str]) -> str:
        return ",".join(signature(token, method, url, parameters, nonce) for token in tokens)

    return {
        "X-Plivo-Signature-V3": signatures(owner.tokens),
        "X-Plivo-Signature-Ma-V3": signatures(owner.main_tokens),
        "X-Plivo-Signature-V3-Nonce": nonce,
    }


def handshake_url(url: str, form: HandshakeUrl) -> str:
    """Return what stands for the URL of a media socket when its upgrade request is signed."""
    parts = urlsplit(url)
    if form == "https":
        return urlunsplit(parts._replace(scheme={"ws": "http"}.get(parts.scheme, "https")))
    if form == "http/websocket":
        return urlunsplit(parts._replace(scheme="http", path=parts.path + "/websocket"))
    return url
