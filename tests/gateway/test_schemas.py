"""Schemas that are brought to `initiate`: which are usable, and what they say of an object."""

from __future__ import annotations

from typing import Any

import pytest

from voicecall.errors import BadParameters
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
        ({"properties": {"a": {"$id": "https://example.com/", "$ref": "#"}}}, "only the whole schema may have an $id"),
        ({"allOf": [{"$ref": "#"}]}, "it refers to itself without end"),
        ({"properties": {"a": {"pattern": "("}}}, "at properties/a: '(' is no pattern"),
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
