"""What holds for the tables of every language."""

from __future__ import annotations

import unicodedata
from time import process_time

import pytest
from hypothesis import given, strategies as st

from voicecall.core.endpoint import completeness
from voicecall.core.languages import (
    ENGLISH,
    FRENCH,
    GERMAN,
    SPANISH,
    Language,
    asks_for_a_moment,
    is_backchannel,
    is_recording,
    language,
)

KNOWN = [ENGLISH, GERMAN, SPANISH, FRENCH]
TEXTS = ("filler", "apology", "reprompt", "goodbye", "sorry", "late")
TABLES = (
    "always_open", "particles", "usually_open", "pronouns", "closed", "digits", "numbers", "spelling", "initials",
    "backchannels", "asides",
)  # fmt: skip


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        ("en", ENGLISH),
        ("en-US", ENGLISH),
        ("DE-at", GERMAN),
        ("de_CH", GERMAN),
        ("es-419", SPANISH),
        (" fr-CA ", FRENCH),
        ("fr-Latn-FR", FRENCH),
    ],
)
def test_a_language_is_found_by_its_primary_subtag(tag: str, found: Language) -> None:
    assert language(tag) is found


@pytest.mark.parametrize("tag", ["ja", "pt-BR", "", "eng", "multi", "x-en"])
def test_an_unknown_language_says_and_takes_nothing(tag: str) -> None:
    unknown = language(tag)
    assert unknown.tag == tag.split("-")[0]
    assert [getattr(unknown, text) for text in TEXTS] == [""] * len(TEXTS)
    assert not is_backchannel("okay", unknown)
    assert not asks_for_a_moment("one moment", unknown)
    assert is_recording("leave a message after the tone", unknown) == ""
    assert completeness("I want to", unknown) == "unclear"


def test_without_words_punctuation_and_digits_still_tell() -> None:
    unknown = language("nl")
    assert completeness("Ik wil, ", unknown) == "open"
    assert completeness("Hoe gaat het?", unknown) == "complete"
    assert completeness("Mijn nummer is 06 12", unknown) == "open"
    assert completeness("\u3053\u3093\u306b\u3061\u306f\u3002", language("ja")) == "complete"


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.tag)
def test_every_known_language_has_every_table_and_text(known: Language) -> None:
    assert all(getattr(known, table) for table in TABLES)
    texts = [getattr(known, text) for text in TEXTS]
    assert all(texts)
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.tag)
def test_every_entry_can_be_met(known: Language) -> None:
    """Entries are compared with words in lower case, composed, with a plain apostrophe."""
    for table in TABLES:
        for entry in getattr(known, table):
            assert entry == unicodedata.normalize("NFC", entry).lower().strip()
            assert "\u2019" not in entry
    assert all("-" not in phrase and len(phrase.split()) <= 4 for phrase in known.backchannels)
    assert all(is_backchannel(phrase, known) for phrase in known.backchannels)
    assert all(" " not in word for table in TABLES if table != "backchannels" for word in getattr(known, table))


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.tag)
def test_its_own_filler_asks_for_a_moment_and_its_own_texts_are_finished(known: Language) -> None:
    assert asks_for_a_moment(known.filler, known)
    for text in (known.apology, known.reprompt, known.goodbye, known.sorry):
        assert completeness(text, known) == "complete"
        assert is_recording(text, known) == ""
        assert not is_backchannel(text, known)


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.tag)
def test_decomposed_letters_mean_the_same(known: Language) -> None:
    apart = unicodedata.normalize("NFD", "äh ähm là él él más übrigens")
    assert completeness(apart, known) == completeness(unicodedata.normalize("NFC", apart), known)
    for phrase in known.backchannels:
        assert is_backchannel(unicodedata.normalize("NFD", phrase), known)


PARTS = st.lists(
    st.sampled_from(
        "one moment please hold on a second let me look after the tone message leave your call is important to us "
        "okay i am 555 2 B . ? , ... ' - \n moment bitte un instant s'il vous plaît espere é \u0301 [x] (no) *y*".split(
            " "
        )
    ),
    max_size=40,
).map(" ".join)


@given(st.one_of(st.text(), PARTS), st.sampled_from([*KNOWN, language("ja")]))
def test_any_text_is_judged(text: str, known: Language) -> None:
    assert completeness(text, known) in ("complete", "open", "unclear")
    assert is_recording(text, known) in ("", "voicemail", "hold")
    assert isinstance(is_backchannel(text, known), bool)
    assert isinstance(asks_for_a_moment(text, known), bool)


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.tag)
@pytest.mark.parametrize(
    "part",
    [
        "let me look ",
        "a ",
        "1 ",
        "okay ",
        "please leave a ",
        "one moment ",
        "(a ",
        "x.y-",
        "je suis absent ",
        "zurzeit nicht erreichbar ",
        "no puedo contestar ",
        "the number you ",
        "all our ",
        "not here leave my ",
        "nicht da hinterlass eine ",
        "wait let me check my ",
    ],
)
def test_a_long_text_is_judged_in_no_time(part: str, known: Language) -> None:
    text = part * 2000
    begun = process_time()
    completeness(text, known)
    is_recording(text, known)
    is_backchannel(text, known)
    asks_for_a_moment(text, known)
    assert process_time() - begun < 5
