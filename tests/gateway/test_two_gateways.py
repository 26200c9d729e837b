"""Two gateways behind one address share an archive: a call is served by whichever its carrier turns to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest

from tests.gateway.brains import Answers
from tests.gateway.house import HANG_UP, House, MakeHouse, listen, say, text, wait
from tests.gateway.town import MakeTown, Town
from voicecall.core.ids import CallId
from voicecall.core.operations import History
from voicecall.emulators.faults import Faults
from voicecall.emulators.internet import Answer
from voicecall.errors import CallOver

TALK = (listen(), say("How are you"), listen(), HANG_UP)


@dataclass
class Pair:
    """Two gateways in one town; the first has the address until the second is given it."""

    town: Town
    one: House
    two: House

    def turn_to_two_after(self, is_due: Callable[[bytes], bool]) -> None:
        """Have everything go to the second gateway once a webhook was answered like this."""

        async def carry(url: str, headers: Mapping[str, str], body: bytes) -> Answer:
            answer = await self.town.deliver(url, headers, body)
            if is_due(answer.body):
                self.town.front = self.two
            return answer

        self.town.between = carry


@asynccontextmanager
async def pair(town: MakeTown, house: MakeHouse) -> AsyncIterator[Pair]:
    """Open two gateways."""
    async with AsyncExitStack() as stack:
        place = await stack.enter_async_context(town())
        one = await stack.enter_async_context(house(place, instance="one", brain=Answers("I am one")))
        two = await stack.enter_async_context(house(place, instance="two", brain=Answers("I am two")))
        place.front = one
        yield Pair(place, one, two)


def connects(document: bytes) -> bool:
    """Say whether this answer to a webhook opens a media stream."""
    return b"/voice/stream" in document


async def test_a_stream_that_arrives_at_another_gateway_is_served_there(town: MakeTown, house: MakeHouse) -> None:
    async with pair(town, house) as p:
        p.turn_to_two_after(connects)
        call = await p.one.place(*TALK)
        await p.two.seen(call, "stream.started")
        assert CallId(call) in p.two.switchboard.sessions
        record = await p.two.over(call)

        assert (record["endReason"], record["endDetail"]) == ("hangup-user", None)
        assert text(await p.two.hears(call)) == "Hello there I am two"
        assert len(p.town.plugs) == 1
        types = await p.two.types(call)
        assert types.index("call.adopted") < types.index("stream.started")
        assert p.town.rest.count("dial") == 1
        assert p.town.rest.count("hang-up") == 0
        await asyncio.sleep(60)
        await p.one.idle()
        await p.two.idle()
        assert p.town.named("call.crashed") == []


async def test_the_gateway_that_a_call_was_taken_from_lets_go_of_it_without_hanging_up(
    town: MakeTown, house: MakeHouse
) -> None:
    async with pair(town, house) as p:
        p.turn_to_two_after(connects)
        call = await p.one.place(wait(60), HANG_UP)
        await p.two.seen(call, "reply.finished")
        asked = p.one.beside(p.one.speak(call, "Are you there"))
        await asyncio.sleep(1)

        with pytest.raises(CallOver):
            await asked
        assert CallId(call) not in p.one.switchboard.sessions
        assert len(p.town.named("store.conflict")) == 1
        record = await p.two.over(call)
        assert record["endReason"] == "hangup-user"
        assert text(await p.two.hears(call)) == "Hello there"
        assert p.town.rest.count("hang-up") == 0
        await p.one.idle()


async def test_an_inbound_call_whose_stream_arrives_elsewhere_is_one_call(town: MakeTown, house: MakeHouse) -> None:
    async with pair(town, house) as p:
        p.turn_to_two_after(connects)
        call = await p.one.ring(*TALK)
        await p.two.seen(call, "call.adopted")
        record = await p.two.over(call)

        assert (record["endReason"], text(await p.two.hears(call))) == ("hangup-user", "Welcome I am two")
        assert len(await p.two.perform(History())) == 1
        await asyncio.sleep(60)
        await p.one.idle()
        await p.two.idle()


async def test_a_leg_that_asks_another_gateway_after_its_stream_was_lost_is_served_there(
    town: MakeTown, house: MakeHouse
) -> None:
    async with pair(town, house) as p:
        p.town.faults = Faults(stream_drop_after=3.0, stream_return_after=0.5)
        call = await p.one.place(wait(8), say("How are you"), listen(), HANG_UP)
        await p.one.seen(call, "reply.finished")
        p.town.front = p.two
        await p.two.seen(call, "call.adopted")
        record = await p.two.over(call)

        assert record["endReason"] == "hangup-user"
        assert [line["text"] for line in record["transcript"]] == ["Hello there", "How are you", "I am two"]
        assert p.town.rest.count("hang-up") == 0
        await asyncio.sleep(60)
        await p.one.idle()
        await p.two.idle()


async def test_a_call_that_goes_to_and_fro_between_gateways_is_served_all_the_same(
    town: MakeTown, house: MakeHouse
) -> None:
    async with pair(town, house) as p:
        p.town.faults = Faults(stream_drop_after=3.0, stream_return_after=0.5, stream_drops=2)
        call = await p.one.place(wait(14), say("How are you"), listen(), HANG_UP)
        await p.one.seen(call, "reply.finished")
        p.town.front = p.two
        await p.two.seen(call, "stream.started", 2)
        p.town.front = p.one
        await p.one.seen(call, "call.adopted", 2)
        record = await p.one.over(call)

        assert record["endReason"] == "hangup-user"
        assert [line["text"] for line in record["transcript"]] == ["Hello there", "How are you", "I am one"]
        assert p.town.rest.count("hang-up") == 0


async def test_what_a_gateway_that_knows_nothing_of_a_call_is_told_about_it_changes_nothing(
    town: MakeTown, house: MakeHouse
) -> None:
    async with pair(town, house) as p:
        call = await p.one.place(wait(5), HANG_UP)
        await p.one.seen(call, "call.dialled")
        p.town.front = p.two
        await asyncio.sleep(0.5)
        p.town.front = p.one
        record = await p.one.over(call)

        assert record["endReason"] == "hangup-user"
        assert text(await p.one.hears(call)) == "Hello there"
        assert "call.adopted" not in await p.one.types(call)
        assert p.town.named("call.unknown") == []
