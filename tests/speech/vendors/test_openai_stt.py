"""What is OpenAI's own about its transcription: the session, what is sent and when, items, errors."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.speech.vendors.kits import KEY, SILENCE, SPEECH, Run, running, until
from voicecall.emulators.vendors import listening
from voicecall.emulators.vendors.openai_speech import OpenAISpeech
from voicecall.errors import SpeechError
from voicecall.speech import Report, Speech, Transcription, Trouble, VendorOptions
from voicecall.speech.stt.openai import OpenAITranscriber
from voicecall.speech.stt.remote import RemoteStream


class Call:
    def __init__(self, emulator: OpenAISpeech, origin: str, language: str, options: dict[str, Any]) -> None:
        self.emulator = emulator
        self.reports: list[Report] = []
        given = VendorOptions(**({"api_key": KEY, "base_url": origin} | options))
        self.stream: RemoteStream = OpenAITranscriber(given, due=1.0).open(self.reports.append, language)
        self.run = Run()

    def feed(self, audio: bytes, frames: int) -> None:
        for _ in range(frames):
            self.stream.feed(audio)

    def say(self, segment: int, frames: int = 25) -> None:
        self.stream.speech_started(segment, 0.0)
        self.feed(SPEECH, frames)
        self.stream.speech_stopped(segment)

    async def final(self, segment: int) -> Transcription:
        def finals() -> list[Transcription]:
            said = [one for one in self.reports if isinstance(one, Transcription)]
            return [one for one in said if one.segment == segment and one.final]

        await until(finals)
        return finals()[0]

    def partials(self) -> list[str]:
        return [one.text for one in self.reports if isinstance(one, Transcription) and not one.final]

    def sent(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.emulator.seen if event["type"] == kind]

    def audio(self) -> bytes:
        return b"".join(base64.b64decode(event["audio"]) for event in self.sent("input_audio_buffer.append"))


@asynccontextmanager
async def calling(language: str = "en", **options: Any) -> AsyncIterator[Call]:
    emulator = OpenAISpeech()
    async with asyncio.timeout(8.0), listening(emulator.app) as origin:
        call = Call(emulator, origin, language, options)
        async with running(call.stream) as call.run:
            yield call
        call.stream.close()


def play(act: Callable[[Call], Awaitable[None]], **options: Any) -> None:
    async def main() -> None:
        async with calling(**options) as call:
            await act(call)

    asyncio.run(main())


def session(call: Call) -> dict[str, Any]:
    given: dict[str, Any] = call.sent("session.update")[0]["session"]["audio"]["input"]
    return given


def test_the_session_transcribes_mulaw_and_leaves_the_turns_to_us() -> None:
    async def act(call: Call) -> None:
        await until(lambda: call.emulator.seen)
        assert call.emulator.queries == [{"intent": "transcription"}]
        assert session(call) == {
            "format": {"type": "audio/pcmu"},
            "transcription": {"model": "gpt-live-transcribe", "languages": ["de"]},
            "turn_detection": None,
        }

    play(act, language="de-AT")


def test_what_is_configured_reaches_the_session() -> None:
    async def act(call: Call) -> None:
        await until(lambda: call.emulator.seen)
        assert session(call)["transcription"] == {
            "model": "gpt-realtime-whisper",
            "language": "fr",
            "prompt": "A chemist's.",
            "keywords": ["aspirin", "ibuprofen"],
            "delay": "minimal",
        }
        assert session(call)["noise_reduction"] == {"type": "far_field"}

    extra = (("keywords", "aspirin, ibuprofen"), ("delay", "minimal"), ("noise_reduction", "far_field"))
    play(act, model="gpt-realtime-whisper", language="fr-CA", instructions="A chemist's.", extra=extra)


def test_only_speech_is_sent_with_its_lead_and_a_little_from_before() -> None:
    async def act(call: Call) -> None:
        call.feed(SILENCE, 100)
        call.feed(SPEECH, 5)
        call.stream.speech_started(1, 0.1)
        call.feed(SPEECH, 20)
        call.stream.speech_stopped(1)
        call.feed(SILENCE, 100)
        await call.final(1)
        assert call.audio() == SILENCE * 15 + SPEECH * 25

    play(act)


def test_less_than_can_be_transcribed_has_no_words_and_is_taken_back() -> None:
    async def act(call: Call) -> None:
        call.emulator.texts.append("whole words")
        call.say(1, frames=4)
        assert await call.final(1) == Transcription(1, "", final=True)
        call.say(2)
        assert (await call.final(2)).text == "whole words"
        assert len(call.sent("input_audio_buffer.commit")) == 1

    play(act)


def test_a_connection_that_was_lost_costs_no_words() -> None:
    async def act(call: Call) -> None:
        call.emulator.texts.append("every single word")
        await until(lambda: call.emulator.seen)
        call.emulator.wrong = "drop"
        call.stream.speech_started(1, 0.0)
        call.feed(SPEECH, 25)
        await until(lambda: call.emulator.connections == 2)
        call.emulator.wrong = None
        call.feed(SPEECH, 5)
        call.stream.speech_stopped(1)
        assert await call.final(1) == Transcription(1, "every single word", final=True)

    play(act)


def test_what_was_heard_before_a_loss_is_heard_anew() -> None:
    async def act(call: Call) -> None:
        call.emulator.texts.append("every single word")
        call.stream.speech_started(1, 0.0)
        call.feed(SPEECH, 25)
        await until(call.partials)
        await call.emulator.close_idle()
        await until(lambda: call.emulator.connections == 2)
        call.stream.speech_stopped(1)
        assert await call.final(1) == Transcription(1, "every single word", final=True)
        assert set(call.partials()) <= {"every", "every single", "every single word"}

    play(act)


def test_speech_that_ends_every_connection_is_given_up_at_its_end() -> None:
    async def act(call: Call) -> None:
        await until(lambda: call.emulator.seen)
        call.emulator.wrong = "drop"
        call.stream.speech_started(1, 0.0)
        call.feed(SPEECH, 25)
        await until(lambda: call.emulator.connections == 3)
        call.feed(SPEECH, 25)
        call.stream.speech_stopped(1)
        final = await call.final(1)
        assert "lost" in final.error
        await until(lambda: len(call.sent("session.update")) == 3)
        assert call.emulator.connections == 3

    play(act)


@pytest.mark.parametrize("first", ["one", ""])
def test_words_that_come_in_another_order_go_where_they_belong(first: str) -> None:
    async def act(call: Call) -> None:
        call.emulator.texts.extend((first, "two"))
        call.emulator.swaps = True
        call.say(1)
        call.say(2)
        assert (await call.final(1)).text == first
        assert (await call.final(2)).text == "two"
        finals = [one.segment for one in call.reports if isinstance(one, Transcription) and one.final]
        assert finals == [2, 1]

    play(act)


def test_a_transcription_that_failed_is_told_without_its_words() -> None:
    async def act(call: Call) -> None:
        call.emulator.texts.append("secret")
        call.emulator.wrong = "error"
        call.say(1)
        final = await call.final(1)
        assert final.error == "stt.openai: transcription failed (transcription_failed)"

    play(act)


def test_an_unknown_model_ends_it_and_names_the_setting() -> None:
    async def act(call: Call) -> None:
        await until(lambda: call.run.ended)
        assert call.run.error is not None
        assert not call.run.error.retryable
        assert "stt.openai.model" in str(call.run.error)
        assert "model_not_found" in str(call.run.error)

    play(act, model="gpt-nowhere")


def test_a_model_without_voice_activity_detection_is_refused_that_task() -> None:
    with pytest.raises(SpeechError, match="gpt-live-transcribe cannot notice speech"):
        OpenAITranscriber(VendorOptions(model="gpt-live-transcribe", extra=(("vad", "vendor"),)))


def test_the_vendors_own_notice_of_speech_tells_when_it_began_and_ended() -> None:
    async def main() -> None:
        emulator = OpenAISpeech()
        noticed: list[Speech] = []

        def take(report: Report) -> None:
            if isinstance(report, Speech):
                noticed.append(report)
                if report.started:
                    stream.speech_started(1, report.lead)
                else:
                    stream.speech_stopped(1)

        async with asyncio.timeout(8.0), listening(emulator.app) as origin:
            options = VendorOptions(api_key=KEY, base_url=origin, extra=(("vad", "vendor"),))
            stream = OpenAITranscriber(options).open(take)
            async with running(stream):
                for audio, frames in ((SILENCE, 50), (SPEECH, 30), (SILENCE, 75)):
                    for _ in range(frames):
                        stream.feed(audio)
                await until(lambda: len(noticed) == 2)
            stream.close()
        assert noticed[0].lead == pytest.approx(105 * 0.02)
        assert noticed[1].silence == pytest.approx(75 * 0.02)
        detection = emulator.seen[0]["session"]["audio"]["input"]["turn_detection"]
        assert detection == {"type": "server_vad", "prefix_padding_ms": 300, "silence_duration_ms": 500}

    asyncio.run(main())


def test_a_loss_is_told_once_and_by_name() -> None:
    async def act(call: Call) -> None:
        await until(lambda: call.emulator.seen)
        await call.emulator.close_idle()
        await until(lambda: call.emulator.connections == 2)
        troubles = [one for one in call.reports if isinstance(one, Trouble)]
        assert [one.code for one in troubles] == ["reconnected"]
        assert "stt.openai" in troubles[0].text

    play(act)
