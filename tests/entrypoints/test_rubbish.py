"""Rubbish at the public doors: the right status, the right close code, a line in the log that is not long."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection
from typing import Any

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace
from structlog.testing import capture_logs

from tests.carriers.twilio.rubbish import (
    MESSAGES,
    SHARED,
    TOKEN,
    any_text,
    headers,
    likely,
    mutants,
    one_of,
    signed,
    webhooks,
)
from tests.entrypoints.house import House, visit
from voicecall.carriers import Carrier, Delivery, HttpReply, MediaCodec, MediaStarted, Webhook
from voicecall.carriers.mock import MockCarrier
from voicecall.carriers.twilio import TwilioCarrier
from voicecall.core.credentials import Credential, check, mint
from voicecall.core.ids import CallId, CarrierCallId
from voicecall.emulators.clock import run_virtual
from voicecall.entrypoints.addresses import Proxies
from voicecall.entrypoints.origins import Origins
from voicecall.entrypoints.streams import Streams
from voicecall.entrypoints.urls import dialled_stream_url, find_route, signed_url
from voicecall.entrypoints.webhooks import Webhooks
from voicecall.errors import StoreError, StreamRefused
from voicecall.net import MediaSocket

CARRIERS: dict[str, Carrier] = {
    "twilio": TwilioCarrier("AC1", TOKEN, signing_keys=[SHARED]),
    "mock": MockCarrier("secret", "http://127.0.0.1:1"),
}
KEY = b"key"
CREDENTIAL = mint(KEY, call_id=CallId("01J"), nonce="n", expires=2000.0)
PATIENCE = 5.0
"""Seconds until a stream has to have started."""
LONGEST_LINE = 2000
"""Characters of a line in the log, beside the URLs that were tried."""


class FakeDesk:
    """Answers webhooks, or fails to save them; reads media streams to their end."""

    def __init__(self, *, failing: bool = False, refusing: bool = False) -> None:
        self.failing = failing
        self.refusing = refusing
        self.delivered: list[Delivery] = []
        self.frames = 0
        self.refusals: list[CarrierCallId] = []

    async def deliver(self, carrier: str, deliveries: tuple[Delivery, ...]) -> HttpReply:
        self.delivered += deliveries
        if self.failing:
            raise StoreError("the disk is full")
        return HttpReply()

    async def stream(
        self, carrier: str, codec: MediaCodec, started: MediaStarted, credential: Credential, socket: MediaSocket
    ) -> None:
        if self.failing:
            raise StoreError("the disk is full")
        if self.refusing:
            raise StreamRefused("already used")
        while (message := await socket.recv()) is not None:
            self.frames += codec.decode(message) is not None

    def refused(self, carrier: str, carrier_call_id: CarrierCallId, reason: str) -> None:
        self.refusals.append(carrier_call_id)


class FakeSocket:
    """Brings these messages; then its peer closes it, or stays silent."""

    def __init__(self, messages: list[str | bytes], *, silent: bool) -> None:
        self.messages = messages
        self.silent = silent
        self.closed: list[int] = []

    async def recv(self) -> str | bytes | None:
        if self.messages:
            return self.messages.pop(0)
        if self.silent:
            await asyncio.sleep(60.0)
        return None

    async def send(self, message: str) -> None:
        raise AssertionError

    async def close(self, code: int, reason: str) -> None:
        assert len(reason.encode()) <= 123
        self.closed.append(code)


def check_log(logs: list[Any]) -> None:
    """See that nobody makes the log long."""
    for line in logs:
        assert len(repr({name: value for name, value in line.items() if name != "tried"})) <= LONGEST_LINE


def handle(webhook: Webhook, desk: FakeDesk, named: str | None, *, skip: bool) -> int:
    """Return the status that a webhook is answered with."""
    door = Webhooks(CARRIERS, desk, lambda: 1000.0, default="twilio", skip_verification=skip)
    with capture_logs() as logs:
        reply = run_virtual(lambda: door.handle(webhook, named, lambda: None))
    check_log(logs)
    return reply.status


@given(webhooks | likely, one_of([None, "twilio", "mock"]))
def test_what_nobody_signed_is_forbidden(webhook: Webhook, named: str | None) -> None:
    desk = FakeDesk()
    assert handle(webhook, desk, named, skip=False) == 403
    assert desk.delivered == []


@given(webhooks | likely, one_of([None, "twilio"]), st.booleans())
def test_what_is_signed_is_taken_or_malformed_or_to_come_again(
    webhook: Webhook, named: str | None, failing: bool
) -> None:
    right = signed(webhook)
    if right is None:
        assert handle(webhook, FakeDesk(), named, skip=False) == 403
        return
    desk = FakeDesk(failing=failing)
    status = handle(right, desk, named, skip=False)
    assert status in {503 if failing else 200, 400}
    assert (status == 400) == (desk.delivered == [])


@given(webhooks | likely, one_of([None, "twilio", "mock"]), st.booleans())
def test_what_is_believed_unsigned_is_taken_or_malformed_or_to_come_again(
    webhook: Webhook, named: str | None, failing: bool
) -> None:
    desk = FakeDesk(failing=failing)
    status = handle(webhook, desk, named, skip=True)
    assert status in {200, 400, 503}
    assert status != 503 or failing


# --- media streams


def start(credential: str | None) -> str:
    """Return Twilio's start of a stream."""
    message = {**MESSAGES[1], "start": {**MESSAGES[1]["start"], "customParameters": {"token": credential}}}
    if credential is None:
        message["start"]["customParameters"] = {}
    return re.sub(r"'", '"', repr(message))


