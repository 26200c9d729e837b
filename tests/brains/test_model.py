"""What a language model answers, whoever serves it: text as it comes, things to be done, none of its thoughts."""

from __future__ import annotations

import json
from contextlib import aclosing

import pytest

from tests.brains.model_rig import KEY, VENDORS, connected, conversation, replied, run
from voicecall.brains import BrainOptions, HangUpAfter, Line, NoteOutcome, PressKeys, Said, Server, Trouble
from voicecall.brains.model import ModelBrain
from voicecall.emulators.vendors.answers import Answer, Faults, Use

every_vendor = pytest.mark.parametrize("model", VENDORS)

NOTE = Use("note_outcome", '{"disposition": "booked", "summary": "Für zwei.", "data": {"guests": 2}}', "call_n")
HANG_UP = Use("hang_up", "{}", "call_h")
KEYS = Use("press_keys", '{"digits": "1w#"}', "call_k")
NOTED = NoteOutcome("booked", "Für zwei.", {"guests": 2})


def answered(model: str, *answers: Answer) -> list[Said]:
    """Return what the brain says when its vendor answers so."""
    said: list[Said] = []

    async def scene() -> None:
        async with connected(model, *answers) as rig:
            said.extend(await replied(rig.mind(), conversation("Hello?")))

    run(scene())
    return said


@every_vendor
def test_text_comes_through_and_thoughts_do_not(model: str) -> None:
    answer = Answer(("Grüß Gott, was darf es sein?",), thinking="The caller is probably hungry.")
    assert answered(model, answer) == ["Grüß Gott, was darf es sein?"]


@every_vendor
def test_the_first_words_are_there_while_the_model_still_writes(model: str) -> None:
    async def scene() -> None:
        answer = Answer(("One two three four.",), faults=Faults(stall_after=3))
        async with connected(model, answer) as rig, aclosing(rig.mind().reply(conversation("Count."))) as parts:
            assert await anext(parts) == "One "

    run(scene())


@every_vendor
def test_closing_the_reply_closes_the_request(model: str) -> None:
    async def scene() -> None:
        answer = Answer(("One two three four.",), faults=Faults(stall_after=3))
        async with connected(model, answer) as rig:
            async with aclosing(rig.mind().reply(conversation("Count."))) as parts:
                await anext(parts)
                seen = await rig.vendor.asked()
                assert not seen.cancelled.is_set()
            await seen.cancelled.wait()

    run(scene())


@every_vendor
def test_what_is_said_and_done_keeps_its_order(model: str) -> None:
    answer = Answer(("It is noted.", NOTE, HANG_UP, "Goodbye!"))
    assert answered(model, answer) == ["It is noted.", NOTED, HangUpAfter(), " Goodbye!"]


def test_calls_that_come_whole_and_without_an_index_are_carried_out() -> None:
    answer = Answer(("It is noted.", NOTE, HANG_UP), faults=Faults(unnumbered=True))
    assert answered("some-model-of-our-own", answer) == ["It is noted.", NOTED, HangUpAfter()]


@every_vendor
def test_keys_may_be_pressed_without_a_word(model: str) -> None:
    assert answered(model, Answer((KEYS,)), Answer(("Never asked for.",))) == [PressKeys("1w#"), ""]


@every_vendor
def test_a_model_that_hangs_up_without_a_word_is_asked_for_its_goodbye(model: str) -> None:
    async def scene() -> None:
        async with connected(model, Answer((HANG_UP,)), Answer(("Goodbye!",))) as rig:
            assert await replied(rig.mind(), conversation("That was all.")) == [HangUpAfter(), "Goodbye!"]
            assert "Say goodbye" in json.dumps(rig.vendor.seen[1].body)

    run(scene())


@every_vendor
def test_a_model_cannot_hang_up_before_the_caller_had_a_chance_to_speak(model: str) -> None:
    async def scene() -> None:
        async with connected(model, Answer((HANG_UP,)), Answer(("Hello, is anybody there?",))) as rig:
            said = await replied(rig.mind(), conversation(Line("agent", "Hello.")))
            assert said == ["Hello, is anybody there?"]
            assert "has not had a chance to speak" in json.dumps(rig.vendor.seen[1].body)

    run(scene())


@every_vendor
def test_an_unknown_tool_is_told_to_the_model_which_goes_on(model: str) -> None:
    async def scene() -> None:
        async with connected(model, Answer((Use("order_pizza"),)), Answer(("I cannot do that.",))) as rig:
            assert await replied(rig.mind(), conversation("A pizza!")) == ["I cannot do that."]
            assert "There is no tool 'order_pizza'" in json.dumps(rig.vendor.seen[1].body)
            trouble = "the model called a tool that there is not, and was told so"
            assert rig.reports == [Trouble("unknown-tool", trouble)]

    run(scene())


