"""What every archive promises, kept by each of the three."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.store.writing import refused, written
from voicecall.core.ids import CallId
from voicecall.errors import StoreConflict, StoreError
from voicecall.store import Batch, Query, Store

NOW = 1_000_000.0
A, B, C = CallId("A"), CallId("B"), CallId("C")
Make = Callable[..., Batch]


def play(shelf: Any, act: Callable[[Store], Any]) -> None:
    async def run() -> None:
        async with shelf.opened() as store:
            await act(store)

    asyncio.run(run())


def test_what_was_written_is_read_back(shelf: Any, make_batch: Make) -> None:
    async def act(store: Store) -> None:
        batch = make_batch("A", 1, 2, keys=("k1", None), text="Zoë said \\u0000 hi")
        [logged] = await written(store, batch)
        assert [(event.seq, event.at, event.type, event.data) for event in logged] == [
            (entry.seq, entry.at, entry.type, entry.data) for entry in batch.entries
        ]
        assert await store.log(A) == logged
        assert await store.events(0, 10) == logged
        assert await store.record(A) == {"callId": "A", "seq": 2}
        assert await store.find("mock", "leg-A") == A

    play(shelf, act)


def test_an_unknown_call_has_no_log_no_record_and_no_leg(shelf: Any, make_batch: Make) -> None:
    async def act(store: Store) -> None:
        await written(store, make_batch("A"))
        assert await store.log(B) == []
        assert await store.record(B) is None
        assert await store.find("mock", "leg-B") is None
        assert await store.find("twilio", "leg-A") is None

    play(shelf, act)


def test_an_event_is_found_by_the_key_that_its_carrier_gave_it(shelf: Any, make_batch: Make) -> None:
    async def act(store: Store) -> None:
        [[_, event]] = await written(store, make_batch("A", 1, 2, keys=(None, "K"), text="Zoë"))
        [[other]] = await written(store, make_batch("B", 1, keys=("K",), carrier="twilio"))
        assert (event.seq, event.key, other.call_id) == (2, "K", B)
        assert await store.keyed("mock", "K") == event
        assert await store.keyed("twilio", "K") == other
        assert await store.keyed("telnyx", "K") is None
        assert await store.keyed("mock", "L") is None

    play(shelf, act)


def test_the_key_of_a_batch_that_was_refused_finds_nothing(shelf: Any, make_batch: Make) -> None:
    async def act(store: Store) -> None:
        await written(store, make_batch("A", 1, keys=("K",)))
        await refused(store, make_batch("A", 1, keys=("L",)))
        assert await store.keyed("mock", "L") is None
        await written(store, make_batch("A", 2, keys=("L",)))
        found = await store.keyed("mock", "L")
        assert found is not None
        assert (found.call_id, found.seq) == (A, 2)

    play(shelf, act)


def test_nothing_to_write_is_nothing_written(shelf: Any) -> None:
    async def act(store: Store) -> None:
        assert await store.write([]) == []
        assert await store.events(0, 10) == []

    play(shelf, act)


def test_positions_rise_over_all_calls_in_the_order_of_writing(shelf: Any, make_batch: Make) -> None:
    async def act(store: Store) -> None:
        first = await written(store, make_batch("B", 1, 2), make_batch("A", 1), make_batch("B", 3))
        second = await written(store, make_batch("A", 2))
        positions = [event.position for logged in first + second for event in logged]
        assert positions == sorted(set(positions))
        assert [(event.call_id, event.seq) for event in await store.events(0, 10)] == [
            (B, 1), (B, 2), (A, 1), (B, 3), (A, 2),
        ]  # fmt: skip

    play(shelf, act)


def test_events_are_read_from_a_position_up_to_a_limit_and_of_one_call(shelf: Any, make_batch: Make) -> None:
    async def act(store: Store) -> None:
        await written(store, *(make_batch(call, seq) for seq in (1, 2, 3) for call in "AB"))
        everything = await store.events(0, 100)
        assert len(everything) == 6
        assert await store.events(everything[1].position, 2) == everything[2:4]
        assert await store.events(everything[0].position, 100, A) == [everything[2], everything[4]]
        assert await store.events(everything[0].position, 1, A) == [everything[2]]
        assert await store.events(everything[-1].position, 100) == []
        assert await store.events(0, 0) == []

    play(shelf, act)


def test_many_calls_are_written_at_once(shelf: Any, make_batch: Make) -> None:
    async def act(store: Store) -> None:
        answers = await written(store, *(make_batch(f"C{call:04}", 1, 2) for call in range(1200)))
        assert [[(event.call_id, event.seq) for event in logged] for logged in answers] == [
            [(f"C{call:04}", 1), (f"C{call:04}", 2)] for call in range(1200)
        ]
        assert [event for logged in answers for event in logged] == await store.events(0, 5000)

    play(shelf, act)


def test_a_later_row_replaces_the_earlier(shelf: Any, make_batch: Make) -> None:
    async def act(store: Store) -> None:
        await written(store, make_batch("A", 1, carrier_call_id=None, state="initiated"))
        assert await store.find("mock", "leg-A") is None
        await written(
            store,
            make_batch("A", 2, from_="+15550109", to="+15550108", state="ended", ended_at=NOW, started_at=NOW - 5),
        )
        assert await store.find("mock", "leg-A") == A
        assert await store.records(Query(number="+15550109", state="ended")) == [{"callId": "A", "seq": 2}]
        assert await store.records(Query(number="+15550101")) == []
        assert await store.records(Query(state="initiated")) == []
        assert await store.records(Query(since=NOW)) == []

    play(shelf, act)


def test_a_row_without_events_is_written(shelf: Any, make_batch: Make) -> None:
    async def act(store: Store) -> None:
        row = make_batch("A").row
        assert await store.write([Batch((), row)]) == [[]]
        assert await store.record(A) == {"callId": "A", "seq": 1}

    play(shelf, act)


def test_a_sequence_number_is_taken_once(shelf: Any, make_batch: Make) -> None:
    async def act(store: Store) -> None:
        await written(store, make_batch("A", 1, 2))
        conflict = await refused(store, make_batch("A", 2, 3, record=b'{"callId":"A","seq":99}'))
        assert str(conflict) == "call A: an event with that number is written already"
        assert [event.seq for event in await store.log(A)] == [1, 2]
        assert await store.record(A) == {"callId": "A", "seq": 2}

    play(shelf, act)


def test_a_carriers_key_is_taken_once_whatever_the_call(shelf: Any, make_batch: Make) -> None:
    async def act(store: Store) -> None:
        await written(store, make_batch("A", 1, keys=("K",)))
        conflict = await refused(store, make_batch("B", 1, keys=("K",)))
        assert str(conflict) == "call B: the carrier's event is written already"
        assert await store.record(B) is None
        assert isinstance(await refused(store, make_batch("A", 2, 3, keys=("L", "L"))), StoreConflict)
        await written(store, make_batch("C", 1, keys=("K",), carrier="twilio"))

    play(shelf, act)


def test_a_call_leg_belongs_to_one_call(shelf: Any, make_batch: Make) -> None:
    async def act(store: Store) -> None:
        await written(store, make_batch("A"))
        conflict = await refused(store, make_batch("B", carrier_call_id="leg-A"))
        assert str(conflict) == "call B: another call has that carrier's call leg"
        assert await store.log(B) == []
        await written(store, make_batch("C", carrier_call_id="leg-A", carrier="twilio"))
        await written(store, make_batch("D", carrier_call_id=None), make_batch("E", carrier_call_id=None))

    play(shelf, act)


def test_a_batch_that_collides_is_left_out_and_the_others_are_written(shelf: Any, make_batch: Make) -> None:
    async def act(store: Store) -> None:
        await written(store, make_batch("A", 1, keys=("K",)))
        answers = await store.write(
            [
                make_batch("B", 1, keys=("N",)),
                make_batch("C", 1, 2, keys=("M", "K")),
                make_batch("D", 1, keys=("N",)),
                make_batch("B", 2),
                make_batch("B", 2),
                make_batch("E", 1, keys=("M",)),
            ]
        )
        assert [type(answer) for answer in answers] == [list, StoreConflict, StoreConflict, list, StoreConflict, list]
        read = await store.events(1, 100)
        assert [(event.call_id, event.seq) for event in read] == [("B", 1), ("B", 2), ("E", 1)]
        assert read == [event for answer in answers if isinstance(answer, list) for event in answer]
        assert [await store.record(CallId(call)) is None for call in "ABCDE"] == [False, False, True, True, False]

    play(shelf, act)


def test_records_are_listed_newest_first(shelf: Any, make_batch: Make) -> None:
    async def act(store: Store) -> None:
        await written(
            store,
            make_batch("A", started_at=NOW, state="ended"),
            make_batch("B", started_at=NOW + 2, from_="+15550102", to="+15550103"),
            make_batch("C", started_at=NOW + 1, from_="+15550104", to="+15550105"),
            make_batch("D", started_at=NOW + 1, from_="+15550104", to="+15550105", state="ended"),
        )

        async def listed(**query: Any) -> list[str]:
            return [str(record["callId"]) for record in await store.records(Query(**query))]

        assert await listed() == ["B", "D", "C", "A"]
        assert await listed(limit=2) == ["B", "D"]
        assert await listed(limit=0) == []
        assert await listed(since=NOW + 1) == ["B", "D", "C"]
        assert await listed(number="+15550102") == ["B", "A"]
        assert await listed(state="ended") == ["D", "A"]
        assert await listed(state="ended", number="+15550104", since=NOW + 1) == ["D"]

    play(shelf, act)


def test_two_instances_that_write_at_once_never_share_a_key(shelf: Any, make_batch: Make) -> None:
    async def run() -> None:
        async with shelf.opened("one") as one, shelf.opened("two") as two:
            async with asyncio.TaskGroup() as tasks:
                writes = [
                    tasks.create_task(store.write([make_batch(f"{name}{key}", keys=(f"key-{key}",))]))
                    for key in range(20)
                    for name, store in (("one", one), ("two", two))
                ]
            kinds = [type(write.result()[0]) for write in writes]
            assert all(
                {left, right} == {list, StoreConflict} for left, right in zip(kinds[::2], kinds[1::2], strict=True)
            )
            positions = [event.position for event in await one.events(0, 100)]
            assert len(positions) == 20

    asyncio.run(run())


def test_what_was_written_outlives_the_store(shelf: Any, make_batch: Make) -> None:
    async def run() -> None:
        async with shelf.opened() as store:
            logged = await written(store, make_batch("A", 1, 2))
        async with shelf.opened() as store:
            assert [await store.log(A)] == logged
            [[next_one]] = await written(store, make_batch("A", 3))
            assert next_one.position > logged[0][-1].position

    asyncio.run(run())


def test_a_store_that_is_not_open_says_so(shelf: Any, make_batch: Make) -> None:
    async def run() -> None:
        store = shelf.make("one")
        with pytest.raises(StoreError, match="is not open"):
            await store.write([make_batch()])
        await store.open()
        await store.open()
        await store.close()
        await store.close()
        with pytest.raises(StoreError, match="is not open"):
            await store.record(A)
        with pytest.raises(StoreError, match="is not open"):
            await store.seize(A, NOW, 30.0)
        with pytest.raises(StoreError, match="is not open"):
            await store.keyed("mock", "K")

    asyncio.run(run())
