"""Whether a transcript sounds finished: a rule on its last words. Pure; silence is weighed elsewhere."""

from __future__ import annotations

import re
from typing import Literal
from unicodedata import normalize

from voicecall.core.languages import ENGLISH, Language

Completeness = Literal["complete", "open", "unclear"]


_LEFT_OPEN = re.compile(r"(\.\.\.|…|[,:;\u2013\u2014\u3001\uff0c-])[\"')\]»”’]*$")
_ENDED = re.compile(r"[.!?\u3002\uff01\uff1f][\"')\]»”’]*$")
_ASKED = re.compile(r"[?\uff1f][\"')\]»”’]*$")
_WORD = re.compile(r"[$€£+#]?\w[\w'.:@-]*\w%?|[$€£+#]?\w%?")
_NUMERIC = re.compile(r"\+?\d+(?:[-.]\d+)*")
_SPELLED = re.compile(r"[^\W\d_](?:[-.][^\W\d_])*")


def completeness(text: str, language: Language = ENGLISH) -> Completeness:
    """Say whether the speaker seems to be done: `open` when more should follow, `unclear` when nothing tells."""
    said = normalize("NFC", text).replace("\u2019", "'").strip()
    words = _WORD.findall(said.lower())
    if not words:
        return "unclear"
    last = words[-1]
    if _LEFT_OPEN.search(said) or last in language.always_open:
        return "open"
    if digits := _digits_read_out(words, language):
        return "open" if digits < language.whole_number else "unclear"
    if _is_spelling(words, language):
        return "open"
    ended, asked = _ENDED.search(said) is not None, _ASKED.search(said) is not None
    if last in language.particles:
        return "complete" if asked or said.endswith("!") else "unclear" if ended else "open"
    if last in language.usually_open:
        answered = ended and 2 <= len(words) <= 4 and words[-2] in language.pronouns
        return "complete" if asked or answered else "open"
    return "complete" if ended or last in language.closed else "unclear"


def _digits_read_out(words: list[str], language: Language) -> int:
    """Return how many digits were read out at the end; none when it is a plain number, a decimal, a year or a date."""
    run: list[int] = []
    for word in reversed(words):
        digits = sum(character.isdecimal() for character in word)
        joined = word.split("-")
        if all(part in language.digits for part in joined):
            run.append(len(joined))
        elif word in language.numbers:
            run.append(2)
        elif _NUMERIC.fullmatch(word) and digits:
            run.append(digits)
        else:
            break
    if len(run) == 1:
        plain = run[0] < 3 or "." in words[-1] or _is_year(words[-1])
        return 0 if plain and "-" not in words[-1] else run[0]
    if len(run) == 2 and _is_year(words[-1]) and words[-2].isdecimal() and run[1] <= 2:
        return 0
    return sum(run)


def _is_year(word: str) -> bool:
    return len(word) == 4 and word.isdecimal() and word[:2] in ("19", "20")


def _is_spelling(words: list[str], language: Language) -> bool:
    """Say whether letters are being spelled at the end."""
    letters = 0
    for word in reversed(words):
        if word in language.spelling:
            letters += 1
        elif _SPELLED.fullmatch(word):
            letters += sum(character.isalpha() for character in word)
        else:
            break
    return letters >= 2 and words[-1] not in language.initials
