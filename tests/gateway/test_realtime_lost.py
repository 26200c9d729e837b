"""A model is lost, and transcriber, agent and voice take its place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.gateway.callers import HANG_UP, listen, say
from tests.gateway.house import House, MakeHouse, text
from tests.gateway.models import Lines, model
from tests.gateway.spelling import Alphabet
from tests.gateway.test_conversations import said
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
