"""A gateway that dies in the middle of calls, and the next one that finds them in the archive."""

from __future__ import annotations

import asyncio

import pytest

from tests.gateway.brains import Answers
from tests.gateway.house import HANG_UP, MakeHouse, listen, say, text, wait
from tests.gateway.town import MakeTown
from voicecall.core.operations import History
from voicecall.core.rules import Rules
from voicecall.emulators.faults import Faults

COUNT = "one two three four five six seven eight nine ten"


async def test_a_living_call_is_taken_over_and_the_conversation_goes_on(town: MakeTown, house: MakeHouse) -> None:
    brain = Answers("Fine thank you")
    async with town() as place:
        async with house(place) as h:
            call = await h.place(listen(), wait(8), say("How are you"), listen(), HANG_UP)
            await h.seen(call, "reply.finished")
            await asyncio.sleep(1)
        await asyncio.sleep(0.2)
        async with house(place, brain=brain) as h:
            record = await h.over(call)

            assert record["endReason"] == "hangup-user"
            assert [line["text"] for line in record["transcript"]] == ["Hello there", "How are you", "Fine thank you"]
            assert await h.heard_of_us(call) == "Hello there Fine thank you"
            assert [line.text for line in brain.asked[0].lines] == ["Hello there", "How are you"]
            assert place.rest.count("dial") == 1
            (adopted,) = [event for event in await h.events(call) if event["type"] == "call.adopted"]
            assert adopted["data"] == {"instance": "one"}
            await h.idle()


async def test_a_greeting_that_was_cut_by_the_restart_is_said_again(town: MakeTown, house: MakeHouse) -> None:
    async with town() as place:
        async with house(place) as h:
            call = await h.place(wait(12), HANG_UP, message=COUNT)
            await h.seen(call, "reply.started")
            await asyncio.sleep(0.7)
        await asyncio.sleep(0.2)
        async with house(place) as h:
            record = await h.over(call)

            assert record["transcript"][-1]["text"] == COUNT
            assert text(await h.hears(call)).endswith(COUNT)
            assert (await h.types(call)).count("reply.finished") == 1


async def test_a_question_that_was_not_answered_before_the_restart_is_answered(
    town: MakeTown, house: MakeHouse
) -> None:
    async with town() as place:
        async with house(place, brain=Answers((60.0, "Too late"))) as h:
            call = await h.place(listen(), say("How are you"), wait(10), HANG_UP)
            await h.seen(call, "transcript.final")
            await asyncio.sleep(1)
        async with house(place, brain=Answers("Fine thank you")) as h:
            record = await h.over(call)

            assert [line["text"] for line in record["transcript"]] == ["Hello there", "How are you", "Fine thank you"]


async def test_a_ringing_call_is_taken_over_and_answered(town: MakeTown, house: MakeHouse) -> None:
    async with town() as place:
        async with house(place) as h:
            call = await h.place(wait(4), HANG_UP)
            await h.seen(call, place.kit.ringing)
        await asyncio.sleep(0.1)
        async with house(place) as h:
            record = await h.over(call)

            assert (record["endReason"], text(await h.hears(call))) == ("hangup-user", "Hello there")
            assert place.rest.count("dial") == 1


async def test_a_call_that_was_answered_while_no_gateway_ran_is_greeted_by_the_next(
    town: MakeTown, house: MakeHouse
) -> None:
    async with town() as place:
        async with house(place) as h:
            call = await h.place(wait(6), HANG_UP)
            await h.seen(call, place.kit.ringing)
        await asyncio.sleep(1.0)
        async with house(place) as h:
            record = await h.over(call)

            if place.kit.gives_up:
                assert (record["endReason"], record["answeredAt"]) == ("stale-timeout", None)
                await h.idle()
                return
            assert record["endReason"] == "hangup-user"
            assert text(await h.hears(call)).endswith("Hello there")
            assert [line["text"] for line in record["transcript"]] == ["Hello there"]


async def test_a_call_that_is_gone_is_ended_as_stale(town: MakeTown, house: MakeHouse) -> None:
    async with town() as place:
        async with house(place) as h:
            call = await h.place(wait(2), HANG_UP)
            await h.seen(call, "reply.finished")
        await asyncio.sleep(30)
        async with house(place, max_calls=1) as h:
            record = await h.over(call)

            assert record["endReason"] == "stale-timeout"
            assert record["endDetail"] == "The gateway was restarted, and the carrier knew the call no longer."
            assert place.rest.count("hang-up") == 0
            again = await h.over(await h.place(wait(2), HANG_UP))
            assert again["endReason"] == "hangup-user"
            await h.idle()


async def test_a_dial_of_which_nothing_is_known_is_never_sent_again(town: MakeTown, house: MakeHouse) -> None:
    async with town() as place:
        async with house(place) as h:
            h.town.rest.late["dial"] = 5.0
            h.town.faults = Faults(webhook_lose=("ringing",))
            call = await h.place(to="+15550100002")
            await asyncio.sleep(0.05)
        async with house(place, max_calls=1) as h:
            record = await h.over(call)

            assert record["endReason"] == "stale-timeout"
            assert record["endDetail"].endswith("nothing is redialled.")
            await asyncio.sleep(60)
            assert place.rest.count("dial") == 1
            assert (await h.over(await h.place(wait(2), HANG_UP)))["endReason"] == "hangup-user"


