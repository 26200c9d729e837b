"""The text rule for the end of a turn; its examples are among the utterances of every language."""

from __future__ import annotations

from hypothesis import given, strategies as st

from voicecall.core.endpoint import completeness
from voicecall.core.languages import ENGLISH


@given(st.text())
def test_any_text_is_judged_as_english_when_nothing_else_is_said(text: str) -> None:
    assert completeness(text) in ("complete", "open", "unclear")
    assert completeness(text) == completeness(text, ENGLISH)


def test_digits_that_are_written_as_one_word_are_digits() -> None:
    assert completeness("My number is nine-one seven.") == "open"
