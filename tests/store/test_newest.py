"""Where the log ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from voicecall.store import Batch


def test_the_newest_position_is_that_of_the_last_event_of_any_call(
    shelf: Any, make_batch: Callable[..., Batch]
) -> None:
    async def run() -> None:
        async with shelf.opened() as store:
            assert await store.newest() == 0
            await store.write([make_batch("A", 1, 2), make_batch("B", 1)])
            last = (await store.events(0, 10))[-1]
            assert await store.newest() == last.position

    asyncio.run(run())
