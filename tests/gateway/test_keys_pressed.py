"""Keys that the caller presses: they silence the agent, and reach it as a turn."""

from __future__ import annotations

import pytest

from tests.gateway.brains import Answers
from tests.gateway.callers import HANG_UP, listen, onset, press, say, wait
from tests.gateway.house import House, MakeHouse
from tests.gateway.spelling import text
from voicecall.brains import Line
from voicecall.core.rules import Rules, TurnRules
from voicecall.emulators.phones import BETWEEN_KEYS

COUNT = "one two three four five six seven eight nine ten"


def entries(brain: Answers) -> list[str]:
    """Return what the agent was told as keys."""
    return [line.text for line in brain.asked[-1].lines if line.keys]


async def answered_after(h: House, call: str, keys: str) -> float:
    """Return how long after the last key the agent began to speak."""
    (begun,) = await h.does(call, "press-start")
    last = begun + BETWEEN_KEYS * (len(keys) - 1)
    return next(word.begin for word in await h.hears(call) if word.begin > last) - last


@pytest.mark.parametrize(
    ("keys", "count", "told", "patience"),
    [
        ("12#", 0, "12", (0.0, 0.3)),
        ("1234", 4, "1234", (0.0, 0.3)),
        ("12", 0, "12", (1.5, 2.1)),
        ("*", 1, "*", (0, 0.3)),
    ],
)
async def test_keys_reach_the_agent_as_a_turn_once_they_are_complete(
    house: MakeHouse, keys: str, count: int, told: str, patience: tuple[float, float]
) -> None:
    brain = Answers("Thank you")
    async with house(brain=brain, rules=Rules(turns=TurnRules(digits_count=count))) as h:
        call = await h.place(listen(), press(keys), listen(), HANG_UP)
        record = await h.over(call)

        assert brain.asked[0].lines == (Line("agent", "Hello there"), Line("caller", told, keys=True))
        assert patience[0] <= await answered_after(h, call, keys) <= patience[1]
        line = record["transcript"][1]
        assert (line["speaker"], line["text"], line["keys"]) == ("caller", told, True)
        assert text(await h.hears(call)) == "Hello there Thank you"
        await h.idle()


async def test_the_first_key_stops_the_agents_speech(house: MakeHouse) -> None:
    brain = Answers(COUNT, "Thank you")
    async with house(brain=brain) as h:
        call = await h.place(listen(), say("Please count"), onset(0.5), press("7#"), listen(), HANG_UP)
        record = await h.over(call)

        (pressed,) = await h.does(call, "press-start")
        words = [word for word in await h.hears(call) if word.text in COUNT.split()]
        assert words[-1].end <= pressed + 0.2
        heard = " ".join(word.text for word in words if word.end - word.begin > 0.155)
        assert record["transcript"][2]["heard"] == heard
        assert Line("agent", heard, interrupted=True) in brain.asked[1].lines
        assert entries(brain) == ["7"]


async def test_an_outbound_greeting_is_not_stopped_by_a_key(house: MakeHouse) -> None:
    brain = Answers("Thank you")
    async with house(brain=brain) as h:
        call = await h.place(onset(0.3), press("7#"), listen(), HANG_UP, message=COUNT)
        await h.over(call)
        assert text(await h.hears(call)) == f"{COUNT} Thank you"
        assert entries(brain) == ["7"]


async def test_keys_that_make_no_entry_when_the_caller_hangs_up_are_on_record(house: MakeHouse) -> None:
    async with house() as h:
        call = await h.place(listen(), press("42"), wait(0.1), HANG_UP)
        record = await h.over(call)
        assert [(line["text"], line.get("keys")) for line in record["transcript"]][1:] == [("42", True)]
