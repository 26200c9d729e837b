"""Twilio through the real listener: what it signed is believed, under the URL that it called and under no other."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator

from tests.entrypoints.house import MOCK, TOKEN, House, visit
from voicecall.carriers.twilio import TwilioCarrier

AUTH = "tok_demo"
TWILIO = TwilioCarrier("AC1", AUTH)
FORM = "application/x-www-form-urlencoded"
PATH, HOOK, STREAM = "/voice/webhook", "https://v.example.com/voice/webhook", "wss://v.example.com/voice/stream"
PUBLIC: dict[str, Any] = {"public_url": HOOK}
TRUSTED: dict[str, Any] = {"trusted_proxies": ("127.0.0.1",), "allowed_hosts": ("v.example.com",)}
FORWARDED: dict[str, Any] = {"X-Forwarded-Host": "v.example.com", "X-Forwarded-Proto": "https"}
Pairs = list[tuple[str, str]]
RINGING: Pairs = [
    ("CallSid", "CA1"),
    ("From", "+15550100100"),
    ("To", "+15550100101"),
    ("CallStatus", "ringing"),
    ("Direction", "inbound"),
]
START = {
    "event": "start",
    "sequenceNumber": "1",
    "streamSid": "MZ1",
    "start": {
        "accountSid": "AC1",
        "streamSid": "MZ1",
        "callSid": "CA1",
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"token": TOKEN},
    },
}


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


def sign(url: str, pairs: Pairs) -> str:
    made: str = RequestValidator(AUTH).compute_signature(url, Multi(pairs))
    return made


async def ring(
    house: House, called: str = HOOK, pairs: Pairs = RINGING, path: str = PATH, body: str | None = None, **headers: str
) -> int:
    """Have Twilio call the URL `called`, which leads to `path` here. Return the status of the answer."""
    sent = {"Content-Type": FORM, "X-Twilio-Signature": sign(called, pairs), **headers}
    return (await house.post(path, (body or urlencode(pairs)).encode(), **sent))[0]


# --- webhooks under a configured URL


@pytest.mark.parametrize(
    ("called", "path"),
    [
        (HOOK, PATH),
        (f"{HOOK}/twilio", f"{PATH}/twilio"),
        (f"{HOOK}/twilio?call=01J&visit=%2B1", f"{PATH}/twilio?call=01J&visit=%2B1"),
        (f"{HOOK}?a=%20b&c=d+e&%66=g", f"{PATH}?a=%20b&c=d+e&%66=g"),
        ("https://v.example.com:443/voice/webhook", PATH),
    ],
)
def test_what_twilio_signed_for_the_public_url_is_believed(called: str, path: str) -> None:
    async def play(house: House) -> None:
        assert await ring(house, called, path=path) == 201
        assert [one.carrier_call_id for one in house.desk.delivered] == ["CA1"]

    visit(play, (MOCK, TWILIO), **PUBLIC)


@pytest.mark.parametrize(
    "called",
    [
        "https://w.example.com:8443/x/voice/webhook",
        "https://v.example.com:9443/x/voice/webhook",
        "http://v.example.com:8443/x/voice/webhook",
        "https://v.example.com:8443/voice/webhook",
        "https://v.example.com:8443/x/voice/webhook/",
        "https://v.example.com:8443/x/voice/webhook?a",
    ],
)
def test_another_host_port_scheme_or_path_is_refused_and_the_log_names_what_was_tried(called: str) -> None:
    url = "https://v.example.com:8443/x/voice/webhook"

    async def play(house: House) -> None:
        assert await ring(house, called) == 403
        assert house.desk.delivered == []

    (log,) = visit(play, (TWILIO,), public_url=url)
    assert (log["event"], log["tried"][0]) == ("webhook.refused", url)
    assert "forwarded_host" not in log
    assert AUTH not in str(log)


@pytest.mark.parametrize("public", ["https://v.example.com/x/voice/webhook", "https://v.example.com/hook"])
def test_a_path_that_a_proxy_rewrote_is_put_back(public: str) -> None:
    async def play(house: House) -> None:
        assert await ring(house, f"{public}/twilio?a=1", path=f"{PATH}/twilio?a=1") == 201
        assert await ring(house, f"https://v.example.com{PATH}/twilio?a=1", path=f"{PATH}/twilio?a=1") == 403

    visit(play, (TWILIO,), public_url=public)


def test_a_configured_url_is_the_truth_whatever_a_proxy_says() -> None:
    other = FORWARDED | {"X-Forwarded-Host": "w.example.com"}

    async def play(house: House) -> None:
        assert await ring(house, **other) == 201
        assert await ring(house, "https://w.example.com/voice/webhook", **other) == 403
        assert (house.listener.public_url, house.listener.is_public) == (HOOK, True)

    options = {"trusted_proxies": ("127.0.0.1",), "allowed_hosts": ("w.example.com",), "trust_forwarding": True}
    (log,) = visit(play, (TWILIO,), **PUBLIC, **options)
    assert log["forwarded_host"] == "w.example.com"
    assert "public_url" in log["not_believed"]


@pytest.mark.parametrize(
    "more",
    [
        [("Extra", "1"), ("Extra", "2"), ("Extra", "1")],
        [("SpeechResult", "Grüße, 你好 😀")],
        [("CallerName", ""), ("Called", "")],
        [("SpeechResult", "one + two = 3 & more % done")],
        [("Sip-Header", "a=b;c"), ("sip", "2"), ("Sip", "1")],
    ],
    ids=["repeated", "unicode", "empty", "plus", "case"],
)
def test_every_parameter_is_signed_as_it_was_meant(more: Pairs) -> None:
    pairs = RINGING + more

    async def play(house: House) -> None:
        assert await ring(house, pairs=pairs) == 201
        assert await ring(house, pairs=pairs, body=urlencode(pairs).replace("+", "%20")) == 201
        assert await ring(house, pairs=pairs, body=urlencode(RINGING)) == 403
        assert await ring(house, pairs=pairs, body=urlencode([*pairs, ("Digits", "9")])) == 403

    visit(play, (TWILIO,), **PUBLIC)


def test_a_json_body_is_verified_byte_for_byte() -> None:
    body = b'{ "a":1,\n"b" : "\xc3\xbc\\u00fc" }\r\n'
    query = f"?a=1&bodySHA256={hashlib.sha256(body).hexdigest()}"

    async def play(house: House) -> None:
        headers = {"Content-Type": "application/json", "X-Twilio-Signature": sign(HOOK + query, [])}
        assert (await house.post(PATH + query, body, **headers))[0] == 400
        assert (await house.post(PATH + query, body.strip(), **headers))[0] == 403
        assert (await house.post(PATH, body, **headers))[0] == 403

    # Verified, such a body says nothing about a call: it is malformed and not refused.
    events = [log["event"] for log in visit(play, (TWILIO,), **PUBLIC)]
    assert events == ["webhook.malformed", "webhook.refused", "webhook.refused"]


# --- webhooks through a proxy that says where they were sent


@pytest.mark.parametrize(
    ("headers", "called"),
    [
        (FORWARDED, HOOK),
        ({"X-Original-Host": "V.example.com"}, "https://V.example.com/voice/webhook"),
        ({"Host": "v.example.com", "X-Forwarded-Proto": "https"}, HOOK),
        (FORWARDED | {"X-Forwarded-Port": "8443"}, "https://v.example.com:8443/voice/webhook"),
        (FORWARDED | {"X-Forwarded-For": "203.0.113.5"}, HOOK),
    ],
)
def test_a_trusted_proxy_names_the_url_and_a_verified_webhook_proves_it(headers: dict[str, Any], called: str) -> None:
    async def play(house: House) -> None:
        own = house.listener.public_url
        assert await ring(house, f"{called}/w", **headers) == 403
        assert (house.listener.public_url, house.listener.is_public) == (own, False)
        assert await ring(house, called, **headers) == 201
        assert (house.listener.public_url, house.listener.is_public) == (called, True)
        assert house.listener.stream_url == called.replace("https", "wss").replace("webhook", "stream")

    logs = visit(play, (TWILIO,), **TRUSTED)
    assert [log["event"] for log in logs] == ["webhook.refused", "public.url"]
    assert logs[0]["tried"][0] == called
    assert logs[1]["url"] == called


def test_the_url_of_a_tunnel_is_what_is_signed_until_it_is_lost() -> None:
    tunnelled = "https://t.example.com:8443/x/voice/webhook"

    async def play(house: House) -> None:
        listener = house.listener
        own = listener.public_url
        listener.tunnelled(tunnelled)
        assert (listener.public_url, listener.is_public) == (tunnelled, True)
        assert listener.stream_url == "wss://t.example.com:8443/x/voice/stream"
        assert await ring(house, tunnelled) == 201
        assert await ring(house, own) == 403
        listener.tunnelled(None)
        assert (listener.public_url, listener.is_public) == (own, False)
        assert await ring(house, own) == 201

    visit(play, (TWILIO,))


def test_a_proxy_proves_nothing_while_there_is_a_tunnel() -> None:
    async def play(house: House) -> None:
        own = house.listener.public_url
        house.listener.tunnelled("https://t.example.com/voice/webhook")
        assert await ring(house, "https://t.example.com/voice/webhook", **FORWARDED) == 201
        house.listener.tunnelled(None)
        assert house.listener.public_url == own

    visit(play, (TWILIO,), **TRUSTED)


def test_the_configured_url_goes_before_that_of_a_tunnel() -> None:
    async def play(house: House) -> None:
        house.listener.tunnelled("https://t.example.com/voice/webhook")
        assert house.listener.public_url == HOOK
        assert await ring(house, HOOK) == 201

    visit(play, (TWILIO,), **PUBLIC)


def test_what_was_proven_stays_and_each_webhook_is_still_taken_at_its_own_url() -> None:
    other = FORWARDED | {"X-Forwarded-Host": "w.example.com"}

    async def play(house: House) -> None:
        own = house.listener.public_url
        assert await ring(house, **FORWARDED) == 201
        assert await ring(house, "https://w.example.com/voice/webhook", **other) == 201
        assert await ring(house, own) == 201
        assert house.listener.public_url == HOOK

    visit(play, (TWILIO,), trust_forwarding=True)


def test_the_proven_url_is_known_before_the_desk_decides() -> None:
    async def play(house: House) -> None:
        house.desk.decided.clear()
        async with asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(ring(house, **FORWARDED))
            while not house.desk.delivered:
                assert not waiting.done()
                await asyncio.sleep(0)
            assert house.listener.stream_url == STREAM
            house.desk.decided.set()

    visit(play, (TWILIO,), trust_forwarding=True)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({}, "neither"),
        ({"trust_forwarding": True, "trusted_proxies": ("10.0.0.1",)}, "trusted_proxy_ips"),
        ({"allowed_hosts": ("v.example.com",)}, "trusted_proxy_ips"),
        ({"trusted_proxies": ("127.0.0.1",)}, "neither"),
        ({"trust_forwarding": True, "allowed_hosts": ("w.example.com",)}, "does not list"),
    ],
)
def test_a_host_that_is_not_believed_is_not_verified_and_the_log_says_why(options: dict[str, Any], why: str) -> None:
    async def play(house: House) -> None:
        own = house.listener.public_url
        assert await ring(house, **FORWARDED) == 403
        assert await ring(house, own, **FORWARDED) == 201
        assert house.listener.public_url == own

    (log,) = visit(play, (TWILIO,), **options)
    assert (log["event"], log["forwarded_host"]) == ("webhook.refused", "v.example.com")
    assert why in log["not_believed"]


@pytest.mark.parametrize("host", ["user:hunter2@v.example.com", "v.example.com, w.example.com", "v example.com"])
def test_a_strange_host_is_not_believed(host: str) -> None:
    async def play(house: House) -> None:
        assert await ring(house, **FORWARDED | {"X-Forwarded-Host": host}) == 403

    (log,) = visit(play, (TWILIO,), **TRUSTED)
    assert log["not_believed"]
    assert "hunter2" not in str(log)


def test_without_verification_nothing_is_proven() -> None:
    async def play(house: House) -> None:
        own = house.listener.public_url
        assert await ring(house, **FORWARDED) == 201
        assert house.listener.public_url == own

    visit(play, (TWILIO,), skip_signature_verification=True, **TRUSTED)
