"""Sounds that are no interruption: coughs, noise, and the agent's own voice; and people who speak into them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.gateway.brains import Answers
from tests.gateway.callers import COUGH, HANG_UP, behind, listen, loudspeaker, noise, onset, say
from tests.gateway.house import MakeHouse
from tests.gateway.spelling import Word, text
from voicecall.emulators.noises import Kind
from voicecall.emulators.script import Step

COUNT = " ".join(f"word{number}" for number in range(1, 21))
"""Four seconds."""


def counted(words: list[Word]) -> list[Word]:
    """Return what was heard of the agent's counting."""
    return [word for word in words if word.text.startswith("word")]


def gaps(words: list[Word]) -> list[float]:
    """Return how long the agent fell silent while it counted, in seconds."""
    return [later.begin - word.end for word, later in pairwise(words) if later.begin - word.end > 0.02]


def sounding(step: Step) -> tuple[Step, ...]:
    """Return the steps of a caller who makes this sound half a second into the counting."""
    return (listen(), say("Please count"), onset(0.5), step, listen(), HANG_UP)


@pytest.mark.parametrize("step", [COUGH, noise("pink", 0.3), noise("room", 3.0), noise("babble", 2.0)], ids=repr)
async def test_a_sound_that_is_not_surely_speech_costs_half_a_second_at_most(house: MakeHouse, step: Step) -> None:
    async with house(brain=Answers(COUNT)) as h:
        h.ears.in_noise = True
        call = await h.place(*sounding(step))
        record = await h.over(call)

        words = counted(await h.hears(call))
        assert text(words) == COUNT
        assert sum(word.end - word.begin for word in words) == pytest.approx(4.0, abs=0.05)
        (gap,) = gaps(words)
        assert 0.1 < gap <= 0.6
        (paused,) = [turn["pause"] for turn in record["latency"]["turns"] if "pause" in turn]
        assert paused <= 500
        assert [line["text"] for line in record["transcript"]] == ["Hello there", "Please count", COUNT]
        assert "heard" not in record["transcript"][2]
        assert (await h.types(call)).count("reply.interrupted") == 0


@pytest.mark.parametrize("word", ["mm-hmm", "okay", "right", "uh-huh"])
async def test_words_that_only_nod_let_the_reply_go_on(house: MakeHouse, word: str) -> None:
    async with house(brain=Answers(COUNT)) as h:
        call = await h.place(*sounding(say(word)))
        record = await h.over(call)

        words = counted(await h.hears(call))
        assert text(words) == COUNT
        assert max(gaps(words)) < 1.0
        assert len(record["transcript"]) == 3


async def test_words_behind_a_noise_take_the_floor(house: MakeHouse) -> None:
    async with house(brain=Answers(COUNT, "As you wish")) as h:
        h.ears.in_noise = True
        call = await h.place(listen(), say("Please count"), onset(0.5), *_spoken("Stop it now", "room", -30.0))
        record = await h.over(call)

        assert [line["text"] for line in record["transcript"]][3:] == ["Stop it now", "As you wish"]
        assert record["transcript"][2]["heard"].startswith("word1 word2")


def _spoken(text: str, kind: Kind, dbfs: float) -> tuple[Step, ...]:
    return (behind(kind, dbfs), say(text), behind(kind, -90.0), listen(), HANG_UP)


# --- the agent's own voice


@pytest.mark.parametrize("delay", [100, 300, 600])
async def test_the_agent_does_not_fall_silent_for_its_own_echo(house: MakeHouse, delay: float) -> None:
    async with house(brain=Answers(COUNT), echo=True) as h:
        h.ears.in_noise = True
        call = await h.place(loudspeaker(delay), listen(), say("Please count"), listen(2), HANG_UP)
        record = await h.over(call)

        words = counted(await h.hears(call))
        assert text(words) == COUNT
        assert sum(gaps(words)) <= 0.5
        assert [line["text"] for line in record["transcript"]] == ["Hello there", "Please count", COUNT]
        assert "heard" not in record["transcript"][2]


@pytest.mark.parametrize("delay", [100, 300, 600])
async def test_a_person_who_speaks_into_the_echo_is_heard(house: MakeHouse, delay: float) -> None:
    brain = Answers(COUNT, "As you wish")
    async with house(brain=brain, echo=True) as h:
        h.ears.in_noise = True
        call = await h.place(
            *(loudspeaker(delay, -18.0), listen(), say("Please count"), onset(1.0)),
            *(say("Stop it now I have another question"), listen(2), HANG_UP),
        )
        record = await h.over(call)

        line = record["transcript"][3]
        assert (line["speaker"], line["text"].endswith("another question")) == ("caller", True)
        assert record["transcript"][2]["heard"] != COUNT
        (spoke, silent) = (await h.does(call, "say-start"))[1], (await h.does(call, "say-end"))[1]
        assert counted(await h.hears(call))[-1].end < min(spoke + 1.0, silent)
        assert text(await h.hears(call)).endswith("As you wish")


async def test_an_echo_that_is_not_looked_for_interrupts_the_agent(house: MakeHouse) -> None:
    async with house(brain=Answers(COUNT, "As you wish")) as h:
        h.ears.in_noise = True
        call = await h.place(loudspeaker(300), listen(), say("Please count"), listen(2), HANG_UP)
        await h.over(call)
        assert "reply.interrupted" in await h.types(call)
