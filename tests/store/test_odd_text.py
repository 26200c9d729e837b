"""What nobody wrote is not found, whatever it is asked for by; no archive fails over it.

Texts with the character NUL are refused before they get there.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from voicecall.core.ids import CallId
from voicecall.store import Query


@pytest.mark.parametrize("text", ["", "\u2028", "%", "'", "x" * 10_000, "\U0001f4de"])
def test_odd_texts_find_nothing(shelf: Any, text: str) -> None:
    async def run() -> None:
        async with shelf.opened() as store:
            assert await store.record(CallId(text)) is None
            assert await store.log(CallId(text)) == []
            assert await store.events(0, 10, CallId(text)) == []
            assert await store.records(Query(number=text, state=text)) == []

    asyncio.run(run())


@pytest.mark.parametrize("number", [0, 2**31 - 1, 2**63 - 1])
def test_great_numbers_are_only_great(shelf: Any, number: int) -> None:
    async def run() -> None:
        async with shelf.opened() as store:
            assert await store.events(number, 2**31 - 1) == []
            assert await store.records(Query(since=1e11, limit=2**31 - 1)) == []

    asyncio.run(run())
