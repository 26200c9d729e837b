"""A note is written over the version that its writer has seen, and over no other."""

from __future__ import annotations

import asyncio
from typing import Any

from msgspec.structs import replace

from voicecall.store import Note

FIRST = Note("token", "agent", b'{"may":"call"}', 1_000_000.0)


def test_a_note_outlives_the_store_and_is_found_by_its_name_and_its_kind(shelf: Any) -> None:
    async def run() -> None:
        second, other = replace(FIRST, key="b\xe9"), replace(FIRST, kind="switch")
        async with shelf.opened() as store:
            assert [await store.write_note(note) for note in (second, FIRST, other)] == [True] * 3
        async with shelf.opened("two") as store:
            assert await store.note("token", "agent") == FIRST
            assert await store.note("token", "nobody") is None
            assert await store.notes("token") == [FIRST, second]
            assert await store.notes("nothing") == []

    asyncio.run(run())


def test_only_the_version_that_was_seen_is_written_over_or_removed(shelf: Any) -> None:
    async def run() -> None:
        changed = replace(FIRST, data=b'{"may":"read"}', version=2)
        async with shelf.opened() as store:
            assert not await store.write_note(changed)
            assert await store.write_note(FIRST)
            assert not await store.write_note(FIRST)
            assert await store.write_note(changed)
            assert not await store.remove_note(FIRST)
            assert await store.note("token", "agent") == changed
            assert await store.remove_note(changed)
            assert not await store.remove_note(changed)
            assert await store.note("token", "agent") is None
            assert await store.write_note(FIRST)

    asyncio.run(run())


def test_of_many_who_write_the_same_version_at_once_one_does(shelf: Any) -> None:
    async def run() -> None:
        async with shelf.opened("one") as one, shelf.opened("two") as two, asyncio.TaskGroup() as tasks:
            wishes = [
                tasks.create_task(store.write_note(replace(FIRST, data=f"[{number}]".encode())))
                for number in range(5)
                for store in (one, two)
            ]
        assert [wish.result() for wish in wishes].count(True) == 1

    asyncio.run(run())
