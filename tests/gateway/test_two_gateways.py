"""Two gateways behind one address share an archive: a call is served by whichever its carrier turns to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest

from tests.gateway.brains import Answers
from tests.gateway.house import HANG_UP, House, MakeHouse, listen, say, text, wait
from tests.gateway.town import MakeTown, Town
from voicecall.carriers import HttpReply, Webhook
from voicecall.core.ids import CallId
from voicecall.core.operations import History, Wait
from voicecall.emulators.faults import Faults
from voicecall.emulators.internet import Answer
from voicecall.errors import CallRefused

TALK = (listen(), say("How are you"), listen(), HANG_UP)


@dataclass
class Pair:
    """Two gateways in one town; the first has the address until the second is given it."""

    town: Town
    one: House
    two: House

    def turn_for_streams_to(self, gateway: House) -> None:
        """Have everything go to this gateway from the next media stream on."""

        def turn() -> None:
            self.town.front = gateway

        self.town.opening = turn


@asynccontextmanager
async def pair(town: MakeTown, house: MakeHouse) -> AsyncIterator[Pair]:
    """Open two gateways."""
    async with AsyncExitStack() as stack:
        place = await stack.enter_async_context(town())
        one = await stack.enter_async_context(house(place, instance="one", brain=Answers("I am one")))
        two = await stack.enter_async_context(house(place, instance="two", brain=Answers("I am two")))
        place.front = one
        yield Pair(place, one, two)


async def test_a_stream_that_arrives_at_another_gateway_is_served_there(town: MakeTown, house: MakeHouse) -> None:
    async with pair(town, house) as p:
        p.turn_for_streams_to(p.two)
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
        p.turn_for_streams_to(p.two)
        call = await p.one.place(wait(60), HANG_UP)
        await p.two.seen(call, "reply.finished")
        with pytest.raises(CallRefused):
            await p.one.speak(call, "Are you there")

        assert CallId(call) not in p.one.switchboard.sessions
        assert len(p.town.named("store.conflict")) == 1
        record = await p.two.over(call)
        assert record["endReason"] == "hangup-user"
        assert text(await p.two.hears(call)) == "Hello there"
        assert p.town.rest.count("hang-up") == 0
        await p.one.idle()


async def test_an_inbound_call_whose_stream_arrives_elsewhere_is_one_call(town: MakeTown, house: MakeHouse) -> None:
    async with pair(town, house) as p:
        p.turn_for_streams_to(p.two)
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


async def test_a_leg_that_nobody_could_name_yet_is_served_by_whichever_gateway_it_asks(
    town: MakeTown, house: MakeHouse
) -> None:
    async with pair(town, house) as p:
        if not p.town.kit.names_later:
            pytest.skip("names_later: this carrier names a call when it takes it")
        call = await p.one.place(*TALK)
        await p.one.seen(call, "call.dialled")
        p.town.front = p.two
        await p.two.seen(call, "call.adopted")
        record = await p.two.over(call)

        assert (record["endReason"], text(await p.two.hears(call))) == ("hangup-user", "Hello there I am two")
        assert p.town.rest.count("dial") == 1
        assert p.town.rest.count("hang-up") == 0
        await asyncio.sleep(60)
        await p.one.idle()
        await p.two.idle()


async def test_a_leg_may_ask_a_gateway_that_has_not_noticed_yet_that_it_lost_the_call(
    town: MakeTown, house: MakeHouse
) -> None:
    async with pair(town, house) as p:
        p.town.faults = Faults(stream_drop_after=3.0, stream_return_after=0.5)
        p.turn_for_streams_to(p.two)
        call = await p.one.place(wait(8), say("How are you"), listen(), HANG_UP)
        await p.two.seen(call, "reply.finished")
        p.turn_for_streams_to(p.one)
        p.town.front = p.one
        assert CallId(call) in p.one.switchboard.sessions
        await p.one.seen(call, "call.adopted", 2)
        record = await p.one.over(call)

        assert record["endReason"] == "hangup-user"
        assert [line["text"] for line in record["transcript"]] == ["Hello there", "How are you", "I am one"]
        assert len(p.town.plugs) == 2
        await asyncio.sleep(60)
        await p.one.idle()
        await p.two.idle()


async def test_a_stream_may_arrive_at_a_gateway_that_has_not_noticed_yet_that_it_lost_the_call(
    town: MakeTown, house: MakeHouse
) -> None:
    async with pair(town, house) as p:
        p.town.faults = Faults(stream_drop_after=3.0, stream_return_after=0.5)
        p.turn_for_streams_to(p.two)
        call = await p.one.place(wait(8), say("How are you"), listen(), HANG_UP)
        await p.two.seen(call, "reply.finished")
        p.turn_for_streams_to(p.one)
        assert CallId(call) in p.one.switchboard.sessions
        await p.one.seen(call, "call.adopted", 2)
        record = await p.one.over(call)

        assert record["endReason"] == "hangup-user"
        assert [line["text"] for line in record["transcript"]] == ["Hello there", "How are you", "I am one"]
        assert len(p.town.plugs) == 2


@pytest.mark.parametrize("other_leg", [True, False])
async def test_a_stream_that_is_refused_takes_no_call_away(town: MakeTown, house: MakeHouse, other_leg: bool) -> None:
    async with pair(town, house) as p:
        call = await p.one.place(wait(12), say("How are you"), listen(), HANG_UP)
        await p.one.seen(call, "reply.finished")
        leg, used = await p.one.leg(call), p.one.nonces[-1]
        if other_leg:
            other = await p.one.place(wait(12), HANG_UP, to="+15550100010")
            await p.one.seen(other, "reply.finished")
            leg = await p.one.leg(other)
        token = p.two.credential(CallId(call), "unused" if other_leg else used)
        plug = await p.two.knock(leg, token)
        await asyncio.sleep(1)

        assert plug.closed == [(1008, "wrong call" if other_leg else "already used")]
        assert p.two.switchboard.sessions == {}
        record = await p.one.over(call)
        assert record["endReason"] == "hangup-user"
        assert text(await p.one.hears(call)) == "Hello there I am one"
        assert p.town.named("store.conflict") == []


async def test_a_stream_of_a_call_that_nobody_knows_is_refused(town: MakeTown, house: MakeHouse) -> None:
    async with pair(town, house) as p:
        call = await p.one.place(wait(5), HANG_UP)
        await p.one.seen(call, "reply.finished")
        plug = await p.two.knock(await p.one.leg(call), p.two.credential(CallId("nobody's"), "unused"))
        await asyncio.sleep(1)

        assert plug.closed == [(1008, "wrong call")]
        assert p.town.named("call.unreadable") == []


async def test_what_is_asked_of_a_call_that_another_gateway_serves_is_refused(town: MakeTown, house: MakeHouse) -> None:
    async with pair(town, house) as p:
        call = await p.one.place(wait(20), HANG_UP)
        await p.one.seen(call, "reply.finished")
        for asked in (
            *(p.two.speak(call, "Hello"), p.two.ask(call, "Hello"), p.two.press(call, "1"), p.two.end(call)),
            p.two.perform(Wait(call_id=call)),
        ):
            with pytest.raises(CallRefused, match="another gateway serves this call") as refused:
                await asked
            assert refused.value.reason == "elsewhere"
        assert (await p.two.record(call))["state"] == "active"
        assert (await p.one.over(call))["endReason"] == "hangup-user"


async def test_who_waits_for_a_call_that_is_taken_away_is_told_so(town: MakeTown, house: MakeHouse) -> None:
    async with pair(town, house) as p:
        p.turn_for_streams_to(p.two)
        call = await p.one.place(wait(60), HANG_UP)
        waiting = p.one.beside(p.one.perform(Wait(call_id=call)))
        await p.two.seen(call, "reply.finished")
        for asked in (p.one.beside(p.one.speak(call, "Are you there")), waiting):
            with pytest.raises(CallRefused, match="another gateway serves this call"):
                await asked
        assert (await p.two.over(call))["endReason"] == "hangup-user"


async def test_copies_of_an_arrival_at_both_gateways_at_once_get_the_same_document_and_are_one_call(
    town: MakeTown, house: MakeHouse
) -> None:
    async with pair(town, house) as p:
        replies: list[tuple[HttpReply, HttpReply]] = []
        bodies: list[bytes] = []

        async def to_both(url: str, headers: Mapping[str, str], body: bytes) -> Answer:
            webhook = Webhook("POST", url, {name.lower(): value for name, value in headers.items()}, body)
            async with asyncio.TaskGroup() as tasks:
                one = tasks.create_task(p.one.post(webhook))
                await asyncio.sleep(0.0001)  # the first has the call, and has not written yet
                two = tasks.create_task(p.two.post(webhook))
            replies.append((one.result(), two.result()))
            bodies.append(body)
            return Answer(one.result().status, one.result().body, {"content-type": one.result().content_type})

        p.town.between = to_both
        call = await p.one.ring(*TALK)
        await p.one.seen(call, "stream.started")
        p.town.between = None
        record = await p.one.over(call)

        assert record["endReason"] == "hangup-user"
        assert text(await p.one.hears(call)) == "Welcome I am one"
        assert len(await p.one.perform(History())) == 1
        assert [one.status for one, _ in replies] == [200] * len(replies)
        assert replies[0][0] == replies[0][1]
        assert p.town.kit.connects(bodies[0], replies[0][1].body)
        await asyncio.sleep(60)
        await p.one.idle()
        await p.two.idle()
