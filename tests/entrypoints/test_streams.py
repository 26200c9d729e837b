"""Media streams: they start in time and with a credential of ours, or they are closed with the reason logged."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from voicecall.carriers import Capabilities, Carrier, Delivery, HttpReply, MediaCodec, MediaStarted, Webhook
from voicecall.carriers.mock import MockCarrier
from voicecall.carriers.twilio import TwilioCarrier
from voicecall.core.credentials import Credential, mint
from voicecall.core.ids import CallId, CarrierCallId
from voicecall.emulators.clock import run_virtual
from voicecall.entrypoints.streams import Streams
from voicecall.errors import FrameError, StoreError, StreamRefused
from voicecall.net import MediaSocket

KEY = b"key"
CLAIM = Credential(CallId("01J"), "n", 2000.0)
TOKEN = mint(KEY, call_id=CLAIM.call_id, nonce=CLAIM.nonce, expires=CLAIM.expires)
OLD = mint(KEY, call_id=CallId("01J"), nonce="n", expires=1000.0)
FOREIGN = mint(b"other", call_id=CallId("01J"), nonce="n", expires=2000.0)
MEDIA = '{"event": "media", "payload": ""}'


def start(token: str | None) -> str:
    return json.dumps(
        {
            "event": "start",
            "stream": "ms_1",
            "call": "mc_1",
            "parameters": {} if token is None else {"token": token},
            "format": {"encoding": "mulaw", "rate": 8000},
        }
    )


class FakeSocket:
    """Brings these messages, then stays silent; None among them is the peer's close."""

    def __init__(self, *messages: str | bytes | None) -> None:
        self.messages = list(messages)
        self.closed: list[tuple[float, int, str]] = []

    async def recv(self) -> str | bytes | None:
        if not self.messages:
            await asyncio.Event().wait()
        return self.messages.pop(0)

    async def send(self, message: str) -> None:
        raise AssertionError

    async def close(self, code: int, reason: str) -> None:
        self.closed.append((asyncio.get_running_loop().time(), code, reason))


class PatientCarrier(MockCarrier):
    """A carrier that says hello first and hands credentials over in the path."""

    def __init__(self) -> None:
        super().__init__("secret", "http://127.0.0.1:1")
        self.name = "patient"
        self.capabilities = Capabilities(credential_in_start=False)

    def media(self) -> MediaCodec:
        codec = super().media()
        decode = codec.decode
        codec.decode = lambda message: None if message == "hello" else decode(message)  # type: ignore[method-assign]
        return codec


class FakeDesk:
    """Takes a stream and ends it as told."""

    def __init__(self, end: Exception | None = None) -> None:
        self.streams: list[tuple[str, MediaStarted, Credential]] = []
        self.refusals: list[tuple[str, CarrierCallId, str]] = []
        self.end = end

    async def deliver(self, carrier: str, deliveries: tuple[Delivery, ...]) -> HttpReply:
        raise AssertionError

    async def stream(
        self, carrier: str, codec: MediaCodec, started: MediaStarted, credential: Credential, socket: MediaSocket
    ) -> None:
        self.streams.append((carrier, started, credential))
        if self.end is not None:
            raise self.end

    def refused(self, carrier: str, carrier_call_id: CarrierCallId, reason: str) -> None:
        self.refusals.append((carrier, carrier_call_id, reason))


MOCK, PATIENT = MockCarrier("secret", "http://127.0.0.1:1"), PatientCarrier()


def serve(
    socket: FakeSocket, desk: FakeDesk, *, credential: str | None = None, carrier: MockCarrier = MOCK
) -> tuple[list[Any], int]:
    """Return the names and reasons that were logged, and how often the stream was reported as started."""
    started: list[None] = []
    streams = Streams(
        {"mock": MOCK, "patient": PATIENT}, desk, lambda: 1000.0, default="mock", keys=[KEY], pre_start_timeout=5.0
    )
    with capture_logs() as logs:
        run_virtual(lambda: streams.serve(carrier, credential, socket, lambda: started.append(None)))
    return [(log["event"], log.get("reason")) for log in logs], len(started)


def test_a_stream_with_a_credential_of_ours_is_the_desks_until_it_ends() -> None:
    socket, desk = FakeSocket(start(TOKEN), "for the desk"), FakeDesk()
    assert serve(socket, desk) == ([], 1)
    ((carrier, started, credential),) = desk.streams
    assert (carrier, started.stream_id, started.carrier_call_id, credential) == ("mock", "ms_1", "mc_1", CLAIM)
    assert socket.messages == ["for the desk"]
    assert socket.closed == [(0.0, 1000, "")]


def test_the_credential_in_the_path_counts_where_there_is_one() -> None:
    desk = FakeDesk()
    serve(FakeSocket("hello", "hello", start(None)), desk, credential=TOKEN, carrier=PATIENT)
    assert [credential for _, _, credential in desk.streams] == [CLAIM]


class Witness(FakeSocket):
    """Remembers what the desk had been told by the time it was closed."""

    def __init__(self, desk: FakeDesk, *messages: str) -> None:
        super().__init__(*messages)
        self.desk = desk
        self.told: list[tuple[str, CarrierCallId, str]] = []

    async def close(self, code: int, reason: str) -> None:
        self.told = list(self.desk.refusals)
        await super().close(code, reason)


@pytest.mark.parametrize(
    ("token", "reason"),
    [(None, "missing"), ("", "missing"), ("x", "malformed"), (OLD, "expired"), (FOREIGN, "wrong key")],
)
def test_a_stream_without_a_valid_credential_is_closed_and_the_log_says_why(token: str | None, reason: str) -> None:
    desk = FakeDesk()
    socket = Witness(desk, start(token))
    assert serve(socket, desk) == ([("stream.refused", reason)], 0)
    assert socket.closed == [(0.0, 1008, reason)]
    assert socket.told == [("mock", "mc_1", reason)]
    assert desk.streams == []


