"""The switch and the do-not-call list, on every carrier; and nothing dials by itself."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from tests.gateway.house import FRIEND, HANG_UP, US, MakeHouse, wait
from tests.gateway.test_budget import LONDON, OTHER, PRICES, refusal, told
from tests.gateway.town import MakeTown
from voicecall.core.administration import (
    AddDoNotCall,
    ListDoNotCall,
    RemoveDoNotCall,
    ResumeOutbound,
    ShowOutbound,
    StopOutbound,
)
from voicecall.core.budget import Budget, QuietHours
from voicecall.core.events import Placed
from voicecall.core.ids import CallId
from voicecall.core.operations import Initiate
from voicecall.core.rules import Route, Rules
from voicecall.errors import BadParameters, CallRefused, StoreError
from voicecall.store import Note

# --- the switch


async def test_stopped_is_stopped_over_restarts_until_it_is_resumed(town: MakeTown, house: MakeHouse) -> None:
    async with town() as place:
        async with house(place) as h:
            await told(h, await h.place(wait(1), HANG_UP))
            shown = await h.perform(StopOutbound(reason="something is odd"))
            assert (shown["stopped"], shown["reason"]) == (True, "something is odd")
            refused = await refusal(h)
            assert (refused.reason, refused.limit) == ("outbound-stopped", False)
            assert "something is odd" in str(refused)
        async with house(place, instance="two") as h:
            assert (await refusal(h)).reason == "outbound-stopped"
            assert h.switchboard.sessions == {}
            assert (await h.perform(ShowOutbound()))["stoppedAt"].startswith("2027-01-15T08:00:")
            assert (await h.perform(ResumeOutbound()))["stopped"] is False
            await told(h, await h.place(wait(1), HANG_UP))


async def test_stopping_leaves_calls_alone_unless_told_to_hang_up(house: MakeHouse) -> None:
    async with house() as h:
        first, second = await h.place(wait(900)), await h.place(wait(900), to=OTHER)
        inbound = await h.ring(wait(60), HANG_UP)
        for call in (first, second, inbound):
            await h.seen(call, "stream.started")
        await h.perform(StopOutbound())
        await asyncio.sleep(20)
        assert len(h.switchboard.live()) == 3
        await h.perform(StopOutbound(hang_up=True))
        for call in (first, second):
            assert (await h.over(call))["endReason"] == "hangup-agent"
        assert (await h.over(inbound))["endReason"] == "hangup-user"


async def test_stopping_reaches_the_calls_of_another_gateway(town: MakeTown, house: MakeHouse) -> None:
    async with AsyncExitStack() as stack:
        place = await stack.enter_async_context(town())
        one = await stack.enter_async_context(house(place, instance="one"))
        two = await stack.enter_async_context(house(place, instance="two"))
        place.front = one
        call = await one.place(wait(900))
        await one.seen(call, "stream.started")
        await two.perform(StopOutbound(reason="enough", hang_up=True))
        assert (await one.over(call))["endReason"] == "hangup-agent"
        assert one.gateway is not two.gateway
        for each in (one, two):
            assert (await refusal(each)).reason == "outbound-stopped"


async def test_a_call_that_waits_for_its_turn_is_not_dialled_once_dialling_is_stopped(house: MakeHouse) -> None:
    async with house(dials_per_second=0.1) as h:
        calls = [await h.place(wait(1), HANG_UP, to=to) for to in (FRIEND, OTHER)]
        await h.perform(StopOutbound(reason="enough"))
        first, second = [await h.over(call) for call in calls]
        assert first["endReason"] == "hangup-user"
        assert second["endReason"] == "failed"
        assert second["endDetail"] == "outbound calls are stopped: enough (voicecall outbound resume)"
        assert h.town.rest.count("dial") == 1


async def test_no_other_way_is_tried_once_dialling_is_stopped(house: MakeHouse) -> None:
    async with house(dials_per_second=0.1) as h:
        h.town.rest.statuses["dial"] = [400]
        name, call = h.town.kit.name, CallId("01K8Z0000000000000000000AB")
        await h.switchboard.place(
            Placed(
                call_id=call,
                carrier=name,
                to=FRIEND,
                from_=US,
                mode="notify",
                greeting="Hi",
                rules=Rules(can=h.can),
                routes=(Route(name, US, h.can),),
            )
        )
        await asyncio.sleep(1)
        await h.perform(StopOutbound())
        record = await h.over(call)
        assert record["endDetail"].startswith("outbound calls are stopped")
        assert [warning["code"] for warning in record["warnings"]] == ["carrier-passed"]
        assert h.town.rest.count("dial") == 1


async def test_a_call_whose_turn_comes_in_the_quiet_hours_is_not_dialled(house: MakeHouse) -> None:
    budget = Budget(quiet_hours=QuietHours(8 * 60 + 5, 9 * 60))  # a town begins at 8 in London
    async with house(dials_per_second=1 / 400, budget=budget) as h:
        first, second = [await h.place(wait(1), HANG_UP, to=to) for to in (LONDON, "+442079460001")]
        await h.over(first)
        record = await h.over(second)
        assert record["endReason"] == "failed"
        assert "quiet hours are 08:05-09:00" in record["endDetail"]
        assert h.town.rest.count("dial") == 1


@pytest.mark.parametrize("data", [b"{", b'{"stopped": "maybe"}'])
async def test_a_switch_that_cannot_be_read_stops_dialling_and_nothing_else(house: MakeHouse, data: bytes) -> None:
    async with house() as h:
        watching = h.town.tasks.create_task(h.gateway.watch())
        inbound = await h.ring(wait(20), HANG_UP)
        h.town.archive.notes["switch", "outbound"] = Note("switch", "outbound", data, 0.0)
        with pytest.raises(StoreError, match="switch outbound cannot be read"):
            await h.place()
        assert (await h.over(inbound))["endReason"] == "hangup-user"
        assert not watching.done()
        assert "switch outbound cannot be read" in h.town.named("store.failed")[0]["detail"]
        assert (await h.perform(ResumeOutbound()))["stopped"] is False
        await told(h, await h.place(wait(1), HANG_UP))
        watching.cancel()


async def test_a_call_whose_number_cannot_be_looked_up_when_its_turn_comes_is_not_dialled(house: MakeHouse) -> None:
    async with house(dials_per_second=0.1) as h:
        first, second = [await h.place(wait(1), HANG_UP, to=to) for to in (FRIEND, OTHER)]
        h.town.archive.notes["do-not-call", OTHER] = Note("do-not-call", OTHER, b"?", 0.0)
        await h.over(first)
        record = await h.over(second)
        assert record["endReason"] == "failed"
        assert f"do-not-call …{OTHER[-4:]} cannot be read" in record["endDetail"]


# --- who wants no calls


async def test_a_number_on_the_list_is_not_called_until_it_is_taken_off(town: MakeTown, house: MakeHouse) -> None:
    configured = Budget(do_not_call=frozenset({OTHER}))
    async with town() as place:
        async with house(place) as h:
            entry = await h.perform(AddDoNotCall(number="+4402079460000", reason=" asked for it "))
            assert (entry["number"], entry["reason"]) == (LONDON, "asked for it")
            await h.perform(AddDoNotCall(number=LONDON, reason="asked twice"))
        async with house(place, instance="two", budget=configured) as h:
            assert [(entry["number"], entry["reason"]) for entry in await h.perform(ListDoNotCall())] == [
                (OTHER, ""),
                (LONDON, "asked twice"),
            ]
            for number in (LONDON, "+4402079460000", OTHER):
                assert (await refusal(h, number)).reason == "do-not-call"
            assert (await h.perform(RemoveDoNotCall(number=LONDON)))["reason"] == "asked twice"
            await told(h, await h.place(wait(1), HANG_UP, to=LONDON))
            with pytest.raises(CallRefused, match=r"budget\.do_not_call") as refused:
                await h.perform(RemoveDoNotCall(number=OTHER))
            assert refused.value.reason == "configured"


async def test_what_is_no_number_is_not_listed(house: MakeHouse) -> None:
    async with house() as h:
        for number in ("12345", "+9991234567"):
            with pytest.raises(BadParameters):
                await h.perform(AddDoNotCall(number=number))
        with pytest.raises(BadParameters, match="500"):
            await h.perform(AddDoNotCall(number=FRIEND, reason="x" * 501))
        with pytest.raises(BadParameters, match="not on the list"):
            await h.perform(RemoveDoNotCall(number=FRIEND))


async def test_what_is_used_is_shown(house: MakeHouse) -> None:
    async with house(budget=Budget(calls=9, money=5.0, prices=PRICES)) as h:
        await told(h, await h.place(wait(70), HANG_UP))
        await told(h, await h.place(wait(5), HANG_UP))
        await told(h, await h.place(wait(5), HANG_UP, to=OTHER))
        assert await h.perform(ShowOutbound()) == {
            "stopped": False,
            "limits": [
                {"name": "budget.calls_per_day", "limit": 9, "used": 3},
                {"name": "budget.calls_per_number_per_day", "limit": None, "used": 2},
                {"name": "budget.minutes_per_day", "limit": None, "used": 4},
                {"name": "budget.money_per_day", "limit": 5.0, "used": 1.0},
            ],
        }


# --- nothing dials by itself


async def test_a_call_that_was_on_record_and_not_dialled_before_a_restart_is_not_dialled_after_it(
    town: MakeTown, house: MakeHouse
) -> None:
    async with town() as place:
        async with house(place, dials_per_second=0.01) as h:
            await h.over(await h.place(wait(1), HANG_UP))
            placed = await h.perform(Initiate(to=OTHER, message="Hello there"))
            assert placed["queued"] is True
            assert await h.store.record(placed["callId"]) is not None
        async with house(place) as h:
            assert (await h.over(placed["callId"]))["endReason"] == "stale-timeout"
            await asyncio.sleep(600)
            assert place.rest.count("dial") == 1


async def test_a_call_that_was_being_dialled_at_a_restart_is_not_dialled_again(
    town: MakeTown, house: MakeHouse
) -> None:
    async with town() as place:
        place.rest.late["dial"] = 30.0
        async with house(place) as h:
            call = await h.place(wait(900))
            await asyncio.sleep(0.5)
            assert place.rest.count("dial") == 1
        async with house(place) as h:
            await h.over(call)
            await asyncio.sleep(600)
            assert place.rest.count("dial") == 1
