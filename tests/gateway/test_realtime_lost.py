"""A model is lost, and transcriber, agent and voice take its place."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.gateway.brains import Answers
from tests.gateway.callers import HANG_UP, listen, say, wait
from tests.gateway.house import House, MakeHouse, text
from tests.gateway.models import Lines, model
from tests.gateway.spelling import Alphabet
from tests.gateway.test_conversations import said
from tests.gateway.town import MakeTown
from voicecall.core.languages import ENGLISH
from voicecall.realtime import Traits
from voicecall.realtime.scripted import Script

pytestmark = pytest.mark.parametrize("town", ["mock"], indirect=True)


async def test_an_answer_that_was_given_up_before_it_was_begun_is_not_made_by_the_agent(house: MakeHouse) -> None:
    houses: list[House] = []

    def breaking(alphabet: Alphabet) -> Script:
        script = model(Lines("Fine thank you"), Traits(endpoints="provider"))(alphabet)

        def understand(sound: bytes) -> str:
            (found,) = houses
            assert found.model is not None
            found.model.sessions[0].fail("gone")
            return script.understand(sound)

        return replace(script, understand=understand)

    async with house(model=breaking) as h:
        houses.append(h)
        call = await h.place(listen(), say("How are you"), listen(), say("How are you"), listen(), HANG_UP)
        record = await h.over(call)
        assert said(record)[1:] == [
            ("agent", ENGLISH.apology),
            ("caller", "How are you"),
            ("agent", "You are welcome"),
        ]
        assert text(await h.hears(call)) == f"Hello there {ENGLISH.apology} You are welcome"
        assert record["endedAt"] == next(e["at"] for e in await h.events(call) if e["type"] == "call.leg-ended")
        await h.idle()


async def test_a_call_that_is_taken_over_where_there_is_no_model_goes_on_without(
    town: MakeTown, house: MakeHouse
) -> None:
    brain = Answers("Fine thank you")
    async with town() as place:
        async with house(place, model=model(Lines("Never"), Traits(endpoints="provider"))) as h:
            call = await h.place(listen(), wait(8), say("How are you"), listen(), HANG_UP)
            await h.seen(call, "reply.finished")
            await asyncio.sleep(1)
        await asyncio.sleep(0.2)
        async with house(place, brain=brain) as h:
            record = await h.over(call)
            assert said(record) == [("agent", "Hello there"), ("caller", "How are you"), ("agent", "Fine thank you")]
            assert [line.text for line in brain.asked[0].lines] == ["Hello there", "How are you"]
            assert [warning["code"] for warning in record["warnings"]] == ["realtime"]
            await h.idle()
