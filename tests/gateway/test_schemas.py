"""Schemas that are brought to `initiate`: which are usable, and what they say of an object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from voicecall.errors import BadParameters
from voicecall.gateway.patterns import ENDLESS, steps
from voicecall.gateway.schemas import check, faults


def test_a_schema_may_use_all_of_its_draft() -> None:
    check(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": "https://example.com/booking",
            "type": "object",
            "properties": {
                "guests": {"type": "integer", "minimum": 1},
                "days": {"type": "array", "prefixItems": [{"type": "string"}], "items": False},
                "name": {"$ref": "#/$defs/name"},
                "like": {"$ref": "#"},
                "$id": {"type": "string", "pattern": "^[a-z]+$"},
                "$ref": {"type": "string"},
            },
            "patternProperties": {"^x-": True},
            "required": ["guests"],
            "$defs": {"name": {"$anchor": "name", "type": "string"}, "same": {"$ref": "#name"}},
        }
    )


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({}, '`type` must be "object"'),
        ({"type": "array"}, '`type` must be "object"'),
        ({"type": ["object", "null"]}, '`type` must be "object"'),
        ({"properties": {"guests": {"type": "number of guests"}}}, "at properties.guests.type: "),
        ({"required": "guests"}, "at required: 'guests' is not of type 'array'"),
        ({"properties": {"a": {"$ref": "https://example.com/a.json"}}}, "at properties/a: $ref may not refer"),
        ({"$ref": "other.json#/a"}, "at the root: $ref may not refer to another document"),
        ({"properties": {"a": {"$dynamicRef": "file:///etc/passwd"}}}, "$dynamicRef may not refer to another"),
        ({"properties": {"a": {"$ref": "#/$defs/a"}}}, "at properties/a: there is no #/$defs/a"),
        ({"properties": {"a": {"$id": "https://example.com/", "$ref": "#"}}}, "only the whole schema may have $id"),
        ({"properties": {"a": {"$schema": "http://json-schema.org/draft-07/schema#"}}}, "schema may have $schema"),
        ({"allOf": [{"$ref": "#"}]}, "it refers to itself without end"),
        ({"properties": {"a": {"pattern": "("}}}, "at properties/a: '(' is no pattern"),
        ({"properties": {"a": {"pattern": "(?i)a"}}}, "at properties/a: '(?i)a' is no pattern: it holds flags"),
        ({"properties": {"a": {"pattern": "(?i:a)"}}}, "'(?i:a)' is no pattern: it holds flags"),
        ({"patternProperties": {"[": True}}, "at the root: '[' is no pattern"),
        ({"description": "x" * (16 << 10)}, "more than 16 KiB"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused_saying_where(schema: dict[str, Any], why: str) -> None:
    wanted = schema if "type" in schema or not schema else {"type": "object", **schema}
    with pytest.raises(BadParameters) as refused:
        check(wanted)
    assert str(refused.value).startswith("schema: ")
    assert why in str(refused.value)


def test_a_schema_that_is_nested_too_deep_is_refused() -> None:
    schema: dict[str, Any] = {"type": "object"}
    for _ in range(70):
        schema = {"type": "object", "properties": {"a": schema}}
    with pytest.raises(BadParameters, match="nested deeper than 64 levels"):
        check(schema)


def test_what_is_wrong_with_an_object_is_told_with_its_place() -> None:
    schema = {
        "type": "object",
        "properties": {"guests": {"type": "integer"}, "days": {"items": {"maxLength": 3}}},
        "required": ["guests", "name"],
    }
    assert faults(schema, {"guests": 2, "name": ""}) == ()
    assert faults(schema, {"guests": "two", "days": ["Mon", "Tuesday"]}) == (
        "'name' is a required property",
        "at days.1: 'Tuesday' is too long",
        "at guests: 'two' is not of type 'integer'",
    )


def test_no_more_is_told_than_can_be_read() -> None:
    schema = {"type": "object", "additionalProperties": {"type": "string", "maxLength": 2}}
    told = faults(schema, {str(number): "a" * 500 for number in range(20)})
    assert len(told) == 8
    assert max(map(len, told)) == 300


def chain(levels: int, step: Callable[[Any], Any]) -> dict[str, Any]:
    """Return a schema of which each level refers to the next one twice."""
    definitions: dict[str, Any] = {f"l{number}": step({"$ref": f"#/$defs/l{number + 1}"}) for number in range(levels)}
    definitions[f"l{levels}"] = {"type": "object"}
    return {"type": "object", "properties": {"a": {"$ref": "#/$defs/l0"}}, "$defs": definitions}


@pytest.mark.parametrize(
    "step",
    [
        lambda next_: {"allOf": [next_, next_]},
        lambda next_: {"properties": {"a": next_, "b": next_}},
        lambda next_: {**next_, "$dynamicRef": next_["$ref"]},
    ],
    ids=["in place", "of members", "by two kinds of reference"],
)
def test_a_schema_that_is_small_but_unfolds_without_measure_is_refused(step: Callable[[Any], Any]) -> None:
    check(chain(5, step))
    with pytest.raises(BadParameters, match="with all that it refers to in its place, more than 10000 parts"):
        check(chain(20, step))


def test_a_schema_that_unfolds_too_deep_is_refused() -> None:
    check(chain(100, lambda next_: next_))
    with pytest.raises(BadParameters, match="nested deeper than 256 levels"):
        check(chain(300, lambda next_: next_))


TWICE = {"type": "object", "properties": {"a": {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}}}


def of(a: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an object with one member."""
    return {"type": "object", "properties": {"a": a}}


