"""Media streams of calls that a model leads: who may join them, and what a stream that is lost costs."""

from __future__ import annotations

import asyncio

from tests.gateway.house import HANG_UP, KEY, MakeHouse, listen, say, text, wait
from tests.gateway.models import Lines, model
from tests.gateway.test_barge_in import COUNT
from tests.gateway.test_conversations import said
from voicecall.core.credentials import mint
from voicecall.core.ids import CallId
from voicecall.emulators.faults import Faults


async def test_a_stream_without_a_good_credential_is_refused_by_name(house: MakeHouse) -> None:
    async with house(model=model(Lines("Fine thank you"))) as h:
        call = CallId(await h.place(wait(20)))
        other = CallId(await h.place(wait(20), to="+15550100010"))
        await h.seen(call, "reply.finished")
        await h.seen(other, "stream.started")
        later = h.town.now() + 60
        tokens = {
            "missing": None,
            "malformed": "nonsense",
            "expired": mint(KEY, call_id=call, nonce="n", expires=h.town.now() - 1),
            "wrong call": mint(KEY, call_id=other, nonce="n", expires=later),
            "wrong key": mint(b"another key", call_id=call, nonce="n", expires=later),
            "already used": mint(KEY, call_id=call, nonce=h.nonces[0], expires=later),
        }
        plugs = [await h.knock(await h.leg(call), token) for token in tokens.values()]
        await asyncio.sleep(1)

        assert [plug.closed for plug in plugs] == [[(1008, reason)] for reason in tokens]
        assert sorted(str(line["reason"]) for line in h.town.named("stream.refused")) == sorted(tokens)
        assert (await h.types(call)).count("stream.started") == 1
        assert (await h.leg(call)).connected


async def test_one_credential_admits_one_of_two_streams_at_once(house: MakeHouse) -> None:
    async with house(model=model(Lines("Fine thank you"))) as h:
        h.town.faults = Faults(webhook_lose=("stream-ended",))
        call = await h.place(wait(20))
        await h.seen(call, "stream.started")
        leg, token = await h.leg(call), h.credential(CallId(call), "twice")
        first, second = await h.knock(leg, token), await h.knock(leg, token)
        await asyncio.sleep(1)

        assert (first.closed, second.closed) == ([], [(1008, "already used")])


async def test_a_stream_that_breaks_its_form_is_closed_and_its_call_goes_on(house: MakeHouse) -> None:
    async with house(model=model(Lines("Fine thank you"))) as h:
        call = await h.place(wait(3), say("How are you"), listen(), HANG_UP)
        await h.seen(call, "reply.finished")
        await h.town.plugs[0].phone.send("this is no frame")
        record = await h.over(call)

        assert h.town.plugs[0].closed[0] == (1003, "not of the agreed form")
        assert said(record) == [("agent", "Hello there"), ("caller", "How are you"), ("agent", "Fine thank you")]


async def test_a_stream_that_comes_back_in_time_costs_no_word_of_the_agent(house: MakeHouse) -> None:
    async with house(model=model(Lines(COUNT))) as h:
        h.town.faults = Faults(stream_drop_after=3.6, stream_return_after=1.5)
        call = await h.place(listen(0.5), say("Please count"), listen(3 + h.can.return_delay), HANG_UP)
        record = await h.over(call)

        assert text(await h.hears(call)) == f"Hello there {COUNT}"
        assert (await h.types(call)).count("stream.started") == 2
        assert record["endReason"] == "hangup-user"
        await h.idle()


async def test_a_peer_that_reads_slowly_holds_up_its_own_audio_and_nothing_else(house: MakeHouse) -> None:
    async with house(model=model(Lines(" ".join([COUNT] * 3)))) as h:
        h.town.faults = Faults(slow_read=0.3)
        slow = await h.place(wait(1), say("Please count"), wait(60))
        h.town.faults = Faults()
        quick = await h.place(listen(), say("Please count"), wait(4), HANG_UP, to="+15550100010")
        await h.over(quick)

        assert text(await h.hears(quick)).startswith("Hello there")
        assert h.town.plugs[0].most_unread <= 64
        assert (await h.end(slow))["state"] == "ended"
        await h.idle()
