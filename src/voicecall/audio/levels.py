"""Levels: how loud, where audible, ramps. 0 dBFS is an rms of 1, so a full-scale sine has -3 dBFS."""

from __future__ import annotations

import warnings
from math import log10

import numpy as np

from . import TELEPHONE_RATE, Samples
from .g711 import from_float, to_float

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "'audioop' is deprecated", DeprecationWarning)
    import audioop

FLOOR_DBFS = -120.0
"""What digital silence, and nothing at all, measure."""

AUDIBLE_DBFS = -45.0
"""Below this, a stretch counts as silent unless told otherwise."""


def gain(decibels: float) -> float:
    """Return the factor on the amplitude."""
    return float(10.0 ** (decibels / 20))


def rms_dbfs(samples: Samples) -> float:
    """Return the level in dBFS, at least `FLOOR_DBFS`."""
    if len(samples) == 0:
        return FLOOR_DBFS
    power = float(np.mean(np.square(samples, dtype=np.float64)))
    return max(FLOOR_DBFS, 10 * log10(power)) if power > 0 else FLOOR_DBFS


def mulaw_rms(mulaw: bytes) -> float:
    """Return the rms amplitude of mu-law, 0 to 1, in under a microsecond."""
    return audioop.rms(audioop.ulaw2lin(mulaw, 2), 2) / 32768


def is_silent(samples: Samples, threshold: float = AUDIBLE_DBFS) -> bool:
    """Say whether the level is below `threshold` dBFS."""
    return rms_dbfs(samples) < threshold


def ramp(samples: Samples, begin: float, end: float) -> Samples:
    """Return the samples times a gain that goes from `begin` to `end` in a straight line."""
    return samples * np.linspace(begin, end, len(samples), dtype=np.float32)


def ramp_mulaw(mulaw: bytes, begin: float, end: float) -> bytes:
    """Return mu-law times a gain that goes from `begin` to `end` in a straight line."""
    return from_float(ramp(to_float(mulaw), begin, end))


def audible_spans(
    samples: Samples, rate: int = TELEPHONE_RATE, *, threshold: float = AUDIBLE_DBFS, join: float = 0.1
) -> list[tuple[float, float]]:
    """Return where the track is audible, as (begin, end) in seconds, in steps of 10 ms.

    Spans less than `join` seconds apart count as one.
    """
    step = rate // 100
    padded = np.concatenate((samples, np.zeros(-len(samples) % step, np.float32)))
    power = np.mean(np.square(padded, dtype=np.float64).reshape(-1, step), axis=1)
    spans: list[tuple[float, float]] = []
    for block in np.flatnonzero(power >= 10 ** (threshold / 10)).tolist():
        begin, end = block * step / rate, min((block + 1) * step, len(samples)) / rate
        if spans and begin - spans[-1][1] < join:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((begin, end))
    return spans


def first_audible(samples: Samples, rate: int = TELEPHONE_RATE, *, threshold: float = AUDIBLE_DBFS) -> float | None:
    """Return when the track is first audible, in seconds, to 10 ms; None when it never is."""
    spans = audible_spans(samples, rate, threshold=threshold)
    return spans[0][0] if spans else None
