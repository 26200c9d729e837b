"""What the holder of a token may ask: one place, whichever the door."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, get_args

import structlog
from starlette.types import Scope as Connection

from voicecall.core.asking import Scope
from voicecall.core.operations import Operation
from voicecall.errors import CallRefused

from . import Operator

_ORDER: tuple[Scope, ...] = get_args(Scope)
_STATE = "voicecall.holder"
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever holds a valid token."""

    label: str
    may: Scope

    def allows(self, scope: Scope) -> bool:
        """Say whether the token allows this too."""
        return _ORDER.index(scope) <= _ORDER.index(self.may)


def admit(connection: Connection, holder: Holder) -> None:
    """Note on a connection who holds the token that came with it."""
    connection[_STATE] = holder


def holder_of(connection: Connection) -> Holder:
    """Return who holds the token that came with a connection which the guard has let through."""
    holder = connection[_STATE]
    assert isinstance(holder, Holder)  # noqa: S101 - the guard has noted it
    return holder


@dataclass(frozen=True, slots=True)
class Permitted:
    """The gateway as one holder of a token may use it: an `Operator`."""

    operator: Operator
    holder: Holder

    async def perform(self, operation: Operation, *, idempotency_key: str | None = None) -> Any:
        """Return the operation's result as a JSON value; what was dangerous or refused is written down.

        Raises:
            CallRefused: `scope`: the token does not allow it.
            RequestError: it cannot be done.
            ProviderError: somebody else's service failed.
            StoreError: the archive cannot be read or written.
        """
        who, call_id = self.holder.label, getattr(operation, "call_id", None)
        if not self.holder.allows(operation.scope):
            _log.warning("audit.refused", operation=operation.name, token=who, reason="scope", call_id=call_id)
            raise CallRefused(
                "scope",
                f"the token {who!r} allows {self.holder.may!r}; `{operation.name}` needs {operation.scope!r}",
            )
        try:
            result = await self.operator.perform(operation, idempotency_key=idempotency_key)
        except CallRefused as refused:
            _log.warning("audit.refused", operation=operation.name, token=who, reason=refused.reason, call_id=call_id)
            raise
        if operation.changes:
            _log.info("audit.done", operation=operation.name, token=who, call_id=call_id or _placed(result))
        return result

    def subscribe(self, since: int, call_id: str | None) -> AsyncIterator[dict[str, Any]]:
        """Yield the events `{seq, at, callId, type, data}` after `since`; any token allows that."""
        return self.operator.subscribe(since, call_id)

    def readiness(self) -> dict[str, bool]:
        """Say of each thing that must be in order whether it is."""
        return self.operator.readiness()


def _placed(result: Any) -> str | None:
    return result.get("callId") if isinstance(result, dict) else None
