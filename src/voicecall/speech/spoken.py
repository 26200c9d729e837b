"""What a written reply sounds like: no markup, no emoji, no code; in English numbers, dates and signs in words. Pure.

A piece that cannot be spoken, such as a code block, becomes an empty text. In other languages numbers are left to the
voice, which knows how they are read.
"""

from __future__ import annotations

import re

from .spoken_english import in_words
from .spoken_markup import without_markup

_BEFORE_MARK = re.compile(r"\s+(?=[,.;:!?]+(?:\s|$))")
_DOUBLE_MARK = re.compile(r"([,.;:])(?:\s*[,.;:])+(?=\s|$)|([!?])\s*\.(?=\s|$)")
_LATE_MARK = re.compile(r"^(?:[,.;:!?]+\s)+")
_DAY_FIRST = ("GB", "IE", "AU", "NZ", "IN", "ZA")


def spoken(text: str, language: str = "en") -> str:
    """Return the text as it should be read aloud, on one line; empty when there is nothing to say.

    `language` is a BCP 47 tag; its region decides whether 3/4/2026 is in March.
    """
    primary, *rest = re.split("[-_]", language.strip())
    plain = without_markup(text)
    if primary.lower() == "en":
        plain = in_words(plain, day_first=bool(rest) and rest[-1].upper() in _DAY_FIRST)
    plain = _BEFORE_MARK.sub("", " ".join(plain.split()))
    plain = _LATE_MARK.sub("", _DOUBLE_MARK.sub(lambda found: found[2] or _stronger(found[0]), plain))
    return plain if any(character.isalnum() for character in plain) else ""


def _stronger(marks: str) -> str:
    if marks.replace(" ", "").strip(".") == "" and len(marks.replace(" ", "")) >= 3:
        return "..."
    return next(mark for mark in ".:;," if mark in marks)
