"""The tool's actions, parameters and schema, in every form in which it is shown."""

from __future__ import annotations

from typing import Any

import pytest

from voicecall.core.administration import ADMINISTRATION
from voicecall.core.operations import TABLE, Continue, Dtmf, End, Initiate, Simulate, Speak, Status, Wait
from voicecall.entrypoints import tool
from voicecall.errors import BadParameters


def test_every_operation_is_an_action_but_the_two_that_stand_apart_and_those_of_administration() -> None:
    assert {*tool.ACTIONS.values(), Wait, Simulate, *ADMINISTRATION} == set(TABLE)


@pytest.mark.parametrize(
    ("arguments", "operation"),
    [
        (
            {"action": "initiate_call", "message": "Hi.", "to": "+15550101234"},
            Initiate(message="Hi.", to="+15550101234"),
        ),
        ({"action": "initiate_call", "message": "Hi.", "mode": "notify"}, Initiate(message="Hi.", mode="notify")),
        ({"action": "continue_call", "callId": "01J", "message": "Hi."}, Continue(call_id="01J", message="Hi.")),
        ({"action": "speak_to_user", "callId": "01J", "message": "Hi."}, Speak(call_id="01J", message="Hi.")),
        ({"action": "end_call", "callId": "01J"}, End(call_id="01J")),
        ({"action": "get_status", "callId": "01J"}, Status(call_id="01J")),
        ({"action": "get_status", "callId": "01J", "wait": False}, Status(call_id="01J")),
        ({"action": "get_status", "callId": "01J", "wait": True, "timeout": 5}, Wait(call_id="01J", timeout=5)),
        ({"action": "send_digits", "callId": "01J", "digits": "1#"}, Dtmf(call_id="01J", digits="1#")),
        ({"action": "send_dtmf", "callId": "01J", "digits": "1#"}, Dtmf(call_id="01J", digits="1#")),
        ({"action": "end_call", "callId": "01J", "message": None, "idempotencyKey": None}, End(call_id="01J")),
    ],
)
def test_an_action_is_its_operation(arguments: dict[str, Any], operation: object) -> None:
    assert tool.read(arguments) == tool.Asked(operation)  # type: ignore[arg-type]


def test_a_wish_may_have_a_name() -> None:
    asked = tool.read({"action": "end_call", "callId": "01J", "idempotencyKey": "k"})
    assert asked == tool.Asked(End(call_id="01J"), "k")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "action: expected one of initiate_call, continue_call"),
        ({"action": "shout"}, "action: expected one of"),
        ({"action": ["end_call"]}, "action: expected one of"),
        ({"action": "end_call"}, "end_call: .*callId"),
        ({"action": "end_call", "callId": 1}, "end_call: .*callId"),
        ({"action": "end_call", "callId": "01J", "colour": "red"}, "end_call: .*colour"),
        ({"action": "get_status", "callId": "01J", "wait": "yes"}, "wait: expected true or false"),
        ({"action": "get_status", "callId": "01J", "idempotencyKey": "k"}, "idempotencyKey"),
        ({"action": "end_call", "callId": "01J", "idempotencyKey": ""}, "idempotencyKey: expected 1 to 255"),
    ],
)
def test_what_cannot_be_understood_is_refused_in_words(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(BadParameters, match=words):
        tool.read(arguments)


def test_every_parameter_is_explained_and_needs_no_definition_elsewhere() -> None:
    schema = tool.schema()
    assert [name for name, one in schema["properties"].items() if one["description"] == name] == []
    assert schema["properties"]["action"]["enum"] == list(tool.ACTIONS)
    assert (schema["type"], schema["required"], "$defs" in schema) == ("object", ["action"], False)


def test_the_description_names_every_action_with_its_parameters() -> None:
    lines = tool.description().splitlines()
    assert [line.partition("`")[2].partition("`")[0] for line in lines[1:]] == list(tool.ACTIONS)
    assert any(
        line.startswith("- `continue_call` (callId, message, timeout?, idempotencyKey?): Say something")
        for line in lines
    )


def test_every_form_holds_the_same_schema_and_words() -> None:
    plain, openai, anthropic = (tool.document(form) for form in ("json", "openai", "anthropic"))
    assert plain["properties"] == tool.schema()["properties"]
    assert openai == {
        "type": "function",
        "function": {"name": "voice_call", "description": plain["description"], "parameters": tool.schema()},
    }
    assert anthropic == {
        "name": "voice_call",
        "description": plain["description"],
        "input_schema": tool.schema(),
    }
