"""Moonshine at the end of the telephone path: Piper speaks mu-law, Moonshine writes it down."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from voicecall.audio.g711 import MULAW_SILENCE, from_float
from voicecall.errors import SpeechError
from voicecall.speech import Transcriber, Transcription
from voicecall.speech.stt.moonshine import MoonshineTranscriber, read_tokens

pytest.importorskip("moonshine_voice", exc_type=ImportError)


def words(text: str) -> list[str]:
    return "".join(character for character in text.lower() if character.isalnum() or character == " ").split()


def errors(said: list[str], heard: list[str]) -> int:
    """Return the least number of words to insert, drop or change."""
    row = list(range(len(heard) + 1))
    for count, word in enumerate(said, 1):
        above, row[0] = row[0], count
        for place, other in enumerate(heard, 1):
            above, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, above + (word != other))
    return row[-1]


async def heard(transcriber: Transcriber, tracks: list[bytes]) -> list[list[Transcription]]:
    """Return what is reported of each track, all of them spoken at once on calls of their own."""
    reported: list[list[Transcription]] = [[] for _ in tracks]
    done = asyncio.Event()

    def report_to(place: int, transcription: Transcription) -> None:
        reported[place].append(transcription)
        if all(found and found[-1].final for found in reported):
            done.set()

    async with asyncio.timeout(60):
        for place, track in enumerate(tracks):
            stream = transcriber.open(partial(report_to, place))
            stream.feed(MULAW_SILENCE * 4000)
            stream.speech_started(1, 0.0)
            for begin in range(0, len(track), 160):
                stream.feed(track[begin : begin + 160])
            stream.feed(MULAW_SILENCE * 1600)
            stream.speech_stopped(1)
        await done.wait()
    return reported


def test_ten_sentences_over_the_telephone_are_understood_and_noise_has_no_words(speech: Mapping[str, bytes]) -> None:
    hiss = from_float(np.random.default_rng(5).normal(0, 0.02, 8000).astype(np.float32))

    async def run() -> list[list[Transcription]]:
        transcriber = MoonshineTranscriber()
        async with transcriber.ready():
            return await heard(transcriber, [*speech.values(), hiss])

    sentences = [text for text in speech if text != "other"]
    reports = asyncio.run(run())
    finals = [report[-1].text for report in reports]
    wrong = sum(errors(words(said), words(text)) for said, text in zip(sentences, finals, strict=False))
    assert wrong / sum(len(words(said)) for said in sentences) <= 0.15, finals
    assert errors(words(sentences[0]), words(finals[-2])) <= 4, finals[-2]  # the other voice
    assert finals[-1] == ""
    assert all(sum(transcription.final for transcription in report) == 1 for report in reports)


def test_without_its_models_it_does_not_start(tmp_path: Path) -> None:
    async def run() -> None:
        async with MoonshineTranscriber(directory=tmp_path).ready():
            pass

    with pytest.raises(SpeechError, match=r"encoder_model\.ort.*moonshine-voice"):
        asyncio.run(run())


def test_before_it_is_ready_it_takes_no_call() -> None:
    with pytest.raises(SpeechError, match="moonshine transcriber is not ready"):
        MoonshineTranscriber().open(lambda transcription: None)


def test_tokens_of_any_length_are_read() -> None:
    long = b"x" * 300
    data = b"\x02ab" + b"\x00" + bytes([128 + 300 // 128, 300 % 128]) + long
    assert read_tokens(data) == [b"ab", b"", long]
