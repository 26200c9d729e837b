"""The JSON Schemas that callers of `initiate` bring: whether they are usable, and what they say of an object.

Draft 2020-12. Nothing is ever fetched: a schema refers to nothing but itself. Nor is anything looked at for long: both
run between the calls of everybody else, so the steps that they take are counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

import msgspec
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from jsonschema.exceptions import SchemaError, ValidationError  # type: ignore[import-untyped]
from jsonschema.validators import extend  # type: ignore[import-untyped]
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from voicecall.errors import BadParameters, VoicecallError
from voicecall.gateway import patterns

_LARGEST = 16 << 10
"""Bytes of a schema."""
_DEEPEST = 64
"""How deep a schema may be nested."""
_DEEPEST_UNFOLDED = 256
"""The same, with all that it refers to in its place."""
_MOST_STEPS = 10_000
"""Objects and arrays of an unfolded schema; and steps in which an object is checked, keyword by keyword."""
_SHORT = 32
"""Characters in which every pattern must be found within these steps."""
_MOST_TOLD = 8
"""How many faults of an object are told."""
_LONGEST = 300
"""Characters of one of them."""
_REFERENCES = ("$ref", "$dynamicRef")
_NAME = "urn:voicecall:schema"
_OF_THE_WHOLE = ("$id", "$schema")
_PAIRWISE = ("uniqueItems", "unevaluatedItems", "unevaluatedProperties")
"""Keywords that compare everything with everything else."""
_NAMES = ("patternProperties", "additionalProperties", "unevaluatedProperties")
"""Keywords that look for patterns in the names of members."""

_TOO_COSTLY = f"it takes more than {_MOST_STEPS} steps to check"

_left: ContextVar[list[int]] = ContextVar("_left")
"""How many steps the check at hand may still take."""


class _TooCostlyError(VoicecallError):
    """A check took more steps than it may."""


def check(schema: Mapping[str, Any]) -> None:
    """See whether this is the schema of an object, complete in itself.

    Raises:
        BadParameters: it is not; says where.
    """
    if len(msgspec.json.encode(schema)) > _LARGEST:
        raise BadParameters(f"schema: more than {_LARGEST >> 10} KiB")
    if schema.get("type") != "object":
        raise BadParameters('schema: `type` must be "object"')
    resolver = Registry().with_resource(_NAME, DRAFT202012.create_resource(schema)).crawl().resolver(_NAME)
    targets: dict[str, Any] = {}
    for path, key, value in _members(schema, ()):
        where = "/".join(path)
        if len(path) > _DEEPEST:
            raise BadParameters(f"schema: nested deeper than {_DEEPEST} levels")
        if key in _OF_THE_WHOLE and path and isinstance(value, str):
            raise BadParameters(f"schema: at {where}: only the whole schema may have {key}")
        for pattern in _patterns(key, value):
            _check_pattern(pattern, where or "the root")
        if key not in _REFERENCES or not isinstance(value, str) or value in targets:
            continue
        if not value.startswith("#"):
            raise BadParameters(f"schema: at {where or 'the root'}: {key} may not refer to another document")
        try:
            targets[value] = resolver.lookup(value).contents
        except Unresolvable:
            raise BadParameters(f"schema: at {where or 'the root'}: there is no {value}") from None
    if _unfolded(schema, targets, {}, 0) > _MOST_STEPS:
        raise BadParameters(f"schema: with all that it refers to in its place, more than {_MOST_STEPS} parts")
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise BadParameters(f"schema: {_told(error)}") from None
    try:
        _errors(schema, {})
    except RecursionError:
        raise BadParameters("schema: it refers to itself without end") from None
    except _TooCostlyError:
        raise BadParameters(f"schema: {_TOO_COSTLY}, even of an empty object") from None


def _check_pattern(pattern: str, where: str) -> None:
    try:
        if patterns.steps(pattern, _SHORT) > _MOST_STEPS:
            raise BadParameters(f"schema: at {where}: {pattern!r} repeats what repeats, and could be searched for ever")
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise BadParameters(f"schema: at {where}: {pattern!r} is no pattern: {error}") from None


def _unfolded(node: Any, targets: Mapping[str, Any], known: dict[int, int], depth: int) -> int:
    """Count the objects and arrays of a schema with all that it refers to in its place; what recurs, once."""
    if not isinstance(node, Mapping | list):
        return 0
    if id(node) in known:
        return known[id(node)]
    if depth > _DEEPEST_UNFOLDED:
        raise BadParameters(
            f"schema: with all that it refers to in its place, nested deeper than {_DEEPEST_UNFOLDED} levels"
        )
    known[id(node)] = count = 1
    for key, value in node.items() if isinstance(node, Mapping) else enumerate(node):
        part = targets[value] if key in _REFERENCES and isinstance(value, str) else value
        count += _unfolded(part, targets, known, depth + 1)
    known[id(node)] = count
    return count


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
    try:
        found = _errors(schema, data)
    except _TooCostlyError:
        return (_TOO_COSTLY,)
    return tuple(_told(error) for error in found[:_MOST_TOLD])


def _errors(schema: Mapping[str, Any], data: object) -> list[ValidationError]:
    # with a $schema, jsonschema goes on with a validator of its own, which counts nothing
    plain = {key: value for key, value in schema.items() if key not in _OF_THE_WHOLE}
    registry = Registry().with_resource(_NAME, DRAFT202012.create_resource(plain)).crawl()
    token = _left.set([_MOST_STEPS])
    try:
        found = _Validator({"$ref": _NAME}, registry=registry).iter_errors(data)
        return sorted(found, key=lambda error: [str(part) for part in error.absolute_path])
    finally:
        _left.reset(token)


Keyword = Callable[[Any, Any, Any, Any], Iterable[ValidationError] | None]


def _counted(name: str, keyword: Keyword) -> Keyword:
    """Return a keyword that counts what it does as steps."""

    def counted(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        _spend(1 + _size(value) + _size(instance))
        if name in _PAIRWISE:
            _spend(_size(instance) ** 2 // 4)
        for pattern, text in _searched(name, value, instance, schema):
            _spend(patterns.steps(pattern, len(text)))
        for error in keyword(validator, value, instance, schema) or ():
            _spend(len(error.message) // 100)
            yield error

    return counted


def _spend(steps: int) -> None:
    left = _left.get()
    left[0] -= steps
    if left[0] < 0:
        raise _TooCostlyError(_TOO_COSTLY)


def _size(value: Any) -> int:
    return len(value) if isinstance(value, Mapping | list) else 0


def _searched(name: str, value: Any, instance: Any, schema: Any) -> Iterator[tuple[str, str]]:
    """Yield the patterns that a keyword looks for, and in which texts."""
    if name == "pattern" and isinstance(instance, str):
        yield value, instance
    elif name in _NAMES and isinstance(instance, Mapping):
        for pattern in schema.get("patternProperties", ()):
            for member in instance:
                yield pattern, member


_Validator = extend(
    Draft202012Validator,
    {name: _counted(name, keyword) for name, keyword in Draft202012Validator.VALIDATORS.items()},
)


def _told(error: SchemaError | ValidationError) -> str:
    where = ".".join(str(part) for part in error.absolute_path)
    text = f"at {where}: {error.message}" if where else error.message
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"
