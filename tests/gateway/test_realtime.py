"""Calls whose agent is one model that hears and speaks."""

from __future__ import annotations

import pytest

from tests.gateway.house import HANG_UP, MakeHouse, listen, say, text
from tests.gateway.models import Lines, model
from tests.gateway.test_barge_in import COUNT, NUMBERS, interrupting
from tests.gateway.test_conversations import said
from voicecall.realtime import Past, Traits

BY_US = Traits()
BY_IT = Traits(endpoints="provider")
ALONE = Traits(endpoints="provider", interrupts="provider")
KINDS = {
    "we endpoint": (BY_US, False),
    "it endpoints": (BY_IT, False),
    "it answers by itself": (BY_IT, True),
    "it interrupts as well": (ALONE, True),
}
Kind = tuple[Traits, bool]
"""What it decides, and whether it answers by itself."""


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


async def test_a_conversation_has_one_greeting_and_an_answer_to_each_turn(house: MakeHouse, kind: Kind) -> None:
    lines = Lines("Fine thank you", "Until then")
    async with house(model=model(lines, kind[0], unasked=kind[1])) as h:
        call = await h.place(
            listen(), say("How are you"), listen(), say("See you"), listen(), HANG_UP, message="Hello there"
        )
        record = await h.over(call)

        assert (record["state"], record["endReason"]) == ("ended", "hangup-user")
        assert said(record) == [
            ("agent", "Hello there"),
            ("caller", "How are you"),
            ("agent", "Fine thank you"),
            ("caller", "See you"),
            ("agent", "Until then"),
        ]
        assert text(await h.hears(call)) == "Hello there Fine thank you Until then"
        assert record["warnings"] == []
        await h.idle()


async def test_after_an_interruption_the_models_history_ends_where_the_caller_stopped_hearing(
    house: MakeHouse, kind: Kind
) -> None:
    lines = Lines(COUNT, "As you wish")
    async with house(model=model(lines, kind[0], unasked=kind[1])) as h:
        call = await h.place(*interrupting("Stop it now please", after=0.9))
        record = await h.over(call)

        words = await h.hears(call)
        whole = [word.text for word in words if word.text in NUMBERS and word.end - word.begin >= 0.1]
        heard = lines.asked[1][-2]
        assert heard.speaker == "agent"
        assert heard.text.split() == whole[: len(heard.text.split())]
        assert abs(len(heard.text.split()) - len(whole)) <= 1
        assert record["transcript"][2]["heard"].split() == heard.text.split()
        assert lines.asked[1][-1] == Past("caller", "Stop it now please")
        assert text(words).endswith("As you wish")
        assert said(record)[3:] == [("caller", "Stop it now please"), ("agent", "As you wish")]
        await h.idle()
