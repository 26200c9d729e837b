"""PROVISIONAL (replaced by T1)."""
from __future__ import annotations
from collections.abc import Mapping
class Pronunciations:
    def __init__(self, mapping: Mapping[str, str]) -> None: ...
    def apply(self, text: str) -> str:
        return text
