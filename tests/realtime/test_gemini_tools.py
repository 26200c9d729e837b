"""Tools that Gemini calls."""

from __future__ import annotations

import json

import pytest

from tests.realtime.gemini_rig import LOOK_UP, SILENCE, SPEECH, conversation, played
from tests.realtime.test_gemini import entries, vendor
from voicecall.emulators.vendors.gemini_live_model import Answer, Call as ToolCall
from voicecall.errors import ConfigError
from voicecall.realtime import (
    Audio,
    Began,
    Called,
    CallerWords,
    RealtimeOptions,
    Report,
    Tool,
    TurnOver,
    Uncalled,
)
from voicecall.realtime.gemini import GeminiRealtime
from voicecall.realtime.gemini_caller import Patience

# --- tools


@pytest.mark.parametrize("turn_detection", ["automatic", "local"])
@pytest.mark.parametrize("model", ["gemini-3.8-live", "gemini-3.1-flash-live-preview"])
def test_an_answer_goes_on_once_its_tool_has_told(model: str, turn_detection: str) -> None:
    async def scene() -> None:
        call_of = Answer("One moment.", calls=(ToolCall("look_up", {"word": "tea"}, "c1"),))
        google = vendor(call_of, Answer("A drink."))
        async with conversation(google, turn_detection, model=model, tools=(LOOK_UP,)) as call:
            call.session.say("1", "Say what tea is.")
            called = await call.called()
            assert (called.answer, called.name, json.loads(called.arguments)) == ("1", "look_up", {"word": "tea"})
            assert call.ended("1") is None
            call.session.result("c1", "a drink", more=True)
            await call.end("1")
            assert call.words("1") == "One moment. A drink."
            assert call.all(Began) == []
        assert ("result", '{"output": "a drink"}') in entries(google)

    played(scene)


def test_a_tool_that_answers_at_once_is_no_end_of_the_answer() -> None:
    async def scene() -> None:
        google = vendor(Answer("One moment.", calls=(ToolCall("look_up"),)), Answer("A drink."))
        async with conversation(google, tools=(LOOK_UP,)) as call:

            def answer(report: Report) -> None:
                if isinstance(report, Called):
                    call.session.result(report.call, "a drink", more=True)

            call.react = answer
            call.session.say("1", "Say what tea is.")
            await call.end("1")
            assert call.words("1") == "One moment. A drink."

    played(scene)


def test_a_model_that_shall_not_go_on_does_not() -> None:
    async def scene() -> None:
        google = vendor(Answer("Goodbye.", calls=(ToolCall("look_up"),)), Answer("Yes?"))
        async with conversation(google, tools=(LOOK_UP,)) as call:
            call.session.say("1", "Say goodbye.")
            await call.called()
            call.session.result("function-call-1", "done", more=False)
            assert (await call.end("1")).failed == ""
            call.session.say("2", "Say yes.")
            await call.end("2")
            assert call.words("1") == "Goodbye."
            assert call.words("2") == "Yes?"

    played(scene)


def test_a_model_that_goes_on_all_the_same_is_not_heard() -> None:
    async def scene() -> None:
        google = vendor(Answer("Goodbye.", calls=(ToolCall("look_up"),)), Answer("And so on."), Answer("Yes?"))
        async with conversation(google, model="gemini-3.1-flash-live-preview", tools=(LOOK_UP,)) as call:
            call.session.say("1", "Say goodbye.")
            await call.called()
            call.session.result("function-call-1", "done", more=False)
            assert (await call.end("1")).failed == ""
            await google.until(lambda: entries(google)[-1] == ("model", "And so on."))
            call.session.say("2", "Say yes.")
            await call.end("2")
            assert call.words("1") == "Goodbye."
            assert call.words("2") == "Yes?"
            assert call.all(Began) == []

    played(scene)


def test_the_caller_may_have_a_tool_forgotten() -> None:
    async def scene() -> None:
        google = vendor(Answer("", calls=(ToolCall("look_up"),)), Answer("Never mind."))
        async with conversation(google, model="gemini-3.1-flash-live-preview", tools=(LOOK_UP,)) as call:
            call.session.say("1", "Say what tea is.")
            await call.called()
            call.hear(SPEECH, SILENCE)
            await call.end("own-1")
            assert call.all(Uncalled) == [Uncalled("function-call-1")]
            assert call.ended("1")
            call.session.result("function-call-1", "too late", more=True)
            assert call.words("own-1") == "Never mind."

    played(scene)


def test_a_model_that_was_to_go_on_and_does_not_has_ended_its_answer() -> None:
    async def scene() -> None:
        google = vendor(Answer("One moment.", calls=(ToolCall("look_up"),)), Answer(""), Answer("Yes?"))
        async with conversation(google, tools=(LOOK_UP,), patience=Patience(further=0.1)) as call:
            call.session.say("1", "Say what tea is.")
            await call.called()
            call.session.result("function-call-1", "nothing", more=True)
            assert (await call.end("1")).failed == ""
            call.session.say("2", "Say yes.")
            await call.end("2")
            assert call.words("2") == "Yes?"

    played(scene)


