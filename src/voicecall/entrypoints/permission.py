"""What the holder of a token may ask: one place, whichever the door."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, get_args

import structlog
from starlette.types import Scope as Connection

from voicecall.core.administration import StopOutbound
from voicecall.core.asking import Scope
from voicecall.core.failures import told
from voicecall.core.ids import mask
from voicecall.core.operations import End, Operation
from voicecall.errors import CallRefused, VoicecallError

from . import Operator

_ORDER: tuple[Scope, ...] = get_args(Scope)
_STATE = "voicecall.holder"
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever holds a valid token, and came with it."""

    label: str
    may: Scope
    door: str | None = None
    """`rest`, `rpc` or `mcp`."""
    address: str | None = None
    """Where the connection comes from."""
    spend: Callable[[], None] = field(default=lambda: None, compare=False, repr=False)
    """Counts a request; raises CallRefused, `rate-limit`, where there were too many."""

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
        """Return the operation's result as a JSON value; what was changed, failed or refused is written down.

        Nobody is too early to hang up, or to stop all dialling: that is done at whatever rate.

        Raises:
            CallRefused: `scope`: the token does not allow it. `rate-limit`: it asks too often.
            RequestError: it cannot be done.
            ProviderError: somebody else's service failed.
            StoreError: the archive cannot be read or written.
        """
        if not isinstance(operation, End | StopOutbound):
            self.holder.spend()
        try:
            if not self.holder.allows(operation.scope):
                raise CallRefused(
                    "scope",
                    f"the token {self.holder.label!r} allows {self.holder.may!r};"
                    f" `{operation.name}` needs {operation.scope!r}",
                )
            result = await self.operator.perform(operation, idempotency_key=idempotency_key)
        except CallRefused as refused:
            _log.warning("audit.refused", reason=refused.reason, **self._who(), **_what(operation, None))
            raise
        except VoicecallError as error:
            if operation.changes:
                _log.warning("audit.failed", code=told(error).code, **self._who(), **_what(operation, None))
            raise
        except asyncio.CancelledError:
            if operation.changes:
                _log.warning("audit.failed", code="abandoned", **self._who(), **_what(operation, None))
            raise
        if operation.changes:
            _log.info("audit.done", **self._who(), **_what(operation, result))
        return result

    def subscribe(self, since: int, call_id: str | None) -> AsyncIterator[dict[str, Any]]:
        """Yield the events `{seq, at, callId, type, data}` after `since`; any token allows that.

        Raises:
            CallRefused: `rate-limit`, at once.
        """
        self.holder.spend()
        return self.operator.subscribe(since, call_id)

    def _who(self) -> dict[str, str | None]:
        return {"holder": self.holder.label, "door": self.holder.door, "address": self.holder.address}

    def readiness(self) -> dict[str, bool]:
        """Say of each thing that must be in order whether it is."""
        return self.operator.readiness()


def _what(operation: Operation, result: Any) -> dict[str, str | None]:
    """Return what an operation was about, fit for a log: which call, whose number less most of it, which token."""
    placed = result.get("callId") if isinstance(result, dict) else None
    number = getattr(operation, "number", None) or getattr(operation, "to", None)
    return {
        "operation": operation.name,
        "call_id": getattr(operation, "call_id", None) or placed,
        **({"number": mask(number)} if number else {}),
        **({"label": label} if (label := getattr(operation, "label", None)) else {}),
    }
