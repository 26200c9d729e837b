"""Whisper's features."""

from __future__ import annotations

import numpy as np
import pytest

from voicecall.speech.stt.mel import log_mel, mel_filters


def test_a_tone_lies_in_its_band() -> None:
    times = np.arange(16000) / 16000
    features = log_mel(np.sin(2 * np.pi * 1000 * times).astype(np.float32), mel_filters())
    assert features.shape == (80, 100)
    filters = mel_filters()
    assert int(np.argmax(features[:, 50])) == int(np.argmax(filters[:, 25]))  # 1000 Hz is bin 25 of 40 Hz
    assert features.max() - features.min() == pytest.approx(2.0)
