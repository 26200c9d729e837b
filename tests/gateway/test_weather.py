"""Random weather: streams drop, noises interrupt, agent and voice stutter; every word is heard, once and in order."""

from __future__ import annotations

from random import Random

import pytest

from tests.gateway.brains import Answers, Part
from tests.gateway.house import HANG_UP, MakeHouse, listen, onset, say, text
from tests.gateway.spelling import NOISE
from voicecall.emulators.faults import Faults

COUNT = ["one two. ", "three four. ", "five six. ", "seven eight. ", "nine ten. "]
NUMBERS = "".join(COUNT).split()


def stuttering(dice: Random) -> tuple[Part, ...]:
    """Return an agent's count, with pauses for thought."""
    parts: list[Part] = []
    for piece in COUNT:
        parts.append(piece)
        if dice.random() < 0.3:
            parts.append(dice.uniform(0.0, 0.6))
    return tuple(parts)


def weather(dice: Random) -> Faults:
    """Return a fault plan that leaves the caller's own words alone."""
    return Faults(
        stream_drop_after=dice.uniform(2.6, 5.5) if dice.random() < 0.7 else None,
        stream_return_after=dice.choice([0.0, 0.3, 1.0, 1.7]),
        stream_drops=dice.choice([1, 1, 2]),
        webhook_duplicate=("stream-ended", "answered") if dice.random() < 0.3 else (),
    )


@pytest.mark.parametrize("seed", range(40))
async def test_whatever_the_weather_every_word_of_a_reply_is_heard_once(house: MakeHouse, seed: int) -> None:
    dice = Random(seed)
    async with house(brain=Answers(stuttering(dice))) as h:
        h.voice.delay = dice.choice([0.0, 0.0, 0.05, 0.3])
        h.town.faults = weather(dice)
        noise = (onset(dice.uniform(0.1, 1.7)), say(NOISE)) if dice.random() < 0.6 else ()
        call = await h.place(listen(), say("Please count"), *noise, listen(4), HANG_UP)
        record = await h.over(call)

        words = [word for word in await h.hears(call) if word.text in NUMBERS]
        assert text(words) == " ".join(NUMBERS)
        for number in NUMBERS:
            sounded = sum(word.end - word.begin for word in words if word.text == number)
            assert sounded == pytest.approx(0.2, abs=0.07)
        assert record["endReason"] == "hangup-user"
        lost = len(await h.does(call, "stream-lost")) if h.town.kit.reports_lost_streams else 0
        assert [warning["code"] for warning in record["warnings"]] == ["stream"] * lost
        assert [line["speaker"] for line in record["transcript"]] == ["agent", "caller", "agent"]
        await h.idle()
