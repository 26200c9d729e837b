"""The errors of Telnyx's REST API. Pure.

Source: Telnyx docs `development/api-fundamentals/api-errors`; where the meaning of a code is not published, it is
used for what its neighbours suggest.
"""

from __future__ import annotations

from collections.abc import Mapping

TITLES: Mapping[str, str] = {
    "10003": "Invalid URL",
    "10004": "Missing required parameter",
    "10005": "Resource not found",
    "10007": "Unexpected error",
    "10009": "Authentication failed",
    "10010": "Authorization failed",
    "10011": "Too many requests",
    "10015": "Bad Request",
    "10016": "Phone number must be in +E.164 format",
    "10032": "Invalid enumerated value",
    "10033": "Value outside of range",
    "90015": "Invalid Call Control ID",
    "90018": "Call has already ended",
    "90033": "Unable to execute command",
    "90034": "Call not answered yet",
    "90045": "Media Streaming is used",
    "90046": "Media Streaming is not used",
    "90054": "Call transcription is already in progress",
    "90055": "Call transcription is not in progress",
    "90102": "Command is not supported for outbound calls",
}
_STATUS: Mapping[str, int] = {"10005": 404, "10007": 500, "10009": 401, "10010": 403, "10011": 429}
CODES: Mapping[int, str] = {401: "10009", 403: "10010", 404: "10005", 422: "10015", 429: "10011"}
"""What a request is refused with when a fault plan names only the status."""


class ApiError(Exception):
    """A request is refused with one of Telnyx's codes."""

    def __init__(self, code: str, detail: str, pointer: str = "", *, status: int | None = None) -> None:
        """`pointer` names the member of the body that is wrong; `status` is that of HTTP, if the code does not say."""
        super().__init__(detail)
        self.code = code
        self.pointer = pointer
        self.status = status or (403 if code.startswith("D") else _STATUS.get(code, 422))

    def body(self) -> dict[str, object]:
        """Return the error as it is sent."""
        error: dict[str, object] = {
            "code": self.code,
            "title": TITLES.get(self.code, "Call refused"),
            "detail": str(self),
        }
        if self.pointer:
            error["source"] = {"pointer": self.pointer}
        return {"errors": [error]}
