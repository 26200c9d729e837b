"""Numbers in words."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from voicecall.speech.numerals import LARGEST, cardinal, clock, digits, ordinal, year


@given(st.integers(0, LARGEST))
def test_every_number_has_words_of_its_own(number: int) -> None:
    assert cardinal(number).replace("-", " ").replace(" ", "").isalpha()
    assert ordinal(number).endswith(("st", "nd", "rd", "th"))


@pytest.mark.parametrize(
    ("number", "words"), [(0, "zero"), (40, "forty"), (100, "one hundred"), (LARGEST, cardinal(LARGEST))]
)
def test_round_numbers(number: int, words: str) -> None:
    assert cardinal(number) == words


def test_years_are_read_in_pairs() -> None:
    assert [year(number) for number in (1066, 1800, 2000, 2010, 2345)] == [
        "ten sixty-six",
        "eighteen hundred",
        "two thousand",
        "twenty ten",
        "twenty-three forty-five",
    ]


def test_clocks_and_digits() -> None:
    assert [clock(0, 15), clock(12, 0), clock(23, 5)] == ["zero fifteen", "twelve o'clock", "twenty-three oh five"]
    assert digits("+1 (40)") == "one four zero"
