"""What is OpenAI's own about its speech: the request and its refusals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from tests.speech.vendors.kits import KEY, running
from voicecall.emulators.vendors import listening
from voicecall.emulators.vendors.openai_speech import OpenAISpeech
from voicecall.errors import SpeechError
from voicecall.speech import SynthesizerStream, Trouble, VendorOptions, Voice
from voicecall.speech.tts.openai import OpenAISynthesizer

HELLO = b"\x80" * 800
"""100 ms of something: mu-law."""


@asynccontextmanager
async def speaking(of_call: Voice, **options: Any) -> AsyncIterator[tuple[SynthesizerStream, OpenAISpeech]]:
    emulator = OpenAISpeech()
    emulator.voices["hello"] = HELLO
    troubles: list[Trouble] = []
    async with asyncio.timeout(8.0), listening(emulator.app) as origin:
        synthesizer = OpenAISynthesizer(VendorOptions(**({"api_key": KEY, "base_url": origin} | options)))
        async with synthesizer.ready():
            stream = synthesizer.open(of_call, troubles.append)
            async with running(stream):
                yield stream, emulator


async def say(stream: SynthesizerStream, text: str) -> bytes:
    async with aclosing(stream.speak(text)) as chunks:
        return b"".join([chunk async for chunk in chunks])


def play(
    act: Callable[[SynthesizerStream, OpenAISpeech], Awaitable[None]], of_call: Voice | None = None, **options: Any
) -> None:
    async def main() -> None:
        async with speaking(of_call or Voice(), **options) as (stream, emulator):
            await act(stream, emulator)

    asyncio.run(main())


def test_the_request_asks_for_raw_samples_and_for_nothing_that_was_not_set() -> None:
    async def act(stream: SynthesizerStream, emulator: OpenAISpeech) -> None:
        assert len(await say(stream, "hello")) == len(HELLO)
        asked = {"model": "gpt-4o-mini-tts", "voice": "alloy", "input": "hello", "response_format": "pcm"}
        assert emulator.seen == [asked]

    play(act)


def test_the_configuration_and_the_voice_of_the_call_reach_the_request() -> None:
    async def act(stream: SynthesizerStream, emulator: OpenAISpeech) -> None:
        await say(stream, "hello")
        assert emulator.seen[0] == {
            "model": "tts-1",
            "voice": "ash",
            "input": "hello",
            "response_format": "pcm",
            "speed": 1.5,
            "instructions": "Calmly.",
        }

    play(act, Voice(name="coral", pace=1.25), model="tts-1", voice="ash", speed=1.2, instructions="Calmly.")


def test_a_blank_text_is_not_asked_for() -> None:
    async def act(stream: SynthesizerStream, emulator: OpenAISpeech) -> None:
        assert await say(stream, "  ") == b""
        assert emulator.asked == 0

    play(act)


def test_a_refused_request_is_told_by_its_code_alone() -> None:
    async def act(stream: SynthesizerStream, emulator: OpenAISpeech) -> None:
        with pytest.raises(SpeechError, match=r"^tts\.openai: refused with 400 \(invalid_value\)$") as caught:
            await say(stream, "hello")
        assert not caught.value.retryable

    play(act, model="tts-9")


def test_a_voice_is_not_to_be_had_before_the_engine_is_ready() -> None:
    with pytest.raises(SpeechError, match="not ready"):
        OpenAISynthesizer(VendorOptions()).open(Voice(), lambda _: None)


def test_a_key_that_is_refused_is_noticed_while_it_still_rings() -> None:
    async def main() -> None:
        emulator = OpenAISpeech()
        emulator.wrong = "refused"
        async with asyncio.timeout(8.0), listening(emulator.app) as origin:
            synthesizer = OpenAISynthesizer(VendorOptions(api_key=KEY, base_url=origin))
            async with synthesizer.ready():
                with pytest.raises(SpeechError, match=r"check tts\.openai\.api_key") as caught:
                    await synthesizer.open(Voice(), lambda _: None).run()
                assert KEY not in str(caught.value)

    asyncio.run(main())