def test_a_model_that_does_not_go_on_at_all_has_ended_its_answer() -> None:
    async def scene() -> None:
        google = vendor(Answer("One moment.", calls=(ToolCall("look_up"),)), Answer("Yes?"))
        google.script.wrong = "idle"
        async with conversation(google, tools=(LOOK_UP,), patience=Patience(further=0.1)) as call:
            call.session.say("1", "Say what tea is.")
            await call.called()
            call.session.result("function-call-1", "nothing", more=True)
            assert (await call.end("1")).failed == ""
            call.session.say("2", "Say yes.")
            await call.end("2")
            assert call.words("2") == "Yes?"

    played(scene)


def test_a_model_that_thinks_between_two_turns_gives_one_answer() -> None:
    async def scene() -> None:
        google = vendor(Answer("Let me see.", goes_on=True), Answer("It is noon."))
        google.script.words.append("what time is it")
        async with conversation(google, model="gemini-3.8-live-extended-thinking") as call:
            await google.becomes(1)
            call.speak()
            call.hear(SILENCE)
            await call.end("own-1")
            assert call.words("own-1") == "Let me see. It is noon."
            assert call.all(Began) == [Began("own-1")]

    played(scene)


def test_a_tool_of_an_answer_that_was_cancelled_is_not_called() -> None:
    async def scene() -> None:
        google = vendor(Answer("one two three", 2.0, (ToolCall("look_up"),)), Answer("Yes?"))
        google.script.ahead = 0.3
        async with conversation(google, tools=(LOOK_UP,)) as call:
            call.session.say("1", "Count, and look it up.")
            await call.until(lambda: call.all(Audio))
            call.session.cancel("1", 0)
            call.hear(SILENCE, SILENCE, SILENCE)
            await google.until(lambda: entries(google)[-1][0] == "result")
            call.session.say("2", "Say yes.")
            await call.end("2")
            assert call.all(Called) == []

    played(scene)


def test_what_the_caller_said_is_known_when_a_tool_is_called_for_it() -> None:
    async def scene() -> None:
        google = vendor(Answer("", calls=(ToolCall("look_up"),)))
        google.script.words.append("what is tea")
        async with conversation(google, tools=(LOOK_UP,), patience=Patience()) as call:
            await google.becomes(1)
            call.speak()
            call.hear(SILENCE)
            await call.called()
            kinds = [type(report) for report in call.reports]
        assert kinds == [TurnOver, Began, CallerWords, Called]

    played(scene)


def test_several_tools_are_answered_together() -> None:
    async def scene() -> None:
        calls = (ToolCall("look_up", {"word": "tea"}, "a"), ToolCall("look_up", {"word": "milk"}, "b"))
        google = vendor(Answer("", calls=calls), Answer("Both are drinks."))
        async with conversation(google, tools=(LOOK_UP,)) as call:
            call.session.respond("1")
            await call.called(2)
            call.session.result("b", "milk is a drink", more=False)
            call.session.result("a", "tea is a drink", more=True)
            await call.end("1")
            assert call.words("1") == "Both are drinks."
        assert next(seen for seen in google.seen if "toolResponse" in seen)["toolResponse"]["functionResponses"] == [
            {"id": "b", "name": "look_up", "response": {"output": "milk is a drink"}},
            {"id": "a", "name": "look_up", "response": {"output": "tea is a drink"}},
        ]

    played(scene)


def test_an_answer_that_the_caller_forestalls_has_failed() -> None:
    async def scene() -> None:
        google = vendor(Answer("Hello.", 1.0))
        google.script.ahead = -0.5
        async with conversation(google) as call:
            call.session.say("1", "Hello.")
            await google.until(lambda: google.talks and google.talks[0].entries)
            call.hear(SPEECH)
            assert (await call.end("1")).failed == "Gemini was interrupted before it began."

    played(scene)


def test_schemas_are_told_in_words_that_gemini_takes() -> None:
    async def scene() -> None:
        schema = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "to": {"type": ["string", "null"], "format": "email", "default": None},
                "kind": {"const": "taxi"},
                "places": {"type": "array", "items": {"type": "object", "additionalProperties": True}},
            },
            "required": ["to"],
        }
        google = vendor()
        bare = Tool("end_call", "End it.", {"type": "object", "properties": {}})
        async with conversation(google, tools=(Tool("order", "Order.", schema), bare)):
            await google.becomes(1)
        order, end_call = google.setups[0]["tools"][0]["functionDeclarations"]
        assert order["parameters"]["required"] == ["to"]
        assert order["parameters"]["properties"]["to"] == {"type": "string", "format": "email", "nullable": True}
        assert order["parameters"]["properties"]["kind"] == {"enum": ["taxi"]}
        assert "parameters" not in end_call

    played(scene)


def test_what_is_decided_by_whom_is_declared() -> None:
    assert GeminiRealtime(RealtimeOptions()).traits.endpoints == "provider"
    assert GeminiRealtime(RealtimeOptions(turn_detection="local")).traits.interrupts == "gateway"
    assert not GeminiRealtime(RealtimeOptions()).traits.truncates
    with pytest.raises(ConfigError, match="automatic or local"):
        GeminiRealtime(RealtimeOptions(turn_detection="server_vad"))
