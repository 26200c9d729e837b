"""Media streams of the simulated Twilio, in virtual time: messages, marks, and how they end."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import Mapping

import pytest

from tests.emulators.twilio_rig import ORIGIN, STREAM, Hook, Stream, Tone, World, journal, play
from voicecall.emulators.clock import run_virtual
from voicecall.emulators.faces import Parties
from voicecall.emulators.faults import Faults
from voicecall.emulators.legs import Leg
from voicecall.emulators.memory import MemorySocket
from voicecall.emulators.network import Network, Wires
from voicecall.emulators.script import Step
from voicecall.emulators.twilio.face import TwilioFace
from voicecall.emulators.twilio.signing import signature


async def stream_of(world: World, leg: Leg) -> Stream:
    """Return the stream, a tenth of a second after it was opened."""
    while not leg.connected:  # noqa: ASYNC110 - time is virtual
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.1)
    return world.gateway.streams[-1]


def events(hooks: list[Hook]) -> list[str]:
    return [hook.form["StreamEvent"] for hook in hooks]


def test_a_stream_begins_with_connected_and_start_and_carries_20_ms_frames() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        stream = await stream_of(world, leg)
        await asyncio.sleep(1)
        assert stream.events()[0] == {"event": "connected", "protocol": "Call", "version": "1.0.0"}
        sid = stream.sid
        assert (sid[:2], len(sid)) == ("MZ", 34)
        assert stream.events()[1] == {
            "event": "start",
            "sequenceNumber": "1",
            "streamSid": sid,
            "start": {
                "streamSid": sid,
                "accountSid": world.face.account.sid,
                "callSid": leg.parties.call,
                "tracks": ["inbound"],
                "customParameters": {"token": "t&1"},
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            },
        }
        media = stream.events("media")
        assert len(media) == pytest.approx(55, abs=2)
        assert [int(message["media"]["chunk"]) for message in media] == list(range(1, len(media) + 1))
        assert [int(message["sequenceNumber"]) for message in media] == list(range(2, len(media) + 2))
        third = media[2]["media"]
        assert (third["track"], len(b64decode(third["payload"]))) == ("inbound", 160)
        assert int(third["timestamp"]) - int(media[1]["media"]["timestamp"]) == 20

    gateway = play(scene, {"/voice": STREAM})
    assert gateway.streams[0].url == "wss://voice.example.org/media"
    headers = gateway.streams[0].headers
    assert headers == {"X-Twilio-Signature": signature("twilio", "wss://voice.example.org/media")}
    (hook,) = gateway.at("/stream")
    assert (hook.form["StreamEvent"], hook.form["StreamName"]) == ("stream-started", hook.form["StreamSid"])


def test_marks_return_when_what_precedes_them_was_played() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        stream = await stream_of(world, leg)
        await stream.play(3)
        await stream.send("mark", mark={"name": "a"})
        await asyncio.sleep(5)
        assert stream.times("mark") == [pytest.approx(0.7 + 3, abs=0.05)]
        (mark,) = stream.events("mark")
        assert (mark["mark"], mark["streamSid"]) == ({"name": "a"}, stream.sid)
        assert len(leg.ear.spans) == 1

    play(scene, {"/voice": STREAM})


def test_clear_empties_the_queue_and_returns_every_mark_at_once() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        stream = await stream_of(world, leg)
        await stream.play(3)
        for name in "ab":
            await stream.send("mark", mark={"name": name})
        await asyncio.sleep(1)
        await stream.send("clear")
        await asyncio.sleep(1)
        assert [message["mark"]["name"] for message in stream.events("mark")] == ["a", "b"]
        assert stream.times("mark") == [pytest.approx(1.72, abs=0.03)] * 2
        assert leg.ear.spans[0].end == pytest.approx(1.1, abs=0.05)

    play(scene, {"/voice": STREAM})


def test_keys_and_speech_of_the_phone_arrive_on_the_stream() -> None:
    async def scene(world: World) -> None:
        await world.network.script("+15550100009", [Step(press="5#"), Step(say="Hello")])
        stream = await stream_of(world, await world.dial())
        await asyncio.sleep(3)
        digits = [message["dtmf"] for message in stream.events("dtmf")]
        assert digits == [{"track": "inbound_track", "digit": "5"}, {"track": "inbound_track", "digit": "#"}]
        loud = [message for message in stream.events("media") if b64decode(message["media"]["payload"])[0] == 0x10]
        assert len(loud) == 50

    play(scene, {"/voice": STREAM})


def test_the_document_goes_on_when_the_gateway_closes_the_socket() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        stream = await stream_of(world, leg)
        await stream.play(9)
        await stream.socket.close()
        await asyncio.sleep(0.5)
        assert world.codes() == [31921]
        assert await world.status(leg) == "in-progress"
        await asyncio.sleep(1)
        assert [text for _, _, text in journal(leg, "say")] == ["Goodbye"]
        assert await world.status(leg) == "completed"

    gateway = play(scene, {"/voice": STREAM + "<Say>Goodbye</Say>"})
    assert events(gateway.at("/stream")) == ["stream-started", "stream-stopped"]


def test_a_call_without_further_verbs_ends_with_its_stream() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        await (await stream_of(world, leg)).socket.close(1011)
        await asyncio.sleep(0.1)
        assert await world.status(leg) == "completed"

    play(scene, {"/voice": STREAM})


def test_the_action_of_connect_is_asked_after_the_stream() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        await (await stream_of(world, leg)).socket.close()
        await asyncio.sleep(1)

    document = STREAM.replace("<Connect>", '<Connect action="/after">')
    assert play(scene, {"/voice": document}).paths() == ["/voice", "/stream", "/stream", "/after"]


def test_new_twiml_kills_the_stream() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        stream = await stream_of(world, leg)
        await stream.play(9)
        await world.update(leg, Twiml="<Response><Say>Wait</Say><Pause length='9'/></Response>")
        await asyncio.sleep(0.5)
        assert stream.events()[-1]["event"] == "stop"
        assert stream.events()[-1]["stop"] == {"accountSid": world.face.account.sid, "callSid": leg.parties.call}
        assert stream.socket.code == 1000
        assert not leg.connected
        assert [text for _, _, text in journal(leg, "say")] == ["Wait"]
        await asyncio.sleep(1)
        assert await world.status(leg) == "in-progress"
        assert leg.ear.spans[-1].end == pytest.approx(1.15, abs=0.1)
        assert world.codes() == []

    gateway = play(scene, {"/voice": STREAM + "<Say>never</Say>"})
    assert events(gateway.at("/stream")) == ["stream-started", "stream-stopped"]


def test_new_twiml_kills_a_stream_that_is_being_opened() -> None:
    async def scene(world: World) -> None:
        world.gateway.handshake = 1.0
        leg = await world.dial()
        await asyncio.sleep(1)
        await world.update(leg, Twiml="<Response><Say>Wait</Say><Pause length='9'/></Response>")
        await asyncio.sleep(2)
        (stream,) = world.gateway.streams
        assert [message["event"] for message in stream.events()] == ["connected", "start", "stop"]
        assert [text for _, _, text in journal(leg, "say")] == ["Wait"]

    play(scene, {"/voice": STREAM})


def test_a_handshake_that_takes_too_long_is_given_up() -> None:
    async def scene(world: World) -> None:
        world.gateway.handshake = 9.0
        await world.dial()
        await asyncio.sleep(7)
        assert world.codes() == [31901]

    assert play(scene, {"/voice": STREAM}).streams == []


def test_a_redirect_after_the_stream_opens_another_one() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        first = await stream_of(world, leg)
        await first.socket.close()
        await asyncio.sleep(0.2)
        second = await stream_of(world, leg)
        assert first.sid != second.sid
        assert second.events("media")[0]["media"]["chunk"] == "1"

    assert len(play(scene, {"/voice": STREAM + "<Redirect>/voice</Redirect>"}).streams) == 2


def test_the_end_of_the_call_stops_the_stream_before_it_is_reported() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial(StatusCallback=f"{ORIGIN}/status")
        stream = await stream_of(world, leg)
        leg.hang_up()
        await asyncio.sleep(0.5)
        assert (stream.events()[-1]["event"], stream.socket.code) == ("stop", 1000)

    assert play(scene, {"/voice": STREAM}).paths() == ["/voice", "/stream", "/stream", "/status"]


def test_a_query_string_of_the_stream_url_never_arrives() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        assert (await stream_of(world, leg)).url == "wss://voice.example.org/media"
        assert len(journal(leg, "query-dropped")) == 1

    play(scene, {"/voice": STREAM.replace("/media", "/media?token=t")})


def test_a_parameter_of_500_characters_never_arrives() -> None:
    async def scene(world: World) -> None:
        stream = await stream_of(world, await world.dial())
        assert set(stream.events("start")[0]["start"]["customParameters"]) == {"fits"}
        assert world.codes() == [12200]

    fits, long = "<Parameter name='fits' value='{}'/>", "<Parameter name='long' value='{}'/>"
    document = STREAM.replace("</Stream>", fits.format("x" * 495) + long.format("x" * 496) + "</Stream>")
    play(scene, {"/voice": document.replace('<Parameter name="token" value="t&amp;1"/>', "")})


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (STREAM.replace("wss:", "ws:"), 31922),
        (STREAM.replace("wss:", "https:"), 31922),
        (STREAM.replace("wss://voice.example.org", "wss://["), 31922),
        (STREAM.replace("<Stream", '<Stream track="both_tracks"'), 31941),
    ],
)
def test_a_stream_that_breaks_the_rules_is_not_opened(document: str, code: int) -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        await asyncio.sleep(1)
        assert world.codes() == [code]
        assert await world.status(leg) == "completed"

    assert play(scene, {"/voice": document}).streams == []


def test_a_refused_handshake_is_an_error_and_the_document_goes_on() -> None:
    async def scene(world: World) -> None:
        world.gateway.refuses_streams = ConnectionRefusedError()
        leg = await world.dial()
        await asyncio.sleep(1)
        assert world.codes() == [31920]
        assert [text for _, _, text in journal(leg, "say")] == ["Sorry"]

    (hook,) = play(scene, {"/voice": STREAM + "<Say>Sorry</Say>"}).at("/stream")
    assert (hook.form["StreamEvent"], hook.form["StreamError"]) == ("stream-error", "31920")


def test_a_socket_that_breaks_is_not_opened_again() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        await asyncio.sleep(5)
        assert world.codes() == [31903]
        assert await world.status(leg) == "completed"

    gateway = play(scene, {"/voice": STREAM}, faults=Faults(stream_drop_after=2.0))
    assert len(gateway.streams) == 1
    assert events(gateway.at("/stream")) == ["stream-started", "stream-error"]


def test_a_call_update_does_not_wait_until_a_broken_socket_is_noticed() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        await asyncio.sleep(5)
        assert (leg.connected, world.codes()) == (False, [])
        await world.update(leg, Twiml=f"<Response>{STREAM}</Response>")
        await asyncio.sleep(1)
        assert (leg.connected, world.codes()) == (True, [31903])

    plan = Faults(stream_drop_after=2.0, stream_return_after=60.0)
    gateway = play(scene, {"/voice": STREAM}, faults=plan)
    assert events(gateway.at("/stream"))[:3] == ["stream-started", "stream-error", "stream-started"]


def test_more_than_ten_minutes_of_queued_audio_is_dropped_with_one_warning() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        stream = await stream_of(world, leg)
        for _ in range(3):
            await stream.play(240)
        await stream.play(1)
        await stream.play(1)
        await asyncio.sleep(0.1)
        assert 599 < leg.playout.seconds <= 600
        assert world.codes() == [31931]

    play(scene, {"/voice": STREAM})


def test_a_message_that_twilio_refuses_has_no_effect_but_one_warning() -> None:
    async def scene(world: World) -> None:
        stream = await stream_of(world, await world.dial())
        for _ in range(2):
            await stream.socket.send('{"event": "shout", "streamSid": "MZ"}')
        await stream.socket.send("hello")
        await stream.send("mark", mark={"name": "alive"})
        await asyncio.sleep(0.1)
        assert len(stream.events("mark")) == 1
        assert world.codes() == [31951, 31950]

    play(scene, {"/voice": STREAM})


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
            parties = Parties("", "inbound", "+15550100009", "+15550100010", f"{ORIGIN}/voice")
            leg = await network.ring(TwilioFace(), parties, ())
            await asyncio.sleep(1)
            assert leg.connected

    run_virtual(main)
    assert posts == [f"{ORIGIN}/voice", f"{ORIGIN}/stream"]
    assert sockets == ["wss://voice.example.org/media"]
