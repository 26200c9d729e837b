"""Samples: G.711, resampling, levels, WAV. Pure: bytes and arrays in, bytes and arrays out; no IO, no clock.

Samples are mono float32 arrays from -1 to 1. Telephone audio is mu-law at 8 kHz: 160 bytes are 20 ms.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Samples: TypeAlias = npt.NDArray[np.float32]
"""Mono audio, -1 to 1."""

TELEPHONE_RATE = 8000
"""Hertz."""