def nested(depth: int) -> dict[str, Any]:
    """Return an object in an object, and so on."""
    return {} if not depth else {"a": nested(depth - 1)}


@pytest.mark.parametrize(
    ("schema", "data", "more"),
    [
        (TWICE, nested(3), nested(40)),
        ({"$schema": "https://json-schema.org/draft/2020-12/schema", **TWICE}, nested(3), nested(40)),
        (of({"uniqueItems": True}), {"a": [{}]}, {"a": [{"b": n} for n in range(500)]}),
        (of({"items": {"enum": [*range(500)]}}), {"a": [1]}, {"a": [1] * 500}),
        ({"type": "object", "unevaluatedProperties": {}}, {"a": 1}, {str(n): 1 for n in range(500)}),
        ({"type": "object", "patternProperties": {"b$": {}, "c$": {}}}, {"a": 1}, {f"a{n}": 1 for n in range(5000)}),
        (of({"pattern": "a*b*c*d"}), {"a": "abcd"}, {"a": "a" * 500}),
        ({"type": "object", "allOf": [{"maxProperties": 1}] * 100}, {"a": 1}, {"a": 1, "b": "x" * 60_000}),
    ],
    ids=["doubling", "with $schema", "unique", "enum", "unevaluated", "names", "pattern", "long messages"],
)  # fmt: skip
def test_an_object_is_not_checked_for_longer_than_everybody_else_can_wait(
    schema: dict[str, Any], data: dict[str, Any], more: dict[str, Any]
) -> None:
    check(schema)
    assert faults(schema, data) == ()
    assert faults(schema, more) == ("it takes more than 10000 steps to check",)


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "^(a|aa)*$", "(.*a){20}", ".*.*.*.*.*x", "(?:(?:(?:){1000}){1000}){1000}"]
)
def test_a_pattern_that_could_be_searched_for_ever_is_refused(pattern: str) -> None:
    for schema in (of({"pattern": pattern}), {"type": "object", "patternProperties": {pattern: True}}):
        with pytest.raises(BadParameters, match="repeats what repeats"):
            check(schema)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$", "2026-11-21T20:36"),
        (r"^\+[1-9][0-9]{6,14}$", "+15550100042"),
        (r"^[^@ ]+@[^@ ]+\.[a-z]+$", "somebody.or-other@mail.example.com"),
        ("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", "0b1ee8a2-1111-4222-8333-444455556666"),
        (r"^(\d{1,3}\.){3}\d{1,3}$", "192.168.0.1"),
        (r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$", "-0012.50"),
        ("table|chair", "a table by the window"),
    ],
)
def test_the_patterns_of_every_day_may_be_used(pattern: str, text: str) -> None:
    schema = of({"pattern": pattern})
    check(schema)
    assert faults(schema, {"a": text}) == ()
    assert faults(schema, {"a": "?"}) == (f"at a: '?' does not match {pattern!r}",)


def test_the_more_a_pattern_can_be_matched_in_the_more_steps_are_counted() -> None:
    assert steps("^abc$", 1000) == 1
    assert steps("^a*$", 9999) == 11
    assert steps("a*b", 999) == 1001
    assert steps("(a*)*", 1000) == ENDLESS
