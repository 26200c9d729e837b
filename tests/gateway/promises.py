"""What the table of operations promises of results and errors, compared with what came."""

from __future__ import annotations

from typing import Any

import msgspec

from voicecall.core.asking import ALWAYS
from voicecall.core.operations import Operation
from voicecall.errors import VoicecallError


def check_result(operation: Operation, result: Any) -> None:
    """See that a result has every member of its type and no other."""
    typed = msgspec.convert(msgspec.json.decode(msgspec.json.encode(result)), operation.result)
    unknown = _beside(result, msgspec.to_builtins(typed), operation.name)
    assert not unknown, unknown


def check_error(operation: Operation, error: VoicecallError) -> None:
    """See that an operation may fail like this."""
    assert isinstance(error, operation.errors + ALWAYS), f"{operation.name} failed with {error!r}"


def _beside(given: Any, known: Any, path: str) -> list[str]:
    """Return the paths of members that the type does not know."""
    if isinstance(given, dict):
        return [
            unknown
            for name, value in given.items()
            for unknown in (_beside(value, known[name], f"{path}.{name}") if name in known else [f"{path}.{name}"])
        ]
    if isinstance(given, list):
        return [
            unknown
            for n, (one, other) in enumerate(zip(given, known, strict=True))
            for unknown in _beside(one, other, f"{path}[{n}]")
        ]
    return []
