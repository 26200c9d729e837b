"""Media streams of calls that a model leads: longer messages, a path of their own, and every other bound as ever."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from tests.entrypoints.house import KEY, House, visit
from voicecall.app.serving import public_options
from voicecall.carriers import Carrier
from voicecall.carriers.mock import MockCarrier
from voicecall.carriers.plivo import PlivoCarrier
from voicecall.carriers.telnyx import TelnyxCarrier
from voicecall.carriers.twilio import TwilioCarrier
from voicecall.config.model import Config
from voicecall.core.credentials import mint
from voicecall.core.ids import CallId
from voicecall.entrypoints import FRAME, REALTIME_FRAME, PublicOptions

API = "http://127.0.0.1:1"
USUAL, OWN = "/voice/stream", "/voice/stream/realtime"
LONGEST = 256 * 1024
Json = dict[str, Any]


def token(carrier: str, *, key: bytes = KEY, expires: float = 2000.0) -> str:
    return mint(key, call_id=CallId("01J"), nonce="n", expires=expires, carrier=carrier)


def mock_start(given: str) -> Json:
    agreed = {"encoding": "mulaw", "rate": 8000}
    return {"event": "start", "stream": "ms_1", "call": "mc_1", "parameters": {"token": given}, "format": agreed}


def twilio_start(given: str) -> Json:
    agreed = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
    start = {"streamSid": "MZ1", "callSid": "CA1", "mediaFormat": agreed, "customParameters": {"token": given}}
    return {"event": "start", "start": start}


def telnyx_start(_: str) -> Json:
    agreed = {"encoding": "PCMU", "sample_rate": 8000, "channels": 1}
    return {"event": "start", "stream_id": "s1", "start": {"call_control_id": "v3:c1", "media_format": agreed}}


def plivo_start(_: str) -> Json:
    agreed = {"encoding": "audio/x-mulaw", "sampleRate": 8000}
    return {"event": "start", "start": {"streamId": "s1", "callId": "c1", "mediaFormat": agreed}}


CARRIERS: dict[str, tuple[Callable[[], Carrier], Callable[[str], Json]]] = {
    "mock": (lambda: MockCarrier("secret", API), mock_start),
    "twilio": (lambda: TwilioCarrier("AC1", "secret", api_base_url=API), twilio_start),
    "telnyx": (lambda: TelnyxCarrier("key", "1", "", api_base_url=API), telnyx_start),
    "plivo": (lambda: PlivoCarrier("MA1", "secret", api_base_url=API), plivo_start),
}


class Visitor:
    """A carrier that opens media streams at one of the paths."""

    def __init__(self, name: str, path: str) -> None:
        make, self._start = CARRIERS[name]
        self.carrier = make()
        self._path = path
        self._in_start = self.carrier.capabilities.credential_in_start

    def path(self, given: str) -> str:
        return self._path if self._in_start else f"{self._path}/{given}"

    def start(self, given: str) -> str:
        return json.dumps(self._start(given))

    def visit(self, play: Callable[[House], Any], **options: Any) -> list[Json]:
        more: Json = {"stream_path": OWN, "other_stream_paths": (USUAL,), "max_frame": REALTIME_FRAME} | options
        return visit(play, (self.carrier,), **more)


@pytest.fixture(params=[USUAL, OWN], ids=["usual path", "own path"])
def path(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=CARRIERS)
def visitor(request: pytest.FixtureRequest, path: str) -> Visitor:
    return Visitor(request.param, path)


def test_a_message_of_256_kib_is_taken_and_a_longer_one_is_refused_unread(visitor: Visitor) -> None:
    given = token(visitor.carrier.name)

    async def play(house: House) -> None:
        async with house.client.ws_connect(visitor.path(given), max_msg_size=0) as socket:
            await socket.send_str(visitor.start(given))
            await socket.send_str("x" * LONGEST)
            assert (await socket.receive()).type is aiohttp.WSMsgType.TEXT
            await socket.send_str("y" * (LONGEST + 1))
            message = await socket.receive()
            assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1009)
            await house.desk.ended.wait()
        assert house.desk.received == ["x" * LONGEST]

    logs = visitor.visit(play)
    assert [log["code"] for log in logs if log["event"] == "stream.broken"] == [1009]


def test_what_is_too_long_is_refused_by_its_head_before_anybody_is_known(visitor: Visitor) -> None:
    given = token(visitor.carrier.name)
    upgrade = (
        f"GET {visitor.path(given)} HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )

    async def play(house: House) -> None:
        async with house.raw(upgrade.encode()) as (reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"\x81\xff" + (LONGEST + 1).to_bytes(8, "big"))
            head = await reader.readexactly(4)
            assert (head[0], int.from_bytes(head[2:], "big")) == (0x88, 1009)
        assert not house.desk.taken.is_set()

    visitor.visit(play)


def test_a_stream_that_does_not_start_in_time_is_closed(visitor: Visitor) -> None:
    async def play(house: House) -> None:
        async with house.client.ws_connect(visitor.path(token(visitor.carrier.name))) as socket:
            message = await socket.receive()
            assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1008)
        assert not house.desk.taken.is_set()

    assert "stream.silent" in [log["event"] for log in visitor.visit(play, pre_start_timeout=0.05)]


@pytest.mark.parametrize("cap", ["max_pending", "max_connections"])
def test_the_caps_hold_over_both_paths_together(visitor: Visitor, cap: str) -> None:
    given = token(visitor.carrier.name)

    async def play(house: House) -> None:
        async with house.client.ws_connect(visitor.path(given)):
            for other in (USUAL, OWN):
                assert await house.refused_upgrade(Visitor(visitor.carrier.name, other).path(given)) == 503

    assert "stream.crowded" in [log["event"] for log in visitor.visit(play, **{cap: 1})]


@pytest.mark.parametrize(
    ("reason", "bad"),
    [
        ("expired", lambda carrier: token(carrier, expires=999.0)),
        ("wrong key", lambda carrier: token(carrier, key=b"another")),
        ("malformed", lambda _: "1.x.y.z"),
    ],
)
def test_without_a_good_credential_nobody_is_let_in(visitor: Visitor, reason: str, bad: Callable[[str], str]) -> None:
    given = bad(visitor.carrier.name)

    async def play(house: House) -> None:
        if not visitor.carrier.capabilities.credential_in_start:
            assert await house.refused_upgrade(visitor.path(given)) == 403
            return
        async with house.client.ws_connect(visitor.path(given)) as socket:
            await socket.send_str(visitor.start(given))
            message = await socket.receive()
            assert (message.data, message.extra) == (1008, reason)

    assert [log["reason"] for log in visitor.visit(play) if log["event"] == "stream.refused"] == [reason]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_without_an_upgrade_the_path_says_that_it_exists(path: str, method: str) -> None:
    async def play(house: House) -> None:
        async with house.client.request(method, path) as response:
            assert (response.status, response.headers["Upgrade"]) == (426, "websocket")

    Visitor("mock", path).visit(play)


# --- what the configuration makes of it

PROXIED = "https://v.example.com/x/voice/webhook"


def options(**config: Any) -> PublicOptions:
    return public_options(Config.model_validate(config), (KEY,), frozenset())


def test_carriers_are_sent_to_the_path_of_the_model_and_the_usual_one_is_served_too() -> None:
    usual = options(realtime={"stream_path": "/rt"}, public_url=PROXIED)
    assert (usual.stream_path, usual.max_frame) == (USUAL, FRAME)
    asked = options(realtime={"enabled": True}, public_url=PROXIED)
    assert (asked.stream_path, asked.max_frame) == (USUAL, LONGEST)

    async def play(house: House) -> None:
        assert house.listener.stream_url == "wss://v.example.com/x/voice/stream/realtime"
        for served in (OWN, USUAL):
            async with house.client.ws_connect(served):
                pass

    own = options(realtime={"enabled": True, "stream_path": OWN}, public_url=PROXIED)
    assert own.max_frame == LONGEST
    visit(play, stream_path=own.stream_path, other_stream_paths=own.other_stream_paths, public_url=own.public_url)


@pytest.mark.parametrize("base", ["wss://s.example.com/y", "wss://s.example.com/y/", f"wss://s.example.com/y{USUAL}"])
def test_a_base_of_its_own_leads_to_either_path(base: str) -> None:
    async def play(house: House) -> None:
        assert house.listener.stream_url == f"wss://s.example.com/y{OWN}"

    own = options(realtime={"enabled": True, "stream_path": OWN}, streaming={"public_url": base}, public_url=PROXIED)
    visit(play, stream_path=own.stream_path, streaming_public_url=own.streaming_public_url, public_url=PROXIED)
