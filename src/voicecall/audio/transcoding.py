"""How often audio was turned from one encoding into another on its way through, in this process.

Mu-law that a carrier and a model both speak goes through as it is: then nothing is counted. What is only looked into,
such as by voice activity detection, is not turned into anything.
"""

from __future__ import annotations

from collections import Counter
from typing import Literal

Place = Literal["carrier", "model"]
"""For whom it was turned: between a carrier and mu-law, or between mu-law and a model that hears and speaks."""

transcoded: Counter[Place] = Counter()
"""Frames, or portions of another length, by place. Whoever converts counts; it never falls."""
