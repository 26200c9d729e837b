"""The tone that stands for speech."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from voicecall.audio.g711 import to_float
from voicecall.audio.levels import rms_dbfs
from voicecall.speech import Voice
from voicecall.speech.tts.tone import ToneSynthesizer


def spoken(text: str, seconds: float | None = None, voice: Voice | None = None) -> list[bytes]:
    async def speak() -> list[bytes]:
        synthesizer = ToneSynthesizer(seconds)
        async with synthesizer.ready():
            return [chunk async for chunk in synthesizer.speak(text, voice or Voice())]

    return asyncio.run(speak())


def frequency(mulaw: bytes) -> float:
    samples = to_float(mulaw)
    return float(np.argmax(np.abs(np.fft.rfft(samples))) * 8000 / len(samples))


def test_a_fixed_length_comes_at_once_at_the_stated_level() -> None:
    (chunk,) = spoken("a long text or a short one", seconds=1.5)
    assert len(chunk) == 12000
    assert rms_dbfs(to_float(chunk)) == pytest.approx(-20, abs=0.2)


def test_without_a_length_each_character_takes_sixty_milliseconds() -> None:
    assert len(spoken("0123456789")[0]) == 4800
    assert len(spoken("0123456789", voice=Voice(pace=2.0))[0]) == 2400


def test_the_pitch_of_the_voice_is_the_pitch_of_the_tone() -> None:
    assert frequency(spoken("x", seconds=1)[0]) == pytest.approx(440)
    assert frequency(spoken("x", seconds=1, voice=Voice(pitch=1.5))[0]) == pytest.approx(660)


@pytest.mark.parametrize("text", ["", " \n"])
def test_a_blank_text_is_silence(text: str) -> None:
    assert spoken(text, seconds=1) == []
