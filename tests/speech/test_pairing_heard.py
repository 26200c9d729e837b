"""A pairing code, spoken by the voice of this machine as a call speaks it, is understood by its ears."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests.speech.stt.test_moonshine import heard
from voicecall.core.languages import ENGLISH
from voicecall.core.pairing import LONGEST, aloud, notice
from voicecall.speech import Voice
from voicecall.speech.sentences import Pieces
from voicecall.speech.stt.moonshine import MoonshineTranscriber
from voicecall.speech.tts.piper import PiperSynthesizer

pytest.importorskip("moonshine_voice", exc_type=ImportError)

_NUMERALS = {name: str(digit) for digit, name in enumerate(ENGLISH.digit_names)}


def digits(text: str) -> str:
    """Return the digits in a text, whether they are written as words or as numerals."""
    return "".join(_NUMERALS.get(word, word if word.isdecimal() else "") for word in re.findall(r"\w+", text.lower()))


def test_a_code_is_understood_as_it_is_spoken() -> None:
    code = "904815"

    async def spoken_and_heard() -> tuple[list[bytes], list[str]]:
        pieces = Pieces()
        texts = [aloud(piece, code, "en") for piece in (*pieces.feed(notice("en")), *pieces.flush())]
        piper, moonshine = PiperSynthesizer(), MoonshineTranscriber()
        async with piper.ready(), moonshine.ready():
            sounds = [b"".join([chunk async for chunk in piper.speak(text, Voice())]) for text in texts]
            telling = [sound for sound, text in zip(sounds, texts, strict=True) if digits(text)]
            understood = [said[-1].text for said in await heard(moonshine, telling)]
        return sounds, understood

    sounds, understood = asyncio.run(spoken_and_heard())
    assert sum(map(len, sounds)) / 8000 < LONGEST - 5
    assert [digits(said) for said in understood] == [code, code]
