"""OpenAI's own client drives the emulator: so this one is not of our imagination."""

from __future__ import annotations

import asyncio
import base64

from openai import AsyncOpenAI

from voicecall.emulators.vendors import listening
from voicecall.emulators.vendors.openai_speech import RATE, OpenAISpeech

KEY = "hidden-key-0123456789"
SPEECH = bytes((0x80, 0x00)) * 80
HELLO = b"\x80" * 800


def test_it_transcribes() -> None:
    async def main() -> None:
        emulator = OpenAISpeech()
        emulator.texts.append("good morning")
        async with asyncio.timeout(8.0), listening(emulator.app) as origin:
            async with (
                AsyncOpenAI(api_key=KEY, websocket_base_url=f"ws{origin.removeprefix('http')}/v1") as client,
                client.realtime.connect(extra_query={"intent": "transcription"}) as connection,
            ):
                assert (await connection.recv()).type == "session.created"
                await connection.session.update(
                    session={
                        "type": "transcription",
                        "audio": {
                            "input": {
                                "format": {"type": "audio/pcmu"},
                                "transcription": {"model": "gpt-transcribe", "languages": ["en"]},
                                "turn_detection": None,
                            }
                        },
                    }
                )
                assert (await connection.recv()).type == "session.updated"
                await connection.input_audio_buffer.commit()
                refusal = await connection.recv()
                assert refusal.type == "error"
                assert refusal.error.code == "input_audio_buffer_commit_empty"
                await connection.input_audio_buffer.append(audio=base64.b64encode(SPEECH * 10).decode())
                await connection.input_audio_buffer.commit()
                events = [await connection.recv() for _ in range(4)]
                kinds = [event.type.rpartition(".")[2] for event in events]
                assert kinds == ["committed", "delta", "delta", "completed"]
                last = events[-1]
                assert last.type == "conversation.item.input_audio_transcription.completed"
                assert last.transcript == "good morning"
            assert emulator.keys == [KEY]

    asyncio.run(main())


def test_it_speaks() -> None:
    async def main() -> None:
        emulator = OpenAISpeech()
        emulator.voices["hello"] = HELLO
        async with (
            asyncio.timeout(8.0),
            listening(emulator.app) as origin,
            AsyncOpenAI(api_key=KEY, base_url=f"{origin}/v1", max_retries=0) as client,
            client.audio.speech.with_streaming_response.create(
                model="gpt-4o-mini-tts", voice="alloy", input="hello", response_format="pcm"
            ) as answer,
        ):
            pcm = b"".join([piece async for piece in answer.iter_bytes()])
        assert len(pcm) == len(HELLO) * RATE // 8000 * 2
        assert emulator.keys == [KEY]

    asyncio.run(main())
