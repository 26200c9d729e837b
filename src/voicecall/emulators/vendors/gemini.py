"""Google's Gemini: `streamGenerateContent` as server-sent events.

Source: https://ai.google.dev/api/generate-content (2026-11)
"""

from __future__ import annotations

import json
from typing import Any

from .answers import Answer, Seen, pieces

_STATUSES = {400: "INVALID_ARGUMENT", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}


class Gemini:
    """The dialect."""

    paths: tuple[str, ...] = ("/v1beta/models/{model}:streamGenerateContent",)

    def refuses(self, request: Seen, key: str) -> tuple[int, dict[str, Any]] | None:
        """Refuse what lacks the key, is not to be streamed as events, or does not begin with the user."""
        if request.headers.get("x-goog-api-key") != key:
            return 400, self.error(401)
        contents = request.body.get("contents")
        if "alt=sse" not in request.path or not contents or contents[0].get("role") != "user":
            return 400, self.error(400)
        parts = [part for content in contents for part in content["parts"]]
        calls = sum("functionCall" in part for part in parts)
        results = sum("functionResponse" in part for part in parts)
        return (400, self.error(400)) if calls != results else None

    def error(self, status: int) -> dict[str, Any]:
        """Return the body of an error. A wrong key is a bad argument here, status 400."""
        if status == 401:
            reason = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
            details = [reason | {"domain": "googleapis.com"}]
            message = "API key not valid. Please pass a valid API key."
            return {"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT", "details": details}}
        name = _STATUSES.get(status, "UNAVAILABLE" if status == 503 else "INTERNAL")
        return {"error": {"code": status, "message": "It cannot be done with wrong-key.", "status": name}}

    def opening(self, request: Seen) -> list[str]:
        """Nothing comes before the answer."""
        return []

    def content(self, request: Seen, answer: Answer) -> list[str]:
        """Text by words, calls whole."""
        frames = [_frame([{"text": thought, "thought": True}]) for thought in pieces(answer.thinking)]
        for part in answer.parts:
            if isinstance(part, str):
                frames += [_frame([{"text": piece}]) for piece in pieces(part)]
            else:
                arguments = json.loads(part.arguments)
                frames.append(_frame([{"functionCall": {"id": part.id, "name": part.name, "args": arguments}}]))
        return frames

    def closing(self, request: Seen, answer: Answer) -> list[str]:
        """The reason of the end."""
        return [_frame([{"text": ""}], "STOP")]

    def broken(self) -> str:
        """An object with an error in place of a portion."""
        return f"data: {json.dumps(self.error(503))}\r\n\r\n"

    def comment(self) -> str:
        """A portion without candidates: this vendor has no comments, and its client cannot read any."""
        return _data({})


def _frame(parts: list[dict[str, Any]], reason: str | None = None) -> str:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
    if reason is not None:
        candidate["finishReason"] = reason
    return _data({"candidates": [candidate]})


def _data(members: dict[str, Any]) -> str:
    usage = {"promptTokenCount": 12, "candidatesTokenCount": 3, "totalTokenCount": 15}
    value = members | {"usageMetadata": usage, "modelVersion": "gemini-x", "responseId": "r1"}
    return f"data: {json.dumps(value, ensure_ascii=False)}\r\n\r\n"
