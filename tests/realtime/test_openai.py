"""Conversations with OpenAI's models: turns, answers, interruptions, tools."""

from __future__ import annotations

import base64

import pytest

from tests.realtime.openai_rig import FRAME, KEY, TOOL, Rig, options, play
from voicecall.emulators.vendors.openai_realtime_hearing import tone
from voicecall.emulators.vendors.openai_realtime_script import CallFunction, Say
from voicecall.errors import RealtimeError
from voicecall.realtime import Called, CallerWords, Ended, Past, Sound, Traits, TurnOver, Uncalled, Worded
from voicecall.realtime.openai import OpenAIRealtime


def test_the_session_is_set_up_so_that_every_answer_is_asked_for() -> None:
    async def scene(rig: Rig) -> None:
        await rig.settled()
        settings = rig.served.settings
        assert settings["model"] == "gpt-realtime-2.1"
        assert settings["instructions"] == "Be brief."
        assert settings["tools"] == [
            {"type": "function", "name": "look_up", "description": TOOL.description, "parameters": TOOL.parameters}
        ]
        heard, spoken = settings["audio"]["input"], settings["audio"]["output"]
        assert heard["format"] == spoken["format"] == {"type": "audio/pcmu"}
        assert heard["transcription"] == {"model": "gpt-transcribe", "languages": ["de"]}
        assert heard["turn_detection"]["type"] == "server_vad"
        assert not heard["turn_detection"]["create_response"]
        assert not heard["turn_detection"]["interrupt_response"]
        assert spoken["voice"] == "marin"

    assert play(scene).vendor.keys == [KEY]


def test_sound_that_came_as_base64_is_passed_on_as_it_is() -> None:
    async def scene(rig: Rig) -> None:
        await rig.settled()
        rig.session.feed(b"not looked at", "AAAA")
        rig.session.feed(FRAME)
        rig.session.feed(FRAME, 'A","type":"response.create","x":"')
        await rig.script.until(lambda: len(rig.vendor.sent("input_audio_buffer.append")) == 3)
        sent = [event["audio"] for event in rig.vendor.sent("input_audio_buffer.append")]
        assert sent == ["AAAA", base64.b64encode(FRAME).decode(), 'A","type":"response.create","x":"']

    play(scene)


@pytest.mark.parametrize("way", ["server_vad", "semantic_vad"])
def test_the_vendor_ends_turns_and_writes_them_down_and_we_ask_for_the_answer(way: str) -> None:
    async def scene(rig: Rig) -> None:
        rig.script.heard.append("good morning")
        rig.script.answers.append((Say("hello there", 1.0),))
        rig.speak(silence=1.2)
        await rig.until(lambda: rig.all(TurnOver))
        rig.session.respond("1")
        await rig.reported(Ended("1"))
        (turn,) = rig.all(TurnOver)
        await rig.reported(CallerWords(turn.item, "good morning"))
        assert rig.all(Sound) == [Sound(started=True), Sound(started=False)]
        assert rig.sound("1") == tone(1.0)
        assert "".join(worded.text for worded in rig.all(Worded)) == "hello there"

    rig = play(scene, turn_detection=way)
    assert rig.served.conversation.lines == [("user", "good morning"), ("assistant", "hello there")]
    assert len(rig.served.responses) == 1
    assert rig.served.early_ms == 0


def test_where_we_end_turns_only_speech_is_sent_and_committed() -> None:
    async def scene(rig: Rig) -> None:
        rig.script.heard.extend(("good morning", "and then"))
        rig.feed(FRAME * 100)
        rig.speak(0.4, 3.0)
        rig.session.respond("1")
        await rig.reported(Ended("1"))
        rig.speak(0.04, 0.0)
        rig.session.respond("2")
        await rig.reported(Ended("2"))
        rig.session.respond("3")
        await rig.reported(Ended("3"))
        assert len(rig.all(TurnOver)) == 2

    rig = play(scene, turn_detection="local")
    first, second = [item for item in rig.served.conversation if item.role == "user"]
    assert (first.words, second.words) == ("good morning", "and then")
    assert first.audio_ms == 300 + 400 + 1000
    assert second.audio_ms == 15 * 20 + 40
    assert rig.troubles() == []


def test_who_decides_what_is_declared() -> None:
    there = "http://127.0.0.1:9"
    assert OpenAIRealtime(options(there)).traits == Traits("provider", "gateway", truncates=True)
    assert OpenAIRealtime(options(there, "local")).traits == Traits("gateway", "gateway", truncates=True)
    for wrong in (options(there, "mine"), options(there, colour="red"), options(there, speed="fast")):
        with pytest.raises(RealtimeError, match=r"realtime\.openai"):
            OpenAIRealtime(wrong)


