"""How audio streams of the simulated Plivo are opened, and which are not, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from tests.emulators.plivo_rig import BACK, MULAW, ORIGIN, OURS, PHONE, STREAM, URL, WAIT, World, events, play
from tests.emulators.twilio_rig import Tone
from voicecall.emulators.clock import run_virtual
from voicecall.emulators.faces import Parties
from voicecall.emulators.memory import MemorySocket
from voicecall.emulators.network import Network, Wires
from voicecall.emulators.plivo.account import Account
from voicecall.emulators.plivo.face import PlivoFace
from voicecall.emulators.plivo.readings import HandshakeUrl, Readings
from voicecall.emulators.plivo.signing import signature


@pytest.mark.parametrize(
    ("form", "signed"),
    [
        ("wss", URL),
        ("https", "https://voice.example.org/media?a=1"),
        ("http/websocket", "http://voice.example.org/media/websocket?a=1"),
    ],
)
def test_the_handshake_is_signed_in_the_configured_form(form: HandshakeUrl, signed: str) -> None:
    async def scene(world: World) -> None:
        await world.stream_of(await world.dial())

    gateway = play(scene, {"/answer": STREAM}, account=Account(readings=Readings(handshake_url=form)))
    headers = gateway.streams[0].headers
    nonce = headers["X-Plivo-Signature-V3-Nonce"]
    assert headers["X-Plivo-Signature-V3"] == signature("plivo", "GET", signed, (), nonce)


def test_a_handshake_that_takes_too_long_is_given_up() -> None:
    async def scene(world: World) -> None:
        world.gateway.handshake = 9.0
        await world.dial()
        await asyncio.sleep(7)
        assert world.warnings() == ["connection_failed"]

    assert play(scene, {"/answer": STREAM + WAIT}).streams == []


def test_the_networks_own_wires_are_enough_for_posts_and_streams() -> None:
    posts: list[str] = []
    sockets: list[str] = []

    async def post(url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        posts.append(url)
        return 200, f"<Response>{STREAM}</Response>".encode()

    async def connect(url: str) -> MemorySocket:
        sockets.append(url)
        return MemorySocket.pair()[0]

    async def main() -> None:
        network = Network(Wires(post, connect, lambda: 0.0), Tone(), name="t")
        async with network.running():
            leg = await network.ring(PlivoFace(), Parties("", "inbound", PHONE, OURS, f"{ORIGIN}/answer"), ())
            await asyncio.sleep(1)
            assert leg.connected

    run_virtual(main)
    assert posts == [f"{ORIGIN}/answer", f"{ORIGIN}/stream"]
    assert sockets == [URL]


@pytest.mark.parametrize(
    ("url", "trouble"),
    [
        ("ws://voice.example.org/", "invalid_url"),
        ("https://voice.example.org/", "invalid_url"),
        ("wss://[", "invalid_url"),
    ],
)
def test_a_stream_to_nowhere_is_not_opened(url: str, trouble: str) -> None:
    async def scene(world: World) -> None:
        await world.dial()
        await asyncio.sleep(1)
        assert world.warnings() == [trouble]

    gateway = play(scene, {"/answer": STREAM.replace(URL, url) + BACK, "/back": WAIT})
    assert (gateway.handshakes, len(gateway.at("/back"))) == ([], 1)
    assert events(gateway.at("/stream")) == ["DroppedStream"]


@pytest.mark.parametrize(
    ("attributes", "trouble"),
    [
        ('contentType="audio/x-mulaw"', "invalid_content_type"),
        ('contentType="audio/x-l16;rate=24000"', "invalid_content_type"),
        (f'contentType="{MULAW}" audioTrack="both"', "invalid_audio_track"),
    ],
)
def test_a_stream_that_contradicts_itself_is_not_opened(attributes: str, trouble: str) -> None:
    async def scene(world: World) -> None:
        await world.dial()
        await asyncio.sleep(1)
        assert world.warnings() == [trouble]

    document = f'<Stream bidirectional="true" keepCallAlive="true" {attributes}>{URL}</Stream>{WAIT}'
    assert play(scene, {"/answer": document}).handshakes == []


def test_a_stream_without_a_content_type_is_refused_or_linear_as_configured() -> None:
    async def scene(world: World) -> None:
        await world.dial()
        await asyncio.sleep(1)

    document = f'<Stream keepCallAlive="true">{URL}</Stream>'
    stream = play(scene, {"/answer": document}).streams[0]
    assert stream.events("start")[0]["start"]["mediaFormat"] == {"encoding": "audio/x-l16", "sampleRate": 8000}
    assert play(scene, {"/answer": document}, account=Account(readings=Readings(content_type=""))).streams == []


def test_there_is_one_stream_at_a_time() -> None:
    async def scene(world: World) -> None:
        await world.stream_of(await world.dial())
        assert world.warnings() == ["one_stream_per_call"]

    document = f"<Stream>{URL}</Stream>"
    assert len(play(scene, {"/answer": document * 2 + WAIT}).streams) == 1


def test_a_refused_socket_is_tried_twice_more_with_new_nonces() -> None:
    async def scene(world: World) -> None:
        world.gateway.refusals = 2
        await world.stream_of(await world.dial())

    gateway = play(scene, {"/answer": STREAM})
    assert len(gateway.streams) == 1
    assert len({headers["X-Plivo-Signature-V3-Nonce"] for headers in gateway.handshakes}) == 3


def test_a_socket_refused_three_times_is_dropped_and_the_document_goes_on() -> None:
    async def scene(world: World) -> None:
        world.gateway.refusals = 9
        await world.dial()
        await asyncio.sleep(5)
        assert world.warnings() == ["connection_failed"]

    gateway = play(scene, {"/answer": STREAM + BACK, "/back": WAIT})
    assert (len(gateway.handshakes), len(gateway.at("/back"))) == (3, 1)
    assert events(gateway.at("/stream")) == ["DroppedStream"]
