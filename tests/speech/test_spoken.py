"""What written replies sound like."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecall.speech.spoken import spoken


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("**Hello** _there_, `you` ~~not~~!", "Hello there, you not!"),
        ("snake_case and 2 * x", "snake_case and two x"),
        ("Great 😀 👍🏽!", "Great!"),
        ("# Title\nText\n- one\n* two\n\n1. first\n> quote", "Title. Text. one. two. one. first. quote"),
        ('See [our site](https://x.y/z "title") and ![a cat](c.png).', "See our site and a cat."),
        ("Before\n```py\nx = 1\n```\nafter", "Before. after"),
        ("Before ```x = 1", "Before"),
        ("<b>bold</b><br/>text, 2 < 3", "bold text, two < three"),
        ("| a | b |\n|---|---|\n| c | d |", "a, b. c, d"),
        ("one\n\n---\n\ntwo", "one. two"),
        ("```\ncode\n```", ""),
        ("😀 --- ***", ""),
        ("", ""),
    ],
)
def test_markup_and_signs_are_not_spoken(written: str, expected: str) -> None:
    assert spoken(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("10:42", "ten forty-two"),
        ("at 9:05 am.", "at nine oh five A M."),
        ("at 7 a.m. on Monday", "at seven A M on Monday"),
        ("at 5 p.m. Then", "at five P M. Then"),
        ("7:00 PM, 7:00, 14:00", "seven P M, seven o'clock, fourteen hundred hours"),
        ("10:42:30", "10:42:30"),
    ],
)
def test_times(written: str, expected: str) -> None:
    assert spoken(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("$5.50", "five dollars and fifty cents"),
        ("$1", "one dollar"),
        ("$1,200", "one thousand two hundred dollars"),
        ("$0.01 and £0.02", "one cent and two pence"),
        ("€2.5 million", "two point five million euros"),
        ("$3 million", "three million dollars"),
        ("£1.5", "one pound and fifty pence"),
    ],
)
def test_money(written: str, expected: str) -> None:
    assert spoken(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("555-0134", "five five five, zero one three four"),
        ("(212) 555-0134", "two one two, five five five, zero one three four"),
        ("+1 212-555-0134.", "plus one, two one two, five five five, zero one three four."),
        ("+15550100002", "plus one five five five zero one zero zero zero zero two"),
    ],
)
def test_telephone_numbers_are_read_digit_by_digit_in_groups(written: str, expected: str) -> None:
    assert spoken(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("3.14", "three point one four"),
        ("-7 and 5 %", "minus seven and five percent"),
        ("1,234,567", "one million two hundred thirty-four thousand five hundred sixty-seven"),
        ("1985, 2007, 1900, 2000, 2026", "nineteen eighty-five, two thousand seven, nineteen hundred, two thousand, "
         "twenty twenty-six"),
        ("1905", "nineteen oh five"),
        ("1999%", "one thousand nine hundred ninety-nine percent"),
        ("1st, 2nd, 3rd, 20th, 21st", "first, second, third, twentieth, twenty-first"),
        ("12th, 100th", "twelfth, one hundredth"),
        ("3-5 days", "three to five days"),
        ("order 00123", "order zero zero one two three"),
        ("12345678", "one two three four five six seven eight"),
        ("1,000,000,000,000,000,000", "one" + " zero" * 18),
        ("version 2.0.1", "version 2.0.1"),
        ("R&D, e.g. 20°", "R and D, for example twenty degrees"),
        ("i.e. this", "that is this"),
        ("a.b-c@example.com", "a dot b dash c at example dot com"),
        ("https://www.example.com/a?b=1.", "example dot com."),
    ],
)  # fmt: skip
def test_numbers_signs_and_addresses(written: str, expected: str) -> None:
    assert spoken(written) == expected


@given(st.text())
def test_any_text_becomes_one_line_with_something_to_say_or_nothing(text: str) -> None:
    said = spoken(text)
    assert said == " ".join(said.split())
    assert said == "" or any(character.isalnum() for character in said)
