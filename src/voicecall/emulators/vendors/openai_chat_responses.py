"""OpenAI's responses, streamed: the successor of its chat completions, which only OpenAI serves.

Source: https://platform.openai.com/docs/api-reference/responses-streaming (2026-11)
"""

from __future__ import annotations

import json
from itertools import count
from typing import Any

from .answers import Answer, Seen, Use, pieces
from .openai_chat import OpenAiChat


class OpenAiResponses:
    """The dialect."""

    paths: tuple[str, ...] = ("/v1/responses",)

    def __init__(self) -> None:
        self._numbers = count()

    def refuses(self, request: Seen, key: str) -> tuple[int, dict[str, Any]] | None:
        """Refuse what lacks the key, is not to be streamed, or leaves a call without its result."""
        if request.headers.get("authorization") != f"Bearer {key}":
            return 401, self.error(401)
        body = request.body
        if not body.get("stream") or not body.get("input"):
            return 400, self.error(400)
        called = {item["call_id"] for item in body["input"] if item.get("type") == "function_call"}
        answered = {item["call_id"] for item in body["input"] if item.get("type") == "function_call_output"}
        return (400, self.error(400)) if called != answered else None

    def error(self, status: int) -> dict[str, Any]:
        """Return the body of an error: the same as of chat completions."""
        return OpenAiChat().error(status)

    def opening(self, request: Seen) -> list[str]:
        """The response as it begins."""
        self._numbers = count()
        return [
            self._event("response.created", response=_response(request, "in_progress")),
            self._event("response.in_progress", response=_response(request, "in_progress")),
        ]

    def content(self, request: Seen, answer: Answer) -> list[str]:
        """One item per thought, message or call, each opened, filled and closed."""
        frames: list[str] = []
        parts = [*([_Thought(answer.thinking)] if answer.thinking else []), *answer.parts]
        for index, part in enumerate(parts):
            item, filled = _item(index, part)
            frames.append(self._event("response.output_item.added", output_index=index, item=item))
            place = {"item_id": item["id"], "output_index": index}
            match part:
                case _Thought():
                    frames += self._deltas(
                        "response.reasoning_summary_text", place | {"summary_index": 0}, pieces(part)
                    )
                case Use(arguments=arguments):
                    fragments = [arguments[start : start + 3] for start in range(0, len(arguments), 3)]
                    name = "response.function_call_arguments"
                    frames += self._deltas(name, place, fragments)
                    frames.append(self._event(f"{name}.done", **place, name=part.name, arguments=arguments))
                case _:
                    place |= {"content_index": 0}
                    empty = {"type": "output_text", "text": "", "annotations": []}
                    frames.append(self._event("response.content_part.added", **place, part=empty))
                    frames += self._deltas("response.output_text", place | {"logprobs": []}, pieces(part))
                    frames.append(self._event("response.output_text.done", **place, text=part, logprobs=[]))
                    frames.append(self._event("response.content_part.done", **place, part=empty | {"text": part}))
            frames.append(self._event("response.output_item.done", output_index=index, item=item | filled))
        return frames

    def closing(self, request: Seen, answer: Answer) -> list[str]:
        """The response as it has become."""
        return [self._event("response.completed", response=_response(request, "completed"))]

    def broken(self) -> str:
        """An error event."""
        return self._event("error", code="server_error", message="It cannot be done.", param=None)

    def comment(self) -> str:
        """A comment line."""
        return ": keep-alive\n\n"

    def _deltas(self, kind: str, place: dict[str, Any], fragments: list[str]) -> list[str]:
        return [self._event(f"{kind}.delta", **place, delta=fragment) for fragment in fragments]

    def _event(self, kind: str, /, **members: Any) -> str:
        data = {"type": kind, "sequence_number": next(self._numbers)} | members
        return f"event: {kind}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


class _Thought(str):
    __slots__ = ()


def _item(index: int, part: str | Use) -> tuple[dict[str, Any], dict[str, Any]]:
    """An item of the output as it begins, and what becomes of it."""
    match part:
        case _Thought():
            return {"id": f"rs_{index}", "type": "reasoning", "summary": []}, {}
        case Use(name, arguments, id):
            call = {"id": f"fc_{index}", "type": "function_call", "call_id": id, "name": name}
            begun = {"arguments": "", "status": "in_progress"}
            return call | begun, {"arguments": arguments, "status": "completed"}
        case _:
            message = {"id": f"msg_{index}", "type": "message", "role": "assistant", "content": []}
            return message | {"status": "in_progress"}, {"status": "completed"}


def _response(request: Seen, status: str) -> dict[str, Any]:
    usage = {
        "input_tokens": 12,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 3,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 15,
    }
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1764000000,
        "status": status,
        "model": request.body.get("model"),
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "usage": usage if status == "completed" else None,
    }
