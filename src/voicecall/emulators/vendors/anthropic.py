"""Anthropic's messages, streamed. The key comes as `x-api-key`, or as a bearer token since version 2026-10-21.

Source: https://docs.anthropic.com/en/api/messages-streaming (2026-11)
"""

from __future__ import annotations

import json
from typing import Any

from .answers import Answer, Seen, Use, pieces

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}


class Anthropic:
    """The dialect."""

    paths: tuple[str, ...] = ("/v1/messages",)

    def refuses(self, request: Seen, key: str) -> tuple[int, dict[str, Any]] | None:
        """Refuse what lacks key, version or limit, does not begin with the user, or leaves a call without result."""
        if key not in (request.headers.get("x-api-key"), request.headers.get("authorization", "")[len("Bearer ") :]):
            return 401, self.error(401)
        body = request.body
        messages = body.get("messages")
        if "anthropic-version" not in request.headers or not body.get("stream"):
            return 400, self.error(400)
        if not messages or messages[0]["role"] != "user" or not body.get("max_tokens"):
            return 400, self.error(400)
        blocks = [block for message in messages if isinstance(message["content"], list) for block in message["content"]]
        called = {block["id"] for block in blocks if block["type"] == "tool_use"}
        answered = {block["tool_use_id"] for block in blocks if block["type"] == "tool_result"}
        empty = any(block["type"] == "text" and not block["text"].strip() for block in blocks)
        return (400, self.error(400)) if called != answered or empty else None

    def error(self, status: int) -> dict[str, Any]:
        """Return the body of an error."""
        error = {"type": _TYPES.get(status, "api_error"), "message": "It cannot be done with wrong-key."}
        return {"type": "error", "error": error, "request_id": "req_1"}

    def opening(self, request: Seen) -> list[str]:
        """The message as it begins."""
        message: dict[str, Any] = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "content": [],
            "model": request.body.get("model"),
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": 12, "output_tokens": 1},
        }
        return [_event("message_start", message=message), _event("ping")]

    def content(self, request: Seen, answer: Answer) -> list[str]:
        """One block per thought, text or call, each opened, filled and closed."""
        blocks: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
        if answer.thinking:
            thoughts = [{"type": "thinking_delta", "thinking": thought} for thought in pieces(answer.thinking)]
            signature = {"type": "signature_delta", "signature": "c2lnbmF0dXJl"}
            blocks.append(({"type": "thinking", "thinking": "", "signature": ""}, [*thoughts, signature]))
        for part in answer.parts:
            if isinstance(part, str):
                words = [{"type": "text_delta", "text": piece} for piece in pieces(part)]
                blocks.append(({"type": "text", "text": ""}, words))
            else:
                fragments = [part.arguments[start : start + 3] for start in range(0, len(part.arguments), 3)]
                inputs = [{"type": "input_json_delta", "partial_json": fragment} for fragment in fragments]
                blocks.append(({"type": "tool_use", "id": part.id, "name": part.name, "input": {}}, inputs))
        frames: list[str] = []
        for index, (block, deltas) in enumerate(blocks):
            frames.append(_event("content_block_start", index=index, content_block=block))
            frames += [_event("content_block_delta", index=index, delta=delta) for delta in deltas]
            frames.append(_event("content_block_stop", index=index))
        return frames

    def closing(self, request: Seen, answer: Answer) -> list[str]:
        """The reason of the end, and the end."""
        reason = "tool_use" if any(isinstance(part, Use) for part in answer.parts) else "end_turn"
        delta = {"stop_reason": reason, "stop_sequence": None}
        return [_event("message_delta", delta=delta, usage={"output_tokens": 3}), _event("message_stop")]

    def broken(self) -> str:
        """An error event."""
        return _event("error", error={"type": "overloaded_error", "message": "Overloaded"})

    def comment(self) -> str:
        """A ping: this vendor has no comments."""
        return _event("ping")


def _event(name: str, **members: Any) -> str:
    return f"event: {name}\ndata: {json.dumps({'type': name} | members, ensure_ascii=False)}\n\n"
