"""Caller steps: their form, and the audio that is made before a phone is picked up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from voicecall.audio.wav import encode_wav
from voicecall.emulators.script import Prepared, Sound, Step, prepare
from voicecall.errors import BadParameters
from voicecall.speech import Voice


class Speaker:
    """Says a text as its own bytes, in two chunks."""

    async def speak(self, text: str, voice: Voice) -> AsyncGenerator[bytes, None]:
        yield f"{voice.name}:".encode()
        yield text.encode()


def prepared(*steps: Step) -> tuple[Prepared, ...]:
    return asyncio.run(prepare(steps, Speaker(), Voice("ann")))


def test_texts_become_audio_and_other_steps_stay_as_they_are() -> None:
    steps = (Step(say="hello"), Step(wait=1.0), Step(hangup=True))
    assert prepared(*steps) == (Sound("say", "hello", b"ann:hello"), steps[1], steps[2])


def test_a_wav_file_of_any_rate_becomes_telephone_audio(tmp_path: Path) -> None:
    file = tmp_path / "line.wav"
    file.write_bytes(encode_wav(np.zeros(16000, np.float32), rate=16000))
    (sound,) = prepared(Step(wav=str(file)))
    assert isinstance(sound, Sound)
    assert (sound.kind, sound.text, len(sound.audio)) == ("wav", str(file), 8000)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(BadParameters, match=r"cannot read /no/such\.wav"):
        prepared(Step(wav="/no/such.wav"))


def test_a_file_that_is_no_wav_is_named(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("no audio")
    with pytest.raises(BadParameters, match=r"notes\.txt: not a WAV file"):
        prepared(Step(wav=str(file)))


@pytest.mark.parametrize(
    "text",
    ["{}", '{"say": "a", "wait": 1}', '{"wait": -1}', '{"press": "x"}', '{"hangup": false}', '{"sing": "a"}'],
)
def test_a_step_sets_exactly_one_field_within_its_bounds(text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=Step)


@pytest.mark.parametrize("text", ['{"say":""}', '{"listen":2}', '{"press":"12w#"}', '{"hangup":true}'])
def test_every_kind_of_step_is_read(text: str) -> None:
    step = msgspec.json.decode(text, type=Step)
    assert sum(value is not None for value in msgspec.structs.astuple(step)) == 1