@every_vendor
def test_wrong_arguments_are_told_to_the_model_which_goes_on(model: str) -> None:
    async def scene() -> None:
        wrong = Use("press_keys", '{"digits": "one"}')
        async with connected(model, Answer((wrong,)), Answer((KEYS,))) as rig:
            assert await replied(rig.mind(), conversation("Press one.")) == [PressKeys("1w#"), ""]
            assert "The arguments of press_keys are wrong" in json.dumps(rig.vendor.seen[1].body)

    run(scene())


@pytest.mark.parametrize("model", [name for name in VENDORS if not name.startswith("google")])
def test_arguments_that_are_no_json_are_told_to_the_model_which_goes_on(model: str) -> None:
    wrong = Use("press_keys", '{"digits": "1')
    assert answered(model, Answer((wrong,)), Answer((KEYS,))) == [PressKeys("1w#"), ""]


@every_vendor
def test_a_model_that_only_calls_tools_is_stopped(model: str) -> None:
    async def scene() -> None:
        async with connected(model, Answer((Use("order_pizza"),))) as rig:
            assert await replied(rig.mind(), conversation("A pizza!")) == []
            assert len(rig.vendor.seen) == 5
            assert '"none"' in json.dumps(rig.vendor.seen[-1].body).lower()

    run(scene())


@every_vendor
def test_an_answer_without_end_is_cut_off(model: str) -> None:
    async def scene() -> None:
        endless = Answer(("word " * 200_000,))
        async with connected(model, endless, max_tokens=100) as rig:
            (said,) = await replied(rig.mind(), conversation("Tell me all."))
            assert isinstance(said, str)
            assert len(said) == 800
            assert rig.reports == [Trouble("answer-too-long", "the model's answer went on and was cut off")]

    run(scene())


@every_vendor
def test_an_empty_answer_is_no_answer(model: str) -> None:
    assert answered(model, Answer(())) == []


@every_vendor
def test_the_model_gets_the_conversation_as_it_was_heard(model: str) -> None:
    async def scene() -> None:
        async with connected(model) as rig:
            lines = (
                Line("agent", "Hello, this is the bakery."),
                Line("caller", "I would like"),
                Line("caller", "some bread."),
                Line("agent", "We have rye and", interrupted=True),
                Line("caller", "Rye."),
                Line("caller", "2#", keys=True),
            )
            await replied(rig.mind(), conversation(*lines))
            sent = json.dumps(rig.vendor.seen[0].body, ensure_ascii=False)
            for text in (
                '"Hello, this is the bakery."',
                '"I would like\\nsome bread."',
                '"We have rye and —"',
                "heard only this much of what you said.]\\nRye.\\n[They pressed the keys 2 #.]",
            ):
                assert text in sent, sent
            assert "+15550100123" not in sent

    run(scene())


@every_vendor
def test_the_longest_answer_and_the_key_are_sent_as_the_vendor_wants_them(model: str) -> None:
    async def scene() -> None:
        async with connected(model, max_tokens=123) as rig:
            await replied(rig.mind(), conversation("Hello?"))
            (seen,) = rig.vendor.seen
            limit = "2123" if "gpt-5" in model else "123"
            assert f": {limit}" in json.dumps(seen.body)
            assert KEY in " ".join(seen.headers.values())
            assert KEY not in seen.path

    run(scene())


@pytest.mark.parametrize(
    ("model", "least"),
    [
        ("openai:gpt-5-mini", '"reasoning_effort": "minimal"'),
        ("openai-responses:gpt-5-mini", '"reasoning": {"effort": "minimal"}'),
        ("anthropic:claude-haiku-5-5", '"thinking": {"type": "disabled"}'),
        ("google-gla:gemini-2.5-flash", '"thinkingConfig": {"thinking_budget": 0}'),
    ],
)
def test_a_model_is_asked_to_think_as_little_as_it_can(model: str, least: str) -> None:
    async def scene() -> None:
        async with connected(model) as rig:
            await replied(rig.mind(), conversation("Hello?"))
            assert least in json.dumps(rig.vendor.seen[0].body)

    run(scene())


def test_nothing_is_left_with_openai() -> None:
    async def scene() -> None:
        async with connected("openai-responses:gpt-5-mini") as rig:
            await replied(rig.mind(), conversation("Hello?"))
            assert rig.vendor.seen[0].body["store"] is False

    run(scene())


@pytest.mark.parametrize(
    ("servers", "asked", "early"),
    [
        ((), None, True),
        ((Server("http://127.0.0.1:9"),), None, False),
        ((), False, False),
        ((Server("x"),), True, True),
    ],
)
def test_a_model_may_be_asked_early_unless_it_has_tools_of_others(
    servers: tuple[Server, ...], asked: bool | None, early: bool
) -> None:
    brain = ModelBrain(BrainOptions(model="openai:gpt-5-mini", api_key="k", servers=servers, early=asked))
    assert brain.early is early
