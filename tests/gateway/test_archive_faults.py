"""A disk that fails or stalls, a second writer: nothing is done that is not on record, and nothing is stuck."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Mapping
from contextlib import suppress

import pytest

from tests.gateway.brains import Answers
from tests.gateway.house import HANG_UP, House, Json, MakeHouse, listen, say, text, wait
from tests.gateway.town import START
from voicecall.core.ids import CallId
from voicecall.core.operations import History, Wait
from voicecall.emulators.faults import Faults
from voicecall.emulators.internet import Answer
from voicecall.errors import CallOver, CallRefused, StoreError

TALK = (listen(0.5), say("How are you"), listen(0.5), HANG_UP)
WRITES = 14
"""How many writes a call of one turn takes, at least."""


async def settled(h: House, call: str) -> Json:
    """Return the record of a call once it has ended and the disk had time to recover."""
    await h.perform(Wait(call_id=call))
    await asyncio.sleep(5)
    return await h.over(call)


async def test_a_call_that_cannot_be_recorded_is_not_dialled(house: MakeHouse) -> None:
    async with house(max_calls=1) as h:
        h.store.failing = {1}
        with pytest.raises(StoreError, match="the disk is full"):
            await h.place(*TALK)

        assert h.town.now() - START < 0.1
        await h.idle()
        assert h.town.rest.sent == []
        assert await h.perform(History()) == []
        assert (await h.over(await h.place(*TALK)))["endReason"] == "hangup-user"


async def test_a_caller_who_cannot_be_recorded_is_hung_up(house: MakeHouse) -> None:
    async with house(max_calls=1) as h:
        h.store.failing = {1}
        leg = await h.dial_in(*TALK)
        await asyncio.sleep(20)

        (record,) = await h.perform(History())
        assert (record["carrierCallId"], record["endReason"]) == (leg.parties.call, "error")
        assert leg.cause == ("completed" if h.town.kit.sorry else "canceled")
        await h.idle()
        assert (await h.over(await h.ring(*TALK)))["endReason"] == "hangup-user"


@pytest.mark.parametrize("number", range(2, WRITES + 1))
async def test_whichever_write_fails_the_call_ends_and_the_next_one_works(house: MakeHouse, number: int) -> None:
    async with house(max_calls=1) as h:
        h.store.failing = {number}
        call = await h.place(*TALK)
        record = await settled(h, call)

        assert h.store.writes >= number
        if record["endReason"] == "error":
            assert record["endDetail"] == "The call could not be recorded, so it was ended: the disk is full"
        else:
            assert record["endReason"] == "hangup-user"
        assert [leg.status for leg in h.network.legs.values()] == ["ended"]
        assert h.town.rest.count("dial") == 1
        await h.idle()
        assert (await h.over(await h.place(*TALK)))["endReason"] == "hangup-user"


@pytest.mark.parametrize("number", range(1, WRITES - 2))
async def test_whichever_write_of_an_inbound_call_fails_it_ends_and_the_next_one_works(
    house: MakeHouse, number: int
) -> None:
    async with house(max_calls=1) as h:
        h.store.failing = {number}
        leg = await h.dial_in(*TALK)
        await asyncio.sleep(20)

        assert h.store.writes >= number
        (record,) = await h.perform(History())
        assert (await h.over(record["callId"]))["endReason"] in ("error", "hangup-user")
        assert (leg.status, record["carrierCallId"]) == ("ended", leg.parties.call)
        await h.idle()
        assert (await h.over(await h.ring(*TALK)))["endReason"] == "hangup-user"


@pytest.mark.parametrize("number", range(2, 10))
async def test_a_disk_that_stays_broken_ends_its_calls_and_lets_no_other_begin(house: MakeHouse, number: int) -> None:
    async with house() as h:
        h.store.failing = set(range(number, number + 20))
        call = await h.place(wait(99), message="one two three four five six seven eight")
        with suppress(StoreError, CallOver):
            while h.store.writes <= number:
                await h.speak(call, "Hello again")
        await h.perform(Wait(call_id=call))
        assert h.gateway.readiness()["store"] is False
        with pytest.raises(StoreError):
            await h.place(to="+15550100010")
        await asyncio.sleep(60)

        assert h.gateway.readiness()["store"] is True
        record = await h.over(call)
        assert record["endReason"] == "error"
        assert [leg.status for leg in h.network.legs.values()] == ["ended"]
        assert (await h.over(await h.place(*TALK)))["endReason"] == "hangup-user"
        await h.idle()


async def test_what_was_asked_while_the_disk_fails_is_told_so(house: MakeHouse) -> None:
    async with house() as h:
        call = await h.place(wait(99))
        await h.seen(call, "reply.finished")
        await asyncio.sleep(1)
        h.store.broken = True
        with pytest.raises(StoreError, match="the disk is full"):
            await h.press(call, "1")
        assert h.town.rest.count("digits") == 0
        h.store.broken = False
        assert (await settled(h, call))["endReason"] == "error"


async def test_a_stalled_disk_loses_nothing(house: MakeHouse) -> None:
    async with house(brain=Answers("Fine thank you")) as h:
        call = await h.place(listen(0.5), say("How are you"), listen(0.5), wait(5), HANG_UP)
        await h.seen(call, "speech.started")
        h.store.stall = 3.0
        record = await h.over(call)

        assert text(await h.hears(call)) == "Hello there Fine thank you"
        assert record["endReason"] == "hangup-user"


def taken_over(h: House, call: str) -> None:
    """Have another instance hold the call, as after a pause in which our lease ran out."""
    held = h.town.archive.calls[CallId(call)]
    held.instance, held.lease_until = "two", h.town.now() + 1000


async def test_a_second_writer_takes_the_call_away_quietly_and_no_other(house: MakeHouse) -> None:
    async with house(brain=Answers("Fine thank you")) as h:
        h.town.faults = Faults(webhook_lose=("stream-ended",))
        lost = await h.place(wait(20), HANG_UP)
        kept = await h.place(listen(), wait(3), say("How are you"), listen(), HANG_UP, to="+15550100010")
        await h.seen(lost, "reply.finished")
        await h.seen(kept, "reply.finished")
        taken_over(h, lost)
        session = weakref.ref(h.switchboard.sessions[CallId(lost)])
        speaking = h.beside(h.speak(lost, "Are you there"))
        record = await h.over(kept)

        assert record["transcript"][-1]["text"] == "Fine thank you"
        with pytest.raises(CallRefused, match="another gateway"):
            await speaking
        assert len(h.town.named("store.conflict")) == 1
        assert h.town.rest.count("hang-up") == 0
        assert (await h.leg(kept)).status == "ended"
        assert CallId(lost) not in h.switchboard.sessions
        await h.idle()
        del speaking
        gc.collect()
        assert session() is None


async def test_a_stream_that_joins_a_call_which_another_writer_took_brings_it_back(house: MakeHouse) -> None:
    async with house() as h:
        call = await h.place(wait(20), HANG_UP)
        await h.seen(call, "call.answered")
        while not h.town.plugs:  # noqa: ASYNC110 - time is virtual
            await asyncio.sleep(0.0001)
        taken_over(h, call)
        await h.seen(call, "call.adopted")
        record = await h.over(call)

        assert (record["endReason"], text(await h.hears(call))) == ("hangup-user", "Hello there")
        assert len(h.town.plugs) == 1
        assert len(h.town.named("store.conflict")) == 1
        await h.idle()


async def test_a_report_of_an_unknown_leg_while_nothing_can_be_read_harms_nobody(house: MakeHouse) -> None:
    async with house() as h:
        h.town.rest.late["dial"] = 60.0
        held = asyncio.Event()
        late: list[tuple[str, Mapping[str, str], bytes]] = []

        async def hold(url: str, headers: Mapping[str, str], body: bytes) -> Answer:
            late.append((url, headers, body))
            await held.wait()
            return await h.town.deliver(url, headers, body)

        h.town.between = hold
        await h.over(await h.place(wait(60)))
        h.store.unreadable = True
        held.set()
        for webhook in late:  # some networks have given them up by now
            await h.town.deliver(*webhook)
        await asyncio.sleep(5)
        assert h.town.named("store.failed")

        h.store.unreadable, h.town.between, h.town.rest.late = False, None, {}
        assert (await h.over(await h.place(HANG_UP, to="+15550100010")))["endReason"] == "hangup-user"
