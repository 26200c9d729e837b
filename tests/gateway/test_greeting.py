"""The opening line: said once, confirmed by the carrier, carried over a stream that drops, never said twice."""

from __future__ import annotations

import pytest

from tests.gateway.house import HANG_UP, MakeHouse, listen, text, wait
from voicecall.emulators.faults import Faults

GREETING = "Hello this is the gateway calling"
LONG = " ".join(f"word{number}" for number in range(30))
"""Six seconds."""
ON_MOCK = pytest.mark.parametrize("town", ["mock"], indirect=True)
"""Where a call can neither be redirected nor be spoken on by the carrier."""


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
        h.town.faults = Faults(stream_drop_after=dropped)
        call = await h.place(wait(6), HANG_UP, message=GREETING)
        record = await h.over(call)

        words = await h.hears(call)
        assert text(words) == GREETING
        again = dropped if dropped < 0.2 else 0.0  # what no mark had confirmed by then
        assert 1.15 < sum(word.end - word.begin for word in words) < 1.25 + again
        assert (await h.types(call)).count("stream.started") == 2
        assert (await h.types(call)).count("reply.started") == 1
        assert (await h.types(call)).count("reply.finished") == 1
        assert [line["text"] for line in record["transcript"]] == [GREETING]
        assert record["endReason"] == "hangup-user"


async def test_a_greeting_that_was_heard_is_not_repeated_on_the_next_stream(house: MakeHouse) -> None:
    async with house() as h:
        h.town.faults = Faults(stream_drop_after=2.0, stream_return_after=0.5)
        call = await h.place(wait(6), HANG_UP, message=GREETING)
        await h.over(call)

        assert text(await h.hears(call)) == GREETING
        assert (await h.types(call)).count("stream.started") == 2
        assert (await h.types(call)).count("reply.finished") == 1


async def test_without_its_mark_the_greeting_stays_unconfirmed(house: MakeHouse) -> None:
    async with house() as h:
        h.town.marks_get_lost = True
        call = await h.place(wait(6), HANG_UP, message=GREETING)
        finished = await h.seen(call, "reply.finished")

        assert finished["data"] == {"reply": 1, "text": GREETING, "confirmed": False}
        assert text(await h.hears(call)) == GREETING
        assert len(h.town.named("greeting.unheard")) == 1
        assert h.town.named("greeting.heard") == []
        assert "reply.confirmed" not in await h.types(call)


@ON_MOCK
@pytest.mark.parametrize("mode", ["conversation", "notify"])
async def test_a_call_of_which_nothing_is_confirmed_ends_with_its_cause(house: MakeHouse, mode: str) -> None:
    async with house() as h:
        h.town.marks_get_lost = True
        call = await h.place(wait(99), message=GREETING, mode=mode)
        record = await h.over(call)

        assert record["endReason"] == "error"
        assert record["endDetail"] == "The carrier confirmed nothing of what was sent to the caller."
        assert [line["text"] for line in record["transcript"]] == [GREETING]
        assert text(await h.hears(call)) == GREETING
        assert (await h.does(call, "ended"))[0] == pytest.approx(1.2 + 2.0, abs=0.1)
        assert (await h.leg(call)).status == "ended"
        await h.idle()


@ON_MOCK
async def test_a_long_line_of_which_nothing_is_confirmed_is_not_gone_on_with(house: MakeHouse) -> None:
    async with house() as h:
        h.town.marks_get_lost = True
        call = await h.place(wait(99), message=LONG)
        record = await h.over(call)

        assert record["endReason"] == "error"
        assert record["endDetail"] == "The carrier did not confirm within 4 s that the caller hears anything."
        assert record["transcript"] == []
        assert (await h.does(call, "ended"))[0] == pytest.approx(4.0, abs=0.1)
        await h.idle()


async def test_a_long_line_that_goes_on_with_the_next_stream_is_known_to_be_heard(house: MakeHouse) -> None:
    async with house() as h:
        h.town.faults = Faults(stream_drop_after=0.05)
        call = await h.place(wait(9), HANG_UP, message=LONG)
        record = await h.over(call)

        assert record["endReason"] == "hangup-user"
        assert text(await h.hears(call)) == LONG
        types = await h.types(call)
        assert types.index("reply.confirmed") < types.index("reply.finished")


async def test_an_unconfirmed_greeting_is_said_again_on_the_next_stream(house: MakeHouse) -> None:
    greeting = " ".join(LONG.split()[:17])
    async with house() as h:
        h.town.faults = Faults(stream_drop_after=3.0, stream_drops=2)
        call = await h.place(wait(15), HANG_UP, message=greeting)
        await h.seen(call, "reply.confirmed")
        h.town.marks_get_lost = True
        await h.seen(call, "reply.finished")
        h.town.marks_get_lost = False
        await h.over(call)

        assert [(await h.seen(call, "reply.finished", n))["data"]["confirmed"] for n in (1, 2)] == [False, True]
        assert text(await h.hears(call)) == f"{greeting} {greeting}"
        assert (await h.types(call)).count("stream.started") == 3


async def test_digits_go_out_before_the_greeting(house: MakeHouse) -> None:
    async with house() as h:
        call = await h.place(listen(), HANG_UP, message=GREETING, dtmf="1w2")
        record = await h.over(call)

        digits = [entry for entry in (await h.leg(call)).journal if entry.what == "digit"]
        assert [entry.text for entry in digits] == ["1", "2"]
        assert text(await h.hears(call)) == GREETING
        assert record["warnings"] == []
        if not h.town.kit.carrier().capabilities.digits_at_dial:
            types = await h.types(call)
            assert types.index("dtmf.sent") < types.index("reply.started")


@ON_MOCK
async def test_after_four_streams_that_were_lost_the_call_is_given_up(house: MakeHouse) -> None:
    async with house() as h:
        h.town.faults = Faults(stream_drop_after=0.0, stream_drops=9)
        call = await h.place(message=GREETING)
        record = await h.over(call)

        assert record["endReason"] == "error"
        assert record["endDetail"] == "The media stream ended 4 times; it is not opened again."
        assert len(h.town.plugs) == 4
        assert (await h.leg(call)).status == "ended"
