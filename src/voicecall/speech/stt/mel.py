"""Whisper's log-mel features, in numpy. Pure."""

from __future__ import annotations

import numpy as np

from voicecall.audio import Samples

RATE = 16000
_WINDOW, _HOP, _BANDS = 400, 160, 80
_BREAK_HZ, _BREAK_MEL = 1000.0, 15.0
_LOG_STEP = np.log(6.4) / 27


def _to_hertz(mel: Samples) -> Samples:
    linear = mel * (_BREAK_HZ / _BREAK_MEL)
    hertz: Samples = np.where(mel < _BREAK_MEL, linear, _BREAK_HZ * np.exp(_LOG_STEP * (mel - _BREAK_MEL)))
    return hertz


def mel_filters() -> Samples:
    """Return the 80 triangles of equal area up to 8 kHz, `[80, 201]`."""
    top = _BREAK_MEL + np.log(RATE / 2 / _BREAK_HZ) / _LOG_STEP
    corners = _to_hertz(np.linspace(0, top, _BANDS + 2).astype(np.float32)).astype(np.float64)
    bins = np.fft.rfftfreq(_WINDOW, 1 / RATE)
    rising = (bins - corners[:-2, np.newaxis]) / np.diff(corners)[:-1, np.newaxis]
    falling = (corners[2:, np.newaxis] - bins) / np.diff(corners)[1:, np.newaxis]
    triangles = np.maximum(0, np.minimum(rising, falling))
    return (triangles * (2 / (corners[2:] - corners[:-2]))[:, np.newaxis]).astype(np.float32)


def log_mel(samples: Samples, filters: Samples) -> Samples:
    """Return the features of 16 kHz samples, `[80, frames]`, 100 frames a second."""
    window = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
    padded = np.pad(samples, _WINDOW // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP][: len(samples) // _HOP]
    power = np.abs(np.fft.rfft(frames * window, axis=1)) ** 2
    bands = np.log10(np.maximum(filters @ power.T.astype(np.float32), 1e-10))
    features: Samples = (np.maximum(bands, bands.max() - 8) + 4) / 4
    return np.ascontiguousarray(features, np.float32)
