"""Media streams of the simulated Telnyx, in virtual time: messages, marks, codecs, and how they end."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import Mapping

import msgspec
import pytest

from tests.emulators.telnyx_rig import ORIGIN, OURS, PHONE, STREAM, World, play, state
from tests.emulators.twilio_rig import Tone, journal
from voicecall.emulators.clock import run_virtual
from voicecall.emulators.faces import Parties
from voicecall.emulators.faults import Faults
from voicecall.emulators.memory import MemorySocket
from voicecall.emulators.network import Network, Wires
from voicecall.emulators.script import Step
from voicecall.emulators.telnyx.commands import Answer, read
from voicecall.emulators.telnyx.face import TelnyxFace


def test_a_stream_begins_with_connected_and_start_and_carries_20_ms_frames() -> None:
    async def scene(world: World) -> None:
        leg = await world.answered(client_state=state("c1"))
        parameters = [{"name": "call", "value": "c1"}]
        stream = await world.stream(leg, stream_auth_token="t1", custom_parameters=parameters)
        await asyncio.sleep(1)
        connected, start, *media = stream.events()
        token = {"x-telnyx-streaming-auth-token": "t1"}
        assert connected == {"event": "connected", "version": "1.0.0", "connected": token}
        body = start.pop("start")
        stream_id = start.pop("stream_id")
        assert start == {"event": "start", "sequence_number": "1"}
        assert body == {
            "user_id": body["user_id"],
            "call_control_id": leg.parties.call,
            "call_session_id": world.gateway.hooks[0].payload["call_session_id"],
            "from": OURS,
            "to": PHONE,
            "tags": [],
            "client_state": state("c1"),
            "custom_parameters": parameters,
            "media_format": {"encoding": "PCMU", "sample_rate": 8000, "channels": 1},
        }
        assert len(media) == pytest.approx(55, abs=2)
        assert [message["media"]["chunk"] for message in media] == [str(n + 1) for n in range(len(media))]
        assert [message["sequence_number"] for message in media] == [str(n + 2) for n in range(len(media))]
        assert {message["stream_id"] for message in media} == {stream_id}
        third = media[2]["media"]
        assert (third["track"], len(b64decode(third["payload"]))) == ("inbound", 160)
        assert int(third["timestamp"]) - int(media[1]["media"]["timestamp"]) == 20

    gateway = play(scene)
    (stream,) = gateway.streams
    assert (stream.url, stream.headers) == (STREAM["stream_url"], {"x-telnyx-streaming-auth-token": "t1"})
    assert gateway.payload("streaming.started")["stream_url"] == STREAM["stream_url"]


def test_a_stream_that_is_asked_for_with_the_answer_has_neither_token_nor_parameters() -> None:
    async def scene(world: World) -> None:
        leg = await world.ring(Step(wait=60.0))
        parameters = [{"name": "call", "value": "c1"}]
        await world.do(leg, "answer", **STREAM, stream_auth_token="t1", custom_parameters=parameters)
        await asyncio.sleep(0.5)
        (stream,) = world.gateway.streams
        assert stream.headers == {}
        assert stream.events()[0] == {"event": "connected", "version": "1.0.0"}
        assert stream.events("start")[0]["start"]["custom_parameters"] == []
        assert stream.events("media") != []

    assert play(scene).types() == ["call.initiated", "call.answered", "streaming.started"]


def test_a_dialled_call_streams_from_its_answer_on() -> None:
    async def scene(world: World) -> None:
        parameters = [{"name": "call", "value": "c1"}]
        await world.answered(**STREAM, stream_auth_token="t1", custom_parameters=parameters)
        (stream,) = world.gateway.streams
        assert stream.headers == {"x-telnyx-streaming-auth-token": "t1"}
        assert stream.events("start")[0]["start"]["custom_parameters"] == []

    assert play(scene).types() == ["call.initiated", "call.answered", "streaming.started"]


def test_marks_return_when_what_precedes_them_was_played() -> None:
    async def scene(world: World) -> None:
        leg = await world.answered()
        stream = await world.stream(leg)
        await stream.send("mark", mark={"name": "empty"})
        await stream.play(3)
        await stream.send("mark", mark={"name": "a"})
        await asyncio.sleep(5)
        empty, played = stream.times("mark")
        assert empty == pytest.approx(0.82, abs=0.03)
        assert played == pytest.approx(0.8 + 3, abs=0.05)
        assert stream.events("mark")[1]["mark"] == {"name": "a"}
        assert len(leg.ear.spans) == 1

    play(scene)


def test_clear_empties_the_queue_and_returns_every_mark_at_once() -> None:
    async def scene(world: World) -> None:
        leg = await world.answered()
        stream = await world.stream(leg)
        await stream.play(3)
        for name in "ab":
            await stream.send("mark", mark={"name": name})
        await asyncio.sleep(1)
        await stream.send("clear")
        await asyncio.sleep(1)
        assert [message["mark"]["name"] for message in stream.events("mark")] == ["a", "b"]
        assert stream.times("mark") == [pytest.approx(1.82, abs=0.03)] * 2
        assert leg.ear.spans[0].end == pytest.approx(1.2, abs=0.05)

    play(scene)


def test_keys_arrive_on_the_stream_and_as_webhooks() -> None:
    async def scene(world: World) -> None:
        await world.network.script(PHONE, [Step(press="5#")])
        await world.dial(**STREAM)
        await asyncio.sleep(3)
        assert [message["dtmf"] for message in world.gateway.streams[0].events("dtmf")] == [
            {"digit": "5"},
            {"digit": "#"},
        ]

    assert [hook.payload["digit"] for hook in play(scene).at("call.dtmf.received")] == ["5", "#"]


def test_a_malformed_message_is_answered_with_an_error_and_the_stream_goes_on() -> None:
    async def scene(world: World) -> None:
        leg = await world.answered()
        stream = await world.stream(leg)
        for text in ("hello", '{"event":"shout"}', '{"event":"media","media":{"payload":"*"}}'):
            await stream.socket.send(text)
        await stream.send("clear", stream_id="s1")
        await asyncio.sleep(0.1)
        assert stream.codes() == [100003] * 4
        assert leg.connected

    play(scene)


def test_more_audio_than_there_is_room_for_is_dropped_with_an_error() -> None:
    async def scene(world: World) -> None:
        leg = await world.answered()
        stream = await world.stream(leg)
        for _ in range(11):
            await stream.play(30)
        for name in "ab":
            await stream.send("mark", mark={"name": name})
        await asyncio.sleep(0.1)
        assert stream.codes() == [100005]
        assert 299 < leg.playout.seconds <= 300

    play(scene)


def test_the_call_stays_up_in_silence_when_the_gateway_closes_the_socket() -> None:
    async def scene(world: World) -> None:
        leg = await world.answered()
        stream = await world.stream(leg)
        await stream.play(9)
        await asyncio.sleep(0.3)
        await stream.socket.close()
        await asyncio.sleep(600)
        assert await world.alive(leg)
        assert leg.ear.spans[-1].end < 1.5
        second = await world.stream(leg)
        ids = [each.events("start")[0]["stream_id"] for each in (stream, second)]
        assert ids[0] != ids[1]
        assert second.events("media")[0]["media"]["chunk"] == "1"

    assert play(scene).types()[2:] == ["streaming.started", "streaming.stopped", "streaming.started"]


def test_a_call_has_one_stream_at_a_time() -> None:
    async def scene(world: World) -> None:
        leg = await world.answered()
        assert await world.code(leg, "streaming_stop") == "90046"
        stream = await world.stream(leg)
        assert await world.code(leg, "streaming_start", **STREAM) == "90045"
        assert await world.code(leg, "streaming_stop", stream_id="another") == "90046"
        await world.do(leg, "streaming_stop", stream_id=stream.events("start")[0]["stream_id"])
        assert await world.code(leg, "streaming_start", **STREAM) == "90045"
        await asyncio.sleep(0.1)
        assert stream.events()[-1]["stop"]["call_control_id"] == leg.parties.call
        assert stream.socket.code == 1000
        await world.stream(leg)

    assert play(scene).types()[2:] == ["streaming.started", "streaming.stopped", "streaming.started"]


def test_the_end_of_the_call_stops_the_stream_before_it_is_reported() -> None:
    async def scene(world: World) -> None:
        leg = await world.answered()
        stream = await world.stream(leg)
        leg.hang_up()
        await asyncio.sleep(0.5)
        assert (stream.events()[-1]["event"], stream.socket.code) == ("stop", 1000)

    assert play(scene).types()[2:] == ["streaming.started", "streaming.stopped", "call.hangup"]


@pytest.mark.parametrize("handshake", [0.0, 0.5])
def test_a_call_that_ends_while_its_stream_is_being_opened_never_had_one(handshake: float) -> None:
    async def scene(world: World) -> None:
        world.gateway.handshake = handshake
        leg = await world.answered()
        await world.do(leg, "streaming_start", **STREAM)
        await world.do(leg, "hangup")
        await asyncio.sleep(1)

    gateway = play(scene)
    assert gateway.types() == ["call.initiated", "call.answered", "call.hangup"]
    assert [message["event"] for stream in gateway.streams for message in stream.events()] == [
        "connected",
        "start",
        "stop",
    ]


def test_a_refused_or_endless_handshake_fails_and_the_call_stays_up() -> None:
    async def scene(world: World) -> None:
        leg = await world.answered()
        world.gateway.refuses_streams = ConnectionRefusedError()
        await world.do(leg, "streaming_start", **STREAM, stream_auth_token="secret")
        await asyncio.sleep(0.1)
        world.gateway.refuses_streams, world.gateway.handshake = None, 60.0
        await world.do(leg, "streaming_start", **STREAM)
        await asyncio.sleep(6)
        assert await world.alive(leg)

    gateway = play(scene)
    refused, endless = gateway.at("streaming.failed")
    assert refused.payload["failure_reason"] == endless.payload["failure_reason"] == "connection_failed"
    assert refused.payload["stream_id"] != endless.payload["stream_id"]
    assert refused.payload["stream_params"] == {"stream_url": STREAM["stream_url"], "track": "inbound_track"}
    assert gateway.at("streaming.started") == []


def test_a_broken_socket_is_not_opened_again() -> None:
    async def scene(world: World) -> None:
        leg = await world.answered(**STREAM)
        await asyncio.sleep(5)
        assert not leg.connected

    gateway = play(scene, faults=Faults(stream_drop_after=2.0, stream_return_after=1.0))
    (hook,) = gateway.at("streaming.failed")
    assert hook.payload["failure_reason"] == "connection_lost"
    assert hook.at == pytest.approx(3.6, abs=0.05)


def test_media_messages_overtake_each_other_on_demand_and_none_is_lost() -> None:
    async def scene(world: World) -> None:
        await world.network.script(PHONE, [Step(press="5")])
        leg = await world.answered(**STREAM)
        await asyncio.sleep(1.05)
        leg.hang_up()
        await asyncio.sleep(0.1)
        (stream,) = world.gateway.streams
        chunks = [int(message["media"]["chunk"]) for message in stream.events("media")]
        assert chunks[:8] == [2, 3, 1, 4, 6, 7, 5, 8]
        assert sorted(chunks) == list(range(1, len(chunks) + 1))
        assert stream.events()[-1]["event"] == "stop"

    play(scene, faults=Faults(media_unordered=True))


def test_an_error_for_a_gateway_that_is_gone_is_forgotten() -> None:
    async def scene(world: World) -> None:
        leg = await world.answered()
        stream = await world.stream(leg)
        await stream.socket.send("hello")
        await stream.socket.close()
        await asyncio.sleep(0.1)
        assert stream.codes() == []
        assert await world.alive(leg)

    assert play(scene).types()[2:] == ["streaming.started", "streaming.stopped"]


def test_the_networks_own_wires_are_enough_for_webhooks_and_streams() -> None:
    posts: list[str] = []
    sockets: list[str] = []

    async def post(url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        posts.append(url)
        return 200, b""

    async def connect(url: str) -> MemorySocket:
        sockets.append(url)
        return MemorySocket.pair()[0]

    async def main() -> None:
        network = Network(Wires(post, connect, lambda: 0.0), Tone(), name="t", keep=0)
        face = TelnyxFace()
        async with network.running():
            parties = Parties("", "inbound", PHONE, OURS, f"{ORIGIN}/telnyx")
            gone = await network.ring(face, parties, ())
            gone.hang_up()
            leg = await network.ring(face, parties, ())
            face.calls[leg.parties.call].obey(read(msgspec.json.encode(STREAM), Answer))
            await asyncio.sleep(1)
            assert leg.connected
            await network.ring(face, parties, ())
            assert gone.parties.call not in face.calls

    run_virtual(main)
    assert set(posts) == {f"{ORIGIN}/telnyx"}
    assert sockets == [STREAM["stream_url"]]


@pytest.mark.parametrize(
    "url", ["", "ws://voice.example.org/media", "https://voice.example.org/media", "wss://[", "wss://x/" + "y" * 2000]
)
def test_a_stream_needs_a_proper_url(url: str) -> None:
    async def scene(world: World) -> None:
        leg = await world.answered()
        code = await world.code(leg, "streaming_start", stream_url=url)
        assert code == ("10003" if url else "10004")
        assert journal(leg, "stream-start") == []

    assert play(scene).streams == []
