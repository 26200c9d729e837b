"""What went wrong, as `application/problem+json` (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from starlette.responses import Response

from voicecall.errors import (
    BadParameters,
    CallNotFound,
    CallOver,
    CallRefused,
    OperationTimeout,
    ProviderError,
    RequestError,
    StoreError,
    VoicecallError,
)


def problem(
    status: int, detail: str, *, code: str, headers: Mapping[str, str] | None = None, **more: str | None
) -> Response:
    """Return a problem. `code` is stable; members of `more` that are None are left out."""
    document = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    document.update({name: value for name, value in more.items() if value is not None})
    return Response(msgspec.json.encode(document), status, headers, "application/problem+json")


def problem_of(error: VoicecallError) -> Response:
    """Return the problem that an error is."""
    detail = str(error)
    match error:
        case CallRefused(reason=reason, limit=limit, retry_after=pause):
            headers = None if pause is None else {"Retry-After": str(pause)}
            return problem(429 if limit else 403, detail, code=error.code, headers=headers, reason=reason)
        case RequestError():
            return problem(_status(error), detail, code=error.code)
        case ProviderError(code=code):
            return problem(502, detail, code="provider-failed", reason=code)
        case StoreError():
            return problem(503, detail, code="store-failed")
        case _:
            return problem(500, detail, code="failed")


def _status(error: RequestError) -> int:
    match error:
        case CallNotFound():
            return 404
        case CallOver():
            return 409
        case BadParameters():
            return 422
        case OperationTimeout():
            return 504
        case _:
            return 400
