"""Silence on the line, moments that callers ask for, announcements, and machines that are taken for no caller."""

from __future__ import annotations

import pytest

from tests.gateway.brains import Answers
from tests.gateway.callers import HANG_UP, listen, say, wait
from tests.gateway.house import Json, MakeHouse
from tests.gateway.spelling import text
from voicecall.core.rules import Rules, TurnRules

PATIENT = Rules(
    turns=TurnRules(silence=5.0, reprompts=2, reprompt="Anybody there?", goodbye="Goodbye then.", moment=20.0)
)


def lines(record: Json) -> list[str]:
    return [line["text"] for line in record["transcript"]]


async def test_a_silent_caller_is_asked_twice_and_then_left_with_a_goodbye(house: MakeHouse) -> None:
    async with house(rules=PATIENT) as h:
        call = await h.place(wait(60))
        record = await h.over(call)

        assert lines(record) == ["Hello there", "Anybody there?", "Anybody there?", "Goodbye then."]
        assert text(await h.hears(call)) == "Hello there Anybody there? Anybody there? Goodbye then."
        words = await h.hears(call)
        assert [later.begin - word.end for word, later in zip(words[1::2], words[2::2], strict=False)] == [
            pytest.approx(5.0, abs=0.15)
        ] * 3
        assert (record["endReason"], record["endDetail"]) == ("hangup-agent", "The caller said nothing any more.")
        await h.idle()


async def test_a_caller_who_answers_is_talked_to_and_asked_anew(house: MakeHouse) -> None:
    async with house(rules=PATIENT, brain=Answers("Fine")) as h:
        call = await h.place(wait(6), listen(), say("I am here"), wait(16), HANG_UP)
        record = await h.over(call)
        assert lines(record) == [
            *("Hello there", "Anybody there?", "I am here", "Fine", "Anybody there?", "Anybody there?")
        ]


async def test_a_caller_who_asks_for_a_moment_has_it_and_no_answer(house: MakeHouse) -> None:
    brain = Answers("Fine")
    async with house(rules=PATIENT, brain=brain) as h:
        call = await h.place(listen(), say("One moment please"), wait(15), say("Here it is"), listen(), HANG_UP)
        record = await h.over(call)
        assert lines(record) == ["Hello there", "One moment please", "Here it is", "Fine"]
        assert len(brain.asked) == 1


async def test_a_moment_that_lasts_too_long_is_asked_about(house: MakeHouse) -> None:
    async with house(rules=PATIENT) as h:
        call = await h.place(listen(), say("One moment please"), wait(22), HANG_UP)
        assert lines(await h.over(call)) == ["Hello there", "One moment please", "Anybody there?"]


async def test_announcements_are_waited_through_on_a_call_that_we_placed(house: MakeHouse) -> None:
    brain = Answers("Good morning")
    async with house(rules=PATIENT, brain=brain) as h:
        hold = "Your call is important to us please stay on the line"
        call = await h.place(listen(), say(hold), wait(8), say(hold), wait(8), say("Good morning"), listen(), HANG_UP)
        record = await h.over(call)
        assert lines(record) == ["Hello there", hold, hold, "Good morning", "Good morning"]
        assert len(brain.asked) == 1


@pytest.mark.parametrize(
    ("machine", "reason"), [("off", "hangup-user"), ("hangup", "voicemail"), ("message", "voicemail")]
)
async def test_a_voicemails_greeting_is_not_answered(house: MakeHouse, machine: str, reason: str) -> None:
    brain = Answers("Fine")
    rules = Rules(machine=machine, machine_message="Please call us")  # type: ignore[arg-type]
    async with house(rules=rules, brain=brain) as h:
        said = "You have reached Anna please leave a message after the tone"
        call = await h.place(listen(), say(said), wait(12), HANG_UP)
        record = await h.over(call)

        assert lines(record) == ["Hello there", said, *(["Please call us"] if machine == "message" else [])]
        assert record["endReason"] == reason
        assert brain.asked == []


async def test_the_words_of_the_calls_language_decide(house: MakeHouse) -> None:
    count = "eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn"
    brain = Answers(count)
    async with house(rules=Rules(turns=TurnRules(language="de", silence=30.0)), brain=brain) as h:
        call = await h.place(
            *(listen(), say("Bitte zählen Sie"), wait(1.2), say("genau"), listen(), say("Einen Moment bitte")),
            *(wait(3), HANG_UP),
        )
        record = await h.over(call)
        assert lines(record) == ["Hello there", "Bitte zählen Sie", count, "Einen Moment bitte"]
        assert "heard" not in record["transcript"][2]
        assert (len(brain.asked), brain.asked[0].language) == (1, "de")
