"""The caller speaks while the agent does: the agent stops at once, and goes on if it was nothing."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from tests.gateway.brains import Answers
from tests.gateway.house import HANG_UP, MakeHouse, listen, onset, say, text, wait
from tests.gateway.spelling import NOISE
from voicecall.core.rules import Rules, TurnRules
from voicecall.emulators.script import Step

COUNT = "one two three four five six seven eight nine ten"
NUMBERS = COUNT.split()


def interrupting(text: str, *, after: float = 0.5) -> tuple[Step, ...]:
    """Return the steps of a caller who has the agent count, and speaks `after` seconds into it."""
    return (listen(), say("Please count"), onset(after), say(text), listen(), HANG_UP)


async def test_speech_stops_the_reply_within_200_ms_and_nothing_more_of_it_is_heard(house: MakeHouse) -> None:
    async with house(brain=Answers(COUNT, "As you wish")) as h:
        call = await h.place(*interrupting("Stop it now"))
        record = await h.over(call)

        spoke = (await h.does(call, "say-start"))[1]
        words = await h.hears(call)
        counted = [word for word in words if word.text in NUMBERS]
        assert spoke < counted[-1].end <= spoke + 0.2
        (clear,) = await h.does(call, "clear")
        assert clear <= spoke + 0.2
        assert all(word.text not in NUMBERS for word in words if word.end > clear + 0.02)
        assert text(words).endswith("As you wish")
        assert [line["speaker"] for line in record["transcript"]] == ["agent", "caller", "agent", "caller", "agent"]
        assert record["latency"]["turns"][1]["interruption"] <= 200
        await h.idle()


@pytest.mark.parametrize("after", [0.3, 0.55, 0.7, 1.3])
async def test_the_transcript_says_what_was_heard_of_an_interrupted_reply(house: MakeHouse, after: float) -> None:
    brain = Answers(COUNT, "As you wish")
    async with house(brain=brain) as h:
        call = await h.place(*interrupting("Stop it now", after=after))
        record = await h.over(call)

        line = record["transcript"][2]
        whole = [w.text for w in await h.hears(call) if w.text in NUMBERS and w.end - w.begin >= 0.155]
        assert line["heard"].split() == whole
        assert line["text"] == COUNT
        assert [(one.text, one.interrupted) for one in brain.asked[1].lines][2] == (line["heard"], True)


async def test_a_reply_of_which_no_word_was_heard_leaves_no_line(house: MakeHouse) -> None:
    brain = Answers(COUNT, "As you wish")
    async with house(brain=brain) as h:
        call = await h.place(*interrupting("Stop it now", after=0.08))
        record = await h.over(call)

        assert max(word.end - word.begin for word in await h.hears(call) if word.text in NUMBERS) < 0.15
        assert [line["text"] for line in record["transcript"]] == [
            *("Hello there", "Please count", "Stop it now", "As you wish")
        ]
        assert COUNT not in [line.text for line in brain.asked[1].lines]


@pytest.mark.parametrize("after", [0.12, 0.3, 0.5, 0.81, 1.4, 1.7])
async def test_after_a_noise_the_reply_goes_on_from_where_it_stopped(house: MakeHouse, after: float) -> None:
    async with house(brain=Answers(COUNT)) as h:
        call = await h.place(*interrupting(NOISE, after=after))
        record = await h.over(call)

        counted = [word for word in await h.hears(call) if word.text in NUMBERS]
        assert text(counted) == COUNT
        for number in NUMBERS:
            assert sum(word.end - word.begin for word in counted if word.text == number) == pytest.approx(
                0.2, abs=0.025
            )
        assert max(later.begin - word.end for word, later in pairwise(counted)) > 0.2
        assert [line["text"] for line in record["transcript"]] == ["Hello there", "Please count", COUNT]
        assert "heard" not in record["transcript"][2]
        assert (await h.types(call)).count("reply.interrupted") == 0


async def test_two_noises_in_a_row_are_still_nothing(house: MakeHouse) -> None:
    async with house(brain=Answers(COUNT)) as h:
        call = await h.place(
            *(listen(), say("Please count"), onset(0.3), say(NOISE), onset(0.3), say(NOISE), listen(), HANG_UP)
        )
        record = await h.over(call)

        assert text([word for word in await h.hears(call) if word.text in NUMBERS]) == COUNT
        assert "heard" not in record["transcript"][2]
        assert len(await h.does(call, "clear")) == 2


async def test_a_word_that_only_nods_does_not_interrupt(house: MakeHouse) -> None:
    async with house(brain=Answers(COUNT)) as h:
        call = await h.place(*interrupting("okay", after=0.1))
        record = await h.over(call)

        assert text([word for word in await h.hears(call) if word.text in NUMBERS]) == COUNT
        assert [line["text"] for line in record["transcript"]] == ["Hello there", "Please count", COUNT]


async def test_words_that_are_made_out_while_the_caller_speaks_take_the_floor(house: MakeHouse) -> None:
    async with house(brain=Answers(COUNT, "As you wish")) as h:
        h.ears.partials = True
        call = await h.place(*interrupting("Stop it now please"))
        await h.over(call)

        (stopped,) = [event for event in await h.events(call) if event["type"] == "reply.interrupted"]
        last = [event for event in await h.events(call) if event["type"] == "speech.stopped"][-1]
        assert stopped["seq"] < last["seq"]


async def test_a_long_sound_without_words_holds_the_reply_and_then_it_goes_on(house: MakeHouse) -> None:
    async with house(brain=Answers(COUNT)) as h:
        call = await h.place(*interrupting(" ".join([NOISE] * 8)))
        record = await h.over(call)

        (spoke, silent) = (await h.does(call, "say-start"))[1], (await h.does(call, "say-end"))[1]
        words = [word for word in await h.hears(call) if word.text in NUMBERS]
        assert text(words) == COUNT
        assert not [word for word in words if spoke + 0.2 < word.end and word.begin < silent]
        assert "heard" not in record["transcript"][2]


async def test_a_long_question_over_the_reply_is_answered(house: MakeHouse) -> None:
    async with house(brain=Answers(COUNT, "As you wish")) as h:
        call = await h.place(*interrupting("I have a longer question for you"))
        record = await h.over(call)

        assert [line["text"] for line in record["transcript"]][3:] == [
            *("I have a longer question for you", "As you wish")
        ]
        assert record["transcript"][2]["heard"] == "one two"


async def test_an_agent_that_still_thinks_is_stopped_when_the_caller_goes_on(house: MakeHouse) -> None:
    brain = Answers((2.0, "Too late"), "This is the answer")
    async with house(brain=brain) as h:
        call = await h.place(listen(), say("I would like"), wait(1.5), say("two tickets please"), listen(), HANG_UP)
        record = await h.over(call)

        assert text(await h.hears(call)) == "Hello there This is the answer"
        assert brain.left_early == 1
        assert [line["text"] for line in record["transcript"]][-2:] == ["two tickets please", "This is the answer"]


async def test_an_outbound_greeting_is_heard_out(house: MakeHouse) -> None:
    async with house(brain=Answers("Fine")) as h:
        call = await h.place(onset(0.3), say("Hello"), listen(), HANG_UP, message=COUNT)
        record = await h.over(call)

        assert text([word for word in await h.hears(call) if word.text in NUMBERS]) == COUNT
        assert await h.does(call, "clear") == []
        assert [line["speaker"] for line in record["transcript"]] == ["agent"]


async def test_an_inbound_greeting_can_be_interrupted(house: MakeHouse) -> None:
    async with house(greeting=COUNT, brain=Answers("At nine")) as h:
        call = await h.ring(onset(0.5), say("When do you open"), listen(), HANG_UP)
        record = await h.over(call)

        assert [line["text"] for line in record["transcript"]] == [COUNT, "When do you open", "At nine"]
        assert text(await h.hears(call)).endswith("At nine")
        assert record["transcript"][0]["heard"] == "one two"


async def test_without_barge_in_the_reply_is_heard_out(house: MakeHouse) -> None:
    async with house(brain=Answers(COUNT), rules=Rules(turns=TurnRules(barge_in=False))) as h:
        call = await h.place(*interrupting("Stop it now"))
        await h.over(call)

        assert text([word for word in await h.hears(call) if word.text in NUMBERS]) == COUNT


async def test_a_stalled_disk_delays_a_dial_but_never_an_interruption(house: MakeHouse) -> None:
    async with house(brain=Answers(COUNT, "As you wish")) as h:
        call = await h.place(*interrupting("Stop it now"))
        await h.seen(call, "reply.started", 2)
        h.store.stall = 2.0
        begun = asyncio.get_running_loop().time()
        dialling = h.beside(h.place(to="+15550100011"))
        await h.over(call)

        spoke = (await h.does(call, "say-start"))[1]
        counted = [word for word in await h.hears(call) if word.text in NUMBERS]
        assert spoke < counted[-1].end <= spoke + 0.2
        dialled = [at for at, action in h.town.rest.sent if action == "dial"]
        assert begun + 2.0 <= dialled[1] < begun + 2.1
        assert await dialling
        assert text(await h.hears(call)).endswith("As you wish")
