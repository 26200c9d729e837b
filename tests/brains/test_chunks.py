"""The words in chunks of a chat completion."""

from __future__ import annotations

import msgspec
import pytest

from voicecall.brains.chunks import Chunk


@pytest.mark.parametrize(
    ("raw", "text", "failure"),
    [
        ('{"choices":[{"delta":{"content":"hello"}}]}', "hello", ""),
        ('{"choices":[{"delta":{"role":"assistant","content":""}}]}', "", ""),
        ('{"choices":[{"delta":{"content":null,"tool_calls":[{"index":0}]}}]}', "", ""),
        ('{"choices":[{"delta":{"reasoning_content":"hm"}}]}', "", ""),
        ('{"choices":[],"usage":{"total_tokens":3}}', "", ""),
        ('{"choices":[{"delta":{},"finish_reason":"stop"}]}', "", ""),
        ('{"choices":[{"message":{"content":"whole"}}]}', "whole", ""),
        ('{"choices":null}', "", ""),
        ('{"object":"ping"}', "", ""),
        ('{"error":{"message":"the caller said x","type":"overloaded_error"}}', "", "overloaded_error"),
        ('{"error":{"code":429,"type":"rate"}}', "", "429"),
        ('{"error":"the caller said x"}', "", "error"),
        ('{"error":{"type":"the caller said x"}}', "", "error"),
    ],
)
def test_of_a_chunk_only_words_for_the_caller_count(raw: str, text: str, failure: str) -> None:
    chunk = msgspec.json.decode(raw, type=Chunk)
    assert (chunk.text, chunk.failure) == (text, failure)
