"""How errors are told at every door: one table of codes, HTTP statuses and JSON-RPC numbers, read both ways."""

from __future__ import annotations

from dataclasses import dataclass

from voicecall.errors import (
    BadParameters,
    CallNotFound,
    CallOver,
    CallRefused,
    CarrierError,
    OperationTimeout,
    ProviderError,
    RequestError,
    StoreError,
    VoicecallError,
)

LIMIT = 429
"""The HTTP status of a limit, which is a refusal for now."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A row of the table: an error, and how it and what derives from it are told."""

    error: type[VoicecallError]
    code: str
    statuses: tuple[int, ...]
    """HTTP."""
    number: int
    """JSON-RPC."""


KINDS: tuple[Kind, ...] = (
    Kind(BadParameters, BadParameters.code, (422,), -32602),
    Kind(CallNotFound, CallNotFound.code, (404,), -32001),
    Kind(CallOver, CallOver.code, (409,), -32002),
    Kind(CallRefused, CallRefused.code, (403, LIMIT), -32003),
    Kind(OperationTimeout, OperationTimeout.code, (504,), -32005),
    Kind(RequestError, RequestError.code, (400,), -32600),
    Kind(ProviderError, "provider-failed", (502,), -32004),
    Kind(StoreError, "store-failed", (503,), -32603),
    Kind(VoicecallError, "failed", (500,), -32603),
)
"""The first that fits an error holds."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as it is told."""

    code: str
    """Stable, and the same at every door."""
    message: str
    reason: str | None
    """Why it was refused, or a provider's own code."""
    status: int
    """HTTP."""
    number: int
    """JSON-RPC."""
    retry_after: int | None
    """Seconds."""


def told(error: VoicecallError) -> Failure:
    """Return how an error is told."""
    kind = next(kind for kind in KINDS if isinstance(error, kind.error))
    code, reason, status, pause = kind.code, None, kind.statuses[0], None
    match error:
        case CallRefused():
            reason, pause = error.reason, error.retry_after
            status = LIMIT if error.limit else status
        case RequestError():
            code = error.code
        case ProviderError():
            reason = error.code
        case _:
            pass
    return Failure(code, str(error), reason, status, kind.number, pause)


def understood(
    code: str, message: str, *, status: int, reason: str | None = None, retry_after: int | None = None
) -> VoicecallError:
    """Return the error that was told so; a RequestError where this version has no such code."""
    error = next((kind.error for kind in KINDS if kind.code == code), RequestError)
    if issubclass(error, CallRefused):
        return error(reason or "", message, limit=status == LIMIT, retry_after=retry_after)
    if issubclass(error, ProviderError):
        return CarrierError(message, code=reason)
    return error(message)
