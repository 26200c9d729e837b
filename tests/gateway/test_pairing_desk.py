"""Who may be told a pairing code, and which: over days, in a flood, and with two gateways on one archive."""

from __future__ import annotations

import asyncio

import pytest

from voicecall.core.administration import ApprovePairing, ListPairings
from voicecall.errors import BadParameters, StoreError
from voicecall.gateway.pairing import Limits, NotTold, PairingDesk
from voicecall.store import Note
from voicecall.store.memory import Archive, MemoryStore

STRANGER = "+15550100010"
HOUR = 3600.0


class Slow(MemoryStore):
    """An archive on which others have their turn between reading and writing."""

    async def note(self, kind: str, key: str) -> Note | None:
        found = await super().note(kind, key)
        await asyncio.sleep(0.001)
        return found


class Days:
    """An archive, and desks that share it; `now` is Unix seconds."""

    def __init__(self, limits: Limits = Limits()) -> None:  # noqa: B008 - it is frozen
        self.now = 1_800_000_000.0
        self.archive = Archive()
        self._limits = limits
        self._drawn = 0

    async def desk(self) -> PairingDesk:
        store = Slow(instance="desk", clock=lambda: self.now, archive=self.archive)
        await store.open()
        return PairingDesk(store, clock=lambda: self.now, entropy=self._draw, limits=self._limits)

    def _draw(self, size: int) -> bytes:
        """Return every number twice."""
        self._drawn += 1
        return (self._drawn // 2).to_bytes(size, "big")


async def refusal(desk: PairingDesk, number: str, leg: str) -> str:
    with pytest.raises(NotTold) as refused:
        await desk.tell(number, leg)
    return refused.value.reason


async def test_a_caller_is_told_so_often_in_any_24_hours() -> None:
    days = Days(Limits(lifetime=600.0, tries=2))
    desk = await days.desk()
    first = await desk.tell(STRANGER, "1")
    days.now += 300
    assert await desk.tell(STRANGER, "1") == first
    assert await desk.tell(STRANGER, "2") == first
    assert await refusal(desk, STRANGER, "3") == "tries"
    assert await desk.tell(STRANGER, "2") == first

    days.now += 24 * HOUR - 301
    assert await refusal(desk, STRANGER, "3") == "tries"
    days.now += 1
    assert await desk.tell(STRANGER, "3") != first
    assert await refusal(desk, STRANGER, "4") == "tries"


async def test_strangers_at_two_gateways_at_once_get_one_code_each() -> None:
    days = Days()
    desks = (await days.desk(), await days.desk())
    numbers = [f"+1555020{number:04d}" for number in range(8)]
    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(desk.tell(number, "leg")) for number in numbers for desk in desks]
    codes = [task.result() for task in asked]
    assert codes[::2] == codes[1::2]
    assert len(set(codes)) == 8


async def test_a_code_is_used_once_whoever_is_asked() -> None:
    days = Days()
    one, two = await days.desk(), await days.desk()
    code = await one.tell(STRANGER, "leg")
    assert await two.code_of(STRANGER) == code
    assert (await two.perform(ApprovePairing(code=code)))["number"] == STRANGER
    assert await one.knows(STRANGER)
    assert not await one.knows("+15550100011")
    assert await one.code_of(STRANGER) == ""
    with pytest.raises(BadParameters, match="approved already"):
        await one.perform(ApprovePairing(code=code))


async def test_a_flood_fills_no_more_than_its_share_of_the_archive() -> None:
    days = Days()
    desk = await days.desk()
    for ten_minutes in range(12):
        for number in range(100):
            if ten_minutes < 10:
                await desk.tell(f"+1555{ten_minutes:03d}{number:04d}", "a leg")
            else:
                assert await refusal(desk, f"+1555{ten_minutes:03d}{number:04d}", "a leg") == "crowded"
        assert await refusal(desk, STRANGER, "a leg") == "crowded"
        assert len(await desk.perform(ListPairings())) == (100 if ten_minutes < 10 else 0)
        days.now += 600
    (book,) = days.archive.notes.values()
    assert len(book.data) < 100_000

    days.now += 24 * HOUR
    assert await desk.tell(STRANGER, "a leg")
    (book,) = days.archive.notes.values()
    assert len(book.data) < 200


class Contested(Slow):
    """An archive in which somebody else is always quicker."""

    async def write_note(self, note: Note) -> bool:
        return False


async def test_a_code_that_cannot_be_kept_is_not_told() -> None:
    store = Contested(instance="desk", clock=lambda: 0.0)
    await store.open()
    desk = PairingDesk(store, clock=lambda: 0.0, entropy=bytes, limits=Limits())
    with pytest.raises(StoreError, match="changed by somebody else"):
        await desk.tell(STRANGER, "a leg")