async def test_a_hang_up_that_was_under_way_is_finished(town: MakeTown, house: MakeHouse) -> None:
    async with town() as place:
        async with house(place) as h:
            place.rest.statuses["hang-up"] = [503] * 99
            call = await h.place(wait(99))
            await h.seen(call, "reply.finished")
            h.beside(h.end(call)).add_done_callback(lambda end: end.exception())
            await h.seen(call, "operation.end")
        place.rest.statuses.clear()
        async with house(place) as h:
            record = await h.over(call)

            assert record["endReason"] == "hangup-agent"
            assert (await h.leg(call)).status == "ended"
            await h.idle()


async def test_a_carrier_that_cannot_say_is_asked_again(town: MakeTown, house: MakeHouse) -> None:
    async with town() as place:
        async with house(place) as h:
            call = await h.place(wait(2), HANG_UP)
            await h.seen(call, "reply.finished")
        await asyncio.sleep(30)
        place.rest.statuses["status"] = [503] * 7
        async with house(place) as h:
            record = await h.over(call)

            assert record["endReason"] == "stale-timeout"
            assert place.rest.count("status") == 8


async def test_an_inbound_call_is_taken_over_too(town: MakeTown, house: MakeHouse) -> None:
    async with town() as place:
        async with house(place) as h:
            call = await h.ring(wait(6), say("When do you open"), listen(), HANG_UP)
            await h.seen(call, "reply.finished")
        async with house(place, brain=Answers("At nine")) as h:
            await h.over(call)

            assert await h.heard_of_us(call) == "Welcome At nine"
            assert len(await h.perform(History())) == 1


async def test_the_longest_duration_counts_from_the_answer(town: MakeTown, house: MakeHouse) -> None:
    rules = Rules(max_duration=30.0)
    async with town() as place:
        async with house(place, rules=rules) as h:
            call = await h.place(wait(99))
            await h.seen(call, "reply.finished")
            await asyncio.sleep(10)
        async with house(place, rules=rules) as h:
            record = await h.over(call)

            assert record["endReason"] == "timeout"
            assert (await h.does(call, "ended"))[0] == pytest.approx(30.0, abs=0.2)


async def test_another_instance_takes_a_call_over_only_once_its_lease_has_run_out(
    town: MakeTown, house: MakeHouse
) -> None:
    async with town() as place:
        place.faults = Faults(webhook_delay={"stream-ended": 35.0})
        async with house(place, lease=30.0) as h:
            call = await h.place(listen(), wait(60), say("How are you"), listen(), HANG_UP)
            await h.seen(call, "reply.finished")
            fallen = place.now()
        async with house(place, instance="two", lease=30.0, brain=Answers("Fine thank you")) as h:
            place.front = None
            await asyncio.sleep(20)
            assert "Adopted" not in [logged.type for logged in place.archive.events]
            assert h.switchboard.sessions == {}
            place.front = h
            await h.seen(call, "call.adopted")
            record = await h.over(call)

            (adopted,) = [event for event in place.archive.events if event.type == "Adopted"]
            assert 25 < adopted.at - fallen < 45
            assert record["transcript"][-1]["text"] == "Fine thank you"


async def test_two_instances_leave_each_other_alone(town: MakeTown, house: MakeHouse) -> None:
    async with town() as place, house(place, instance="one") as one:
        call = await one.place(wait(100), HANG_UP)
        await one.seen(call, "reply.finished")
        async with house(place, instance="two") as two:
            place.front = one
            await asyncio.sleep(80)
            assert two.switchboard.sessions == {}
            assert (await two.record(call))["state"] == "active"
        place.front = one
        assert (await one.over(call))["endReason"] == "hangup-user"
        assert "Adopted" not in [logged.type for logged in place.archive.events]


async def test_events_from_before_the_restart_are_there_to_be_followed(town: MakeTown, house: MakeHouse) -> None:
    async with town() as place:
        async with house(place) as h:
            call = await h.place(wait(5), HANG_UP)
            await h.seen(call, "reply.finished")
            before = await h.events(call)
        async with house(place) as h:
            await h.over(call)
            assert (await h.events(call))[: len(before)] == before


async def test_a_call_that_nobody_can_read_stands_in_nobodys_way(town: MakeTown, house: MakeHouse) -> None:
    async with town() as place:
        async with house(place) as h:
            call = await h.place(wait(99))
            await h.seen(call, "reply.finished")
        at = next(number for number, logged in enumerate(place.archive.events) if logged.call_id == call)
        del place.archive.events[at]
        async with house(place) as h:
            assert len(place.named("call.unreadable")) == 1
            assert h.switchboard.sessions == {}
            again = await h.place(wait(1), HANG_UP, to="+15550100010")
            assert (await h.perform(History()))[0]["callId"] == again


async def test_a_webhook_that_comes_again_after_the_restart_changes_nothing(town: MakeTown, house: MakeHouse) -> None:
    async with town() as place:
        async with house(place) as h:
            call = await h.place(wait(10), HANG_UP)
            await h.seen(call, "reply.finished")
        async with house(place) as h:
            await h.seen(call, "stream.started", 2)
            before = await h.types(call)
            for url, headers, body in list(place.posted):
                assert (await place.deliver(url, headers, body)).status == 200
            assert await h.types(call) == before
            record = await h.over(call)

            assert record["endReason"] == "hangup-user"
            assert (await h.types(call)).count("stream.started") == 2
            assert place.named("store.conflict") == []
