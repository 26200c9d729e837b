"""Recordings: both directions, aligned, and bounded."""

from __future__ import annotations

import io
import wave

import numpy as np

from voicecall.audio.g711 import mulaw_encode
from voicecall.emulators.playout import SILENCE
from voicecall.emulators.recording import LONGEST, Recording

LOUD = mulaw_encode(b"\x00\x10" * 160)


def channels(recording: Recording) -> list[list[int]]:
    """Return left and right, one number a frame: its loudest sample."""
    with wave.open(io.BytesIO(recording.wav())) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (8000, 2, 2)
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 160, 2)
    return [[int(level) for level in samples[:, :, side].max(axis=1)] for side in (0, 1)]


def test_the_phone_is_left_and_the_gateway_right() -> None:
    recording = Recording()
    recording.add(LOUD, SILENCE, 0.02)
    recording.add(SILENCE, LOUD, 0.04)
    left, right = channels(recording)
    assert (left[0] > 0, right[0] > 0, left[1] > 0, right[1] > 0) == (True, False, False, True)
    assert recording.seconds == 0.04


def test_a_skipped_time_is_silent_in_both() -> None:
    recording = Recording()
    recording.add(LOUD, LOUD, 0.02)
    recording.add(LOUD, LOUD, 0.2)
    left, right = channels(recording)
    assert left == right
    assert [level > 0 for level in left] == [True, *[False] * 8, True]


def test_a_late_first_frame_does_not_shift_the_rest() -> None:
    recording = Recording()
    for number in range(500):
        recording.add(SILENCE, SILENCE, 0.0137 + number * 0.02)
    assert recording.seconds == 10.0


def test_half_an_hour_is_kept() -> None:
    recording = Recording()
    recording.add(LOUD, LOUD, LONGEST / 8000 - 0.02)
    recording.add(LOUD, LOUD, LONGEST / 8000)
    recording.add(LOUD, LOUD, LONGEST / 8000 + 0.02)
    assert recording.seconds * 8000 == LONGEST
