"""What the holder of a token may ask is decided once, by the scope that the table names."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from voicecall.core.asking import Scope
from voicecall.core.operations import TABLE, Initiate, Operation
from voicecall.entrypoints.permission import Holder, Permitted
from voicecall.errors import CallRefused


class Gateway:
    """Does whatever is asked, or refuses it, or fails."""

    def __init__(self, refusal: BaseException | None = None) -> None:
        self.refusal = refusal

    async def perform(self, operation: Operation, *, idempotency_key: str | None = None) -> Any:
        if self.refusal is not None:
            raise self.refusal
        return {"callId": "01J", "key": idempotency_key}

    async def subscribe(self, since: int, call_id: str | None) -> AsyncIterator[dict[str, Any]]:
        yield {"seq": since + 1}

    def readiness(self) -> dict[str, bool]:
        return {"store": True}


def sample(kind: type[Operation]) -> Operation:
    """Return an operation with whatever it must be given."""
    given = {
        field.encode_name: [] if field.name == "steps" else "x"
        for field in msgspec.structs.fields(kind)
        if field.required
    }
    return msgspec.convert(given, kind)


def ask(operation: Operation, may: Scope, refusal: CallRefused | None = None) -> Any:
    permitted = Permitted(Gateway(refusal), Holder("desk", may))
    return asyncio.run(permitted.perform(operation, idempotency_key="k"))


@pytest.mark.parametrize("may", ["read", "call", "admin"])
@pytest.mark.parametrize("kind", TABLE, ids=lambda kind: kind.name)
def test_a_token_allows_what_its_scope_includes_and_refuses_the_rest_by_name(kind: type[Operation], may: Scope) -> None:
    order = ["read", "call", "admin"]
    if order.index(kind.scope) <= order.index(may):
        assert ask(sample(kind), may) == {"callId": "01J", "key": "k"}
        return
    with pytest.raises(CallRefused, match="'desk' allows") as refused:
        ask(sample(kind), may)
    assert refused.value.reason == "scope"


def test_what_changes_something_and_what_is_refused_is_written_down_with_the_token_that_asked() -> None:
    with capture_logs() as logs:
        ask(Initiate(to="+15550101234"), "call")
        with pytest.raises(CallRefused):
            ask(Initiate(to="+15550101234"), "call", CallRefused("outbound-stopped", "no"))
        with pytest.raises(CallRefused):
            ask(Initiate(to="+15550101234"), "read")
    assert [(log["event"], log["holder"], log.get("reason"), log["call_id"]) for log in logs] == [
        ("audit.done", "desk", None, "01J"),
        ("audit.refused", "desk", "outbound-stopped", None),
        ("audit.refused", "desk", "scope", None),
    ]
    assert "5550101234" not in str(logs)


def test_every_operation_that_changes_something_needs_more_than_reading() -> None:
    assert {kind.scope for kind in TABLE if kind.changes} == {"call", "admin"}
    assert {kind.scope for kind in TABLE if not kind.changes} <= {"read", "admin"}