OLD = mint(KEY, call_id=CallId("01J"), nonce="n", expires=1000.0)
credentials = one_of([CREDENTIAL, CREDENTIAL, OLD, CREDENTIAL[:-1] + "A", "1...", "", "x" * 60_000, None])
messages = mutants() | st.binary(max_size=9) | credentials.map(start) | st.text(max_size=9)


@given(
    st.builds(lambda first, rest: [*first, *rest], st.lists(credentials.map(start), max_size=1), st.lists(messages)),
    st.booleans(),
    st.builds(FakeDesk, failing=st.booleans(), refusing=st.booleans()),
)
def test_a_media_stream_of_rubbish_is_closed_in_time(received: list[str | bytes], silent: bool, desk: FakeDesk) -> None:
    streams = Streams(CARRIERS, desk, lambda: 1000.0, default="twilio", keys=(KEY,), pre_start_timeout=PATIENCE)
    socket = FakeSocket(list(received), silent=silent)
    started: list[float] = []

    async def serve() -> float:
        now = asyncio.get_running_loop().time
        await streams.serve(CARRIERS["twilio"], None, socket, lambda: started.append(now()))
        return now()

    with capture_logs() as logs:
        lasted = run_virtual(serve)
    check_log(logs)
    assert len(logs) <= 1
    assert len(desk.refusals) <= 1
    if started:
        assert len(socket.closed) == 1
        assert set(socket.closed) <= {1000, 1003, 1008, 1011}
    else:
        assert lasted <= PATIENCE
        assert desk.frames == 0
        assert socket.closed in ([], [1003], [1008])
        assert socket.closed or not silent


@given(any_text | st.from_regex(r"1\.[\w-]{0,9}\.[\w-]*\.[\w-]{0,44}", fullmatch=True))
def test_no_text_is_a_credential(text: str) -> None:
    with pytest.raises(StreamRefused):
        check([KEY], text, call_id=None, now=0.0)


@given(st.integers(0, len(CREDENTIAL) - 1), one_of("Aa1_-. é"))
def test_no_other_letter_is_overlooked_in_a_credential(at: int, letter: str) -> None:
    changed = CREDENTIAL[:at] + letter + CREDENTIAL[at + 1 :]
    if changed != CREDENTIAL:
        with pytest.raises(StreamRefused):
            check([KEY], changed, call_id=None, now=0.0)


# --- what stands around a webhook

paths = any_text | st.lists(one_of(["/", "//", "voice", "webhook", "stream", "twilio", "?", "%2f", "..", ";"])).map(
    "".join
)


