"""Two writers of one call: the one that lost it is told at once, and nothing of it is written any more."""

from __future__ import annotations

import asyncio

import pytest

from tests.gateway.test_journal import Writer, journal
from voicecall.core.events import Ringing, Warned
from voicecall.core.ids import CallId
from voicecall.errors import StoreConflict
from voicecall.gateway.journal import Journal
from voicecall.store.memory import MemoryStore


async def take(slate: MemoryStore, writer: Writer) -> None:
    """Have another instance hold the call."""
    other = MemoryStore(instance="two", clock=lambda: 0.0, archive=slate._archive)
    await other.open()
    assert await other.seize(writer.id, 0.0, 30.0)


async def watched(book: Journal, call: CallId) -> tuple[float, StoreConflict]:
    """Return when another writer was found to have the call, and what was said."""
    with pytest.raises(StoreConflict) as found:
        await book.watch(call)
    return asyncio.get_running_loop().time(), found.value


async def test_a_call_that_another_writer_took_is_told_of_though_nobody_waits_for_what_is_written() -> None:
    async with journal() as (book, slate, _), asyncio.TaskGroup() as tasks:
        lost, kept = Writer(book, "a"), Writer(book, "b")
        await lost.saved()
        watch = tasks.create_task(watched(book, lost.id))
        other = tasks.create_task(book.watch(kept.id))
        await take(slate, lost)
        await asyncio.sleep(1)
        assert not watch.done()
        lost.append(Warned("x", "y"))
        kept.append(Warned("x", "y"))
        at, conflict = await watch
        assert at == pytest.approx(1.1)
        assert "another instance" in str(conflict)
        assert not other.done()
        other.cancel()


async def test_what_was_appended_while_the_conflict_was_found_is_refused_too() -> None:
    async with journal() as (book, slate, _), asyncio.TaskGroup() as tasks:
        writer = Writer(book, "a")
        await writer.saved()
        await take(slate, writer)
        slate.seconds = 0.5
        watch = tasks.create_task(watched(book, writer.id))
        writer.append(Ringing())
        await asyncio.sleep(0.1)
        writer.append(Warned("x", "y"))
        await watch
        await asyncio.sleep(5)
        assert not book.owes(writer.id)
        assert [types for _, types in slate.written][1:] == [[["Ringing"]]]


async def test_who_waits_for_what_was_appended_since_is_told_of_the_conflict() -> None:
    async with journal() as (book, slate, _):
        writer = Writer(book, "a")
        await writer.saved()
        await take(slate, writer)
        slate.seconds = 0.5
        writer.append(Ringing())
        await asyncio.sleep(0.1)
        writer.append(Ringing())
        with pytest.raises(StoreConflict):
            await writer.saved()
        assert len(slate.written) == 2
