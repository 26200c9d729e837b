"""Speech without a media stream: what the network's voice says, and what the phone said in writing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from tests.emulators.telnyx_rig import PHONE, Gateway, World, play, state
from tests.emulators.twilio_rig import Tone, journal
from voicecall.emulators.script import Step
from voicecall.errors import SpeechError
from voicecall.speech import Voice


def heard(gateway: Gateway) -> list[tuple[str, bool, str]]:
    """Return the text, whether it was final, and the track of every transcription."""
    told = [hook.payload["transcription_data"] for hook in gateway.at("call.transcription")]
    return [(data["transcript"], data["is_final"], data["transcription_track"]) for data in told]


def test_a_text_is_spoken_to_the_phone_and_its_end_is_told() -> None:
    async def scene(world: World) -> None:
        leg = await world.answered()
        await world.do(leg, "speak", payload="Hello", voice="AWS.Polly.Joanna-Neural", client_state=state("p1"))
        await asyncio.sleep(3)
        (span,) = leg.ear.spans
        assert span.end - span.begin == pytest.approx(1, abs=0.03)
        assert [text for _, _, text in journal(leg, "say")] == ["Hello"]

    gateway = play(scene)
    began, ended = gateway.at("call.speak.started", "call.speak.ended")
    assert (began.type, ended.type, ended.payload["status"]) == ("call.speak.started", "call.speak.ended", "completed")
    assert ended.at - began.at == pytest.approx(1, abs=0.05)
    assert ended.payload["client_state"] == state("p1")
    assert not {"from", "to"} & ended.payload.keys()


def test_texts_are_spoken_one_after_the_other() -> None:
    async def scene(world: World) -> None:
        leg = await world.answered()
        for text in ("One", "Two"):
            await world.do(leg, "speak", payload=text, voice="v")
        await asyncio.sleep(5)
        assert [text for _, _, text in journal(leg, "say")] == ["One", "Two"]

    gateway = play(scene)
    assert gateway.types()[2:] == ["call.speak.started", "call.speak.ended"] * 2
    assert gateway.hooks[-1].at - gateway.hooks[2].at == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize(
    ("command", "said", "ends"),
    [
        (("playback_stop", {}), ["One"], 1),
        (("playback_stop", {"stop": "current"}), ["One", "Two"], 2),
        (("speak", {"payload": "Three", "voice": "v", "stop": "all"}), ["One", "Three"], 2),
        (("speak", {"payload": "Three", "voice": "v", "stop": "current"}), ["One", "Two", "Three"], 3),
    ],
)
def test_speech_is_broken_off(command: tuple[str, dict[str, str]], said: list[str], ends: int) -> None:
    async def scene(world: World) -> None:
        leg = await world.answered()
        for text in ("One", "Two"):
            await world.do(leg, "speak", payload=text, voice="v")
        await asyncio.sleep(0.5)
        action, more = command
        await world.ask("POST", f"/calls/{leg.parties.call}/actions/{action}", {**more})
        await asyncio.sleep(5)
        assert [text for _, _, text in journal(leg, "say")] == said
        assert leg.ear.spans[0].end - leg.ear.spans[0].begin < (0.6 if ends == 1 else 3)

    gateway = play(scene)
    assert len(gateway.at("call.speak.ended")) == ends
    assert gateway.at("call.speak.ended")[0].at == pytest.approx(1.2, abs=0.05)


def test_a_long_text_is_spoken_to_its_end() -> None:
    class Slow(Tone):
        async def speak(self, text: str, voice: Voice) -> AsyncGenerator[bytes, None]:
            for _ in text:
                yield b"\x10\x90" * 4000

    async def scene(world: World) -> None:
        leg = await world.answered()
        await world.do(leg, "speak", payload="x" * 200, voice="v")
        await asyncio.sleep(210)
        (span,) = leg.ear.spans
        assert span.end - span.begin == pytest.approx(200, abs=0.05)

    gateway = play(scene, voice=Slow())
    assert gateway.at("call.speak.ended")[0].at == pytest.approx(0.7 + 200, abs=0.1)


def test_silencing_silence_changes_nothing() -> None:
    async def scene(world: World) -> None:
        leg = await world.answered()
        await world.do(leg, "playback_stop")
        await world.do(leg, "speak", payload="One", voice="v")
        await asyncio.sleep(2)

    assert play(scene).types()[2:] == ["call.speak.started", "call.speak.ended"]


@pytest.mark.parametrize("closed", [True, False])
def test_the_end_of_a_media_stream_does_not_end_the_speech(*, closed: bool) -> None:
    async def scene(world: World) -> None:
        leg = await world.answered()
        stream = await world.stream(leg)
        await world.do(leg, "speak", payload="Goodbye", voice="v")
        await asyncio.sleep(0.5)
        if closed:
            await stream.socket.close()
        else:
            await world.do(leg, "streaming_stop")
        await asyncio.sleep(3)
        (span,) = leg.ear.spans
        assert span.end - span.begin == pytest.approx(1, abs=0.05)

    gateway = play(scene)
    assert gateway.types()[3:] == ["call.speak.started", "streaming.stopped", "call.speak.ended"]


def test_the_end_of_the_call_ends_the_speech_first() -> None:
    async def scene(world: World) -> None:
        leg = await world.answered()
        for text in ("One", "Two"):
            await world.do(leg, "speak", payload=text, voice="v")
        await asyncio.sleep(0.5)
        await world.do(leg, "hangup")
        await asyncio.sleep(3)

    gateway = play(scene)
    assert gateway.types()[2:] == ["call.speak.started", "call.speak.ended", "call.hangup"]
    assert gateway.payload("call.speak.ended")["status"] == "call_hangup"


def test_a_text_that_cannot_be_spoken_is_passed_over() -> None:
    class Hoarse(Tone):
        async def speak(self, text: str, voice: Voice) -> AsyncGenerator[bytes, None]:
            if text == "One":
                raise SpeechError("hoarse")
            async for chunk in super().speak(text, voice):
                yield chunk

    async def scene(world: World) -> None:
        leg = await world.answered()
        for text in ("One", "Two"):
            await world.do(leg, "speak", payload=text, voice="v")
        await asyncio.sleep(3)
        assert [text for _, _, text in journal(leg, "say")] == ["Two"]

    assert play(scene, voice=Hoarse()).types()[2:] == ["call.speak.started", "call.speak.ended"]


def test_what_the_phone_says_is_transcribed_before_and_after_it_is_final() -> None:
    async def scene(world: World) -> None:
        await world.network.script(PHONE, [Step(say="Call me back, please"), Step(wait=1.0), Step(say="Bye")])
        leg = await world.dial()
        await asyncio.sleep(0.7)
        await world.do(leg, "transcription_start", transcription_engine="Telnyx")
        await asyncio.sleep(8)

    gateway = play(scene)
    assert heard(gateway) == [
        ("Call me", False, "inbound"),
        ("Call me back, please", True, "inbound"),
        ("Bye", True, "inbound"),
    ]
    final = gateway.at("call.transcription")[1]
    assert final.at == pytest.approx(0.6 + 1 + 1 + 0.5, abs=0.1)
    assert "transcript" not in final.payload


def test_interim_results_can_be_declined() -> None:
    async def scene(world: World) -> None:
        await world.network.script(PHONE, [Step(say="Call me back")])
        await world.answered(
            transcription=True, transcription_config={"transcription_engine_config": {"interim_results": False}}
        )
        await asyncio.sleep(5)

    assert heard(play(scene)) == [("Call me back", True, "inbound")]


def test_an_incoming_call_can_be_transcribed_from_the_answer() -> None:
    async def scene(world: World) -> None:
        leg = await world.ring(Step(say="Hello"))
        await world.do(leg, "answer", transcription=True)
        await asyncio.sleep(5)

    assert heard(play(scene)) == [("Hello", True, "inbound")]


def test_an_utterance_under_way_is_not_understood() -> None:
    async def scene(world: World) -> None:
        await world.network.script(PHONE, [Step(say="One"), Step(wait=1.0), Step(say="Two")])
        leg = await world.dial()
        await asyncio.sleep(2)
        await world.do(leg, "transcription_start")
        await asyncio.sleep(5)

    assert heard(play(scene)) == [("Two", True, "inbound")]


def test_nothing_is_told_after_the_transcription_was_stopped() -> None:
    async def scene(world: World) -> None:
        await world.network.script(PHONE, [Step(say="One")])
        leg = await world.answered(transcription=True)
        assert await world.code(leg, "transcription_start") == "90054"
        await asyncio.sleep(2.1)
        await world.do(leg, "transcription_stop")
        assert await world.code(leg, "transcription_stop") == "90055"
        await asyncio.sleep(5)

    assert heard(play(scene)) == []


def test_the_networks_own_voice_is_on_the_outbound_track() -> None:
    async def scene(world: World) -> None:
        await world.network.script(PHONE, [Step(wait=2.5), Step(say="Hello")])
        leg = await world.answered()
        await world.do(leg, "transcription_start", transcription_tracks="both")
        await world.do(leg, "speak", payload="Who is there?", voice="v")
        await asyncio.sleep(6)

    assert heard(play(scene)) == [("Who is there?", True, "outbound"), ("Hello", True, "inbound")]
