"""How words are pronounced, by examples and by laws."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, strategies as st

from voicecall.speech.pronounce import Pronunciations

SAID = Pronunciations(
    {
        "nguyen": "win",
        "Siobhan": "shivawn",
        "SQL": "sequel",
        "MySQL": "my sequel",
        "new  york": "noo yawk",
        "New York Times": "the times",
        "C++": "see plus plus",
        "café": "kaffay",
        "a.b": "a dot b",
        "sequel": "never",
        "": "nothing",
    }
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mr. Nguyen and NGUYEN's nguyen.", "Mr. win and win's win."),
        ("siobhan, SIOBHAN!", "shivawn, shivawn!"),
        ("SQL, sql and MySQL", "sequel, sql and my sequel"),
        ("I read the new york times in New York.", "I read the the times in noo yawk."),
        ("New\n York", "noo yawk"),
        ("C++, c++ and C+++", "see plus plus, see plus plus and see plus plus+"),
        ("cafés, Café", "cafés, kaffay"),
        ("a.b axb", "a dot b axb"),
        ("Nguyens unguyen nguyen_", "Nguyens unguyen nguyen_"),
        ("", ""),
    ],
)
def test_whole_words_are_said_as_listed(text: str, expected: str) -> None:
    assert SAID.apply(text) == expected


def test_letters_may_be_composed_or_not() -> None:
    assert SAID.apply(unicodedata.normalize("NFD", "café")) == "kaffay"


def test_what_is_said_is_taken_as_it_is() -> None:
    assert Pronunciations({"x": r"\1 \g<0>"}).apply("an x") == r"an \1 \g<0>"


@given(st.text())
def test_without_entries_nothing_changes(text: str) -> None:
    assert Pronunciations({}).apply(text) == text
    assert Pronunciations({" ": "x"}).apply(text) == text


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=5), st.text(max_size=30))
def test_any_dictionary_and_any_text_will_do(mapping: dict[str, str], text: str) -> None:
    Pronunciations(mapping).apply(text)


@given(
    st.text(min_size=1, max_size=10).filter(lambda form: form.isalpha() and form == unicodedata.normalize("NFC", form))
)
def test_every_form_is_found(form: str) -> None:
    assert Pronunciations({form: "said"}).apply(f"({form})") == "(said)"