@given(paths, one_of(["/voice/webhook", "/", "/a/b/c"]), one_of(["/voice/stream", "/"]))
def test_any_path_is_a_route_or_none(path: str, serve_path: str, stream_path: str) -> None:
    known: Collection[str] = CARRIERS.keys()
    find_route(path, serve_path=serve_path, stream_paths=[stream_path], carriers=known)
    for public in ("https://v.example.com/voice/webhook", "http://[::1]:3334/"):
        assert signed_url(public, serve_path, path).startswith(public.rpartition("/voice")[0] or "http://[::1]:3334")
    assert dialled_stream_url("wss://v.example.com/voice/stream", stream_path, path).startswith("wss://v.example.com/")


addresses = one_of(
    [
        "127.0.0.1",
        "10.0.0.1",
        "::1",
        "[::1]:1",
        "1.2.3.4:80",
        "unknown",
        "",
        "::ffff:10.0.0.1",
        "fe80::1%eth0",
        "٣.1.1.1",
    ]
)
forwarding = st.dictionaries(
    one_of(
        "x-forwarded-for x-forwarded-host x-forwarded-proto x-forwarded-port x-original-host host "
        "ngrok-forwarded-host".split()
    ),
    st.lists(addresses | one_of(["v.example.com", "a:b", "u@h", "https", "443", "99999", "x" * 9000, "[", "é"])).map(
        ", ".join
    )
    | any_text,
)


@given(st.none() | addresses | any_text, forwarding | headers, st.booleans())
def test_any_forwarding_is_believed_or_doubted(peer: str | None, given: dict[str, str], configured: bool) -> None:
    proxies = Proxies(["10.0.0.0/8", "::1"])
    proxies.client(peer, given)
    for allowed in ([], ["v.example.com"]):
        origins = Origins(proxies, allowed_hosts=allowed, trust_forwarding=True, configured=configured)
        forwarded = origins.read(peer, given)
        if forwarded is not None:
            assert (forwarded.origin is None) == bool(forwarded.doubt)
            assert len(forwarded.host) <= 4 * 253
            assert forwarded.host.isascii()
            assert forwarded.origin is None or re.fullmatch(r"https?://[0-9A-Za-z.:\[\]-]+", forwarded.origin)


@given(webhooks)
def test_a_handshake_of_rubbish_is_admitted_only_where_signatures_are_logged(handshake: Webhook) -> None:
    for required in (True, False):
        streams = Streams(
            CARRIERS,
            FakeDesk(),
            lambda: 1000.0,
            default="twilio",
            keys=(KEY,),
            pre_start_timeout=PATIENCE,
            require_signature=required,
        )
        carrier = streams.carrier(handshake.headers)
        assert carrier is not None
        with capture_logs() as logs:
            admitted = streams.admits(CARRIERS["twilio"], replace(handshake, method="GET", body=b""))
        check_log(logs)
        assert admitted is not required


# --- over the wire

UPGRADE = (
    b"GET /voice/stream HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


@pytest.mark.parametrize(
    ("part", "garbled"),
    [
        (b"dGhlIHNhbX", b"dGhlIHNh\xe5X"),
        (b"websocket\r", b"web\xffsocket\r"),
        (b": Upgrade", b": Up\xcbgrade"),
        (b": 13", b": 1\xb33"),
    ],
)
def test_an_upgrade_that_is_not_ascii_is_none(part: bytes, garbled: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async def play(house: House) -> None:
        async with house.raw(UPGRADE.replace(part, garbled)) as (reader, _):
            assert (await reader.readline()).startswith(b"HTTP/1.1 426 ")

    visit(play)
    assert not caplog.records


def test_an_upgrade_of_which_nobody_awaits_the_answer_is_no_accident(caplog: pytest.LogCaptureFixture) -> None:
    async def play(house: House) -> None:
        for _ in range(20):
            async with house.raw(UPGRADE) as (_, writer):
                writer.transport.abort()
        async with house.raw(UPGRADE) as (reader, _):
            assert (await reader.readline()).startswith(b"HTTP/1.1 101 ")

    visit(play, max_pending=40, max_pending_per_address=40)
    assert not caplog.records


def test_a_request_without_a_target_is_answered(caplog: pytest.LogCaptureFixture) -> None:
    async def play(house: House) -> None:
        async with house.raw(b"CONNECT \r\nHost: x\r\n\r\n") as (reader, _):
            assert b" 404 " in await reader.readline()

    visit(play)
    assert not caplog.records