@pytest.mark.parametrize("reason", ["wrong call", "already used"])
def test_what_the_desk_refuses_is_closed_as_well(reason: str) -> None:
    desk = FakeDesk(StreamRefused(reason))
    socket = Witness(desk, start(TOKEN))
    assert serve(socket, desk) == ([("stream.refused", reason)], 1)
    assert socket.closed == [(0.0, 1008, reason)]
    assert socket.told == [("mock", "mc_1", reason)]


def test_a_stream_that_named_no_leg_concerns_no_call() -> None:
    for messages in ((), (None,), ("rubbish",), (MEDIA,)):
        desk = FakeDesk()
        serve(FakeSocket(*messages), desk)
        assert desk.refusals == []


def test_what_goes_wrong_in_a_stream_that_joined_is_no_refusal() -> None:
    for end in (FrameError("started twice"), StoreError("disk full"), None):
        desk = FakeDesk(end)
        serve(FakeSocket(start(TOKEN)), desk)
        assert desk.refusals == []


def test_a_stream_that_does_not_start_in_time_is_closed() -> None:
    socket, desk = FakeSocket(), FakeDesk()
    assert serve(socket, desk) == ([("stream.silent", None)], 0)
    assert socket.closed == [(5.0, 1008, "no start in time")]


def test_a_peer_that_closes_before_the_start_is_let_go() -> None:
    socket = FakeSocket(None)
    assert serve(socket, FakeDesk()) == ([("stream.lost", None)], 0)
    assert socket.closed == []


@pytest.mark.parametrize("message", [b"binary", "rubbish", MEDIA])
def test_anything_but_a_start_closes_the_stream(message: str | bytes) -> None:
    socket, desk = FakeSocket(message), FakeDesk()
    ((event, _),), started = serve(socket, desk)
    assert (event, started, desk.streams) == ("stream.malformed", 0, [])
    assert [code for _, code, _ in socket.closed] == [1003]


def test_what_the_desk_finds_malformed_closes_the_stream() -> None:
    socket = FakeSocket(start(TOKEN))
    assert serve(socket, FakeDesk(FrameError("started twice"))) == ([("stream.malformed", "started twice")], 1)
    assert socket.closed == [(0.0, 1003, "malformed")]


def test_a_stream_that_cannot_be_recorded_is_closed() -> None:
    socket = FakeSocket(start(TOKEN))
    assert serve(socket, FakeDesk(StoreError("disk full"))) == ([("stream.unsaved", "disk full")], 1)
    assert socket.closed == [(0.0, 1011, "failed")]


def doors(*carriers: Carrier, require: bool = False, keys: Sequence[bytes] = ()) -> Streams:
    named = {carrier.name: carrier for carrier in carriers}
    return Streams(
        named, FakeDesk(), lambda: 1000.0, default="mock", keys=keys, pre_start_timeout=5.0, require_signature=require
    )


def test_a_credential_in_a_path_names_its_carrier() -> None:
    streams = doors(PATIENT, MOCK, keys=[KEY])
    assert (
        streams.carrier_of(mint(KEY, call_id=CLAIM.call_id, nonce="n", expires=2000.0, carrier=PATIENT.name)) is PATIENT
    )
    for other in (MOCK.name, "nobody", ""):
        with pytest.raises(StreamRefused, match="wrong call"):
            streams.carrier_of(mint(KEY, call_id=CLAIM.call_id, nonce="n", expires=2000.0, carrier=other))
    with pytest.raises(StreamRefused, match="expired"):
        streams.carrier_of(mint(KEY, call_id=CLAIM.call_id, nonce="n", expires=999.0, carrier=PATIENT.name))


def test_the_default_carrier_comes_first_unless_the_handshake_bears_anothers_signature() -> None:
    twilio = TwilioCarrier("AC1", "tok")
    assert doors(twilio, MOCK).carrier({}) is MOCK
    assert doors(twilio, MOCK).carrier({"x-twilio-signature": "x"}) is twilio
    assert doors(PATIENT, twilio).carrier({}) is twilio
    assert doors(PATIENT).carrier({}) is None


WSS = "wss://voice.example.org/media/ab12"
SIGNED = "fvzdqJSO8l/su6fST8UXwvV/Bh8="
"""Made with `tok_demo`."""


@pytest.mark.parametrize(
    ("signature", "require", "admitted", "logged"),
    [
        (SIGNED, False, True, ["stream.signature", "debug"]),
        (SIGNED, True, True, ["stream.signature", "debug"]),
        ("wrong", False, True, ["stream.signature", "warning"]),
        ("wrong", True, False, ["stream.refused", "warning"]),
        (None, False, True, []),
        (None, True, False, ["stream.refused", "warning"]),
    ],
)
def test_a_handshake_is_as_good_as_its_signature_must_be(
    signature: str | None, require: bool, admitted: bool, logged: list[str]
) -> None:
    headers = {} if signature is None else {"x-twilio-signature": signature}
    twilio = TwilioCarrier("AC1", "tok_demo")
    with capture_logs() as logs:
        assert doors(twilio, require=require).admits(twilio, Webhook("GET", WSS, headers, b"", "peer")) is admitted
    assert [word for log in logs for word in (log["event"], log["log_level"])] == logged
    for log in logs:
        if log["log_level"] == "warning":
            assert WSS in log["tried"]
            assert ("missing" if signature is None else "wrong") in log["reason"]
