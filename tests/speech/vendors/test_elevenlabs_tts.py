"""What is ElevenLabs' own about its speech: contexts, settings, errors, and the types of its SDK as a referee."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Any, get_args

import pytest
from elevenlabs.v_1_text_to_speech_voice_id_multi_stream_input import ReceiveMessageMulti, SendMessageMulti

from tests.speech.vendors.kits import KEY, Run, running, until
from voicecall.emulators.vendors import listening
from voicecall.emulators.vendors.elevenlabs import ElevenLabs
from voicecall.errors import SpeechError
from voicecall.speech import Trouble, VendorOptions, Voice
from voicecall.speech.tts.elevenlabs import ElevenLabsSynthesizer, ElevenLabsVoice

HELLO = b"\x80" * 2000
"""A quarter of a second of something: mu-law."""


class Call:
    def __init__(self, emulator: ElevenLabs, stream: ElevenLabsVoice) -> None:
        self.emulator = emulator
        self.stream = stream
        self.run = Run()

    async def say(self, text: str) -> bytes:
        async with aclosing(self.stream.speak(text)) as chunks:
            return b"".join([chunk async for chunk in chunks])


def play(act: Callable[[Call], Awaitable[None]], of_call: Voice | None = None, **options: Any) -> None:
    @asynccontextmanager
    async def calling() -> AsyncIterator[Call]:
        emulator = ElevenLabs()
        emulator.voices["hello"] = HELLO
        troubles: list[Trouble] = []
        async with asyncio.timeout(30.0), listening(emulator.app) as origin:
            given = VendorOptions(**({"api_key": KEY, "base_url": origin} | options))
            synthesizer = ElevenLabsSynthesizer(given, first=5.0, stall=5.0, keepalive=0.05)
            call = Call(emulator, synthesizer.open(of_call or Voice(), troubles.append))
            async with running(call.stream) as call.run:
                yield call

    async def main() -> None:
        async with calling() as call:
            await act(call)

    asyncio.run(main())


def test_the_query_asks_for_mulaw_at_once() -> None:
    async def act(call: Call) -> None:
        await call.say("hello")
        assert call.emulator.queries == [
            {
                "model_id": "eleven_flash_v2_5",
                "output_format": "ulaw_8000",
                "inactivity_timeout": "180",
                "auto_mode": "true",
                "language_code": "de",
                "apply_text_normalization": "off",
            }
        ]

    play(act, Voice(language="de-CH"), extra=(("apply_text_normalization", "off"),))


def test_a_model_that_knows_no_language_code_is_told_none() -> None:
    async def act(call: Call) -> None:
        await call.say("hello")
        assert "language_code" not in call.emulator.queries[0]

    play(act, model="eleven_multilingual_v2")


def test_every_piece_has_a_context_of_its_own_which_is_closed_at_once() -> None:
    async def act(call: Call) -> None:
        assert await call.say("hello") == HELLO
        assert await call.say(" hello ") == HELLO
        for number in (1, 2):
            context = f"piece-{number}"
            assert [one for one in call.emulator.seen if one["context_id"] == context] == [
                {"text": " ", "context_id": context},
                {"text": "hello ", "context_id": context, "flush": True},
                {"context_id": context, "close_context": True},
            ]
        assert call.emulator.connections == 1

    play(act)


def test_the_settings_of_the_voice_come_with_the_first_message_of_each_context() -> None:
    async def act(call: Call) -> None:
        await call.say("hello")
        await call.say("hello")
        settings = [one["voice_settings"] for one in call.emulator.seen if "voice_settings" in one]
        assert settings == [{"stability": 0.4, "speed": 1.2}] * 2

    play(act, Voice(pace=1.5), extra=(("stability", "0.4"),))


def test_answers_are_understood_in_either_spelling() -> None:
    async def act(call: Call) -> None:
        call.emulator.is_snake = True
        assert await call.say("hello") == HELLO

    play(act)


def test_a_socket_without_pieces_is_kept_in_use() -> None:
    async def act(call: Call) -> None:
        await until(lambda: len(call.emulator.seen) == 2)
        assert call.emulator.seen == [{"text": "", "context_id": "alive"}] * 2
        assert await call.say("hello") == HELLO
        assert call.emulator.connections == 1

    play(act)


def test_a_blank_text_is_not_asked_for() -> None:
    async def act(call: Call) -> None:
        assert await call.say(" ") == b""
        assert call.emulator.asked == 0

    play(act)


def test_no_more_contexts_are_opened_at_once_than_are_allowed() -> None:
    async def act(call: Call) -> None:
        call.emulator.wrong = "stall"
        async with AsyncExitStack() as stack:
            for _ in range(4):
                chunks = await stack.enter_async_context(aclosing(call.stream.speak("hello")))
                assert await anext(chunks)
            with pytest.raises(SpeechError, match="too many pieces") as caught:
                await call.say("hello")
            assert caught.value.retryable
            assert call.emulator.asked == 4
        call.emulator.wrong = None
        assert await call.say("hello") == HELLO
        assert call.emulator.connections == 1

    play(act)


@pytest.mark.parametrize("kind", ["quota_exceeded", "invalid_api_key"])
def test_an_error_that_will_not_pass_ends_it_with_the_way_out(kind: str) -> None:
    async def act(call: Call) -> None:
        call.emulator.refusal = kind
        with pytest.raises(SpeechError, match=kind) as caught:
            await call.say("hello")
        assert not caught.value.retryable
        assert KEY not in str(caught.value)
        await until(lambda: call.run.ended)
        assert "check tts.elevenlabs." in str(call.run.error)

    play(act)


def test_messages_are_those_that_elevenlabs_own_client_knows() -> None:
    def fits(message: dict[str, Any], kinds: Any) -> bool:
        for kind in get_args(kinds):
            names = {field.alias or name for name, field in kind.model_fields.items()}
            needed = {field.alias or name for name, field in kind.model_fields.items() if field.is_required()}
            if needed <= message.keys() <= names:
                return True
        return False

    async def act(call: Call) -> None:
        await until(lambda: call.emulator.seen)
        await call.say("hello")
        assert [one for one in call.emulator.seen if not fits(one, SendMessageMulti)] == []
        assert [one for one in call.emulator.sent if not fits(one, ReceiveMessageMulti)] == []

    play(act, Voice(pace=1.1))
