"""The journal: batches in order, whoever waits is told the truth, and nothing is lost while the disk fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from voicecall.core.call import Call, open_call
from voicecall.core.events import Answered, Arrived, Event, Placed, Ringing, Warned
from voicecall.core.ids import CallId, CarrierCallId
from voicecall.core.rules import Rules
from voicecall.core.utterances import SpeechStarted
from voicecall.errors import StoreConflict, StoreError
from voicecall.gateway.journal import Journal
from voicecall.store import Batch, Logged
from voicecall.store.memory import Archive, MemoryStore


class Slate(MemoryStore):
    """An archive that notes when it was written, takes `seconds` for it, and fails as often as told."""

    def __init__(self) -> None:
        super().__init__(instance="one", clock=lambda: 0.0, archive=Archive())
        self.written: list[tuple[float, list[list[str]]]] = []
        self.seconds = 0.0
        self.failures = 0

    async def write(self, batches: Sequence[Batch]) -> list[list[Logged] | Exception]:
        self.written.append(
            (round(now(), 3), [[entry.type for entry in batch.entries] for batch in batches]),
        )
        await asyncio.sleep(self.seconds)
        if self.failures:
            self.failures -= 1
            raise StoreError("the disk is full")
        return await super().write(batches)


def now() -> float:
    """Return the virtual time."""
    return asyncio.get_running_loop().time()


class Writer:
    """Appends the events of one call."""

    def __init__(self, journal: Journal, name: str) -> None:
        self.id = CallId(name)
        self._journal = journal
        self._seq = 0
        placed = Placed(call_id=self.id, carrier="mock", to="+1", from_="+2", mode="notify", greeting="", rules=Rules())
        self.call: Call = open_call(placed, 0.0)
        self.append(placed)

    def append(self, event: Event, key: str | None = None) -> None:
        self._seq += 1
        self._journal.append(self.call, self._seq, event, now(), key)

    async def saved(self) -> None:
        await self._journal.durable(self.id)


@asynccontextmanager
async def journal() -> AsyncIterator[tuple[Journal, Slate, list[Logged]]]:
    """Open a journal over an empty slate; the list is what it published."""
    slate, published = Slate(), list[Logged]()
    await slate.open()
    async with Journal(slate, published.extend) as opened:
        yield opened, slate, published


async def test_a_binding_event_is_written_at_once_and_a_passing_one_a_little_later() -> None:
    async with journal() as (book, slate, _):
        writer = Writer(book, "a")
        await writer.saved()
        assert slate.written == [(0.0, [["Placed"]])]
        await asyncio.sleep(1)
        writer.append(SpeechStarted(1))
        await asyncio.sleep(0.05)
        writer.append(Warned("x", "y"))
        await asyncio.sleep(1)
        assert slate.written[1:] == [(1.1, [["SpeechStarted", "Warned"]])]


async def test_a_binding_event_takes_the_passing_ones_before_it_along() -> None:
    async with journal() as (book, slate, _):
        writer = Writer(book, "a")
        await writer.saved()
        await asyncio.sleep(1)
        writer.append(SpeechStarted(1))
        await asyncio.sleep(0.02)
        writer.append(Ringing())
        await asyncio.sleep(1)
        assert slate.written[1:] == [(1.02, [["SpeechStarted", "Ringing"]])]


async def test_whoever_waits_for_a_passing_event_does_not_wait_long() -> None:
    async with journal() as (book, slate, _):
        writer = Writer(book, "a")
        await writer.saved()
        await asyncio.sleep(1)
        writer.append(SpeechStarted(1))
        await asyncio.sleep(0.01)
        await writer.saved()
        assert slate.written[-1] == (1.01, [["SpeechStarted"]])


async def test_all_that_waits_goes_into_one_transaction() -> None:
    async with journal() as (book, slate, published):
        slate.seconds = 1.0
        first = Writer(book, "a")
        await asyncio.sleep(0.5)
        others = [Writer(book, name) for name in "bcd"]
        first.append(Ringing())
        async with asyncio.TaskGroup() as tasks:
            for writer in (first, *others):
                tasks.create_task(writer.saved())
        assert slate.written == [(0.0, [["Placed"]]), (1.0, [["Placed"], ["Placed"], ["Placed"], ["Ringing"]])]
        assert [logged.position for logged in published] == [1, 2, 3, 4, 5]


async def test_what_is_written_already_need_not_be_waited_for() -> None:
    async with journal() as (book, slate, _):
        await book.durable(CallId("unknown"))
        writer = Writer(book, "a")
        await writer.saved()
        await writer.saved()
        assert len(slate.written) == 1
        assert not book.owes(writer.id)


async def test_what_is_being_written_is_waited_for() -> None:
    async with journal() as (book, slate, _):
        slate.seconds = 2.0
        writer = Writer(book, "a")
        await asyncio.sleep(0.5)
        assert book.owes(writer.id)
        await writer.saved()
        assert now() == pytest.approx(2.0)


async def test_whoever_waits_during_a_failure_is_told_and_the_events_are_kept_in_order() -> None:
    async with journal() as (book, slate, published):
        with capture_logs() as logs:
            slate.seconds, slate.failures = 0.2, 3
            writer = Writer(book, "a")
            await asyncio.sleep(0.1)
            writer.append(Ringing())
            with pytest.raises(StoreError, match="disk is full"):
                await writer.saved()
            assert book.failing == "the disk is full"
            writer.append(Answered())
            with pytest.raises(StoreError, match="disk is full"):
                await writer.saved()
            await writer.saved()
        assert book.failing == ""
        assert [logged.type for logged in published] == ["Placed", "Ringing", "Answered"]
        assert [logged.seq for logged in published] == [1, 2, 3]
        assert [line["event"] for line in logs] == ["store.failed"]
        assert [at for at, _ in slate.written] == [0.0, 1.2, 2.4, 3.6]


async def test_who_waited_for_what_came_during_a_failed_write_is_told_of_the_next_one() -> None:
    async with journal() as (book, slate, published):
        slate.seconds, slate.failures = 1.0, 1
        first, second = Writer(book, "a"), Writer(book, "b")
        await asyncio.sleep(0.5)
        first.append(Ringing())
        await first.saved()
        await second.saved()
        assert [logged.call_id for logged in published] == ["a", "a", "b"]


async def test_a_waiter_that_gave_up_disturbs_nobody() -> None:
    async with journal() as (book, slate, _):
        slate.seconds = 1.0
        writer = Writer(book, "a")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await writer.saved()
        await writer.saved()
        slate.failures = 1
        writer.append(Ringing())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await writer.saved()
        await asyncio.sleep(5)
        assert len(slate.written) == 3


async def test_a_conflict_is_told_to_its_call_alone() -> None:
    async with journal() as (book, _, published):
        first = Writer(book, "a")
        first.append(Ringing(), key="same")
        await first.saved()
        second, third = Writer(book, "b"), Writer(book, "c")
        second.append(Ringing(), key="same")
        waiting = second.saved()
        third.append(Ringing(), key="other")
        with pytest.raises(StoreConflict):
            await waiting
        await third.saved()
        assert book.failing == ""
        assert {logged.call_id for logged in published} == {"a", "c"}


async def test_what_is_left_at_the_end_is_written() -> None:
    async with journal() as (book, slate, published):
        writer = Writer(book, "a")
        await writer.saved()
        writer.append(SpeechStarted(1))
    assert [logged.type for logged in published] == ["Placed", "SpeechStarted"]
    assert len(slate.written) == 2


async def test_a_disk_that_fails_to_the_end_does_not_hold_it_up() -> None:
    async with journal() as (book, slate, published):
        slate.failures = 99
        Writer(book, "a")
        await asyncio.sleep(0.5)
    assert published == []
    assert now() < 2


async def test_an_idle_journal_ends_at_once() -> None:
    async with journal() as (_, slate, _):
        await asyncio.sleep(1)
    assert slate.written == []
    assert now() == 1.0


async def test_what_was_forgotten_is_not_written() -> None:
    async with journal() as (book, slate, published):
        slate.failures = 1
        refused = Writer(book, "a")
        with pytest.raises(StoreError):
            await refused.saved()
        book.forget(refused.id)
        book.forget(CallId("unknown"))
        await Writer(book, "b").saved()
        assert [logged.call_id for logged in published] == ["b"]


async def test_the_row_tells_how_the_call_was_after_its_last_event() -> None:
    async with journal() as (book, slate, _):
        arrived = Arrived(
            call_id=CallId("a"),
            carrier="mock",
            carrier_call_id=CarrierCallId("leg"),
            from_="+1",
            to="+2",
            greeting="",
            rules=Rules(),
        )
        book.append(open_call(arrived, 0.0), 1, arrived, 0.0, "key")
        await book.durable(CallId("a"))
        held = slate.find("mock", "leg")
        assert await held == "a"
        record = await slate.record(CallId("a"))
        assert record is not None
        assert (record["direction"], record["state"]) == ("inbound", "initiated")
