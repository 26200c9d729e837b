"""How streaming text is cut into pieces, by examples and by laws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecall.speech.sentences import Pieces


def pieces(text: str, step: int = 1) -> list[str]:
    splitter = Pieces()
    found = [piece for begin in range(0, len(text), step) for piece in splitter.feed(text[begin : begin + step])]
    return found + splitter.flush()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sure. Let me check. One moment", ["Sure.", "Let me check.", "One moment"]),
        ("Well, yes, I think so, really.", ["Well, yes,", "I think so, really."]),
        (
            "Your appointment is confirmed for Tuesday the fourteenth at half past nine. See you!",
            ["Your appointment is confirmed", "for Tuesday the fourteenth at half past nine.", "See you!"],
        ),
        (
            "One two three four five six seven eight nine",
            ["One two three four five six seven", "eight nine"],
        ),
        ("We go to the of the a my seven eight nine", ["We go to the of the a my seven", "eight nine"]),
        ('Yes... maybe! (No?) "So." ok', ["Yes...", "maybe!", "(No?)", '"So."', "ok"]),
        ("- Yes. No.", ["- Yes.", "No."]),
        ("I will - if I may - do it.", ["I will -", "if I may - do it."]),
    ],
)
def test_the_first_piece_is_short_and_the_others_are_sentences(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


def test_a_later_long_sentence_is_cut_at_a_clause() -> None:
    text = "Hello. This sentence has quite a lot of words before its comma comes, and then goes on for a while."
    assert pieces(text) == [
        "Hello.",
        "This sentence has quite a lot of words before its comma comes,",
        "and then goes on for a while.",
    ]


def test_a_sentence_without_any_border_is_cut_all_the_same() -> None:
    text = "Hello. " + " ".join(["blah"] * 65)
    assert [len(piece.split()) for piece in pieces(text)] == [1, 30, 30, 5]


@pytest.mark.parametrize(
    "whole",
    [
        "Dr. Smith, J. R. Miller, and Mrs. Jones came.",
        "It costs $1,200.50 in all.",
        "Ask foo.bar@example.com or https://example.com/a.b?c=d now.",
        "The U.S. team met at 10:42 a.m. on Monday.",
        "Take 5, 6, 7 of it.",
        "1. Open it.",
        "We have e.g. 3.14 here.",
    ],
)
def test_names_numbers_addresses_and_times_stay_whole(whole: str) -> None:
    before = "Here it is."
    assert pieces(f"{before} {whole} Then.") == [before, whole, "Then."]


def test_an_abbreviation_can_end_a_sentence() -> None:
    assert pieces("We met at 5 p.m. Then we left.") == ["We met at 5 p.m.", "Then we left."]
    assert pieces("He lives in the U.S. She does not.") == ["He lives in the U.S.", "She does not."]
    assert pieces("It was I. He knew.") == ["It was I.", "He knew."]


def test_lines_and_paragraphs_are_borders_but_soft_breaks_are_not() -> None:
    assert pieces("Steps\n\none two\nthree\n- four\nFive\n") == ["Steps", "one two\nthree", "- four", "Five"]


def test_a_comma_after_a_number_waits_for_what_follows() -> None:
    splitter = Pieces()
    assert splitter.feed("On May 5, ") == []
    assert splitter.feed("we") == ["On May 5,"]


def test_code_and_links_stay_whole() -> None:
    code = "```python\nx = 1. Yes.\n\nprint(x)\n```"
    link = "[this page. It is good](https://x.y)"
    assert code in pieces(f"Look here. {code}\n\nThat is it.")
    assert f"See {link} now." in pieces(f"Look here. See {link} now.")


def test_a_piece_comes_as_soon_as_it_can() -> None:
    splitter = Pieces()
    assert splitter.feed("Sure.") == []
    assert splitter.feed(" ") == ["Sure."]
    assert splitter.feed("Let me check that ") == []
    assert splitter.flush() == ["Let me check that"]
    assert splitter.flush() == []


def test_after_a_flush_the_next_first_piece_is_short_again() -> None:
    splitter = Pieces()
    splitter.feed("One. Two. ")
    splitter.flush()
    assert splitter.feed("Well, yes, I think so. ") == ["Well, yes,", "I think so."]


WORDS = st.sampled_from(
    ["hello", "and", "the", "Dr.", "p.m.", "U.S.", "ok.", "well,", "5,", "6", "$3.50", "-", "```", "[a", "b](c)", "\n",
     "\n\n", "e.g.", "x@y.z", "I.", "so!", "1.", "*", "Then", "…", "(no)", "for"]
)  # fmt: skip


@given(st.lists(WORDS, max_size=60).map(" ".join), st.integers(1, 9))
def test_every_word_comes_out_once_in_order_and_portions_do_not_matter(text: str, step: int) -> None:
    found = pieces(text, step)
    assert " ".join(found).split() == text.split()
    assert all(piece and piece == piece.strip() for piece in found)
    assert found == pieces(text)


@given(st.text())
def test_any_text_keeps_its_words(text: str) -> None:
    assert " ".join(pieces(text)).split() == text.split()
