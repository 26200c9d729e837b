"""Words in a text: side by side, in any case, or by a regular expression."""

from __future__ import annotations

import pytest

from voicecall.scenarios.matching import check, says

TEXT = "Hello! It's open from nine to five, and again from six."


@pytest.mark.parametrize("wanted", ["hello", "IT’S OPEN", "nine to five and again", "/nine.*six/", "/FIVE,/"])
def test_words_are_found_whatever_their_case_and_punctuation(wanted: str) -> None:
    assert says(TEXT, wanted) is not None


@pytest.mark.parametrize("wanted", ["open nine", "hell", "five to nine", "/six$/", "seven"])
def test_other_words_are_not_found(wanted: str) -> None:
    assert says(TEXT, wanted) is None


def test_a_search_goes_on_after_what_was_found() -> None:
    first = says(TEXT, "from")
    assert first is not None
    second = says(TEXT, "from", first)
    assert second is not None
    assert TEXT[second:] == " six."
    assert says(TEXT, "from", second) is None


@pytest.mark.parametrize("wanted", ["", "...", "/(/"])
def test_what_could_never_be_found_is_refused(wanted: str) -> None:
    with pytest.raises(ValueError, match=r"no word|not a regular expression"):
        check(wanted)


def test_words_and_expressions_are_allowed() -> None:
    check("hello")
    check("/a|b/")
