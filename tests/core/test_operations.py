"""The table from which every door is drawn."""

from __future__ import annotations

import re
from typing import get_args

import msgspec
import pytest

from voicecall.core.operations import TABLE, CallerStep, Continue, Initiate, Operation, Simulate


@pytest.mark.parametrize("operation", TABLE)
def test_every_operation_says_what_it_is(operation: type[Operation]) -> None:
    verb, path = operation.route
    assert re.fullmatch(r"[a-z]+(Call)?(\.[a-z]+)?|doNotCall\.[a-z]+", operation.name)
    assert verb in ("GET", "POST", "DELETE")
    assert path.startswith("/v1/")
    assert "Result" in (operation.__doc__ or "")


@pytest.mark.parametrize("operation", TABLE)
def test_what_changes_something_is_not_read_by_get_nor_from_the_store(operation: type[Operation]) -> None:
    assert operation.changes == (operation.route[0] != "GET")
    assert not (operation.changes and operation.reads_store)


@pytest.mark.parametrize("operation", TABLE)
def test_a_path_names_only_parameters(operation: type[Operation]) -> None:
    names = {field.encode_name for field in msgspec.structs.fields(operation)}
    assert set(re.findall(r"{(\w+)}", operation.route[1])) <= names


def test_the_table_is_complete_and_without_doubles() -> None:
    assert set(TABLE) == set(get_args(Operation))
    assert len({operation.name for operation in TABLE}) == len(TABLE)
    assert len({operation.route for operation in TABLE}) == len(TABLE)


def test_the_original_methods_are_there() -> None:
    names = {operation.name for operation in TABLE}
    assert {"initiate", "continue", "speak", "end", "status", "dtmf", "history", "transcript", "events"} <= names


def test_parameters_travel_in_camel_case() -> None:
    wish = msgspec.json.decode(b'{"callId":"01J0","message":"And your name?"}', type=Continue)
    assert wish == Continue(call_id="01J0", message="And your name?")
    ring = msgspec.json.decode(b'{"from":"+15550101234","steps":[{"say":"Hello"}]}', type=Simulate)
    assert ring == Simulate(from_="+15550101234", steps=[CallerStep(say="Hello")])


@pytest.mark.parametrize("data", [b'{"to":1}', b'{"number":"+15550101234"}', b'{"mode":"shout"}'])
def test_wrong_parameters_are_refused(data: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(data, type=Initiate)
