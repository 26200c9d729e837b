"""ElevenLabs' own client drives the emulator: so this one is not of our imagination."""

from __future__ import annotations

import asyncio
import base64

from elevenlabs.realtime.connection import RealtimeEvents
from elevenlabs.realtime.scribe import AudioFormat, CommitStrategy, ScribeRealtime

from tests.speech.vendors.kits import until
from voicecall.emulators.vendors import listening
from voicecall.emulators.vendors.elevenlabs import ElevenLabs

KEY = "hidden-key-0123456789"
SPEECH = bytes((0x80, 0x00)) * 80


def test_it_transcribes() -> None:
    async def main() -> None:
        emulator = ElevenLabs()
        emulator.texts.append("good morning")
        heard: list[tuple[str, str]] = []
        async with asyncio.timeout(8.0), listening(emulator.app) as origin:
            client = ScribeRealtime(api_key=KEY, base_url=origin)
            connection = await client.connect(
                {
                    "model_id": "scribe_v2_realtime",
                    "audio_format": AudioFormat.ULAW_8000,
                    "sample_rate": 8000,
                    "commit_strategy": CommitStrategy.MANUAL,
                    "language_code": "en",
                }
            )
            for event in RealtimeEvents:
                connection.on(event, lambda *told, kind=event.value: heard.append((kind, told[0].get("text", ""))))
            for _ in range(2):
                await connection.send({"audio_base_64": base64.b64encode(SPEECH * 10).decode()})
            await connection.commit()
            await until(lambda: [one for one in heard if one[0] == "committed_transcript"])
            await connection.close()
        assert [one for one in heard if one[1]] == [
            ("partial_transcript", "good"),
            ("partial_transcript", "good morning"),
            ("committed_transcript", "good morning"),
        ]
        assert emulator.keys == [KEY]

    asyncio.run(main())
