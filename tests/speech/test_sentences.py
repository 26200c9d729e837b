"""How streaming text is cut into pieces, by examples and by laws."""

from __future__ import annotations

from itertools import cycle
from time import process_time

import pytest
from hypothesis import given, strategies as st

from voicecall.speech.sentences import Pieces


def pieces(text: str, step: int = 1, language: str = "en") -> list[str]:
    splitter = Pieces(language)
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
        ('Yes... maybe! (No?) "So." ok', ["Yes... maybe!", "(No?)", '"So."', "ok"]),
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I said no. Then we left.", ["I said no.", "Then we left."]),
        ("It is no. 5 on the list. Yes.", ["It is no. 5 on the list.", "Yes."]),
        ("I need 20. Thank you.", ["I need 20.", "Thank you."]),
        ("1. Open it. 2. Close it.", ["1. Open it.", "2. Close it."]),
        ("Well... I think so. Hm... So be it.", ["Well...", "I think so.", "Hm...", "So be it."]),
        ("Well… perhaps. Yes.", ["Well… perhaps.", "Yes."]),
        ("See you on Sat. 5 May. He sat. Then he left.", ["See you on Sat. 5 May.", "He sat.", "Then he left."]),
        ("Good. Write to a.b@example.com. Or call.", ["Good.", "Write to a.b@example.com.", "Or call."]),
        ("It costs 1,200.50 in Jan. 2026. Fine.", ["It costs 1,200.50 in Jan. 2026.", "Fine."]),
    ],
)
def test_english_sentences(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("de", "Das geht z.B. Montag. Oder nicht?", ["Das geht z.B. Montag.", "Oder nicht?"]),
        ("de", "Das geht z. B. Montag. Oder nicht?", ["Das geht z. B. Montag.", "Oder nicht?"]),
        ("de", "Ja bzw. Nein. Gut.", ["Ja bzw. Nein.", "Gut."]),
        ("de", "Am 3. Mai. Dann um 5. Gut.", ["Am 3. Mai.", "Dann um 5. Gut."]),
        ("de-AT", "Herr Dr. Müller kommt. Am Mo. 3. Mai.", ["Herr Dr. Müller kommt.", "Am Mo. 3. Mai."]),
        ("de", "Das ist Hauptstr. Nummer fünf. Gut.", ["Das ist Hauptstr. Nummer fünf.", "Gut."]),
        ("de", "Ich mache das so. Danke.", ["Ich mache das so.", "Danke."]),
        (
            "de",
            "Er sagte: \u201eJa. Gut.\u201c Dann ging er.",
            ["Er sagte:", "\u201eJa.", "Gut.\u201c", "Dann ging er."],
        ),
        ("de", "Ja gerne, ich schaue nach.", ["Ja gerne,", "ich schaue nach."]),
        ("es", "¿Qué tal? ¡Hola! Dice que no. Gracias.", ["¿Qué tal?", "¡Hola!", "Dice que no.", "Gracias."]),
        ("es", "Bien. El Sr. Pérez y la Sra. Gil. Sí.", ["Bien.", "El Sr. Pérez y la Sra. Gil.", "Sí."]),
        ("es", "Puede ser, p. ej. Madrid. Sí.", ["Puede ser,", "p. ej. Madrid.", "Sí."]),
        ("es", "Vive en EE.UU. ¿Sí? Con EE.UU. no.", ["Vive en EE.UU.", "¿Sí?", "Con EE.UU. no."]),
        ("fr", "Bonjour ! Ça va ? Oui.", ["Bonjour !", "Ça va ?", "Oui."]),
        ("fr", "M. Dupont et Mme Blanc. Oui.", ["M. Dupont et Mme Blanc.", "Oui."]),
        (
            "fr",
            "Il dit : \u00ab Oui. Bien. \u00bb Puis il part.",
            ["Il dit :", "\u00ab Oui. Bien. \u00bb", "Puis il part."],
        ),
        (
            "fr",
            "Bien. Un deux trois quatre cinq six sept ! Oui.",
            ["Bien.", "Un deux trois quatre cinq six sept !", "Oui."],
        ),
        ("fr", "Ça coûte 1 000 € env. 5 jours. Oui.", ["Ça coûte 1 000 € env. 5 jours.", "Oui."]),
        ("nl", "Goed zo. Dat is prima!", ["Goed zo.", "Dat is prima!"]),
    ],
)
def test_other_languages(language: str, text: str, expected: list[str]) -> None:
    assert pieces(text, language=language) == expected


def test_a_quotation_or_a_bracket_that_never_closes_does_not_hold_everything() -> None:
    assert len(pieces("[ " + "one two three. " * 50)) > 5
    assert len(pieces("\u00ab " + "un deux trois. " * 50, language="fr")) > 5


def test_halves_of_a_pair_that_come_apart_are_joined_again() -> None:
    splitter = Pieces()
    found = splitter.feed("Hi \ud83d") + splitter.feed("\ude00. e") + splitter.feed("\u0301t\ud83d") + splitter.flush()
    assert found == ["Hi \U0001f600.", "e\u0301t\ufffd"]


WORDS = st.sampled_from(
    ["hello", "and", "the", "Dr.", "p.m.", "U.S.", "ok.", "well,", "5,", "6", "$3.50", "-", "```", "[a", "b](c)", "\n",
     "\n\n", "e.g.", "x@y.z", "I.", "so!", "1.", "*", "Then", "…", "(no)", "for", "\u00ab", "\u00bb",
     "Oui,", "!", "3.", "z.B.", "no.", "...", "\u201d", "e\u0301t", "usw.", "n\u00ba"]
)  # fmt: skip


LANGUAGES = st.sampled_from(["en", "de", "es", "fr", "ja"])


@given(st.lists(WORDS, max_size=60).map(" ".join), st.lists(st.integers(1, 12), min_size=1), LANGUAGES)
def test_every_word_comes_out_once_in_order_and_portions_do_not_matter(
    text: str, steps: list[int], language: str
) -> None:
    splitter, found, at = Pieces(language), list[str](), 0
    for step in cycle(steps):
        if at >= len(text):
            break
        found += splitter.feed(text[at : at + step])
        at += step
    found += splitter.flush()
    assert " ".join(found).split() == text.split()
    assert all(piece and piece == piece.strip() for piece in found)
    assert found == pieces(text, language=language)
    assert found == pieces(text, len(text) or 1, language)


@given(st.text())
def test_any_text_keeps_its_words(text: str) -> None:
    assert " ".join(pieces(text)).split() == text.split()


def seconds(text: str, step: int) -> float:
    begun = process_time()
    pieces(text, step)
    return process_time() - begun


def test_the_time_it_takes_grows_with_the_text_and_not_with_its_square() -> None:
    text = "Certainly, I can help you with that; the next appointment is on Tuesday at half past nine. " * 4_000
    assert any(seconds(text[:320_000], 5) < 16 * seconds(text[:40_000], 5) for _attempt in range(3))


@pytest.mark.parametrize(
    "part", ["Yes. ", "word", " ", "\n", "``` a ", "[ a ", "- ", "a, ", "1. ", "and the ", "! ", "« a "]
)
@pytest.mark.parametrize("step", [5, 1_000_000])
def test_the_time_grows_with_the_text_and_no_faster(part: str, step: int) -> None:
    assert seconds(part * (60_000 // len(part)), step) < 1
