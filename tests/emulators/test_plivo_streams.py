"""Audio streams of the simulated Plivo, in virtual time: messages, checkpoints, and how they end."""

from __future__ import annotations

import asyncio
from base64 import b64decode

import pytest

from tests.emulators.plivo_rig import (
    BACK,
    MULAW,
    ORIGIN,
    PHONE,
    STREAM,
    URL,
    WAIT,
    World,
    ended,
    events,
    journal,
    play,
)
from voicecall.emulators.faults import Faults
from voicecall.emulators.plivo.account import Account
from voicecall.emulators.plivo.readings import Readings
from voicecall.emulators.script import Step


def test_a_stream_begins_with_start_and_carries_20_ms_frames() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        stream = await world.stream_of(leg)
        await asyncio.sleep(1)
        assert stream.events()[0] == {
            "event": "start",
            "sequenceNumber": 0,
            "start": {
                "callId": leg.parties.call,
                "streamId": stream.sid,
                "accountId": world.face.account.auth_id,
                "tracks": ["inbound"],
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000},
            },
            "extra_headers": "",
        }
        media = stream.events("media")
        assert len(media) == pytest.approx(55, abs=2)
        assert [message["sequenceNumber"] for message in media] == list(range(1, len(media) + 1))
        assert [message["media"]["chunk"] for message in media] == list(range(1, len(media) + 1))
        assert {message["streamId"] for message in media} == {stream.sid}
        third = media[2]["media"]
        assert (third["track"], len(b64decode(third["payload"]))) == ("inbound", 160)
        assert int(third["timestamp"]) - int(media[1]["media"]["timestamp"]) == 20
        assert int(third["timestamp"]) > 1_800_000_000_000

    gateway = play(scene, {"/answer": STREAM})
    assert gateway.streams[0].url == URL
    (hook,) = gateway.at("/stream")
    assert (hook.form["Event"], hook.form["StreamID"]) == ("StartStream", gateway.streams[0].sid)
    assert "X-Plivo-Signature-V3" in hook.headers


def test_a_checkpoint_is_reported_when_what_precedes_it_was_played() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        stream = await world.stream_of(leg)
        await stream.play(3)
        await stream.send("checkpoint", name="a")
        await asyncio.sleep(5)
        assert stream.times("playedStream") == [pytest.approx(0.7 + 3, abs=0.05)]
        (played,) = stream.events("playedStream")
        assert (played["name"], played["streamId"]) == ("a", stream.sid)
        assert len(leg.ear.spans) == 1

    play(scene, {"/answer": STREAM})


def test_checkpoints_of_cleared_audio_never_come_back() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        stream = await world.stream_of(leg)
        await stream.play(3)
        for name in "ab":
            await stream.send("checkpoint", name=name)
        await asyncio.sleep(1)
        await stream.send("clearAudio")
        await stream.send("checkpoint", name="after")
        await asyncio.sleep(3)
        assert [message["name"] for message in stream.events("playedStream")] == ["after"]
        (cleared,) = stream.events("clearedAudio")
        assert cleared["streamId"] == stream.sid
        assert stream.times("clearedAudio") == [pytest.approx(1.72, abs=0.03)]
        assert leg.ear.spans[0].end == pytest.approx(1.1, abs=0.05)
        assert len(journal(leg, "clear")) == 1

    play(scene, {"/answer": STREAM})


def test_keys_go_both_ways() -> None:
    async def scene(world: World) -> None:
        await world.network.script(PHONE, [Step(press="5#")])
        leg = await world.dial()
        stream = await world.stream_of(leg)
        await stream.send("sendDTMF", dtmf="12#")
        await asyncio.sleep(1)
        assert [message["dtmf"]["digit"] for message in stream.events("dtmf")] == ["5", "#"]
        assert [text for _, _, text in journal(leg, "digit")] == ["1", "2", "#"]

    play(scene, {"/answer": STREAM})


