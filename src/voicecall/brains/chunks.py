"""The words in chunks of a chat completion, as OpenAI and its many likenesses stream them (2026-11). Pure."""

from __future__ import annotations

import msgspec


class _Piece(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    delta: _Piece | None = None
    message: _Piece | None = None


class _Failure(msgspec.Struct):
    type: str | None = None
    code: str | int | None = None


class Chunk(msgspec.Struct):
    """A chunk of a chat completion, or a whole one. Reasoning, refusals and tool calls are not for the caller."""

    choices: list[_Choice] | None = None
    error: _Failure | str | None = None

    @property
    def text(self) -> str:
        """The words in it; often there are none."""
        for choice in self.choices or ():
            piece = choice.delta or choice.message
            return piece.content or "" if piece is not None else ""
        return ""

    @property
    def failure(self) -> str:
        """The kind of error it reports, in one word; empty when it reports none."""
        if self.error is None:
            return ""
        word = "" if isinstance(self.error, str) else str(self.error.code or self.error.type or "")
        return word if word.replace("_", "").replace("-", "").isalnum() and len(word) <= 40 else "error"
