"""What went wrong, as `application/problem+json` (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from starlette.responses import Response

from voicecall.core.failures import told
from voicecall.errors import VoicecallError


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
    failure = told(error)
    headers = None if failure.retry_after is None else {"Retry-After": str(failure.retry_after)}
    return problem(failure.status, failure.message, code=failure.code, headers=headers, reason=failure.reason)
