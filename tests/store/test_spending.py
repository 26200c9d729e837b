"""What outbound calls took is summed up by the archive, quickly."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from sqlalchemy import text

from voicecall.core.spending import Spent
from voicecall.store import Batch, statements

NOW = 1_000_000.0
MakeBatch = Callable[..., Batch]


def call(make: MakeBatch, name: str, to: str, at: float, minutes: int, cost: float | None, **columns: Any) -> Batch:
    return make(name, direction="outbound", to=to, started_at=at, minutes=minutes, cost=cost, **columns)


def test_calls_minutes_and_cost_are_summed_up_by_all_and_by_number(shelf: Any, make_batch: MakeBatch) -> None:
    batches = [
        call(make_batch, "A", "+1", NOW + 1, 3, 0.5),
        call(make_batch, "B", "+2", NOW + 2, 2, None, state="ended"),
        call(make_batch, "C", "+2", NOW + 3, 1, 0.25),
        call(make_batch, "D", "+2", NOW, 100, 100.0),
        make_batch("E", to="+2", started_at=NOW + 4, minutes=100),
    ]

    async def run() -> None:
        async with shelf.opened() as store:
            assert await store.spent(NOW) == Spent()
            assert await store.spent(NOW, "+2") == Spent()
            await store.write(batches[:2])
        async with shelf.opened("two") as store:
            await store.write(batches[2:])
            assert await store.spent(NOW) == Spent(3, 2, 6, 0.75)
            assert await store.spent(NOW, "+2") == Spent(3, 2, 6, 0.75)
            assert await store.spent(NOW, "+1") == Spent(3, 1, 6, 0.75)
            assert await store.spent(NOW, "+3") == Spent(3, 0, 6, 0.75)
            assert await store.spent(NOW + 2.5) == Spent(1, 1, 1, 0.25)

    asyncio.run(run())


def test_a_call_that_ends_gives_back_what_it_did_not_take(shelf: Any, make_batch: MakeBatch) -> None:
    async def run() -> None:
        async with shelf.opened() as store:
            await store.write([call(make_batch, "A", "+1", NOW + 1, 6, 0.6)])
            over = make_batch(
                "A", 2, direction="outbound", to="+1", started_at=NOW + 1, state="ended", minutes=1, cost=0.1
            )
            await store.write([over])
            assert await store.spent(NOW) == Spent(1, 1, 1, 0.1)

    asyncio.run(run())


def test_the_sum_reads_an_index_and_no_record(sqlite_shelf: Any) -> None:
    async def run() -> None:
        async with sqlite_shelf.opened() as store:
            query = statements.spent(NOW, "+1").compile(compile_kwargs={"literal_binds": True})
            plan = await store._read(text(f"EXPLAIN QUERY PLAN {query}"))
            steps = [row[-1] for row in plan]
            assert any("COVERING INDEX calls_spent" in step for step in steps), steps

    asyncio.run(run())
