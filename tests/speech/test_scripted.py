"""The energy detector: deterministic, synchronous, honest about audio time."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from hypothesis import given, strategies as st

from voicecall.audio.g711 import MULAW_SILENCE, from_float
from voicecall.speech import Speech
from voicecall.speech.scripted import ScriptedDetector


def tone(seconds: float, amplitude: float = 0.14) -> bytes:
    times = np.arange(round(8000 * seconds)) / 8000
    return from_float((amplitude * np.sin(2 * np.pi * 440 * times)).astype(np.float32))


def silence(seconds: float) -> bytes:
    return MULAW_SILENCE * round(8000 * seconds)


def test_there_is_nothing_to_load() -> None:
    async def run() -> bool:
        async with ScriptedDetector().ready():
            return True

    assert asyncio.run(run())


def heard(track: bytes, chunk: int = 160) -> list[tuple[int, Speech]]:
    """Return (bytes fed, decision)."""
    found: list[tuple[int, Speech]] = []
    fed = 0
    stream = ScriptedDetector().open(lambda speech: found.append((fed, speech)))
    for begin in range(0, len(track), chunk):
        fed = min(begin + chunk, len(track))
        stream.feed(track[begin : begin + chunk])
    return found


def test_a_tone_is_speech_and_its_end_is_the_end_of_speech() -> None:
    (began, start), (sure_at, sure), (ended, stop) = heard(silence(0.5) + tone(0.4) + silence(0.5))
    assert start == Speech(started=True, lead=0.06)
    assert sure == Speech(started=True, lead=0.26, sure=True)
    assert sure_at / 8000 - sure.lead == pytest.approx(0.5)
    assert stop == Speech(started=False, silence=0.22)
    assert began / 8000 - start.lead == pytest.approx(0.5)
    assert ended / 8000 - stop.silence == pytest.approx(0.9)


def test_a_short_sound_is_never_sure() -> None:
    burst = tone(0.2) + silence(0.2)
    assert [speech.sure for _, speech in heard(silence(0.5) + burst * 3 + silence(0.5))] == [False, False]


def test_what_is_faint_is_not_speech() -> None:
    assert heard(tone(1.0, amplitude=0.005)) == []


@given(st.integers(1, 1000))
def test_decisions_do_not_depend_on_the_chunks(chunk: int) -> None:
    track = silence(0.1) + tone(0.2) + silence(0.3)
    assert [speech for _, speech in heard(track, chunk)] == [speech for _, speech in heard(track)]


def test_a_closed_call_reports_nothing() -> None:
    found: list[Speech] = []
    stream = ScriptedDetector().open(found.append)
    stream.close()
    stream.feed(tone(1.0))
    assert found == []
