"""Webhooks that come twice, late, in another order or not at all; a REST API that fails or is slow."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from tests.gateway.brains import Answers
from tests.gateway.house import HANG_UP, MakeHouse, listen, say, text, wait
from voicecall.core.operations import History
from voicecall.core.rules import Rules
from voicecall.emulators.faces import Answered, Ended, Ringing
from voicecall.emulators.faults import Faults
from voicecall.emulators.internet import Answer

TALK = (listen(), say("How are you"), listen(), HANG_UP)
SPOKEN = "Hello there Fine thank you"
ALL = ("incoming", "ringing", "answered", "stream-ended", "ended")

ODD_WEATHER = {
    "twice": Faults(webhook_duplicate=ALL),
    "ringing late": Faults(webhook_delay={"ringing": 1.2}),
    "answer late": Faults(webhook_delay={"answered": 1.5}),
    "the end late": Faults(webhook_delay={"ended": 4.0}),
    "in another order": Faults(webhook_reorder=True),
    "in another order and twice": Faults(webhook_reorder=True, webhook_duplicate=ALL),
    "ringing lost": Faults(webhook_lose=("ringing",)),
    "the end lost": Faults(webhook_lose=("ended",)),
}


@pytest.mark.parametrize("weather", ODD_WEATHER)
async def test_a_call_is_the_same_in_any_weather(house: MakeHouse, weather: str) -> None:
    async with house(brain=Answers("Fine thank you")) as h:
        h.town.faults = ODD_WEATHER[weather]
        call = await h.place(*TALK)
        record = await h.over(call)

        assert record["endReason"] == "hangup-user"
        assert [line["text"] for line in record["transcript"]] == ["Hello there", "How are you", "Fine thank you"]
        assert text(await h.hears(call)) == SPOKEN
        types = await h.types(call)
        for once in ("call.answered", "call.instructions-asked", "stream.started", "call.ended"):
            assert types.count(once) == 1
        assert types.count("call.ringing") <= 1
        assert types.count("call.leg-ended") <= 1
        assert h.town.rest.count("dial") == 1
        await h.idle()


@pytest.mark.parametrize("weather", ["twice", "the end late", "in another order", "the end lost"])
async def test_an_inbound_call_is_the_same_in_any_weather(house: MakeHouse, weather: str) -> None:
    async with house(brain=Answers("Fine thank you"), greeting="Hello there") as h:
        h.town.faults = ODD_WEATHER[weather]
        call = await h.ring(*TALK)
        record = await h.over(call)

        assert record["endReason"] == "hangup-user"
        assert text(await h.hears(call)) == SPOKEN
        assert len(await h.perform(History())) == 1
        await h.idle()


async def test_two_copies_of_an_arrival_at_once_are_one_call(house: MakeHouse) -> None:
    async with house(brain=Answers("Fine thank you"), greeting="Hello there") as h:
        replies: list[Answer] = []
        deliver = h.town.deliver

        async def twice(url: str, headers: Mapping[str, str], body: bytes) -> Answer:
            async with asyncio.TaskGroup() as tasks:
                copies = [tasks.create_task(deliver(url, headers, body)) for _ in range(2)]
            replies.extend(copy.result() for copy in copies)
            return replies[-1]

        h.town.between = twice
        call = await h.ring(*TALK)
        record = await h.over(call)

        assert (record["endReason"], text(await h.hears(call))) == ("hangup-user", SPOKEN)
        assert [reply.status for reply in replies] == [200] * len(replies)
        assert replies[0] == replies[1]
        assert len(await h.perform(History())) == 1
        assert h.town.named("store.conflict") == []


@pytest.mark.parametrize("town", ["twilio"], indirect=True)
async def test_a_leg_comes_back_for_a_decision_that_takes_too_long(house: MakeHouse) -> None:
    async with house() as h:
        call = await h.place(wait(9), HANG_UP)
        await h.seen(call, "call.ringing")
        h.store.stall = 4.5
        record = await h.over(call)

        assert h.town.named("webhook.slow")
        assert (record["endReason"], record["warnings"]) == ("hangup-user", [])
        assert text(await h.hears(call)) == "Hello there"
        assert len(h.town.plugs) == 1
        await h.idle()


@pytest.mark.parametrize("town", ["mock"], indirect=True)
async def test_a_decision_that_takes_too_long_is_not_waited_for(house: MakeHouse) -> None:
    async with house() as h:
        call = await h.place(wait(99))
        await h.seen(call, "call.ringing")
        h.store.stall = 4.5
        record = await h.over(call)

        assert len(h.town.named("webhook.slow")) == 1
        assert record["endReason"] == "error"
        assert record["endDetail"] == "No media stream arrived within 10 s of the answer."
        assert [warning["code"] for warning in record["warnings"]] == ["carrier-failed"]
        assert (await h.leg(call)).status == "ended"
        await h.idle()


async def test_a_lost_answer_ends_at_the_ring_timeout(house: MakeHouse) -> None:
    async with house(rules=Rules(ring_timeout=10.0)) as h:
        h.town.faults = Faults(webhook_lose=("answered",))
        call = await h.place()
        record = await h.over(call)

        assert (record["endReason"], record["endDetail"]) == ("no-answer", "Nobody answered within 10 s.")
        assert (await h.leg(call)).status == "ended"
        assert h.town.rest.count("hang-up") == 1
        await h.idle()


async def test_a_lost_arrival_leaves_no_call(house: MakeHouse) -> None:
    async with house() as h:
        h.town.faults = Faults(webhook_lose=("incoming",))
        leg = await h.dial_in(wait(1))
        await asyncio.sleep(60)

        assert leg.cause == ("completed" if h.town.kit.sorry else "canceled")
        assert await h.perform(History()) == []
        unknown = {line["carrier_call_id"] for line in h.town.named("call.unknown")}
        assert unknown == (set() if h.town.kit.sorry else {leg.parties.call})


async def test_webhooks_may_come_before_the_answer_to_the_dial(house: MakeHouse) -> None:
    async with house(brain=Answers("Fine thank you")) as h:
        h.town.rest.late["dial"] = 2.5
        call = await h.place(*TALK)
        record = await h.over(call)

        assert record["endReason"] == "hangup-user"
        assert text(await h.hears(call)) == SPOKEN
        assert (await h.types(call)).count("call.dialled") == 1
        assert (await h.types(call)).index("call.dialled") == 1
        await h.idle()


async def test_a_call_may_be_over_before_the_answer_to_its_dial(house: MakeHouse) -> None:
    async with house() as h:
        h.town.rest.late["dial"] = 5.0
        record = await h.over(await h.place(to="+15550100001"))

        assert record["endReason"] == "busy"
        await h.idle()


@pytest.mark.parametrize("status", [400, 401, 500, 503])
async def test_a_dial_that_fails_is_never_sent_again(house: MakeHouse, status: int) -> None:
    async with house() as h:
        h.town.rest.statuses["dial"] = [status]
        call = await h.place()
        record = await h.over(call)

        assert record["endReason"] == "failed"
        assert str(status) in record["endDetail"]
        await asyncio.sleep(60)
        assert h.town.rest.count("dial") == 1
        assert await h.types(call) == ["call.initiated", "call.dial-failed", "call.ended"]
        (line,) = h.town.named("carrier.failed")
        assert line["action"] == "PlaceCall"
        await h.idle()


async def test_a_dial_whose_answer_was_lost_leaves_nobody_on_a_silent_line(house: MakeHouse) -> None:
    async with house() as h:
        h.town.rest.lost = {"dial"}
        h.town.faults = Faults(webhook_lose=("ringing",))
        record = await h.over(await h.place(wait(99)))
        await asyncio.sleep(60)

        assert record["endReason"] == "failed"
        assert h.town.rest.count("dial") == 1
        assert [leg.status for leg in h.network.legs.values()] == ["ended"]
        await h.idle()


@pytest.mark.parametrize("town", ["telnyx"], indirect=True)
async def test_a_leg_that_is_reported_before_the_answer_to_its_dial_gets_lost_is_served(house: MakeHouse) -> None:
    async with house() as h:
        h.town.rest.lost = {"dial"}
        call = await h.place(wait(3), HANG_UP)
        record = await h.over(call)

        assert (record["endReason"], text(await h.hears(call))) == ("hangup-user", "Hello there")
        assert h.town.rest.count("dial") == 1
        await h.idle()


async def test_after_a_failed_dial_the_next_one_works(house: MakeHouse) -> None:
    async with house(max_calls=1) as h:
        h.town.rest.statuses["dial"] = [503]
        await h.over(await h.place())
        record = await h.over(await h.place(wait(3), HANG_UP))

        assert record["endReason"] == "hangup-user"


@pytest.mark.parametrize(("failures", "requests", "warnings"), [(2, 3, 0), (3, 4, 1), (8, 9, 2)])
async def test_a_hang_up_that_fails_is_tried_again(
    house: MakeHouse, failures: int, requests: int, warnings: int
) -> None:
    async with house() as h:
        h.town.rest.statuses["hang-up"] = [503] * failures
        call = await h.place()
        await h.seen(call, "reply.finished")
        ended = await h.end(call)

        assert ended == {"callId": call, "state": "ended", "endReason": "hangup-agent"}
        assert h.town.rest.count("hang-up") == requests
        record = await h.over(call)
        assert [warning["code"] for warning in record["warnings"]] == ["hangup-failed"] * warnings
        assert (await h.leg(call)).status == "ended"
        await h.idle()


async def test_a_hang_up_that_always_fails_ends_the_call_with_us(house: MakeHouse) -> None:
    async with house(max_calls=1) as h:
        h.town.rest.statuses["hang-up"] = [503] * 99
        call = await h.place()
        await h.seen(call, "reply.finished")
        await h.end(call)

        record = await h.over(call)
        assert record["endReason"] == "hangup-agent"
        assert [warning["code"] for warning in record["warnings"]] == ["hangup-failed"] * 3
        await h.idle()
        assert (await h.over(await h.place(wait(3), HANG_UP)))["endReason"] == "hangup-user"


async def test_a_late_report_of_a_call_that_is_over_changes_nothing(house: MakeHouse) -> None:
    async with house() as h:
        call = await h.place(wait(2), HANG_UP)
        record, events = await h.over(call), await h.events(call)
        leg, asked = await h.leg(call), list(h.town.rest.sent)
        for happening in (Ringing(), Answered(), Ended("failed")):
            leg.attendant.report(happening)
            await asyncio.sleep(1)

        assert await h.record(call) == record
        assert await h.events(call) == events
        assert h.town.named("call.unknown") == []
        assert h.town.rest.sent == asked
        await h.idle()


async def test_digits_go_out_once_even_when_the_stream_drops_before_they_are_acknowledged(house: MakeHouse) -> None:
    async with house() as h:
        h.town.rest.late["digits"] = 2.0
        h.town.faults = Faults(stream_drop_after=0.5)
        call = await h.place(wait(8), HANG_UP, dtmf="12")
        await h.over(call)
        digits = [entry.text for entry in (await h.leg(call)).journal if entry.what == "digit"]
        assert digits == ["1", "2"]
