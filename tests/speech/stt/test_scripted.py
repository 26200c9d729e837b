"""The transcriber that hears what it was told to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from voicecall.speech import Report, Transcription
from voicecall.speech.stt.scripted import ScriptedTranscriber


def transcripts(text: str | Sequence[str], segments: int, delay: float = 0.0) -> list[Transcription]:
    async def talk() -> list[Transcription]:
        found: list[Transcription] = []
        done = asyncio.Event()

        def report(transcription: Report) -> None:
            assert isinstance(transcription, Transcription)
            found.append(transcription)
            if len(found) == segments:
                done.set()

        transcriber = ScriptedTranscriber(text, delay)
        async with transcriber.ready(), asyncio.timeout(5):
            stream = transcriber.open(report)
            for segment in range(1, segments + 1):
                stream.speech_started(segment, 0.06)
                stream.feed(b"\xff" * 160)
                stream.speech_stopped(segment)
            assert found == []  # never from within the call
            await done.wait()
        return found

    return asyncio.run(talk())


def final(segment: int, text: str) -> Transcription:
    return Transcription(segment=segment, text=text, final=True)


def test_one_text_is_heard_at_each_end_of_speech() -> None:
    assert transcripts("hello", 2) == [final(1, "hello"), final(2, "hello")]


def test_texts_are_heard_in_turn_and_the_last_again_and_again() -> None:
    assert transcripts(["one", "two"], 3) == [final(1, "one"), final(2, "two"), final(3, "two")]


def test_no_texts_are_no_words() -> None:
    assert transcripts([], 1) == [final(1, "")]


def test_a_transcript_can_be_late() -> None:
    assert transcripts("hello", 1, delay=0.001) == [final(1, "hello")]


@pytest.mark.parametrize("delay", [0.0, 0.001])
def test_nothing_is_reported_after_close(delay: float) -> None:
    async def talk() -> list[Transcription]:
        found: list[Transcription] = []
        done = asyncio.Event()

        def report(transcription: Report) -> None:
            assert isinstance(transcription, Transcription)
            found.append(transcription)
            done.set()

        transcriber = ScriptedTranscriber("hello", delay)
        gone, here = transcriber.open(report), transcriber.open(report)
        gone.speech_stopped(1)
        gone.close()
        here.speech_stopped(2)
        async with asyncio.timeout(5):
            await done.wait()
        return found

    assert asyncio.run(talk()) == [final(2, "hello")]