def test_by_default_a_stream_is_one_way_and_the_document_runs_out_beside_it() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial(hangup_url=f"{ORIGIN}/hangup")
        await asyncio.sleep(1)
        assert leg.status == "ended"

    gateway = play(scene, {"/answer": f"<Stream>{URL}</Stream>"})
    assert ended(gateway, "/hangup")[0] == "4010"


def test_a_one_way_stream_plays_nothing() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        stream = await world.stream_of(leg)
        await stream.play(1)
        await stream.send("checkpoint", name="a")
        await asyncio.sleep(3)
        assert (leg.ear.spans, stream.events("playedStream")) == ([], [])
        assert world.warnings() == ["not_bidirectional"] * 2

    play(scene, {"/answer": f'<Stream contentType="{MULAW}">{URL}</Stream>{WAIT}'})


def test_the_next_element_runs_when_the_gateway_closes_the_socket() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        stream = await world.stream_of(leg)
        await stream.play(9)
        await stream.socket.close()
        await asyncio.sleep(0.5)
        assert leg.status == "answered"
        assert [hook.form["Event"] for hook in world.gateway.at("/back")] == ["Redirect"]
        await world.stream_of(leg)

    gateway = play(scene, {"/answer": STREAM + BACK, "/back": STREAM})
    assert events(gateway.at("/stream")) == ["StartStream", "StopStream", "StartStream"]
    assert gateway.streams[0].sid != gateway.streams[1].sid


def test_a_transfer_waits_until_the_socket_closes() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        stream = await world.stream_of(leg)
        answer = await world.transfer(leg, "/new")
        assert answer["message"] == "call transferred"
        await asyncio.sleep(5)
        assert (leg.connected, world.gateway.at("/new")) == (True, [])
        await stream.socket.close()
        await asyncio.sleep(0.5)
        assert [hook.form["Event"] for hook in world.gateway.at("/new")] == ["Redirect"]
        assert world.gateway.at("/back") == []

    play(scene, {"/answer": STREAM + BACK, "/new": WAIT})


def test_a_transfer_leaves_a_stream_alone_that_runs_beside_the_document() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        stream = await world.stream_of(leg)
        await stream.play(3)
        await asyncio.sleep(1)
        await world.transfer(leg, "/new")
        await asyncio.sleep(3)
        assert (leg.connected, len(world.gateway.at("/new"))) == (True, 1)
        (span,) = leg.ear.spans
        assert span.end - span.begin == pytest.approx(3, abs=0.05)

    document = STREAM.replace(' keepCallAlive="true"', "")
    play(scene, {"/answer": document + WAIT, "/new": WAIT})


def test_a_transfer_waits_for_a_stream_that_is_being_opened_too() -> None:
    async def scene(world: World) -> None:
        world.gateway.handshake = 1.0
        leg = await world.dial()
        await asyncio.sleep(1)
        await world.transfer(leg, "/new")
        stream = await world.stream_of(leg)
        assert world.gateway.at("/new") == []
        await stream.socket.close()
        await asyncio.sleep(0.5)
        assert len(world.gateway.at("/new")) == 1

    play(scene, {"/answer": STREAM + BACK, "/new": WAIT})


def test_a_gateway_that_reads_too_slowly_is_warned_about() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        stream = await world.stream_of(leg)
        leg.dropped = 1
        await stream.socket.close()
        await asyncio.sleep(0.1)
        assert world.warnings() == ["slow_reader"]

    play(scene, {"/answer": STREAM + WAIT})


def test_a_transfer_abandons_any_other_element_at_once() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        await world.transfer(leg, "/new", status=404)
        await asyncio.sleep(1.5)
        await world.transfer(leg, "/new")
        await asyncio.sleep(1)
        assert leg.ear.spans[0].end == pytest.approx(0.9, abs=0.03)
        await world.transfer(leg, "/bad")
        await asyncio.sleep(1)

    gateway = play(scene, {"/answer": '<Speak loop="0">long</Speak>', "/new": WAIT, "/bad": "<Pause/>"})
    assert ended(gateway)[0] == "8013"


