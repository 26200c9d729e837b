"""Synthesised speech for whoever needs some: made once, always the same."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from voicecall.speech import Voice
from voicecall.speech.tts.piper import PiperSynthesizer

SENTENCES = (
    "I would like to book a table for four people on Friday evening.",
    "Could you tell me when the next train to Chicago leaves?",
    "My name is Robert Miller and I live in Seattle.",
    "Please cancel my appointment for tomorrow morning.",
    "What are your opening hours on the weekend?",
    "I am calling about the letter you sent me last week.",
    "Can I speak to somebody in the support department?",
    "The package has not arrived yet and I am getting worried.",
    "We need two more rooms for the whole weekend.",
    "Thank you very much for your help.",
)
OTHER_VOICE = Voice(pitch=1.3, pace=1.4)


@pytest.fixture(scope="session")
def speech() -> Mapping[str, bytes]:
    """Return the sentences as mu-law, and the first one by another voice under the key `other`."""
    import onnxruntime

    onnxruntime.set_seed(7)

    async def synthesise() -> dict[str, bytes]:
        piper = PiperSynthesizer()
        async with piper.ready():
            made = {text: b"".join([chunk async for chunk in piper.speak(text, Voice())]) for text in SENTENCES}
            made["other"] = b"".join([chunk async for chunk in piper.speak(SENTENCES[0], OTHER_VOICE)])
            return made

    return asyncio.run(synthesise())
