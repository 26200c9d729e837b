"""Calls that are asked for, and the log that tells of them: what is refused, and what a follower gets to see."""

from __future__ import annotations

import asyncio

import pytest

from tests.gateway.brains import Answers
from tests.gateway.house import FRIEND, HANG_UP, Json, MakeHouse, listen, say
from tests.gateway.test_operations import talking
from voicecall.core.operations import Events, History, Initiate
from voicecall.errors import BadParameters, CallRefused


@pytest.mark.parametrize(
    ("wish", "error", "words"),
    [
        (Initiate(to="5550100009", message="Hello"), BadParameters, "E.164"),
        (Initiate(to="+1911", message="Hello"), CallRefused, "short"),
        (Initiate(to="911", message="Hello"), CallRefused, "short"),
        (Initiate(to=FRIEND, message="Hello", carrier="pigeon"), BadParameters, "pigeon"),
        (Initiate(to=FRIEND, message="Hello", dtmf="x"), BadParameters, "dtmf"),
        (Initiate(to=FRIEND, message=" ", mode="notify"), BadParameters, "notify"),
    ],
)
async def test_a_wish_that_cannot_be_granted_is_refused_and_not_recorded(
    house: MakeHouse, wish: Initiate, error: type[Exception], words: str
) -> None:
    async with house() as h:
        with pytest.raises(error, match=words):
            await h.perform(wish)
        assert await h.perform(History()) == []
        assert h.town.rest.sent == []


async def test_placing_returns_before_the_phone_rings(house: MakeHouse) -> None:
    async with house() as h:
        placed = await h.perform(Initiate(message="Hello", metadata={"ticket": "7"}))
        record = await h.record(placed["callId"])

        assert placed["state"] == "initiated"
        assert (record["to"], record["metadata"]) == (FRIEND, {"ticket": "7"})


async def test_what_cannot_be_said_is_refused(house: MakeHouse) -> None:
    async with house() as h:
        call = await talking(h)
        for ask in (h.speak, h.ask):
            with pytest.raises(BadParameters, match="nothing to say"):
                await ask(call, "  ")


async def test_a_gateway_in_order_is_ready(house: MakeHouse) -> None:
    async with house() as h:
        assert h.gateway.readiness() == {"store": True, "provider": True, "tunnel": True, "taking-calls": True}


async def test_a_subscriber_misses_nothing_and_gets_nothing_twice(house: MakeHouse) -> None:
    async with house(brain=Answers("Fine thank you")) as h:
        seen: list[Json] = []

        async def follow() -> None:
            async for event in h.gateway.subscribe(0, None):
                seen.append(event)
                await asyncio.sleep(0.05)

        follower = h.beside(follow())
        calls = [await h.place(listen(), say("How are you"), listen(), HANG_UP, to=f"+1555010001{n}") for n in range(3)]
        for call in calls:
            await h.over(call)
        await asyncio.sleep(10)
        follower.cancel()

        assert [event["seq"] for event in seen] == list(range(1, len(seen) + 1))
        assert seen == await h.perform(Events())
        for call in calls:
            assert [event["type"] for event in seen if event["callId"] == call] == await h.types(call)


async def test_a_subscriber_may_begin_in_the_middle_and_follow_one_call(house: MakeHouse) -> None:
    async with house() as h:
        await talking(h, to="+15550100010")
        call = await talking(h)
        since = (await h.events(call))[-1]["seq"]
        seen: list[Json] = []

        async def follow() -> None:
            async for event in h.gateway.subscribe(since, call):
                seen.append(event)
                if event["type"] == "call.ended":
                    return

        follower = h.beside(follow())
        await h.end(call)
        await follower
        assert [event["callId"] for event in seen] == [call] * len(seen)
        assert seen[0]["type"] == "operation.end"
