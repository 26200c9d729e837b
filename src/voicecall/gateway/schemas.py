"""The JSON Schemas that callers of `initiate` bring: whether they are usable, and what they say of an object.

Draft 2020-12. Nothing is ever fetched: a schema refers to nothing but itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from jsonschema.exceptions import SchemaError, ValidationError  # type: ignore[import-untyped]
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from voicecall.errors import BadParameters

_LARGEST = 16 << 10
"""Bytes of a schema."""
_DEEPEST = 64
"""How deep a schema may be nested."""
_MOST_TOLD = 8
"""How many faults of an object are told."""
_LONGEST = 300
"""Characters of one of them."""
_REFERENCES = ("$ref", "$dynamicRef")


def check(schema: Mapping[str, Any]) -> None:
    """See whether this is the schema of an object, complete in itself.

    Raises:
        BadParameters: it is not; says where.
    """
    if len(msgspec.json.encode(schema)) > _LARGEST:
        raise BadParameters(f"schema: more than {_LARGEST >> 10} KiB")
    if schema.get("type") != "object":
        raise BadParameters('schema: `type` must be "object"')
    resolver = Registry().resolver_with_root(DRAFT202012.create_resource(schema))
    for path, key, value in _members(schema, ()):
        where = "/".join(path)
        if len(path) > _DEEPEST:
            raise BadParameters(f"schema: nested deeper than {_DEEPEST} levels")
        if key == "$id" and path and isinstance(value, str):
            raise BadParameters(f"schema: at {where}: only the whole schema may have an $id")
        for pattern in _patterns(key, value):
            try:
                re.compile(pattern)
            except (re.error, RecursionError, OverflowError) as error:
                raise BadParameters(f"schema: at {where or 'the root'}: {pattern!r} is no pattern: {error}") from None
        if key not in _REFERENCES or not isinstance(value, str):
            continue
        if not value.startswith("#"):
            raise BadParameters(f"schema: at {where or 'the root'}: {key} may not refer to another document")
        try:
            resolver.lookup(value)
        except Unresolvable:
            raise BadParameters(f"schema: at {where or 'the root'}: there is no {value}") from None
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise BadParameters(f"schema: {_told(error)}") from None
    try:
        faults(schema, {})
    except RecursionError:
        raise BadParameters("schema: it refers to itself without end") from None


def _patterns(key: str, value: Any) -> Iterable[str]:
    if key == "pattern" and isinstance(value, str):
        return (value,)
    return tuple(value) if key == "patternProperties" and isinstance(value, Mapping) else ()


def _members(node: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str, Any]]:
    """Yield every member of every object in a JSON value, with the path of its object."""
    waiting: list[tuple[tuple[str, ...], Any]] = [(path, node)]
    while waiting:
        path, node = waiting.pop()
        if isinstance(node, Mapping):
            for key, value in node.items():
                yield path, key, value
                waiting.append(((*path, key), value))
        elif isinstance(node, list):
            waiting.extend(((*path, str(index)), value) for index, value in enumerate(node))


def faults(schema: Mapping[str, Any], data: object) -> tuple[str, ...]:
    """Return what is wrong with an object, one sentence each; empty if the schema admits it."""
    validator = Draft202012Validator(schema, registry=Registry())
    found = sorted(validator.iter_errors(data), key=lambda error: [str(part) for part in error.absolute_path])
    return tuple(_told(error) for error in found[:_MOST_TOLD])


def _told(error: SchemaError | ValidationError) -> str:
    where = ".".join(str(part) for part in error.absolute_path)
    text = f"at {where}: {error.message}" if where else error.message
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"
