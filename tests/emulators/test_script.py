"""Caller steps: their form, and the audio that is made before a phone is picked up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from voicecall.audio.wav import encode_wav
from voicecall.core.operations import CallerStep
from voicecall.emulators.script import Another, Noises, Prepared, Sound, Step, prepare
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


@pytest.mark.parametrize(
    ("step", "kind", "seconds"),
    [
        (Step(cough=1), "cough", 0.28),
        (Step(hum=0.6), "hum", 0.6),
        (Step(noise=Noises(kind="pink", snr=10, seconds=1.5)), "noise", 1.5),
        (Step(music=2.0), "music", 2.0),
    ],
)
def test_sounds_without_words_are_made_beforehand(step: Step, kind: str, seconds: float) -> None:
    (sound,) = prepared(step)
    assert isinstance(sound, Sound)
    assert (str(sound.kind), sound.text) == (kind, "")
    assert len(sound.audio) / 8000 == pytest.approx(seconds, abs=0.001)


def test_a_voicemail_greets_and_beeps() -> None:
    (sound,) = prepared(Step(voicemail="after the tone"))
    assert isinstance(sound, Sound)
    assert (sound.kind, sound.text) == ("voicemail", "after the tone")
    assert sound.audio.startswith(b"ann:after the tone")
    assert len(sound.audio) == len(b"ann:after the tone") + 2000 + 4000


def test_somebody_else_can_speak_at_the_same_phone() -> None:
    class Pitched:
        async def speak(self, text: str, voice: Voice) -> AsyncGenerator[bytes, None]:
            yield f"{voice.name} {voice.pitch} {voice.pace}".encode()

    steps = (Step(say="hello", voice=Another(pitch=0.8, pace=0.9)), Step(say="hello"))
    deep, own = asyncio.run(prepare(steps, Pitched(), Voice("ann", pitch=1.2)))
    assert isinstance(deep, Sound)
    assert isinstance(own, Sound)
    assert (deep.audio, own.audio) == (b"ann 0.8 0.9", b"ann 1.2 1.0")


def test_whoever_rings_through_the_gateway_can_do_all_that_a_phone_can() -> None:
    assert CallerStep.__struct_fields__ == Step.__struct_fields__


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
    [
        "{}",
        '{"say": "a", "wait": 1}',
        '{"wait": -1}',
        '{"press": "x"}',
        '{"hangup": false}',
        '{"sing": "a"}',
        '{"cough": 0}',
        '{"noise": {"kind": "pink", "snr": 10}}',
        '{"wait": 1, "voice": {"pitch": 0.9}}',
        '{"voice": {"pitch": 0.9}}',
    ],
)
def test_a_step_sets_exactly_one_field_within_its_bounds(text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=Step)


@pytest.mark.parametrize(
    "text",
    [
        '{"say":""}',
        '{"listen":2}',
        '{"press":"12w#"}',
        '{"hangup":true}',
        '{"cough":2}',
        '{"hum":0.5}',
        '{"noise":{"kind":"room","dbfs":-30,"seconds":1}}',
        '{"music":3}',
        '{"voicemail":"after the tone"}',
        '{"line":{"loss":{"percent":3}}}',
    ],
)
def test_every_kind_of_step_is_read(text: str) -> None:
    step = msgspec.json.decode(text, type=Step)
    assert sum(value is not None for value in msgspec.structs.astuple(step)) == 1
