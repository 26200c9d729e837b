"""Ears, agent or voice die amid a turn: the call lives, the caller hears something sensible, the record says why."""

from __future__ import annotations

import pytest

from tests.gateway.brains import Answers
from tests.gateway.callers import HANG_UP, listen, say
from tests.gateway.house import Json, MakeHouse
from tests.gateway.spelling import text
from voicecall.gateway.making import Manner

SORRY = Manner(apology="I am sorry.")
TWICE = (listen(), say("When do you open"), listen(5), say("I said when"), listen(2), HANG_UP)


def warned(record: Json) -> dict[str, str]:
    return {warning["code"]: warning["text"] for warning in record["warnings"]}


async def test_ears_that_fail_lose_a_turn_and_the_next_is_answered(house: MakeHouse) -> None:
    async with house(brain=Answers("At nine")) as h:
        h.ears.broken = True
        call = await h.place(listen(), say("When do you open"), listen(5), say("Hello"), listen(5), HANG_UP)
        await h.seen(call, "transcript.failed")
        h.ears.broken = False
        record = await h.over(call)
        assert "the transcriber is broken" in warned(record)["stt"]
        assert [line["text"] for line in record["transcript"]] == ["Hello there", "Hello", "At nine"]


async def test_ears_that_fail_are_replaced_within_the_turn(house: MakeHouse) -> None:
    async with house(brain=Answers("At nine"), spares=True) as h:
        h.ears.broken = True
        call = await h.place(listen(), say("When do you open"), listen(), HANG_UP)
        record = await h.over(call)
        assert [line["text"] for line in record["transcript"]] == ["Hello there", "When do you open", "At nine"]
        (told,) = warned(record).values()
        assert "first" in told
        assert "second" in told


@pytest.mark.parametrize(("word", "heard"), [("We", ""), ("open", "We are")], ids=["before", "amid"])
async def test_a_voice_that_fails_costs_its_answer_and_not_the_call(house: MakeHouse, word: str, heard: str) -> None:
    async with house(brain=Answers("We are open", "At nine"), manner=SORRY) as h:
        h.voice.failing.add(word)
        call = await h.place(*TWICE)
        record = await h.over(call)
        again = h.can.prompts and not heard  # the carrier's voice takes over, and the agent is asked again
        assert text(await h.hears(call)).split() == f"Hello there {'At nine' if again else heard} At nine".split()
        assert f"nothing can say {word}" in " ".join(warned(record).values())
        assert record["endReason"] == "hangup-user"


@pytest.mark.parametrize(("word", "heard"), [("We", "We are open. Every day."), ("are", "We")], ids=["before", "amid"])
async def test_a_voice_that_fails_is_replaced_by_the_next(house: MakeHouse, word: str, heard: str) -> None:
    async with house(brain=Answers("We are open. Every day."), spares=True) as h:
        h.voice.failing.add(word)
        call = await h.place(listen(), say("When do you open"), listen(), HANG_UP)
        record = await h.over(call)
        assert text(await h.hears(call)) == f"Hello there {heard}"
        assert "second" in " ".join(warned(record).values())
        assert record["endReason"] == "hangup-user"


async def test_a_voice_that_makes_no_sound_is_given_up_for_the_next_answer(house: MakeHouse) -> None:
    async with house(brain=Answers("We are open", "At nine"), manner=Manner(patience=2.0)) as h:
        call = await h.place(*TWICE)
        await h.seen(call, "transcript.final")
        h.voice.delay = 60.0
        await h.seen(call, "reply.failed")
        h.voice.delay = 0.0
        record = await h.over(call)
        assert "made no sound" in " ".join(warned(record).values())
        assert record["endReason"] == "hangup-user"
