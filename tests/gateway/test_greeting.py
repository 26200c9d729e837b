"""The opening line: said once, confirmed by the carrier, carried over a stream that drops, never said twice."""

from __future__ import annotations

import pytest

from tests.gateway.house import HANG_UP, MakeHouse, listen, text, wait
from voicecall.emulators.faults import Faults

GREETING = "Hello this is the gateway calling"


async def test_the_greeting_is_said_once_and_confirmed_by_its_mark(house: MakeHouse) -> None:
    async with house() as h:
        call = await h.place(wait(5), HANG_UP, message=GREETING)
        record = await h.over(call)

        assert text(await h.hears(call)) == GREETING
        finished = await h.seen(call, "reply.finished")
        assert finished["data"] == {"reply": 1, "text": GREETING, "confirmed": True}
        assert (await h.does(call, "mark"))[-1] == pytest.approx(1.22, abs=0.03)
        assert [line["text"] for line in record["transcript"]] == [GREETING]
        assert [line["event"] for line in h.town.logs if line["event"].startswith("greeting")] == [
            "greeting.speaking",
            "greeting.heard",
        ]


@pytest.mark.parametrize("dropped", [0.0, 0.05, 0.11, 0.5, 1.0])
async def test_a_greeting_that_was_cut_by_a_lost_stream_goes_on_with_the_next(house: MakeHouse, dropped: float) -> None:
    async with house() as h:
        h.network.faults = Faults(stream_drop_after=dropped)
        call = await h.place(wait(6), HANG_UP, message=GREETING)
        record = await h.over(call)

        words = await h.hears(call)
        assert text(words) == GREETING
        assert sum(word.end - word.begin for word in words) == pytest.approx(1.2, abs=0.05)
        assert (await h.types(call)).count("stream.started") == 2
        assert (await h.types(call)).count("reply.started") == 1
        assert (await h.types(call)).count("reply.finished") == 1
        assert [line["text"] for line in record["transcript"]] == [GREETING]
        assert record["endReason"] == "hangup-user"


async def test_a_greeting_that_was_heard_is_not_repeated_on_the_next_stream(house: MakeHouse) -> None:
    async with house() as h:
        h.network.faults = Faults(stream_drop_after=2.0, stream_return_after=0.5)
        call = await h.place(wait(6), HANG_UP, message=GREETING)
        await h.over(call)

        assert text(await h.hears(call)) == GREETING
        assert (await h.types(call)).count("stream.started") == 2
        assert (await h.types(call)).count("reply.finished") == 1


async def test_without_its_mark_the_greeting_stays_unconfirmed(house: MakeHouse) -> None:
    async with house() as h:
        h.town.marks_get_lost = True
        call = await h.place(wait(6), HANG_UP, message=GREETING)
        record = await h.over(call)

        finished = await h.seen(call, "reply.finished")
        assert finished["data"]["confirmed"] is False
        assert [line["text"] for line in record["transcript"]] == [GREETING]
        assert text(await h.hears(call)) == GREETING
        assert len(h.town.named("greeting.unheard")) == 1
        assert h.town.named("greeting.heard") == []


async def test_an_unconfirmed_greeting_is_said_again_on_the_next_stream(house: MakeHouse) -> None:
    async with house() as h:
        h.town.marks_get_lost = True
        h.network.faults = Faults(stream_drop_after=4.0)
        call = await h.place(wait(12), HANG_UP, message=GREETING)
        await h.seen(call, "reply.finished")
        h.town.marks_get_lost = False
        await h.over(call)

        assert text(await h.hears(call)) == f"{GREETING} {GREETING}"
        assert (await h.seen(call, "reply.finished", 2))["data"]["confirmed"] is True


async def test_a_notify_call_whose_marks_are_lost_is_hung_up_all_the_same(house: MakeHouse) -> None:
    async with house() as h:
        h.town.marks_get_lost = True
        call = await h.place(message=GREETING, mode="notify")
        record = await h.over(call)

        assert record["endReason"] == "completed"
        assert text(await h.hears(call)) == GREETING
        assert (await h.does(call, "ended"))[0] == pytest.approx(1.2 + 2.0 + 3.0, abs=0.1)


async def test_digits_go_out_before_the_greeting(house: MakeHouse) -> None:
    async with house() as h:
        call = await h.place(listen(), HANG_UP, message=GREETING, dtmf="1w2")
        record = await h.over(call)

        digits = [entry for entry in (await h.leg(call)).journal if entry.what == "digit"]
        assert [entry.text for entry in digits] == ["1", "2"]
        assert text(await h.hears(call)) == GREETING
        assert record["warnings"] == []
        types = await h.types(call)
        assert types.index("dtmf.sent") < types.index("reply.started")


async def test_after_four_streams_that_were_lost_the_call_is_given_up(house: MakeHouse) -> None:
    async with house() as h:
        h.network.faults = Faults(stream_drop_after=0.0, stream_drops=9)
        call = await h.place(message=GREETING)
        record = await h.over(call)

        assert record["endReason"] == "error"
        assert record["endDetail"] == "The media stream ended 4 times; it is not opened again."
        assert len(h.town.plugs) == 4
        assert (await h.leg(call)).status == "ended"
