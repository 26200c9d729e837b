"""OpenAI's chat completions, streamed, as OpenAI and all servers compatible with it speak them.

Source: https://platform.openai.com/docs/api-reference/chat-streaming (2026-11)
"""

from __future__ import annotations

import json
from typing import Any

from .answers import Answer, Seen, Use, pieces

_TYPES = {401: "invalid_request_error", 429: "rate_limit_error"}
_CODES = {401: "invalid_api_key", 429: "rate_limit_exceeded"}


class OpenAiChat:
    """The dialect."""

    paths: tuple[str, ...] = ("/v1/chat/completions",)

    def refuses(self, request: Seen, key: str) -> tuple[int, dict[str, Any]] | None:
        """Refuse what lacks the key, is not to be streamed, or leaves a call without its result."""
        if request.headers.get("authorization") != f"Bearer {key}":
            return 401, self.error(401)
        body = request.body
        if not body.get("stream") or not body.get("messages"):
            return 400, self.error(400)
        called = {call["id"] for message in body["messages"] for call in message.get("tool_calls") or ()}
        answered = {message["tool_call_id"] for message in body["messages"] if message["role"] == "tool"}
        return (400, self.error(400)) if called != answered else None

    def error(self, status: int) -> dict[str, Any]:
        """Return the body of an error; like the vendor's, it quotes what it was given."""
        kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
        message = "Incorrect API key provided: wrong-key." if status == 401 else "It cannot be done."
        return {"error": {"message": message, "type": kind, "param": None, "code": _CODES.get(status)}}

    def opening(self, request: Seen) -> list[str]:
        """The first chunk names the role."""
        return [_chunk(request, {"role": "assistant", "content": ""})]

    def content(self, request: Seen, answer: Answer) -> list[str]:
        """Text by words; a call's name first, then its arguments in fragments."""
        frames = [_chunk(request, {"reasoning_content": thought}) for thought in pieces(answer.thinking)]
        index = 0
        for part in answer.parts:
            if isinstance(part, str):
                frames += [_chunk(request, {"content": piece}) for piece in pieces(part)]
                continue
            if answer.faults.unnumbered:
                whole = {"name": part.name, "arguments": part.arguments}
                frames.append(_calls(request, {"id": part.id, "type": "function", "function": whole}))
                continue
            head = {"index": index, "id": part.id, "type": "function"}
            frames.append(_calls(request, head | {"function": {"name": part.name, "arguments": ""}}))
            frames += [
                _calls(request, {"index": index, "function": {"arguments": part.arguments[start : start + 3]}})
                for start in range(0, len(part.arguments), 3)
            ]
            index += 1
        return frames

    def closing(self, request: Seen, answer: Answer) -> list[str]:
        """The reason of the end, the usage if it was asked for, and the end itself."""
        reason = "tool_calls" if any(isinstance(part, Use) for part in answer.parts) else "stop"
        frames = [_chunk(request, {}, reason)]
        if (request.body.get("stream_options") or {}).get("include_usage"):
            usage = {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}
            frames.append(_data(_envelope(request) | {"choices": [], "usage": usage}))
        return [*frames, "data: [DONE]\n\n"]

    def broken(self) -> str:
        """An object with an error in place of a chunk."""
        return _data(self.error(500))

    def comment(self) -> str:
        """A comment line."""
        return ": keep-alive\r\n\r\n"


def _envelope(request: Seen) -> dict[str, Any]:
    model = request.body.get("model")
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1764000000, "model": model, "extra": 1}


def _chunk(request: Seen, delta: dict[str, Any], reason: str | None = None) -> str:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
    return _data(_envelope(request) | {"choices": [choice]})


def _calls(request: Seen, fragment: dict[str, Any]) -> str:
    return _chunk(request, {"tool_calls": [fragment]})


def _data(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"
