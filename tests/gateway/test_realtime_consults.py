"""A model that hears and speaks asks the agent behind it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from tests.gateway.brains import Answers
from tests.gateway.callers import HANG_UP, listen, onset, say, wait
from tests.gateway.house import House, Json, MakeHouse
from tests.gateway.models import Lines, model
from tests.gateway.spelling import text
from tests.gateway.test_conversations import said
from voicecall.brains import HangUpAfter, Line, NoteOutcome, PressKeys
from voicecall.core.rules import Rules, TurnRules
from voicecall.errors import AgentError
from voicecall.gateway.consulting import WORKING, Consulting
from voicecall.gateway.making import Manner
from voicecall.realtime import Traits
from voicecall.realtime.scripted import Reply, ScriptedSession

pytestmark = pytest.mark.parametrize("town", ["mock"], indirect=True)

SORRY = "Something went wrong"
LATE = "About your question:"
QUIET = Rules(turns=TurnRules(silence=6.0, reprompts=1, reprompt="Are you there", goodbye="Good bye"))


def consult(question: str = "Where is order seven", *, times: int = 1, **more: str) -> Reply:
    """Return an answer that is nothing but a question to the agent."""
    return Reply(calls=(("consult", json.dumps({"question": question, **more})),) * times)


def of_model(h: House) -> ScriptedSession:
    """Return the only session of the model that there was."""
    assert h.model is not None
    (session,) = h.model.sessions
    return session


def outputs(h: House) -> list[Json]:
    """Return what tools have told the model."""
    return [json.loads(output) for output in of_model(h).outputs.values()]


def codes(record: Json) -> list[str]:
    """Return the codes of the warnings of a call."""
    return [warning["code"] for warning in record["warnings"]]


def options(brain: Answers, lines: Lines, **consulting: Any) -> dict[str, Any]:
    """Return a gateway whose model asks this agent."""
    how = {"late": LATE} | consulting
    manner = Manner(apology=SORRY)
    return {
        "brain": brain,
        "model": model(lines),
        "consulting": Consulting(**how),
        "patience": 100.0,
        "manner": manner,
    }


async def test_a_quick_answer_is_what_the_tool_gives(house: MakeHouse) -> None:
    brain = Answers((0.4, "It was shipped"))
    lines = Lines(consult(context="They are in a hurry."), "It is on its way")
    async with house(**options(brain, lines)) as h:
        call = await h.place(listen(), say("Where is my order"), listen(), HANG_UP)
        record = await h.over(call)

        assert [tool.name for tool in of_model(h).tools] == ["end_call", "send_dtmf", "note_outcome", "consult"]
        assert outputs(h) == [{"answer": "It was shipped"}]
        assert text(await h.hears(call)) == "Hello there It is on its way"
        (asked,) = brain.asked
        question = Line("caller", "Where is order seven\nThey are in a hurry.", asked=True)
        assert asked.lines == (Line("agent", "Hello there"), Line("caller", "Where is my order"), question)
        assert asked.read_only
        assert record["warnings"] == []
        assert [name for name in await h.types(call) if name.startswith("consult")] == ["consult.began", "consult.over"]
        await h.idle()


async def test_a_slow_answer_is_promised_and_said_at_the_next_pause(house: MakeHouse) -> None:
    brain = Answers((30.0, "It was shipped on Monday"))
    lines = Lines(consult(), "Let me find out", "We open at nine", "You are welcome")
    async with house(**options(brain, lines)) as h:
        call = await h.place(
            *(listen(), say("Where is my order"), listen(), say("When do you open"), listen(), wait(1)),
            *(listen(1.5), say("Thank you"), listen(), HANG_UP),
        )
        record = await h.over(call)

        assert outputs(h) == [{"working": WORKING}]
        assert said(record)[2:] == [
            ("agent", "Let me find out"),
            ("caller", "When do you open"),
            ("agent", "We open at nine"),
            ("agent", f"{LATE} It was shipped on Monday"),
            ("caller", "Thank you"),
            ("agent", "You are welcome"),
        ]
        assert "It was shipped on Monday" in lines.asked[-1][-2].text
        assert record["warnings"] == []
        await h.idle()


@pytest.mark.parametrize("delay", [0.3, 5.0])
async def test_a_model_that_has_said_that_it_is_finding_out_does_not_say_so_twice(
    house: MakeHouse, delay: float
) -> None:
    lines = Lines(Reply("Let me find out", calls=consult().calls), "It was shipped")
    async with house(**options(Answers((delay, "It was shipped")), lines)) as h:
        call = await h.place(listen(), say("Where is my order"), listen(2), listen(), HANG_UP)
        record = await h.over(call)
        heard = " ".join(line for speaker, line in said(record)[2:])
        assert heard == f"Let me find out {LATE if delay > 1 else ''} It was shipped".replace("  ", " ")
        assert len(lines.asked) == (1 if delay > 1 else 2)
        await h.idle()


async def test_a_slow_answer_waits_for_a_caller_who_speaks(house: MakeHouse) -> None:
    brain = Answers((4.0, "It was shipped"))
    lines = Lines(consult(), "Let me find out", "Of course")
    async with house(**options(brain, lines)) as h:
        long = "I have a rather long story to tell you while you look for my order which I need by Monday"
        call = await h.place(listen(), say("Where is my order"), listen(0.3), say(long), listen(2.5), HANG_UP)
        record = await h.over(call)

        over = next(event["at"] for event in await h.events(call) if event["type"] == "consult.over")
        spoke = [event["at"] for event in await h.events(call) if event["type"].startswith("speech.st")]
        assert spoke[-2] < over < spoke[-1]
        assert said(record)[3:] == [("caller", long), ("agent", "Of course"), ("agent", f"{LATE} It was shipped")]
        await h.idle()


async def test_a_caller_who_hangs_up_cancels_the_question_which_is_recorded(house: MakeHouse) -> None:
    brain = Answers((30.0, "It was shipped"))
    async with house(**options(brain, Lines(consult(), "Let me find out"))) as h:
        call = await h.place(listen(), say("Where is my order"), listen(), HANG_UP, objective="Find out")
        await h.seen(call, "call.leg-ended")
        await asyncio.sleep(0.1)
        assert brain.left_early == 1
        record = await h.over(call)
        assert codes(record) == ["consult-cancelled"]
        assert record["endReason"] == "hangup-user"
        await h.idle()


async def test_a_question_that_is_asked_again_shares_the_answer(house: MakeHouse) -> None:
    brain = Answers((3.0, "It was shipped"))
    lines = Lines(
        Reply(calls=(consult().calls[0], consult("where is  order SEVEN?").calls[0])),
        "Let me find out",
        consult("Where is order seven"),
        "I am still looking",
    )
    async with house(**options(brain, lines)) as h:
        call = await h.place(
            *(listen(), say("Where is my order"), listen(0.3), say("And now"), listen(0.3), listen(), HANG_UP)
        )
        record = await h.over(call)
        assert outputs(h) == [{"working": WORKING}] * 3
        assert len(brain.asked) == 1
        assert [line for _, line in said(record)].count(f"{LATE} It was shipped") == 1
        await h.idle()


async def test_questions_are_put_to_the_agent_one_after_the_other(house: MakeHouse) -> None:
    brain = Answers((2.0, "At nine"), (2.0, "In May"))
    lines = Lines(Reply(calls=(consult("When").calls[0], consult("What month").calls[0])), "Let me find out")
    async with house(**options(brain, lines)) as h:
        call = await h.place(listen(), say("Tell me"), listen(), listen(3), HANG_UP)
        record = await h.over(call)
        assert [asked.lines[-1].text for asked in brain.asked] == ["When", "What month"]
        assert [line for _, line in said(record)[2:]] == ["Let me find out", f"{LATE} At nine", f"{LATE} In May"]
        await h.idle()


async def test_no_more_than_four_questions_are_under_way(house: MakeHouse) -> None:
    brain = Answers((20.0, "Yes"))
    five = tuple(consult(f"Question {number}").calls[0] for number in range(5))
    async with house(**options(brain, Lines(Reply(calls=five), "Let me find out"))) as h:
        call = await h.place(listen(), say("Tell me all"), listen(), HANG_UP)
        await h.over(call)
        (refused,) = [output["failed"] for output in outputs(h) if "failed" in output]
        assert "4 questions" in refused
        await h.idle()


@pytest.mark.parametrize("slow", [False, True])
async def test_a_failure_is_told_to_the_model_and_recorded(house: MakeHouse, slow: bool) -> None:
    brain = Answers((3.0 if slow else 0.1, AgentError("out of order")))
    async with house(**options(brain, Lines(consult(), "Let me see"))) as h:
        call = await h.place(listen(), say("Where is my order"), listen(3.5), HANG_UP)
        record = await h.over(call)
        assert codes(record) == ["consult-failed"]
        assert "out of order" in record["warnings"][0]["text"]
        if slow:
            assert of_model(h).notes == ["[What you asked could not be answered.]"]
            assert text(await h.hears(call)) == f"Hello there Let me see {SORRY}"
        else:
            assert "failed" in outputs(h)[0]
            assert text(await h.hears(call)) == "Hello there Let me see"
        await h.idle()


async def test_an_answer_that_takes_too_long_is_given_up(house: MakeHouse) -> None:
    brain = Answers((30.0, "Too late"))
    async with house(**options(brain, Lines(consult(), "Let me see"), timeout=5.0)) as h:
        call = await h.place(listen(), say("Where is my order"), listen(), listen(), HANG_UP)
        record = await h.over(call)
        assert codes(record) == ["consult-failed"]
        assert "within 5 s" in record["warnings"][0]["text"]
        assert brain.left_early == 1
        assert said(record)[-1] == ("agent", SORRY)
        await h.idle()


async def test_what_the_agent_wants_done_is_told_to_the_model(house: MakeHouse) -> None:
    brain = Answers(("Fine", PressKeys("12"), NoteOutcome("done"), HangUpAfter()))
    async with house(**options(brain, Lines(consult(), "Fine it is"), read_only=False)) as h:
        call = await h.place(listen(), say("Do it"), listen(), HANG_UP)
        record = await h.over(call)
        (output,) = outputs(h)
        assert [wish.split()[0] for wish in output["it also wants"]] == ["send_dtmf", "note_outcome", "end_call,"]
        assert ("outcome" in record, brain.asked[0].read_only) == (False, False)
        assert "dtmf.sent" not in await h.types(call)
        await h.idle()


@pytest.mark.parametrize(
    "arguments", ["{", "[]", '{"question": ""}', '{"question": 7}', "{}", '{"question": "' + "x" * 5000 + '"}']
)
async def test_a_question_of_no_known_form_is_refused_and_the_call_goes_on(house: MakeHouse, arguments: str) -> None:
    brain = Answers("Never")
    async with house(**options(brain, Lines(Reply(calls=(("consult", arguments),)), "I am sorry"))) as h:
        call = await h.place(listen(), say("Where is my order"), listen(), HANG_UP)
        record = await h.over(call)
        assert outputs(h)[0]["failed"].startswith("The arguments of consult are wrong")
        assert (brain.asked, said(record)[-1]) == ([], ("agent", "I am sorry"))
        await h.idle()


async def test_a_silence_of_the_caller_is_no_silence_while_the_agent_works(house: MakeHouse) -> None:
    brain = Answers((20.0, "It was shipped"))
    given = options(brain, Lines(consult(), "Let me find out"))
    async with house(**given, rules=QUIET) as h:
        call = await h.place(listen(), say("Where is my order"), listen(), listen(), HANG_UP)
        record = await h.over(call)
        assert said(record)[2:] == [("agent", "Let me find out"), ("agent", f"{LATE} It was shipped")]
        await h.idle()


async def test_a_model_that_is_lost_loses_its_questions(house: MakeHouse) -> None:
    brain = Answers((30.0, "Too late"), "I am here")
    async with house(**options(brain, Lines(consult(), "Let me find out"))) as h:
        call = await h.place(listen(), say("Where is my order"), listen(), wait(2), say("Hello"), listen(), HANG_UP)
        await h.seen(call, "reply.finished", 2)
        of_model(h).fail("gone")
        record = await h.over(call)
        assert codes(record) == ["realtime", "consult-cancelled"]
        assert brain.left_early == 1
        assert said(record)[-1] == ("agent", "I am here")
        await h.idle()


# --- every turn


async def always(house: MakeHouse, brain: Answers, lines: Lines, *steps: Any, **more: Any) -> tuple[Json, str, House]:
    """Return the record of a call in which the agent answers every turn, and what the phone heard."""
    async with house(**(options(brain, lines, always=True) | more)) as h:
        call = await h.place(*steps)
        record = await h.over(call)
        heard = text(await h.hears(call))
        await h.idle()
        return record, heard, h


KINDS = {
    "we endpoint": (Traits(), False),
    "it endpoints": (Traits(endpoints="provider"), False),
    "it answers by itself": (Traits(endpoints="provider"), True),
}


@pytest.mark.parametrize("kind", KINDS)
async def test_the_agent_answers_every_turn(house: MakeHouse, kind: str) -> None:
    traits, unasked = KINDS[kind]
    lines, brain = Lines("Never said"), Answers((0.3, "At nine"), (HangUpAfter(), "Good bye"))
    of = model(lines, traits, unasked=unasked)
    record, heard, h = await always(
        house, brain, lines, listen(), say("When do you open"), listen(), say("Thank you"), listen(30), model=of
    )
    assert said(record) == [
        ("agent", "Hello there"),
        ("caller", "When do you open"),
        ("agent", "At nine"),
        ("caller", "Thank you"),
        ("agent", "Good bye"),
    ]
    assert heard == "Hello there At nine Good bye"
    assert [asked.lines[-1].text for asked in brain.asked] == ["When do you open", "Thank you"]
    assert (record["endReason"], record["warnings"], of_model(h).tools) == ("hangup-agent", [], ())


async def test_an_answer_of_the_agent_that_is_interrupted_is_stopped(house: MakeHouse) -> None:
    brain = Answers((20.0, "Never said"), "As you wish")
    steps = (listen(), say("Tell me"), wait(3), say("Stop it now please"), listen(), HANG_UP)
    record, heard, _ = await always(house, brain, Lines("Never said"), *steps)
    assert (heard, brain.left_early) == ("Hello there As you wish", 1)
    assert said(record)[1:] == [("caller", "Tell me"), ("caller", "Stop it now please"), ("agent", "As you wish")]


async def test_an_agent_that_fails_is_apologised_for(house: MakeHouse) -> None:
    brain = Answers((AgentError("out of order"),), "At nine")
    steps = (listen(), say("When do you open"), listen(), say("Once more"), listen(), HANG_UP)
    record, heard, _ = await always(house, brain, Lines("Never said"), *steps)
    assert (heard, codes(record)) == (f"Hello there {SORRY} At nine", ["reply-failed"])


async def test_no_more_than_1800_characters_of_an_answer_are_said(house: MakeHouse) -> None:
    brain = Answers("word " * 500)
    steps = (listen(), say("Tell me"), onset(1), HANG_UP)
    record, _, _ = await always(house, brain, Lines("Never said"), *steps)
    spoken = next(line["text"] for line in record["transcript"] if line["text"].startswith("word"))
    assert len(spoken) == 1799


async def test_words_that_never_come_are_not_awaited_for_ever(house: MakeHouse) -> None:
    brain = Answers("At nine")
    of = model(Lines("Never said"), transcribing=600.0)
    steps: Sequence[Any] = (listen(), say("When do you open"), listen(), HANG_UP)
    _, heard, _ = await always(house, brain, Lines("Never said"), *steps, model=of)
    assert (heard, brain.asked) == (f"Hello there {SORRY}", [])
