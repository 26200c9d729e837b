"""Agents that are slow, fail, say too much or nothing, and agents that are asked before the caller has finished."""

from __future__ import annotations

import asyncio

import pytest

from tests.gateway.brains import Answers
from tests.gateway.callers import HANG_UP, listen, onset, say, wait
from tests.gateway.house import Json, MakeHouse
from tests.gateway.spelling import text
from voicecall.brains import HangUpAfter, NoteOutcome, PressKeys, Volunteered
from voicecall.core.rules import Rules, TurnRules
from voicecall.errors import AgentError
from voicecall.gateway.making import Manner

FILLED = Manner(filler="Let me see.", filler_after=1.0, apology="I am sorry.")
EARLY = Rules(turns=TurnRules(early=True))
DOWN = AgentError("the model is down", retryable=False)


def said(record: Json) -> list[str]:
    return [line["text"] for line in record["transcript"]]


def codes(record: Json) -> list[str]:
    return [warning["code"] for warning in record["warnings"]]


# --- slow


async def test_a_slow_agent_is_filled_in_for_once(house: MakeHouse) -> None:
    async with house(brain=Answers((3.0, "Yes. ", 3.0, "At nine.")), manner=FILLED) as h:
        call = await h.place(listen(), say("When do you open"), listen(4), HANG_UP)
        record = await h.over(call)
        assert text(await h.hears(call)) == "Hello there Let me see. Yes. At nine."
        assert said(record)[2:] == ["Let me see. Yes. At nine."]
        (turn,) = record["latency"]["turns"]
        assert turn["response"] == pytest.approx(3500, abs=50), "a filler is no answer"


async def test_a_quick_agent_is_not_filled_in_for(house: MakeHouse) -> None:
    async with house(brain=Answers((0.8, "At nine.")), manner=FILLED) as h:
        call = await h.place(listen(), say("When do you open"), listen(), HANG_UP)
        await h.over(call)
        assert text(await h.hears(call)) == "Hello there At nine."


async def test_a_filler_is_not_said_over_a_caller_who_goes_on(house: MakeHouse) -> None:
    async with house(brain=Answers((2.0, "At nine.")), manner=FILLED) as h:
        more = say("and then I would like to know whether you are open on Sundays")
        call = await h.place(listen(), say("When do you open"), wait(1.2), more, listen(3), HANG_UP)
        await h.over(call)
        begun, ended = (await h.does(call, "say-start"))[1], (await h.does(call, "say-end"))[1]
        assert not [word for word in await h.hears(call) if begun + 0.2 < word.end and word.begin < ended]
        assert text(await h.hears(call)) == "Hello there Let me see. At nine."


# --- failing


@pytest.mark.parametrize(
    ("answer", "heard", "code"),
    [
        ((DOWN,), "I am sorry.", "reply-failed"),
        (("We are ", "open. ", DOWN), "We are open. I am sorry.", "reply-cut-short"),
        ((), "I am sorry.", "reply-failed"),
        ((60.0, "Too late"), "Let me see. I am sorry.", "reply-failed"),
        (("We are open. ", 60.0, "Too late"), "We are open. I am sorry.", "reply-cut-short"),
    ],
    ids=["before", "amid", "empty", "stalls-before", "stalls-amid"],
)
async def test_an_agent_that_fails_is_apologised_for_and_the_call_goes_on(
    house: MakeHouse, answer: tuple[str | float | Exception, ...], heard: str, code: str
) -> None:
    async with house(brain=Answers(answer, "At nine."), manner=FILLED, patience=3.0) as h:
        call = await h.place(listen(), say("When do you open"), listen(4), say("I said when"), listen(), HANG_UP)
        record = await h.over(call)
        assert text(await h.hears(call)) == f"Hello there {heard} At nine."
        assert (said(record)[2], codes(record)) == (heard, [code])
        assert record["endReason"] == "hangup-user"


async def test_an_answer_of_a_megabyte_is_cut_and_can_be_interrupted(house: MakeHouse) -> None:
    async with house(brain=Answers("word " * 200_000, "As you wish")) as h:
        call = await h.place(listen(), say("Tell me all"), onset(2.0), say("Stop it now"), listen(), HANG_UP)
        record = await h.over(call)
        assert codes(record) == ["answer-cut"]
        assert [line["speaker"] for line in record["transcript"]] == ["agent", "caller", "agent", "caller", "agent"]
        assert (len(said(record)[2]) <= 6000, said(record)[4]) == (True, "As you wish")
        assert 8 <= len(record["transcript"][2]["heard"].split()) <= 11


# --- what agents wish


async def test_the_agent_hangs_up_only_after_its_last_word(house: MakeHouse) -> None:
    async with house(brain=Answers((HangUpAfter(), "Good bye then and ", 0.5, "have a nice day"))) as h:
        call = await h.place(listen(), say("That was all"), listen(30))
        record = await h.over(call)
        assert text(await h.hears(call)) == "Hello there Good bye then and have a nice day"
        assert record["endReason"] == "hangup-agent"


async def test_a_caller_who_interrupts_the_last_words_is_not_hung_up_on(house: MakeHouse) -> None:
    async with house(brain=Answers(("One two three four five six", HangUpAfter()), "Fine")) as h:
        call = await h.place(listen(), say("That was all"), onset(0.4), say("Wait a question"), listen(), HANG_UP)
        record = await h.over(call)
        assert (said(record)[3:], record["endReason"]) == (["Wait a question", "Fine"], "hangup-user")


