"""Rubbish in Twilio's name, as Hypothesis draws it: webhooks, forms, media messages, JSON."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from hypothesis import strategies as st
from msgspec.structs import replace

from voicecall.carriers import Webhook

TOKEN = "token"
SHARED = ("k1", b"shared")
BASE = "https://voice.example.com/voice/webhook/twilio"
FORM = "application/x-www-form-urlencoded"
T = TypeVar("T")


def one_of(values: Sequence[T]) -> st.SearchStrategy[T]:
    return st.sampled_from(values)


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)

# --- webhooks

NAMES = (
    "CallSid CallStatus Direction From To AnsweredBy SpeechResult Digits StreamEvent StreamSid StreamError "
    "CallbackSource ErrorCode SipResponseCode Confidence"
).split()
VALUES = (
    "CA1 in-progress ringing queued initiated completed failed busy no-answer canceled inbound outbound-api "
    "trunking-originating sideways human machine_start fax stream-started stream-stopped stream-error "
    "call-progress-events 12*# 31921 486 +15550100100 anonymous +266696687 sip:a@b"
).split()
pairs = st.tuples(one_of(NAMES) | st.text(max_size=4), one_of(VALUES) | st.text(max_size=12))
ours = st.tuples(
    one_of(["call", "type", "visit", "prompt", "bodySHA256"]),
    one_of(["01K8Z0000000000000000000AB", "status", "amd", "stream", "gather", "n1", "3"]) | st.text(max_size=6),
)
any_text = st.text() | st.text(st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF))
urls = any_text | st.builds(
    lambda scheme, login, host, port, path, query, end: f"{scheme}://{login}{host}{port}{path}?{query}{end}",
    one_of(["https", "http", "wss", "ws", "HTTPS", "ftp", ""]),
    one_of(["", "@", "u:p@", ":@", "a@b@"]),
    one_of(["voice.example.com", "[::1]", "[", "", "ä.example", "127.0.0.1"]),
    one_of(["", ":", ":443", ":80", ":99999999", ":x", ":٣"]),
    one_of(["", "/", "/voice/webhook/twilio", "//", "/%00/../"]) | any_text,
    st.lists(ours, max_size=5).map(urlencode) | any_text,
    one_of(["", "#rc=2&rp=all", "#", "?", "&&", "%", "%ff"]),
)
forms = st.lists(pairs, max_size=10).map(lambda given: urlencode(given).encode())
bodies = (
    forms
    | st.builds(lambda form, at, extra: form[:at] + extra + form[at:], forms, st.integers(0, 80), st.binary(max_size=6))
    | st.binary()
    | json_values.map(lambda value: json.dumps(value).encode())
    | one_of([b"&" * 60_000, b"a=" + b"%" * 60_000, b"=" * 60_000, b"CallSid=" + b"x" * 60_000])
)
kinds = one_of(["", FORM, f"{FORM.upper()} ; charset=latin-1", "application/json", "multipart/form-data", ";"])
settings = one_of(["key=k1,algorithm=HMAC_SHA256", "key=k2,algorithm=HMAC_SHA256", "algorithm=HMAC_SHA1", ",=,", ""])
headers = st.builds(
    lambda some, more: some | more,
    st.dictionaries(
        one_of(["host", "x-forwarded-host", "x-twilio-signature", "i-twilio-idempotency-token"]) | st.text(max_size=9),
        one_of(["voice.example.com:8443", "a, b", "x" * 8000, "ÿ", "\udcff", "\n"]) | st.text(),
        max_size=6,
    ),
    st.fixed_dictionaries({}, optional={"content-type": kinds, "x-twilio-webhooks-signature-settings": settings}),
)
methods = one_of(["POST", "GET", "PUT", "post", ""])
webhooks = st.builds(Webhook, methods, urls, headers, bodies)
likely = st.builds(
    lambda own, sent: Webhook("POST", f"{BASE}?{urlencode(own)}", {"content-type": FORM}, urlencode(sent).encode()),
    st.lists(ours, max_size=4),
    st.dictionaries(one_of(NAMES), one_of(VALUES) | st.text(max_size=12), max_size=8).map(
        lambda sent: list(({"CallSid": "CA1", "CallStatus": "ringing", "To": "+15550100101"} | sent).items())
    ),
)


def signed(webhook: Webhook) -> Webhook | None:
    """Return it as Twilio would sign it, or None for a form that Twilio could not have written."""
    url, sent = webhook.url, ""
    kind = webhook.headers.get("content-type", "").partition(";")[0].strip().lower()
    if webhook.method != "GET" and kind != FORM:
        url = f"{BASE}?bodySHA256={sha256(webhook.body).hexdigest()}"
    elif webhook.method != "GET":
        try:
            given = parse_qsl(webhook.body.decode(), keep_blank_values=True, errors="strict")
        except UnicodeError:
            return None
        sent = "".join(name + value for name, value in sorted(set(given)))
    shared = webhook.headers.get("x-twilio-webhooks-signature-settings")
    secret, algorithm = (TOKEN.encode(), "sha1") if shared is None else (SHARED[1], "sha256")
    text = (url + sent).encode(errors="surrogatepass")
    right = {"x-twilio-signature": b64encode(hmac.digest(secret, text, algorithm)).decode()}
    if shared is not None:
        right["x-twilio-webhooks-signature-settings"] = f"key={SHARED[0]},algorithm=HMAC_SHA256"
    return replace(webhook, url=url, headers={**webhook.headers, **right})


# --- media messages

MESSAGES: list[dict[str, Any]] = [
    {"event": "connected", "protocol": "Call", "version": "1.0.0"},
    {
        "event": "start",
        "sequenceNumber": "1",
        "streamSid": "MZ1",
        "start": {
            "streamSid": "MZ1",
            "accountSid": "AC1",
            "callSid": "CA1",
            "tracks": ["inbound"],
            "customParameters": {"token": "the-token"},
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        },
    },
    {"event": "media", "streamSid": "MZ1", "media": {"track": "inbound", "chunk": "1", "payload": "/" * 216}},
    {"event": "mark", "streamSid": "MZ1", "mark": {"name": "r1"}},
    {"event": "dtmf", "streamSid": "MZ1", "dtmf": {"track": "inbound_track", "digit": "#"}},
    {"event": "stop", "streamSid": "MZ1", "stop": {"callSid": "CA1"}},
    {"event": "news", "streamSid": "MZ1", "news": [{}]},
]
texts = one_of(["", "\ud800", "\x00", "AA", "====", "AAA=A", "-_==", "/" * 60_000, "x" * 60_000, "inbound", "start"])


def paths(tree: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return where the members stand, however deep."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path for key, value in inner for path in [(*at, key), *paths(value, (*at, key))]]


@st.composite
def mutants(draw: st.DrawFn) -> str:
    """Return a message of Twilio's after a few accidents."""
    tree = json.loads(json.dumps(draw(one_of(MESSAGES))))
    for _ in range(draw(st.integers(0, 3))):
        places = paths(tree)
        if not places:
            break
        *way, last = draw(one_of(places))
        inner = tree
        for part in way:
            inner = inner[part]
        if draw(st.booleans()):
            inner[last] = draw(json_values | texts)
        else:
            del inner[last]
    text = json.dumps(tree, ensure_ascii=draw(st.booleans()))
    for _ in range(draw(st.integers(0, 2))):
        at, length = draw(st.integers(0, len(text))), draw(st.integers(0, 3))
        extra = draw(one_of(["", '"', "\\", "{", "[" * 10_000, "9" * 5000, "1e999", "\\ud800", ",", "\x00", "é\udcff"]))
        text = text[:at] + extra + text[at + length :]
    return text
