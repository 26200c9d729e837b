"""Plivo's codes in our words: none that says nothing to do, and none of Plivo's own texts."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from voicecall.carriers.plivo import codes


@pytest.mark.parametrize("code", [0, 1000, 3000, 3010, 3020, 3110, 4000, 4010, 4020, 4030, 6010, 9000, 9100])
def test_an_ordinary_end_needs_no_words(code: int) -> None:
    assert codes.ended(code) == ""


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (1010, "credit"),
        (1020, "as many calls"),
        (2000, "E.164"),
        (2030, "Geo Permissions"),
        (3090, "congested"),
        (5030, "as many calls"),
        (6000, "longest"),
        (7011, "public_url"),
        (8011, "plivo.voice"),
        (4999, "hangup-causes"),
    ],
)
def test_any_other_end_is_explained(code: int, words: str) -> None:
    sentence = codes.ended(code)
    assert words in sentence
    assert str(code) in sentence
    assert sentence.endswith(".")


@pytest.mark.parametrize(
    ("status", "text", "words"),
    [
        (400, "Insufficient balance", "credit"),
        (400, "Calling this country is not enabled", "Geo Permissions"),
        (400, "answer_url is not a valid URL", "public_url"),
        (400, "invalid send_digits", "0-9"),
        (400, "{'from': ['15550100100 is not yours']}", "from_number"),
        (400, "to is not a valid number", "E.164"),
        (400, "something else", "no more"),
        (401, "to", "plivo.auth_token"),
        (403, "", "Geo Permissions"),
        (404, "", "plivo.auth_id"),
        (429, "", "wait"),
        (503, "balance", "no more"),
    ],
)
def test_a_refusal_is_explained_by_its_status_and_a_word_in_it(status: int, text: str, words: str) -> None:
    assert words in codes.refused(status, text)


@pytest.mark.parametrize(
    ("reason", "words"),
    [("connection_failed", "reaches"), ("authentication_failed", "stream.refused"), ("buffer_overflow", "ahead")],
)
def test_a_stream_that_was_dropped_says_why(reason: str, words: str) -> None:
    assert words in codes.dropped(reason)


@given(st.text(), st.integers(), st.integers(0, 99_999))
def test_nothing_of_theirs_is_repeated(text: str, status: int, code: int) -> None:
    for sentence in (codes.refused(status, f"<{text}>"), codes.dropped(f"<{text}>"), codes.ended(code)):
        assert len(sentence) < 200
        assert "<" not in sentence