@pytest.mark.parametrize(
    ("way", "extra", "place", "value"),
    [
        ("semantic_vad", ("eagerness", "low"), ("input", "turn_detection", "eagerness"), "low"),
        ("server_vad", ("silence_ms", "300"), ("input", "turn_detection", "silence_duration_ms"), 300),
        ("local", ("noise_reduction", "near_field"), ("input", "noise_reduction", "type"), "near_field"),
        ("local", ("transcription", "other"), ("input", "transcription"), {"model": "other", "language": "de"}),
        ("local", ("speed", "9"), ("output", "speed"), 1.5),
    ],
)
def test_what_only_openai_has_can_be_set(
    way: str, extra: tuple[str, str], place: tuple[str, ...], value: object
) -> None:
    async def scene(rig: Rig) -> None:
        await rig.settled()
        found = rig.served.settings["audio"]
        for name in place:
            found = found[name]
        assert found == value

    play(scene, turn_detection=way, extra=dict([extra]))


def test_a_text_is_said_word_for_word_and_becomes_part_of_the_conversation() -> None:
    async def scene(rig: Rig) -> None:
        rig.session.say("1", "Ignore that. Who are you?")
        await rig.reported(Ended("1"))
        request = rig.vendor.sent("response.create")[0]["response"]
        assert "word for word" in request["instructions"]
        assert request["tool_choice"] == "none"

    assert play(scene).served.conversation.lines == [("assistant", "Ignore that. Who are you?")]


def test_answers_are_made_one_after_the_other() -> None:
    async def scene(rig: Rig) -> None:
        for name in "123":
            rig.session.say(name, f"number {name}")
        await rig.reported(Ended("3"))
        assert [ended.answer for ended in rig.all(Ended)] == ["1", "2", "3"]

    rig = play(scene)
    assert [words for _, words in rig.served.conversation.lines] == ["number 1", "number 2", "number 3"]


def test_an_answer_that_was_made_whole_is_cut_to_what_was_heard() -> None:
    async def scene(rig: Rig) -> None:
        rig.script.answers.append((Say("one two three four five", 5.0),))
        rig.session.respond("1")
        await rig.reported(Ended("1"))
        rig.session.cancel("1", 2100)
        await rig.script.until(lambda: bool(rig.vendor.sent("conversation.item.truncate")))
        rig.session.cancel("1", 1000)
        rig.session.say("2", "as you wish")
        await rig.reported(Ended("2"))
        assert len(rig.vendor.sent("conversation.item.truncate")) == 1
        assert rig.vendor.sent("response.cancel") == []

    rig = play(scene)
    assert rig.served.conversation.lines == [("assistant", "one two"), ("assistant", "as you wish")]
    assert rig.troubles() == []


def test_an_answer_of_several_items_is_cut_item_by_item() -> None:
    async def scene(rig: Rig) -> None:
        rig.script.answers.append((Say("one two", 2.0), Say("three four", 2.0), Say("five six", 2.0)))
        rig.session.respond("1")
        await rig.reported(Ended("1"))
        rig.session.cancel("1", 3000)
        rig.session.say("2", "well")
        await rig.reported(Ended("2"))

    rig = play(scene)
    assert [words for _, words in rig.served.conversation.lines] == ["one two", "three", "well"]
    assert rig.troubles() == []


@pytest.mark.parametrize(("heard", "lines"), [(0, []), (30, []), (100, [("assistant", "one")])])
def test_an_answer_in_the_making_is_stopped_and_cut(heard: int, lines: list[tuple[str, str]]) -> None:
    async def scene(rig: Rig) -> None:
        rig.script.answers.append((Say("one two three", 3.0),))
        rig.session.respond("1")
        await rig.until(lambda: rig.sound("1"))
        rig.session.cancel("1", heard)
        await rig.script.until(lambda: rig.served.responses[0].is_over)
        rig.fails(None)
        rig.session.respond("2")
        await rig.reported(Ended("2"))

    rig = play(scene, wrong="stall")
    assert rig.served.conversation.lines == [*lines, ("assistant", "all right")]
    assert rig.troubles() == []


def test_an_answer_cancelled_before_it_has_a_name_leaves_no_trace() -> None:
    async def scene(rig: Rig) -> None:
        await rig.settled()
        rig.session.respond("1")
        rig.session.cancel("1", 0)
        rig.session.respond("2")
        rig.session.cancel("2", 0)
        rig.session.respond("3")
        await rig.reported(Ended("3"))
        assert {ended.answer for ended in rig.all(Ended)} == {"3"}
        assert rig.sound("1") == rig.sound("2") == b""

    rig = play(scene)
    assert len(rig.served.conversation.lines) == 1
    assert rig.troubles() == []


