"""From gruut's phonemes to those of the voice."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from voicecall.speech.tts.phonemes import Phonemizer, split, to_espeak, words_of


def word(text: str, *phonemes: str, minor: bool = False, major: bool = False) -> SimpleNamespace:
    return SimpleNamespace(text=text, phonemes=list(phonemes) or None, is_minor_break=minor, is_major_break=major)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("i", "iː"), ("ˈi", "ˈiː"), ("ˌɑ", "ˌɑː"), ("d͡ʒ", "dʒ"), ("ˈo͡ʊ", "ˈoʊ"), ("ɚ", "ɚ"), ("ˈɚ", "ˈɜː"), ("k", "k")],
)
def test_phonemes_are_written_as_espeak_writes_them(ours: str, theirs: str) -> None:
    assert to_espeak(ours) == theirs


def test_pauses_and_stops_hang_on_the_word_before() -> None:
    sentence = [
        word(",", "|", minor=True),
        word("hey", "h", "ˈe͡ɪ"),
        word(",", "|", minor=True),
        word("...", "|", minor=True),
        word('"'),
        word("you", "j", "ˈu"),
        word("?!", "‖", major=True),
        word("go", "ɡ", "ˈo͡ʊ"),
        word("!", "‖", major=True),
    ]
    assert words_of(sentence) == ["hˈeɪ,", "jˈuː.", "ɡˈoʊ!"]


def test_an_odd_pause_is_a_comma() -> None:
    assert words_of([word("a", "ə"), word("...", "|", minor=True)]) == ["ə,"]


def test_long_sentences_are_divided_at_pauses_where_there_are_any() -> None:
    assert split([]) == []
    assert split(["one", "two"]) == ["one two"]
    words = ["abcdefghi"] * 100
    parts = split(words)
    assert " ".join(parts).split() == words
    assert all(len(part) <= 240 for part in parts)
    words[14] = "abcdefgh,"
    assert split(words)[0].split() == words[:15]


def test_what_the_voice_has_no_sound_for_is_left_out() -> None:
    phonemizer = Phonemizer({"^": [1], "_": [0], "$": [2], "h": [20], "ə": [59]})
    phonemizer.close()  # before its first use there is nothing to close
    (ids,) = phonemizer.phrases("Huh")
    assert ids[:2] == [1, 0]
    assert ids[-1] == 2
    assert set(ids) <= {0, 1, 2, 20, 59}
    assert phonemizer.phrases("...") == []
    assert phonemizer.phrases("😀 — !") == []
    phonemizer.close()
