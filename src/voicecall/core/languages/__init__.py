"""What utterances are for and what the gateway itself says, language by language. Pure.

A language that is not known has empty tables and empty texts: silence rather than the wrong language.
"""

from __future__ import annotations

import re
from typing import Literal
from unicodedata import normalize

from .de import GERMAN
from .en import ENGLISH
from .es import SPANISH
from .fr import FRENCH
from .tables import Language

__all__ = [
    "ENGLISH",
    "FRENCH",
    "GERMAN",
    "SPANISH",
    "Language",
    "asks_for_a_moment",
    "is_backchannel",
    "is_recording",
    "language",
    "plain",
]

_KNOWN = {known.tag: known for known in (ENGLISH, GERMAN, SPANISH, FRENCH)}

_WORD = re.compile(r"\w+(?:'\w+)*'?")
_CLAUSE = re.compile(r"[.,;:!?\u00a1\u00bf\u2026\u2013\u2014\n]+|\s-+\s")
_ANNOTATION = re.compile(r"\[[^\W\d][^\]]*\]|\([^\W\d][^)]*\)|\*[^\W\d][^*]*\*")
_LONG = re.compile(r"(\w)\1{2,}")
_LONGEST_PHRASE = 4  # words


def language(tag: str) -> Language:
    """Return the language of a BCP 47 tag, by its primary subtag: "de-AT" is German."""
    primary = re.split("[-_]", tag.strip().lower(), maxsplit=1)[0]
    return _KNOWN.get(primary) or Language(tag=primary)


def plain(text: str) -> str:
    """Return the text in lower case and composed, with one kind of apostrophe and single spaces."""
    return " ".join(normalize("NFC", text).lower().replace("\u2019", "'").split())


def is_backchannel(text: str, language: Language) -> bool:
    """Say whether the words only tell the agent to go on, or are no words but a noise's name such as "[cough]"."""
    said = plain(text)
    heard = _ANNOTATION.sub(" ", said)
    words = _WORD.findall(heard)
    if not words:
        return heard != said
    return any(
        _is_made_of([_LONG.sub(short, word) for word in words], language.backchannels) for short in (r"\1\1", r"\1")
    )


def _is_made_of(words: list[str], phrases: frozenset[str]) -> bool:
    place = 0
    while place < len(words):
        ends = range(min(place + _LONGEST_PHRASE, len(words)), place, -1)
        place = next((end for end in ends if " ".join(words[place:end]) in phrases), 0)
        if not place:
            return False
    return True


def asks_for_a_moment(text: str, language: Language) -> bool:
    """Say whether the caller asks to be waited for, with the last clause or the last two: "Hold on, let me see."."""
    clauses = [said for clause in _CLAUSE.split(plain(text)) if (said := _without_asides(clause, language))]
    return any(language.moment.fullmatch(" ".join(clauses[-last:])) for last in (1, 2))


def _without_asides(clause: str, language: Language) -> str:
    words = _WORD.findall(clause)
    while words and words[0] in language.asides:
        del words[0]
    while words and words[-1] in language.asides:
        del words[-1]
    return " ".join(words)


def is_recording(text: str, language: Language) -> Literal["", "voicemail", "hold"]:
    """Say what kind of recording greets the gateway: an answering machine, or a queue; empty for a human being.

    An answering machine does not end on a question.
    """
    said = plain(text)
    if language.voicemail.search(said) and not said.endswith("?"):
        return "voicemail"
    if language.hold.search(said):
        return "hold"
    return "hold" if language.hold_unless_human.search(said) and not language.human.search(said) else ""
