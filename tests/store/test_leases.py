"""Who may write of a call: its holder, until somebody claims or seizes it. Kept by each of the three archives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from tests.store.writing import refused, written
from voicecall.core.ids import CallId
from voicecall.errors import StoreConflict
from voicecall.store import Batch, Query

NOW = 1_000_000.0
A, B, C = CallId("A"), CallId("B"), CallId("C")
Make = Callable[..., Batch]


def test_a_second_writer_is_noticed(shelf: Any, make_batch: Make) -> None:
    async def run() -> None:
        async with shelf.opened("one") as one, shelf.opened("two") as two:
            await written(one, make_batch("A", 1))
            answers = await two.write([make_batch("B", 1), make_batch("A", 2)])
            assert isinstance(answers[0], list)
            assert str(answers[1]) == "call A: another instance holds it"
            assert isinstance(answers[1], StoreConflict)
            await written(one, make_batch("A", 2))
            assert [event.seq for event in await two.log(A)] == [1, 2]

    asyncio.run(run())


def test_only_a_claim_moves_a_call_whose_lease_ran_out(shelf: Any, make_batch: Make) -> None:
    async def run() -> None:
        async with shelf.opened("one") as one, shelf.opened("two") as two:
            await written(one, make_batch("A", 1))
            await one.claim(NOW - 100, 30.0)
            assert isinstance((await two.write([make_batch("A", 2)]))[0], StoreConflict)
            assert await two.claim(NOW, 30.0) == [A]
            await written(two, make_batch("A", 2))
            assert isinstance((await one.write([make_batch("A", 3)]))[0], StoreConflict)

    asyncio.run(run())


def test_a_claim_takes_our_open_calls_and_those_whose_lease_ran_out(shelf: Any, make_batch: Make) -> None:
    async def run() -> None:
        async with shelf.opened("one") as one, shelf.opened("two") as two:
            await written(one, make_batch("B"), make_batch("A"), make_batch("D", state="ended"))
            await written(two, make_batch("C"))
            assert await one.claim(NOW, 30.0) == [A, B]
            assert await two.claim(NOW + 29.9, 30.0) == [C]
            assert await two.claim(NOW + 30.0, 30.0) == [A, B, C]
            assert await one.claim(NOW + 30.0, 30.0) == []

    asyncio.run(run())


def test_a_claim_renews_our_lease_which_keeps_other_instances_out(shelf: Any, make_batch: Make) -> None:
    async def run() -> None:
        async with shelf.opened("one") as one, shelf.opened("two") as two:
            await written(one, make_batch("A"))
            await written(two, make_batch("B"))
            await one.claim(NOW + 20, 30.0)
            assert await two.claim(NOW + 49, 5.0) == [B]
            assert await two.claim(NOW + 50, 5.0) == [A, B]

    asyncio.run(run())


def test_a_new_row_is_born_with_our_lease_and_a_later_write_leaves_it(shelf: Any, make_batch: Make) -> None:
    async def run() -> None:
        async with shelf.opened("one") as one, shelf.opened("two") as two:
            await written(one, make_batch("A"))
            await one.claim(NOW + 100, 30.0)
            await written(one, make_batch("A", 2))
            assert await two.claim(NOW + 129, 30.0) == []
            assert await two.claim(NOW + 130, 30.0) == [A]

    asyncio.run(run())


def test_a_late_word_about_an_ended_call_may_come_from_any_instance(shelf: Any, make_batch: Make) -> None:
    async def run() -> None:
        async with shelf.opened("one") as one, shelf.opened("two") as two:
            await written(one, make_batch("A", 1, state="ended"))
            await written(two, make_batch("A", 2, state="ended"))
            assert isinstance((await one.write([make_batch("A", 2, state="ended")]))[0], StoreConflict)
            await written(one, make_batch("A", 3, state="ended"))

    asyncio.run(run())


def test_the_late_word_of_another_instance_never_opens_an_ended_call_again(shelf: Any, make_batch: Make) -> None:
    async def run() -> None:
        async with shelf.opened("one") as one, shelf.opened("two") as two:
            await written(one, make_batch("A", 1, state="ended"))
            conflict = await refused(two, make_batch("A", 2))
            assert str(conflict) == "call A: another instance holds it"
            assert await two.records(Query(state="ended")) == [{"callId": "A", "seq": 1}]

    asyncio.run(run())


def test_a_call_is_seized_from_an_instance_whose_lease_runs(shelf: Any, make_batch: Make) -> None:
    async def run() -> None:
        async with shelf.opened("one") as one, shelf.opened("two") as two:
            await written(one, make_batch("A"), make_batch("B"))
            assert await two.seize(A, NOW, 30.0) is True
            await written(two, make_batch("A", 2))
            await written(one, make_batch("B", 2))
            assert await one.claim(NOW + 29.9, 30.0) == [B]
            assert await two.claim(NOW + 29.9, 30.0) == [A]

    asyncio.run(run())


def test_who_held_a_seized_call_conflicts_whatever_number_comes_next(shelf: Any, make_batch: Make) -> None:
    async def run() -> None:
        async with shelf.opened("one") as one, shelf.opened("two") as two:
            await written(one, make_batch("A"))
            assert await two.seize(A, NOW, 30.0)
            answers = await one.write([make_batch("A", 2), make_batch("B"), Batch((), make_batch("A").row)])
            assert [type(answer) for answer in answers] == [StoreConflict, list, StoreConflict]
            assert str(answers[0]) == "call A: another instance holds it"
            await written(two, make_batch("A", 2, state="ended"))
            await refused(one, make_batch("A", 9))
            assert await one.records(Query(state="ended")) == [{"callId": "A", "seq": 2}]
            assert [event.seq for event in await one.log(A)] == [1, 2]

    asyncio.run(run())


def test_a_seized_call_may_be_seized_back(shelf: Any, make_batch: Make) -> None:
    async def run() -> None:
        async with shelf.opened("one") as one, shelf.opened("two") as two:
            await written(one, make_batch("A"))
            assert await two.seize(A, NOW, 30.0)
            assert await one.seize(A, NOW, 30.0)
            await written(one, make_batch("A", 2))
            await refused(two, make_batch("A", 3))

    asyncio.run(run())


def test_to_seize_a_call_of_ours_renews_its_lease_alone(shelf: Any, make_batch: Make) -> None:
    async def run() -> None:
        async with shelf.opened("one") as one, shelf.opened("two") as two:
            await written(one, make_batch("A"), make_batch("B"))
            assert await one.seize(A, NOW + 20, 30.0) is True
            assert await two.claim(NOW + 49, 5.0) == [B]
            assert await two.claim(NOW + 50, 5.0) == [A, B]

    asyncio.run(run())


def test_a_call_whose_lease_ran_out_is_seized_like_any(shelf: Any, make_batch: Make) -> None:
    async def run() -> None:
        async with shelf.opened("one") as one, shelf.opened("two") as two:
            await written(one, make_batch("A"))
            assert await two.seize(A, NOW + 1000, 30.0) is True
            assert await one.claim(NOW + 1000, 30.0) == []

    asyncio.run(run())


def test_neither_an_ended_call_nor_an_unknown_one_is_seized(shelf: Any, make_batch: Make) -> None:
    async def run() -> None:
        async with shelf.opened("one") as one, shelf.opened("two") as two:
            await written(one, make_batch("A", state="ended"))
            assert await two.seize(A, NOW, 30.0) is False
            assert await one.seize(A, NOW, 30.0) is False
            assert await two.seize(B, NOW, 30.0) is False
            assert await two.record(B) is None

    asyncio.run(run())


def test_a_write_and_a_seizure_at_once_leave_one_holder_and_a_log_without_gaps(shelf: Any, make_batch: Make) -> None:
    async def run() -> None:
        async with shelf.opened("one") as one, shelf.opened("two") as two:
            await written(one, make_batch("A"))
            async with asyncio.TaskGroup() as tasks:
                writes = [tasks.create_task(one.write([make_batch("A", seq)])) for seq in range(2, 12)]
                seizure = tasks.create_task(two.seize(A, NOW, 30.0))
            assert seizure.result() is True
            kept = [isinstance(write.result()[0], list) for write in writes]
            assert kept == sorted(kept, reverse=True)
            log = await two.log(A)
            assert [event.seq for event in log] == list(range(1, 2 + sum(kept)))
            await refused(one, make_batch("A", log[-1].seq + 1))
            await written(two, make_batch("A", log[-1].seq + 1))

    asyncio.run(run())


def test_of_many_claims_at_once_one_gets_each_call(shelf: Any, make_batch: Make) -> None:
    async def run() -> None:
        async with shelf.opened("one") as one, shelf.opened("two") as two, shelf.opened("three") as three:
            await written(one, *(make_batch(call) for call in "ABC"))
            async with asyncio.TaskGroup() as tasks:
                claims = [tasks.create_task(store.claim(NOW + 60, 30.0)) for store in (two, three)]
            assert sorted(call for claim in claims for call in claim.result()) == [A, B, C]

    asyncio.run(run())