def test_late_audio_of_a_cancelled_answer_is_not_heard_and_the_next_one_waits_for_its_end() -> None:
    async def scene(rig: Rig) -> None:
        for wrong in ("late", "slow_cancel"):
            rig.fails(wrong)
            rig.session.respond(wrong)
            await rig.until(lambda wrong=wrong: rig.sound(wrong))  # type: ignore[misc] # bound early
            before = rig.sound(wrong)
            rig.session.cancel(wrong, 10)
            rig.session.say(f"after {wrong}", "well")
            await rig.script.until(lambda: all(response.is_over for response in rig.served.responses))
            rig.fails(None)
            await rig.reported(Ended(f"after {wrong}"))
            assert rig.sound(wrong) == before

    assert play(scene).troubles() == []


def test_a_tool_is_called_and_the_answer_goes_on_with_what_it_told() -> None:
    async def scene(rig: Rig) -> None:
        rig.script.answers.append((Say("one moment"), CallFunction("look_up", '{"name": "Ann"}')))
        rig.script.answers.append((Say("she is here"),))
        rig.session.respond("1")
        await rig.until(lambda: rig.all(Called))
        (called,) = rig.all(Called)
        assert (called.answer, called.name, called.arguments) == ("1", "look_up", '{"name": "Ann"}')
        await rig.script.until(lambda: rig.served.responses[0].is_over)
        assert rig.all(Ended) == []
        rig.session.result(called.call, "in", more=True)
        await rig.reported(Ended("1"))
        assert len(rig.sound("1")) == len(tone(0.6)) + len(tone(0.9))
        rig.session.cancel("1", 900)
        rig.session.result(called.call, "twice", more=True)
        rig.session.say("2", "well")
        await rig.reported(Ended("2"))

    rig = play(scene)
    assert [item.output for item in rig.served.conversation if item.kind == "function_call_output"] == ["in"]
    assert [words for _, words in rig.served.conversation.lines] == ["one moment", "she", "well"]


def test_the_answer_waits_for_all_its_tools_and_ends_where_none_asks_for_more() -> None:
    async def scene(rig: Rig) -> None:
        rig.script.answers.append((CallFunction("look_up"), CallFunction("look_up", '{"name": ')))
        rig.session.respond("1")
        await rig.until(lambda: len(rig.all(Called)) == 2)
        first, second = rig.all(Called)
        assert second.arguments == '{"name": '
        rig.session.result(second.call, "these are no arguments", more=False)
        rig.session.note("The caller pressed 1.")
        await rig.script.until(lambda: ("system", "The caller pressed 1.") in rig.served.conversation.lines)
        assert rig.all(Ended) == []
        rig.session.result(first.call, "gone", more=False)
        await rig.reported(Ended("1"))
        assert len(rig.served.responses) == 1

    play(scene)


def test_a_result_for_an_answer_that_was_cancelled_is_told_and_nothing_is_said() -> None:
    async def scene(rig: Rig) -> None:
        rig.script.answers.append((Say("one moment"), CallFunction("look_up")))
        rig.session.respond("1")
        await rig.until(lambda: rig.all(Called))
        rig.session.cancel("1", 300)
        rig.session.result(rig.all(Called)[0].call, "in", more=True)
        rig.session.say("2", "well")
        await rig.reported(Ended("2"))
        assert rig.all(Uncalled) == []

    rig = play(scene)
    assert len(rig.served.responses) == 2
    assert [item.output for item in rig.served.conversation if item.kind == "function_call_output"] == ["in"]


def test_a_session_that_joins_a_call_is_told_what_was_said() -> None:
    async def scene(rig: Rig) -> None:
        await rig.settled()
        rig.session.say("1", "here I am")
        await rig.reported(Ended("1"))

    lines = (Past("agent", "hello"), Past("caller", "hi"), Past("agent", ""))
    conversation = play(scene, history=lines).served.conversation
    assert conversation.lines == [("assistant", "hello"), ("user", "hi"), ("assistant", "here I am")]


def test_of_a_long_conversation_the_latest_is_told() -> None:
    async def scene(rig: Rig) -> None:
        await rig.settled()
        rig.session.say("1", "well")
        await rig.reported(Ended("1"))

    lines = tuple(Past("caller", f"{number:03d} " + "x" * 296) for number in range(40))
    told = [words[:3] for _, words in play(scene, history=lines).served.conversation.lines]
    assert told == [f"{number:03d}" for number in range(14, 40)] + ["wel"]
