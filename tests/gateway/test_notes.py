"""Notes in the archive: who writes first, and what becomes of a note that cannot be read."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from voicecall.errors import StoreError
from voicecall.gateway.notes import Notes
from voicecall.store import Note
from voicecall.store.memory import Archive, MemoryStore


class Place(msgspec.Struct, frozen=True):
    """What is noted here."""

    name: str


class Slow(MemoryStore):
    """An archive on which others have their turn between reading and writing."""

    async def note(self, kind: str, key: str) -> Note | None:
        found = await super().note(kind, key)
        await asyncio.sleep(0.001)
        return found


class Contested(Slow):
    """An archive in which somebody else is always quicker."""

    async def write_note(self, note: Note) -> bool:
        return False

    async def remove_note(self, note: Note) -> bool:
        return False


async def opened(archive: Archive, type_: type[MemoryStore] = Slow) -> Notes[Place]:
    store = type_(instance="one", clock=lambda: 7.0, archive=archive)
    await store.open()
    return Notes(store, lambda: 7.0, "place", Place)


async def test_a_note_is_written_read_listed_and_removed() -> None:
    notes = await opened(Archive())
    assert await notes.read("here") is None
    assert await notes.write("here", Place("Rome"))
    assert not await notes.write("here", Place("Oslo"))
    assert (await notes.put("here", Place("Bonn"))).version == 2
    (listed,) = await notes.all()
    assert await notes.read("here") == listed
    assert (listed.key, listed.value, listed.at) == ("here", Place("Bonn"), 7.0)
    assert await notes.remove("here") == listed
    assert await notes.remove("here") is None
    assert not await notes.discard(listed)


async def test_of_many_changes_at_once_none_is_lost() -> None:
    archive = Archive()
    desks = [await opened(archive) for _ in range(8)]

    def longer(place: Place | None) -> tuple[Place, int]:
        name = ("" if place is None else place.name) + "x"
        return Place(name), len(name)

    async with asyncio.TaskGroup() as tasks:
        made = [tasks.create_task(desk.change("here", longer)) for desk in desks]
    assert sorted(task.result() for task in made) == list(range(1, 9))
    assert await desks[0].change("here", lambda place: (place or Place(""), "as it is")) == "as it is"
    assert archive.notes["place", "here"].version == 8


@pytest.mark.parametrize("data", [b"{", b'{"name": 3}', b'{"name": "\xff"}', b"\xff"])
async def test_what_cannot_be_read_is_named_and_can_be_replaced_and_removed(data: bytes) -> None:
    archive = Archive()
    notes = await opened(archive)
    note = archive.notes["place", "here"] = Note("place", "here", data, 0.0)
    with pytest.raises(StoreError, match="place here cannot be read"):
        await notes.read("here")
    with pytest.raises(StoreError, match="place here cannot be read"):
        await notes.all()
    await notes.put("here", Place("Rome"))
    assert await notes.read("here") is not None
    archive.notes["place", "here"] = note
    with pytest.raises(StoreError, match="place here cannot be read"):
        await notes.remove("here")
    assert await notes.read("here") is None


async def test_a_number_is_named_by_its_last_digits() -> None:
    archive = Archive()
    archive.notes["place", "+15550100010"] = Note("place", "+15550100010", b"?", 0.0)
    with pytest.raises(StoreError, match="place …0010 cannot"):
        await (await opened(archive)).read("+15550100010")


async def test_who_never_gets_a_turn_says_so() -> None:
    archive = Archive()
    archive.notes["place", "here"] = Note("place", "here", b'{"name": "Rome"}', 0.0)
    notes = await opened(archive, Contested)
    with pytest.raises(StoreError, match="changed by somebody else"):
        await notes.put("here", Place("Oslo"))
    with pytest.raises(StoreError, match="changed by somebody else"):
        await notes.change("here", lambda _: (Place("Oslo"), None))
    with pytest.raises(StoreError, match="changed by somebody else"):
        await notes.remove("here")
