"""How many calls, how long, how patient: limits that refuse by name and leak nothing."""

from __future__ import annotations

import asyncio

import pytest

from tests.gateway.brains import Answers
from tests.gateway.house import HANG_UP, MakeHouse, listen, say, text, wait
from voicecall.core.operations import History, Live
from voicecall.core.rules import Rules
from voicecall.emulators.faults import Faults
from voicecall.errors import CallRefused

LONG = " ".join(f"word{number}" for number in range(30))


async def test_of_200_calls_at_once_five_run_and_the_others_are_refused_by_name(house: MakeHouse) -> None:
    async with house(max_calls=5) as h:
        tasks_before = len(asyncio.all_tasks())
        placing = [h.beside(h.place(wait(3), HANG_UP, to=f"+1555020{number:04d}")) for number in range(200)]
        placed: list[str] = []
        refused: list[CallRefused] = []
        for one in placing:
            try:
                placed.append(await one)
            except CallRefused as error:
                refused.append(error)

        assert (len(placed), len(refused)) == (5, 195)
        assert {(error.reason, error.limit) for error in refused} == {("max-concurrent-calls", True)}
        assert h.town.rest.count("dial") == 5
        for call in placed:
            assert (await h.over(call))["endReason"] == "hangup-user"
        await h.idle()
        assert len(asyncio.all_tasks()) == tasks_before
        assert len(await h.perform(History(limit=500))) == 5
        assert (await h.over(await h.place(wait(1), HANG_UP)))["endReason"] == "hangup-user"


async def test_a_caller_beyond_the_limit_hears_that_it_is_busy(house: MakeHouse) -> None:
    async with house(max_calls=1) as h:
        first = await h.ring(wait(5), HANG_UP)
        await h.seen(first, "stream.started")
        second = await h.ring(wait(5), HANG_UP, caller="+15550100010")
        record = await h.over(second)

        assert (record["endReason"], record["transcript"]) == ("busy", [])
        assert (await h.leg(second)).cause == "busy"
        assert (await h.over(first))["endReason"] == "hangup-user"
        third = await h.ring(wait(1), HANG_UP)
        assert (await h.over(third))["endReason"] == "hangup-user"
        await h.idle()


async def test_ringing_calls_count(house: MakeHouse) -> None:
    async with house(max_calls=1) as h:
        await h.place(to="+15550100002")
        with pytest.raises(CallRefused, match="all 1 lines are taken"):
            await h.place()


async def test_a_gateway_that_drains_takes_no_calls_and_serves_those_it_has(house: MakeHouse) -> None:
    async with house(brain=Answers("Fine thank you")) as h:
        call = await h.place(listen(), say("How are you"), listen(), HANG_UP)
        drained = h.beside(h.switchboard.drain())
        await asyncio.sleep(0.1)
        with pytest.raises(CallRefused, match="shutting down") as refused:
            await h.place(to="+15550100010")
        assert refused.value.reason == "draining"
        late = await h.over(await h.ring(wait(1), caller="+15550100010"))
        assert (late["endReason"], late["endDetail"]) == ("busy", "The gateway was shutting down.")
        assert h.gateway.readiness()["taking-calls"] is False
        assert not drained.done()

        await drained
        assert (await h.over(call))["transcript"][-1]["text"] == "Fine thank you"
        assert h.switchboard.sessions == {}


async def test_a_call_that_nobody_ever_answered_is_ended_as_stale_after_asking_the_carrier(house: MakeHouse) -> None:
    async with house(rules=Rules(ring_timeout=300.0, stale=60.0)) as h:
        call = await h.place(to="+15550100002")
        record = await h.over(call)

        assert record["endReason"] == "stale-timeout"
        assert [action for _, action in h.town.rest.sent] == ["dial", "status", "hang-up"]
        assert (await h.leg(call)).status == "ended"
        assert h.town.rest.sent[1][0] == pytest.approx(60.0, abs=0.1)
        await h.idle()


async def test_a_stale_call_that_the_carrier_has_ended_is_not_hung_up(house: MakeHouse) -> None:
    async with house(rules=Rules(ring_timeout=55.0, stale=57.0)) as h:
        h.town.faults = Faults(webhook_lose=("ended",))
        record = await h.over(await h.place(to="+15550100002"))

        assert record["endReason"] == "stale-timeout"
        assert [action for _, action in h.town.rest.sent] == ["dial", "status"]


async def test_an_answered_call_is_never_stale(house: MakeHouse) -> None:
    async with house(rules=Rules(stale=5.0)) as h:
        record = await h.over(await h.place(wait(20), HANG_UP))
        assert record["endReason"] == "hangup-user"


async def test_at_the_longest_duration_a_silent_call_is_hung_up(house: MakeHouse) -> None:
    async with house(rules=Rules(max_duration=20.0)) as h:
        call = await h.place(wait(99))
        record = await h.over(call)

        assert (record["endReason"], record["endDetail"]) == ("timeout", "The call reached its longest duration.")
        assert (await h.does(call, "ended"))[0] == pytest.approx(20.0, abs=0.1)
        assert (await h.leg(call)).status == "ended"


async def test_at_the_longest_duration_the_last_sentence_is_finished(house: MakeHouse) -> None:
    async with house(brain=Answers(LONG), rules=Rules(max_duration=5.0)) as h:
        call = await h.place(listen(), say("Tell me all"), wait(99))
        record = await h.over(call)

        assert record["endReason"] == "timeout"
        assert text(await h.hears(call)) == f"Hello there {LONG}"
        assert "heard" not in record["transcript"][-1]
        assert (await h.does(call, "ended"))[0] == pytest.approx((await h.hears(call))[-1].end, abs=0.1)


async def test_the_last_sentence_has_its_bound(house: MakeHouse) -> None:
    async with house(brain=Answers(LONG), rules=Rules(max_duration=4.0, last_sentence=2.0)) as h:
        call = await h.place(listen(), say("Tell me all"), wait(99))
        record = await h.over(call)

        assert record["endReason"] == "timeout"
        assert (await h.does(call, "ended"))[0] == pytest.approx(6.0, abs=0.1)
        assert record["transcript"][-1]["heard"] == text(
            [word for word in (await h.hears(call))[2:] if word.end - word.begin > 0.15]
        )


async def test_the_agent_is_told_when_little_time_is_left(house: MakeHouse) -> None:
    brain = Answers("First answer", "Second answer")
    async with house(brain=brain, rules=Rules(max_duration=40.0)) as h:
        call = await h.place(
            *(listen(), say("Question one"), listen(), wait(10), say("Question two"), listen(), HANG_UP)
        )
        await h.over(call)

        assert brain.asked[0].seconds_left is None
        left = brain.asked[1].seconds_left
        assert left is not None
        assert 20 < left < 30


async def test_the_metrics_know_how_calls_ended(house: MakeHouse) -> None:
    async with house() as h:
        await h.over(await h.place(wait(2), HANG_UP))
        await h.over(await h.place(to="+15550100001"))
        assert h.switchboard.ended == {"hangup-user": 1, "busy": 1}
        assert await h.perform(Live()) == []
