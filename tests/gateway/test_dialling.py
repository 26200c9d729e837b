"""Dials wait for their turn, are made again where the carrier had no room, and never after the call is over."""

from __future__ import annotations

import asyncio

import pytest

from tests.gateway.house import FRIEND, HANG_UP, House, Json, MakeHouse, text, wait
from voicecall.core.operations import Initiate
from voicecall.errors import CallRefused

PHONES = [f"+1555030{number:04d}" for number in range(5)]
"""They answer once they have rung for a second."""


def dials(h: House) -> list[float]:
    """Return when dials were sent, in seconds since the first of all requests."""
    return [round(at - h.town.rest.sent[0][0], 2) for at, action in h.town.rest.sent if action == "dial"]


async def initiate(h: House, to: str) -> Json:
    """Place a call, and return what its caller is told."""
    placed: Json = await h.perform(Initiate(to=to, message="Hello there"))
    return placed


async def test_calls_are_dialled_at_the_carriers_pace_and_in_order(house: MakeHouse) -> None:
    async with house(dials_per_second=0.5) as h:
        placed = [await initiate(h, phone) for phone in PHONES]
        assert asyncio.get_running_loop().time() < 0.1
        assert [one.get("queued", False) for one in placed] == [False, True, True, True, True]
        assert {one["state"] for one in placed} == {"initiated"}
        await asyncio.sleep(9)

        assert dials(h) == [0.0, 2.0, 4.0, 6.0, 8.0]
        assert [leg.parties.to for leg in h.network.legs.values()] == PHONES
        after_a_pause = await initiate(h, FRIEND)
        assert after_a_pause["queued"] is True
        await asyncio.sleep(5)
        assert "queued" not in await initiate(h, FRIEND)


async def test_of_calls_placed_at_the_same_moment_all_but_one_are_queued(house: MakeHouse) -> None:
    async with house(dials_per_second=0.5) as h:
        async with asyncio.TaskGroup() as tasks:
            wishes = [tasks.create_task(initiate(h, phone)) for phone in PHONES]
        assert [wish.result().get("queued", False) for wish in wishes] == [False, True, True, True, True]


async def test_a_call_may_wait_for_its_dial_longer_than_a_phone_may_ring(house: MakeHouse) -> None:
    async with house(dials_per_second=1 / 200) as h:
        await initiate(h, PHONES[0])
        waiting = await h.place(wait(3), HANG_UP)
        record = await h.over(waiting)

        assert dials(h) == [0.0, 200.0]
        assert (record["endReason"], text(await h.hears(waiting))) == ("hangup-user", "Hello there")


async def test_a_call_that_is_ended_while_it_waits_is_never_dialled(house: MakeHouse) -> None:
    async with house(dials_per_second=0.5, max_calls=3) as h:
        _, second, third = [await initiate(h, phone) for phone in PHONES[:3]]
        with pytest.raises(CallRefused):
            await initiate(h, FRIEND)
        ended = h.beside(h.end(second["callId"]))
        await asyncio.sleep(0.1)
        assert ended.done()  # it does not wait for its turn
        await asyncio.sleep(30)

        assert (await ended)["endReason"] == "hangup-agent"
        record = await h.over(second["callId"])
        assert (record["endReason"], record["endDetail"], record["carrierCallId"]) == ("hangup-agent", None, None)
        assert [leg.parties.to for leg in h.network.legs.values()] == [PHONES[0], PHONES[2]]
        assert (await h.record(third["callId"]))["carrierCallId"] is not None
        assert h.town.rest.count("hang-up") == 0


async def test_a_dial_that_the_carrier_had_no_room_for_is_made_again(house: MakeHouse) -> None:
    async with house() as h:
        h.town.rest.statuses["dial"] = [429, 429]
        call = await h.place(wait(3), HANG_UP)
        record = await h.over(call)

        assert (record["endReason"], record["warnings"]) == ("hangup-user", [])
        assert text(await h.hears(call)) == "Hello there"
        assert dials(h) == pytest.approx([0.0, 1.0, 3.0], abs=0.1)
        assert len(h.network.legs) == 1
        assert [line["action"] for line in h.town.named("carrier.failed")] == ["PlaceCall"] * 2
        await h.idle()


async def test_a_carrier_that_never_has_room_is_given_up_with_the_cause(house: MakeHouse) -> None:
    async with house() as h:
        h.town.rest.statuses["dial"] = [429] * 99
        call = await h.place()
        record = await h.over(call)

        assert record["endReason"] == "failed"
        assert "429" in record["endDetail"]
        assert dials(h) == pytest.approx([0.0, 1.0, 3.0, 7.0], abs=0.1)
        assert await h.types(call) == ["call.initiated", "call.dial-failed", "call.ended"]
        await asyncio.sleep(60)
        assert len(dials(h)) == 4
        await h.idle()


async def test_a_call_that_is_ended_between_two_dials_is_not_dialled_again(house: MakeHouse) -> None:
    async with house() as h:
        h.town.rest.statuses["dial"] = [429]
        call = await h.place(wait(9))
        await asyncio.sleep(0.5)
        ended = h.beside(h.end(call))
        await asyncio.sleep(30)

        assert (await ended)["endReason"] == "hangup-agent"
        assert dials(h) == [0.0]
        assert h.network.legs == {}
        await h.idle()


async def test_dials_made_again_keep_to_the_pace(house: MakeHouse) -> None:
    async with house(dials_per_second=0.5) as h:
        h.town.rest.statuses["dial"] = [429]
        for phone in PHONES[:3]:
            await initiate(h, phone)
        await asyncio.sleep(9)

        assert dials(h) == pytest.approx([0.0, 2.0, 4.0, 6.0], abs=0.1)
        assert [leg.parties.to for leg in h.network.legs.values()] == [PHONES[1], PHONES[2], PHONES[0]]
