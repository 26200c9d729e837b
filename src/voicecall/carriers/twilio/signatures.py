"""Who sent a request in Twilio's name: `X-Twilio-Signature` over its URL and its form.

Source: twilio.com/docs/usage/webhooks/webhooks-security, 2026-11; ports, order and repeated values as Twilio's own
validators treat them.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import parse_qs, parse_qsl

from voicecall.carriers import Webhook
from voicecall.errors import SignatureError

SIGNATURE = "x-twilio-signature"
"""The header that bears the signature, in lower case."""
OVERRIDES = "#rc=2&rp=all"
"""How often Twilio tries again, and after what. Source: docs "Webhooks connection overrides", 2026-11.

It is neither sent nor, by the documentation, signed.
"""
_SETTINGS = "x-twilio-webhooks-signature-settings"
_FORM = "application/x-www-form-urlencoded"
_URL = re.compile(r"([a-z]+)://(?:([^/?@]*)@)?(\[[^\]/?]*\]|[^:/?\[\]]*)(?::(\d*))?((?:[/?].*)?)", re.DOTALL | re.ASCII)
_DEFAULT_PORTS = {"https": "443", "wss": "443", "http": "80", "ws": "80"}
_WAY_OUT = "compare twilio.auth_token with the account's, and public_url with the URL that Twilio calls"


@dataclass(frozen=True, slots=True)
class Keys:
    """What Twilio may sign with. Each secret goes with one algorithm and no other."""

    auth_token: str = field(repr=False)
    """With HMAC-SHA1; empty where webhooks are signed with shared keys only."""
    shared: Mapping[str, bytes] = field(repr=False)
    """With HMAC-SHA256, by id."""

    def choose(self, settings: str | None) -> tuple[bytes, str]:
        """Return the secret and the hash that the settings header asks for.

        Raises:
            SignatureError: no configured secret goes with what it asks for.
        """
        if settings is None:
            if not self.auth_token:
                raise SignatureError("signed with the account's auth token, and twilio.auth_token is not set")
            return self.auth_token.encode(), "sha1"
        asked = dict(part.strip().partition("=")[::2] for part in settings.split(","))
        if asked.get("algorithm") != "HMAC_SHA256":
            raise SignatureError("signed with an algorithm that is not known here: HMAC_SHA256 is")
        secret = self.shared.get(asked.get("key", ""))
        if not secret:
            raise SignatureError("signed with a shared key that is not among twilio.signing_keys")
        return secret, "sha256"


def verify(keys: Keys, request: Webhook) -> None:
    """Check a webhook, or with a `wss` URL and no body the handshake of a media stream.

    Raises:
        SignatureError: it is not from the holder of one of `keys`. Names the URL forms tried, without a password.
    """
    forms = url_forms(request.url, request.headers.get("host", ""))
    tried = [_without_password(form) for form in forms]
    given = request.headers.get(SIGNATURE)
    if given is None:
        raise SignatureError("signature missing", tried)
    try:
        secret, algorithm = keys.choose(request.headers.get(_SETTINGS))
        tail = _tail(request)
    except SignatureError as error:
        raise SignatureError(str(error), tried) from None
    except UnicodeError:
        raise SignatureError("the form is not UTF-8", tried) from None
    presented = given.encode(errors="replace")
    right = [hmac.compare_digest(_sign(secret, algorithm, form + tail), presented) for form in forms]
    if not any(right):
        raise SignatureError(f"signature wrong: {_WAY_OUT}", tried)


def sign(keys: Keys, url: str, fields: list[tuple[str, str]]) -> dict[str, str]:
    """Return the headers with which Twilio would send a form to `url`: with the auth token, else with a shared key."""
    text = url + "".join(name + value for name, value in sorted(set(fields)))
    if keys.auth_token:
        return {SIGNATURE: _sign(keys.auth_token.encode(), "sha1", text).decode("ascii")}
    name, secret = next(iter(keys.shared.items()))
    return {SIGNATURE: _sign(secret, "sha256", text).decode("ascii"), _SETTINGS: f"key={name},algorithm=HMAC_SHA256"}


def identity(request: Webhook) -> str:
    """Return the name of what a verified request says: one signature, one name.

    It is taken over the very text that is signed. Names and values are glued together there, so that one signature may
    fit several forms; all of them get the same name.

    Raises:
        UnicodeError: the form is not UTF-8.
    """
    return sha256(_bytes(request.url + _glued(request))).hexdigest()


def is_form(request: Webhook) -> bool:
    """Say whether the parameters of a request are in its body; a body of another type is none of ours."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return request.method != "GET" and kind == _FORM


def form(request: Webhook) -> list[tuple[str, str]]:
    """Return the parameters in the body, decoded, in the order in which they came.

    Raises:
        UnicodeError: they are not UTF-8.
    """
    return parse_qsl(request.body.decode(), keep_blank_values=True, errors="strict") if is_form(request) else []


def url_forms(url: str, host: str) -> tuple[str, ...]:
    """Return the URLs that Twilio may have signed for `url`, itself first.

    Signing practice is inconsistent about ports: with and without one, and with that of the `Host` header. About a
    media stream's handshake it is not settled whether one trailing slash is there.
    """
    match = _URL.fullmatch(url)
    if match is None or match[1] not in _DEFAULT_PORTS:
        return (url,)
    scheme, login, name, port, rest = match.groups()
    ports = dict.fromkeys(["", port or _DEFAULT_PORTS[scheme]])
    asked = re.search(r":(\d{1,5})$", host, re.ASCII)
    if asked:
        ports[asked[1]] = None
    rests = [rest]
    if scheme in {"ws", "wss"}:
        path, query = rest.partition("?")[::2]
        rests.append((path[:-1] if path.endswith("/") else path + "/") + ("?" + query if query else ""))
    start = f"{scheme}://" + (f"{login}@" if login is not None else "") + name
    forms = [start + (f":{number}" if number else "") + rest for rest in rests for number in ports]
    return tuple(dict.fromkeys([url, *forms, url + OVERRIDES]))


def _tail(request: Webhook) -> str:
    """Return what is signed after the URL. A body that is no form is vouched for by its hash in the URL."""
    if not is_form(request) and request.method != "GET":
        expected = parse_qs(request.url.partition("?")[2]).get("bodySHA256", [""])[0]
        actual = sha256(request.body).hexdigest()
        if (request.body or expected) and not hmac.compare_digest(_bytes(expected), actual.encode()):
            raise SignatureError("the body is no form, and its hash in the URL (bodySHA256) is missing or wrong")
    return _glued(request)


def _glued(request: Webhook) -> str:
    return "".join(name + value for name, value in sorted(set(form(request))))


def _sign(secret: bytes, algorithm: str, text: str) -> bytes:
    return b64encode(hmac.digest(secret, _bytes(text), algorithm))


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


def _without_password(url: str) -> str:
    match = _URL.fullmatch(url)
    return url if match is None or match[2] is None else url.replace(f"{match[2]}@", "***@", 1)
