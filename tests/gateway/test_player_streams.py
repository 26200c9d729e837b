"""The player and its streams: they drop, come back and replace each other, and no word is lost or said twice."""

from __future__ import annotations

import asyncio

import pytest

from tests.gateway.test_player import FakeOutlet, desk
from voicecall.gateway.player import RATE


async def test_without_a_stream_it_waits_for_one() -> None:
    async with desk(attached=False) as at:
        at.say(1, ("Hello", 0.5))
        await asyncio.sleep(5)
        assert at.told == []
        at.player.attach(at.outlet)
        await asyncio.sleep(0.5)
        assert at.outlet.seconds == 0.5


async def test_the_next_stream_goes_on_where_the_last_one_was_lost() -> None:
    async with desk() as at:
        at.say(1, ("A long line", 2.0))
        await at.hear(0.7)
        at.player.detach(at.outlet)
        at.player.detach(at.outlet)
        await asyncio.sleep(3)
        second = FakeOutlet()
        at.player.attach(second)
        await asyncio.sleep(3)

        assert second.bytes == pytest.approx(1.3 * RATE, abs=2)
        assert [what for _, what in second.sent if what == "clear"] == []
        at.player.mark_returned(second.marks[-1])
        assert at.told == [("started", 1), ("audible", 1), ("finished", 1, "A long line", True)]


async def test_what_a_stream_was_never_heard_to_play_the_next_one_plays_again() -> None:
    async with desk() as at:
        at.say(1, ("A long line", 2.0))
        await asyncio.sleep(1.5)
        at.player.detach(at.outlet)
        second = FakeOutlet()
        at.player.attach(second)
        await asyncio.sleep(3)

        assert second.seconds == 2.0


async def test_every_stream_is_asked_at_once_whether_it_plays() -> None:
    async with desk() as at:
        at.say(1, ("one two three four", 8.0))
        await at.hear(2)
        at.player.detach(at.outlet)
        second = FakeOutlet()
        at.player.attach(second)
        await asyncio.sleep(0.1)
        (asked,) = second.marks
        await asyncio.sleep(1)
        at.player.mark_returned(at.outlet.marks[0])
        at.player.detach(second)
        third = FakeOutlet()
        at.player.attach(third)
        await asyncio.sleep(0.1)
        at.player.mark_returned(asked)
        at.player.mark_returned(third.marks[0])
        await asyncio.sleep(1.9)
        spoken = at.player.stop()

        assert spoken is not None
        assert spoken.heard == "one two"


async def test_a_stream_that_is_replaced_while_it_lives_costs_no_word() -> None:
    async with desk() as at:
        at.say(1, ("A long line", 2.0))
        await at.hear(0.7)
        second = FakeOutlet()
        at.player.attach(second)
        at.player.detach(at.outlet)
        await asyncio.sleep(3)

        assert second.bytes == pytest.approx(1.3 * RATE, abs=2)


async def test_a_clear_that_was_due_to_a_lost_stream_is_not_sent_to_the_next() -> None:
    async with desk() as at:
        at.outlet.gate.clear()
        at.say(1, ("A long line", 2.0))
        await asyncio.sleep(0.3)
        at.player.stop()
        at.player.detach(at.outlet)
        at.outlet.gate.set()
        second = FakeOutlet()
        at.player.attach(second)
        await asyncio.sleep(1)
        assert second.sent == []


async def test_what_was_held_when_the_stream_was_lost_stays_held() -> None:
    async with desk() as at:
        at.say(1, ("one two three four", 2.0))
        await at.hear(1)
        at.player.hold()
        at.player.detach(at.outlet)
        second = FakeOutlet()
        at.player.attach(second)
        await asyncio.sleep(1)
        assert second.sent == []
        at.player.resume()
        await asyncio.sleep(2)
        assert second.bytes == pytest.approx(1.0 * RATE, abs=2)


async def test_a_stop_without_a_stream_knows_what_the_last_one_played() -> None:
    async with desk() as at:
        at.say(1, ("one two three four", 2.0))
        await at.hear(1)
        at.player.detach(at.outlet)
        await asyncio.sleep(9)
        spoken = at.player.stop()
        assert spoken is not None
        assert spoken.heard == "one two"
