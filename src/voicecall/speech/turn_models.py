"""PROVISIONAL (replaced by E1)."""
from __future__ import annotations
from typing import Protocol
from . import TurnSign
class TurnModel(Protocol):
    async def judge(self, mulaw: bytes) -> TurnSign | None: ...