async def test_what_the_agent_asks_for_is_done(house: MakeHouse) -> None:
    noted = NoteOutcome("booked", "A table for two.", {"seats": 2})
    async with house(brain=Answers((PressKeys("1w2"), noted, "One moment"))) as h:
        call = await h.place(listen(), say("Press one"), wait(8), HANG_UP)
        record = await h.over(call)
        assert [entry.text for entry in (await h.leg(call)).journal if entry.what == "digit"] == ["1", "2"]
        assert record["outcome"] | {"evidence": None} == {
            **{"disposition": "booked", "summary": "A table for two.", "data": {"seats": 2}, "evidence": None}
        }
        assert "One moment" in text(await h.hears(call))
        assert codes(record) == []


async def test_what_the_agent_volunteers_is_said_at_the_next_pause(house: MakeHouse) -> None:
    brain = Answers("One two three four five")
    async with house(brain=brain) as h:
        call = await h.place(listen(), say("Please count"), listen(), HANG_UP)
        await h.seen(call, "reply.started", 2)
        brain.report(Volunteered("It is done"))
        record = await h.over(call)
        assert text(await h.hears(call)) == "Hello there One two three four five It is done"
        assert said(record)[2:] == ["One two three four five", "It is done"]


async def test_what_the_agent_volunteers_waits_for_a_caller_who_speaks(house: MakeHouse) -> None:
    brain = Answers("You are welcome")
    async with house(brain=brain) as h:
        call = await h.place(listen(), say("I have a rather long question for you"), listen(2), HANG_UP)
        await h.seen(call, "speech.started")
        brain.report(Volunteered("It is done"))
        record = await h.over(call)
        assert said(record)[1:] == ["I have a rather long question for you", "You are welcome", "It is done"]


# --- early


async def test_an_early_answer_is_used_when_the_caller_has_finished(house: MakeHouse) -> None:
    brain = Answers((0.15, "At nine."), early=True)
    async with house(brain=brain, rules=EARLY) as h:
        h.voice.delay = 0.05
        call = await h.place(listen(), say("When do you open?"), listen(), HANG_UP)
        record = await h.over(call)
        assert text(await h.hears(call)) == "Hello there At nine."
        assert len(brain.asked) == 1
        (turn,) = record["latency"]["turns"]
        assert (turn["brain"], turn["voice"]) == (pytest.approx(150, abs=20), pytest.approx(50, abs=1))


async def test_an_early_answer_that_is_ready_is_said_at_once(house: MakeHouse) -> None:
    brain = Answers((0.1, "At nine."), early=True)
    async with house(brain=brain, rules=EARLY) as h:
        call = await h.place(listen(), say("the blue one"), listen(), HANG_UP)
        record = await h.over(call)
        (turn,) = record["latency"]["turns"]
        assert (turn["brain"], turn["clause"], turn["voice"]) == (0, 0, 0)
        assert turn["response"] == pytest.approx(500, abs=10)


async def test_an_early_answer_is_thrown_away_unheard_when_the_caller_goes_on(house: MakeHouse) -> None:
    brain = Answers(("Wrong. ", 60.0, PressKeys("1")), "Right.", early=True)
    async with house(brain=brain, rules=EARLY) as h:
        call = await h.place(listen(), say("the blue one"), wait(0.42), say("and also green ones"), listen(), HANG_UP)
        record = await h.over(call)
        assert text(await h.hears(call)) == "Hello there Right."
        assert (len(brain.asked), brain.left_early) == (2, 1)
        assert [line.text for line in brain.asked[1].lines] == ["Hello there", "the blue one and also green ones"]
        assert said(record)[1:] == ["the blue one and also green ones", "Right."]
        assert "dtmf.sent" not in await h.types(call)


# --- ready beforehand


async def test_the_greeting_is_made_while_it_rings(house: MakeHouse) -> None:
    async with house() as h:
        h.voice.delay = 0.4
        call = await h.place(wait(3), HANG_UP)
        await h.over(call)
        (first, *_) = await h.hears(call)
        (started,) = await h.does(call, "stream-start")
        assert first.begin - started < 0.1
        assert h.voice.spoken == ["Hello there"]


STAGES = {"silence", "transcript", "wait", "brain", "clause", "voice", "send", "response", "heard"}


async def test_every_turn_has_all_its_stages(house: MakeHouse) -> None:
    async with house(brain=Answers((0.2, "Yes. ", 0.2, "No."), "Fine", "Fine")) as h:
        call = await h.place(*(step for n in range(3) for step in (listen(), say(f"Question {n}"))), listen(), HANG_UP)
        record = await h.over(call)
        turns = record["latency"]["turns"]
        assert [turn["turn"] for turn in turns] == [1, 2, 3]
        assert all(set(turn) - {"turn"} == STAGES for turn in turns)


async def test_a_brain_whose_answer_nobody_wants_is_stopped(house: MakeHouse) -> None:
    brain = Answers((30.0, "Too late"))
    async with house(brain=brain) as h:
        call = await h.place(listen(), say("When do you open"), wait(2), HANG_UP)
        await h.over(call)
        await asyncio.sleep(1)
        assert (brain.left_early, len(brain.asked)) == (1, 1)
        await h.idle()
