"""What is ElevenLabs' own about its transcription: the query, commits, errors, answers that are missing."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.speech.vendors.kits import KEY, SILENCE, SPEECH, Run, running, until
from voicecall.emulators.vendors import listening
from voicecall.emulators.vendors.elevenlabs import ElevenLabs
from voicecall.speech import Report, Transcription, VendorOptions
from voicecall.speech.stt.elevenlabs import ElevenLabsTranscriber
from voicecall.speech.stt.remote import RemoteStream


class Call:
    def __init__(self, emulator: ElevenLabs, origin: str, language: str, due: float, options: dict[str, Any]) -> None:
        self.emulator = emulator
        self.reports: list[Report] = []
        given = VendorOptions(**({"api_key": KEY, "base_url": origin} | options))
        self.stream: RemoteStream = ElevenLabsTranscriber(given, due=due).open(self.reports.append, language)
        self.run = Run()

    def feed(self, audio: bytes, frames: int) -> None:
        for _ in range(frames):
            self.stream.feed(audio)

    def say(self, segment: int, frames: int = 25) -> None:
        self.stream.speech_started(segment, 0.0)
        self.feed(SPEECH, frames)
        self.stream.speech_stopped(segment)

    def finals(self, segment: int) -> list[Transcription]:
        said = [one for one in self.reports if isinstance(one, Transcription)]
        return [one for one in said if one.segment == segment and one.final]

    async def final(self, segment: int) -> Transcription:
        await until(lambda: self.finals(segment))
        return self.finals(segment)[0]

    def commits(self) -> int:
        return sum(event["commit"] for event in self.emulator.seen)

    def audio(self) -> bytes:
        return b"".join(base64.b64decode(event["audio_base_64"]) for event in self.emulator.seen)


@asynccontextmanager
async def calling(language: str = "en", due: float = 1.0, **options: Any) -> AsyncIterator[Call]:
    emulator = ElevenLabs()
    async with asyncio.timeout(8.0), listening(emulator.app) as origin:
        call = Call(emulator, origin, language, due, options)
        async with running(call.stream) as call.run:
            yield call
        call.stream.close()


def play(act: Callable[[Call], Awaitable[None]], **options: Any) -> None:
    async def main() -> None:
        async with calling(**options) as call:
            await act(call)

    asyncio.run(main())


def test_the_query_asks_for_mulaw_and_leaves_the_commits_to_us() -> None:
    async def act(call: Call) -> None:
        await until(lambda: call.emulator.queries)
        assert call.emulator.queries == [
            {
                "model_id": "scribe_v2_realtime",
                "audio_format": "ulaw_8000",
                "language_code": "es",
                "commit_strategy": "manual",
                "no_verbatim": "true",
            }
        ]

    play(act, language="es-MX", extra=(("no_verbatim", "true"),))


def test_only_speech_is_sent_and_then_committed_once() -> None:
    async def act(call: Call) -> None:
        call.feed(SILENCE, 100)
        call.say(1, frames=20)
        call.feed(SILENCE, 100)
        await call.final(1)
        assert call.audio() == SILENCE * 15 + SPEECH * 20
        assert call.commits() == 1

    play(act)


def test_less_than_can_be_transcribed_has_no_words() -> None:
    async def act(call: Call) -> None:
        call.say(1, frames=14)
        assert await call.final(1) == Transcription(1, "", final=True)
        assert call.commits() == 0

    play(act)


def test_what_scribe_commits_by_itself_is_a_part_of_the_segment() -> None:
    async def act(call: Call) -> None:
        call.emulator.longest = 1.0
        call.emulator.texts.extend(("a long story", "and its end"))
        call.stream.speech_started(1, 0.0)
        call.feed(SPEECH, 51)
        await until(lambda: [one for one in call.emulator.sent if one["message_type"] == "committed_transcript"])
        call.feed(SPEECH, 1)
        await until(lambda: "a long story and" in [one.text for one in call.reports if isinstance(one, Transcription)])
        call.feed(SPEECH, 25)
        call.stream.speech_stopped(1)
        assert await call.final(1) == Transcription(1, "a long story and its end", final=True)

    play(act)


def test_a_missing_answer_does_not_give_the_words_to_another_segment() -> None:
    async def act(call: Call) -> None:
        call.emulator.texts.extend(("lost", "found", "found"))
        call.emulator.forgets = 1
        call.say(1)
        assert "no transcript" in (await call.final(1)).error
        call.say(2)
        assert await call.final(2) == Transcription(2, "found", final=True)
        assert call.emulator.connections == 2
        assert len(call.finals(1)) == 1

    play(act, due=0.3)


@pytest.mark.parametrize(
    ("kind", "advice"),
    [("auth_error", "stt.elevenlabs.api_key"), ("quota_exceeded", "account"), ("unaccepted_terms", "terms")],
)
def test_a_refusal_on_the_socket_ends_it_with_the_way_out(kind: str, advice: str) -> None:
    async def act(call: Call) -> None:
        call.emulator.refusal = kind
        call.say(1)
        await until(lambda: call.run.ended)
        assert call.run.error is not None
        assert not call.run.error.retryable
        assert advice in str(call.run.error)
        assert KEY not in str(call.run.error)
        assert (await call.final(1)).error

    play(act)