def test_the_end_of_the_call_closes_the_socket_without_a_last_message() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial(hangup_url=f"{ORIGIN}/hangup")
        stream = await world.stream_of(leg)
        leg.hang_up()
        await asyncio.sleep(0.5)
        assert (stream.events()[-1]["event"], stream.socket.code) == ("media", 1000)

    assert play(scene, {"/answer": STREAM}).paths() == ["/answer", "/stream", "/stream", "/hangup"]


def test_another_reading_says_stop_and_names_its_events_otherwise() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        stream = await world.stream_of(leg)
        await asyncio.sleep(4)
        leg.hang_up()
        await asyncio.sleep(0.5)
        assert stream.events()[-1]["event"] == "stop"
        assert int(stream.events("media")[0]["media"]["timestamp"]) < 100

    readings = Readings(says_stop=True, stream_events="started", timestamps="relative")
    started, stopped = play(scene, {"/answer": STREAM}, account=Account(readings=readings)).at("/stream")
    assert (started.form["Event"], stopped.form["Event"], stopped.form["Duration"]) == ("started", "stopped", "4")


@pytest.mark.parametrize(
    ("reading", "written"),
    [("semicolon", "token=t1;b=2"), ("comma", "token=t1,b=2"), ("json", '{"token": "t1", "b": "2"}')],
)
def test_extra_headers_are_in_every_event_that_carries_media(reading: str, written: str) -> None:
    async def scene(world: World) -> None:
        stream = await world.stream_of(await world.dial())
        assert {message["extra_headers"] for message in stream.events("start", "media")} == {written}

    account = Account(readings=Readings(extra_headers=reading))  # type: ignore[arg-type]
    play(scene, {"/answer": STREAM.replace("<Stream", '<Stream extraHeaders="token=t1,b=2"')}, account=account)


def test_a_socket_that_breaks_is_not_opened_again() -> None:
    async def scene(world: World) -> None:
        await world.dial()
        await asyncio.sleep(5)

    gateway = play(scene, {"/answer": STREAM + WAIT}, faults=Faults(stream_drop_after=2.0))
    assert len(gateway.handshakes) == 1
    assert events(gateway.at("/stream")) == ["StartStream", "DroppedStream"]


@pytest.mark.parametrize("seconds", [40, 60])
def test_more_audio_than_the_queue_holds_overflows(seconds: int) -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        stream = await world.stream_of(leg)
        await stream.play(seconds + 5)
        await asyncio.sleep(0.1)
        assert leg.playout.seconds == pytest.approx(seconds, abs=0.2)
        (error,) = stream.events("error")
        assert error["reason"] == "buffer_overflow"
        assert world.warnings() == ["buffer_overflow"]

    account = Account(readings=Readings(queue=float(seconds)))
    gateway = play(scene, {"/answer": STREAM}, account=account)
    assert events(gateway.at("/stream"))[:4] == ["StartStream", *["DegradedStream"] * 3]


def test_a_stream_lasts_no_longer_than_its_time_out() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        await asyncio.sleep(5)
        assert journal(leg, "stream-closed")[0][0] == pytest.approx(3, abs=0.05)

    play(scene, {"/answer": STREAM.replace("<Stream", '<Stream streamTimeout="3"') + WAIT})


def test_audio_of_another_format_is_refused_and_a_message_of_64_kb_breaks_the_stream() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        stream = await world.stream_of(leg)
        await stream.play(1, content_type=MULAW)
        await stream.play(1, rate=16_000)
        await asyncio.sleep(0.1)
        assert [message["reason"] for message in stream.events("playFailed")] == ["invalid_content_type"] * 2
        assert leg.ear.spans == []
        await stream.socket.send('{"event": "' + "x" * 65_536 + '"}')
        await asyncio.sleep(0.1)
        assert (leg.connected, leg.status) == (False, "answered")

    gateway = play(scene, {"/answer": STREAM + WAIT})
    assert events(gateway.at("/stream")) == ["StartStream", "DroppedStream"]
