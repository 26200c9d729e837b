"""A model that answers by itself calls tools before anybody wants its answer."""

from __future__ import annotations

from tests.gateway.house import MakeHouse, listen, say
from tests.gateway.models import Lines, model
from tests.gateway.test_conversations import said
from voicecall.realtime import Traits
from voicecall.realtime.scripted import Reply

ALONE = Traits(endpoints="provider", interrupts="provider")


async def test_a_model_that_answers_by_itself_ends_the_call(house: MakeHouse) -> None:
    lines = Lines("You are welcome", Reply("Goodbye", (("end_call", "{}"),)))
    async with house(model=model(lines, ALONE, unasked=True, transcribing=0.0)) as h:
        call = await h.place(listen(), say("Thank you"), listen(), say("Goodbye now"), listen(9), message="Hello there")
        record = await h.over(call)

        assert (record["state"], record["endReason"]) == ("ended", "hangup-agent")
        assert said(record)[-1] == ("agent", "Goodbye")
        await h.idle()
