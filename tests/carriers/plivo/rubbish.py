"""Rubbish in Plivo's name, as Hypothesis draws it: webhooks, forms, media messages, JSON."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from collections.abc import Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from hypothesis import strategies as st
from msgspec.structs import replace

from voicecall.carriers import Webhook

TOKEN = "token"
BASE = "https://voice.example.com/voice/webhook/plivo"
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
    "CallUUID CallStatus Direction From To Event Speech Digits Machine StreamID StatusReason HangupCauseCode InputType"
).split()
VALUES = (
    "u1 in-progress ringing completed failed busy no-answer timeout cancel inbound outbound sideways true false "
    "Hangup Ring StartApp Redirect MachineDetection StopStream DroppedStream DegradedStream started 12*# 4000 3010 "
    "15550100100 anonymous sip:a@b connection_failed"
).split()
pairs = st.tuples(one_of(NAMES) | st.text(max_size=4), one_of(VALUES) | st.text(max_size=12))
ours = st.tuples(
    one_of(["call", "type", "visit", "prompt"]),
    one_of(["01K8Z0000000000000000000AB", "ring", "hangup", "amd", "stream", "gather", "n1", "3"])
    | st.text(max_size=6),
)
any_text = st.text() | st.text(st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF))
urls = any_text | st.builds(
    lambda scheme, host, path, query, end: f"{scheme}://{host}{path}?{query}{end}",
    one_of(["https", "http", "wss", "ws", "HTTPS", "ftp", ""]),
    one_of(["voice.example.com", "[::1]", "[", "", "ä.example", "127.0.0.1:3334", "u:p@h"]),
    one_of(["", "/", "/voice/webhook/plivo", "//", "/%00/../"]) | any_text,
    st.lists(ours, max_size=5).map(urlencode) | any_text,
    one_of(["", "#rc=2&rp=all", "#", "?", "&&", "%", "%ff"]),
)
forms = st.lists(pairs, max_size=10).map(lambda given: urlencode(given).encode())
bodies = (
    forms
    | st.builds(lambda form, at, extra: form[:at] + extra + form[at:], forms, st.integers(0, 80), st.binary(max_size=6))
    | st.binary()
    | json_values.map(lambda value: json.dumps(value).encode())
    | one_of([b"&" * 60_000, b"a=" + b"%" * 60_000, b"=" * 60_000, b"CallUUID=" + b"x" * 60_000])
)
kinds = one_of(["", FORM, f"{FORM.upper()} ; charset=latin-1", "application/json", "multipart/form-data", ";"])
headers = st.builds(
    lambda some, more: some | more,
    st.dictionaries(
        one_of(["host", "x-plivo-signature-v3", "x-plivo-signature-ma-v3", "x-plivo-signature-v2"])
        | st.text(max_size=9),
        one_of(["voice.example.com:8443", "a, b", ",,,", "x" * 8000, "ÿ", "\udcff", "\n"]) | st.text(),
        max_size=6,
    ),
    st.fixed_dictionaries({}, optional={"content-type": kinds, "x-plivo-signature-v3-nonce": any_text}),
)
methods = one_of(["POST", "GET", "PUT", "post", ""])
webhooks = st.builds(Webhook, methods, urls, headers, bodies)
likely = st.builds(
    lambda own, sent: Webhook("POST", f"{BASE}?{urlencode(own)}", {"content-type": FORM}, urlencode(sent).encode()),
    st.lists(ours, max_size=4),
    st.dictionaries(one_of(NAMES), one_of(VALUES) | st.text(max_size=12), max_size=8).map(
        lambda sent: list(({"CallUUID": "u1", "CallStatus": "ringing", "To": "15550100101"} | sent).items())
    ),
)


def signed(webhook: Webhook) -> Webhook | None:
    """Return it as Plivo would sign it, or None for one that Plivo could not have written."""
    kind = webhook.headers.get("content-type", "").partition(";")[0].strip().lower()
    if webhook.method != "GET" and kind != FORM:
        webhook = replace(webhook, body=b"")
    base, _, query = webhook.url.partition("#")[0].partition("?")
    try:
        text = webhook.body.decode() if webhook.method != "GET" else ""
        asked = "&".join(
            f"{name}={value}" for name, value in sorted(parse_qsl(query, keep_blank_values=True, errors="strict"))
        )
        sent = sorted(parse_qsl(text, keep_blank_values=True, errors="strict"))
    except UnicodeError:
        return None
    if sent:
        base += "?" + asked + ("." if asked else "") + "".join(name + value for name, value in sent)
    elif asked:
        base += "?" + asked
    mac = hmac.digest(TOKEN.encode(), f"{base}.n0nce".encode(errors="surrogatepass"), "sha256")
    right = {"x-plivo-signature-v3": b64encode(mac).decode(), "x-plivo-signature-v3-nonce": "n0nce"}
    return replace(webhook, headers={**webhook.headers, **right})


# --- media messages

START: dict[str, Any] = {
    "event": "start",
    "sequenceNumber": 0,
    "start": {
        "streamId": "s1",
        "accountId": "1",
        "callId": "u1",
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-l16", "sampleRate": 16000},
    },
    "extra_headers": "{}",
}
MESSAGES: list[dict[str, Any]] = [
    START,
    {"event": "media", "streamId": "s1", "media": {"track": "inbound", "chunk": 1, "payload": "/" * 216}},
    {"event": "playedStream", "streamId": "s1", "name": "r1"},
    {"event": "clearedAudio", "streamId": "s1", "sequenceNumber": 7},
    {"event": "dtmf", "streamId": "s1", "dtmf": {"track": "inbound", "digit": "#"}},
    {"event": "stop", "streamId": "s1"},
    {"event": "news", "streamId": "s1", "news": [{}]},
]
texts = one_of(["", "\ud800", "\x00", "AA", "====", "AAA=A", "-_==", "/" * 60_000, "x" * 60_000, "inbound", "start"])


def paths(tree: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return where the members stand, however deep."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path for key, value in inner for path in [(*at, key), *paths(value, (*at, key))]]


@st.composite
def mutants(draw: st.DrawFn) -> str:
    """Return a message of Plivo's after a few accidents."""
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
