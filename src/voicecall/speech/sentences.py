"""Text that streams in, cut into pieces worth speaking: a short first one, then sentences and clauses. Pure.

Cuts fall on white space only, so numbers, addresses and times stay whole. Every word comes out once and in order.
"""

from __future__ import annotations

import re
from typing import Literal

_Border = Literal["none", "clause", "sentence", "unknown"]

_FIRST = (2, 4, 7)
_LATER = (10, 24, 30)
# Words from which on a clause is a piece of its own, a border before "and" or "for" will do, any border will do.
_FEWEST = 3  # words before a cut inside a clause

_TOKEN = re.compile(r"\S+")
_SENTENCE_END = re.compile(r"[.!?\u2026][\"'\u2019\u201d)\]*_]*$")
_CLAUSE_END = re.compile(r"[,;:\u2013\u2014][\"'\u2019\u201d)\]*_]*$|^[-\u2013\u2014]+$")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)+", re.IGNORECASE)
_LIST_NUMBER = re.compile(r"\(?\d{1,3}[.)]")


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_ABBREVIATIONS = _words(
    "dr. mr. mrs. ms. prof. st. rd. ave. mt. gen. rep. sen. vs. no. fig. approx. dept. est. e.g. i.e."
)
_ABBREVIATIONS_AT_ENDS = _words("a.m. p.m. etc. inc. ltd. co. corp. jr. sr. u.s. u.k. ph.d. min. max. hr. hrs.")
_JOINS = _words("and but or so because which who when while if for at on in to with about from of by than as until")
_NEVER_LAST = _words("a an the my your his her its our their this these those very and or to of in on at for with not")


class Pieces:
    """Collects text and hands out what can be spoken."""

    def __init__(self) -> None:
        self._text = ""
        self._first = True

    def feed(self, text: str) -> list[str]:
        """Take the next text, in any portions; return the pieces that are complete by now."""
        self._text += text
        pieces = []
        while (place := self._cut()) is not None:
            pieces.append(self._text[:place].strip())
            self._text = self._text[place:].lstrip()
            self._first = False
        return pieces

    def flush(self) -> list[str]:
        """Return what is left, as one piece or none, and start afresh."""
        rest = self._text.strip()
        self._text = ""
        self._first = True
        return [rest] if rest else []

    def _cut(self) -> int | None:
        """Return where the next piece ends; None when that cannot be told yet."""
        clause, enough, most = _FIRST if self._first else _LATER
        tokens = list(_TOKEN.finditer(self._text))
        whole = len(tokens) - bool(self._text[-1:].strip())  # the last one may still grow
        words = 0
        natural: int | None = None
        forced: int | None = None
        for number, match in enumerate(tokens[:whole]):
            token, end = match[0], match.end()
            words += any(character.isalnum() for character in token)
            if words == 0 or not _is_closed(self._text[:end]):
                continue
            after = tokens[number + 1] if number + 1 < len(tokens) else None
            found = border(token, self._text[end : after.start() if after else None], after[0] if after else "")
            if found == "sentence" or (found == "clause" and words >= clause):
                return end
            if after is None or number + 1 == whole:
                return None
            if words >= _FEWEST and _may_part(token, after[0]):
                forced = end
                if after[0].lower() in _JOINS:
                    natural = end
            if words >= enough and natural:
                return natural
            if words >= most and forced:
                return forced
        return None


def border(token: str, gap: str, after: str) -> _Border:
    """Say what ends with `token`, which `gap` and then `after` follow; `unknown` when a missing `after` decides."""
    low = token.lower().lstrip("(\"'*_")
    if gap.count("\n") > 1 or ("\n" in gap and after and not after[0].islower()):
        return "sentence"
    if _SENTENCE_END.search(token):
        if (
            low in _ABBREVIATIONS
            or _LIST_NUMBER.fullmatch(low)
            or (_INITIALS.fullmatch(low) and len(low) == 2 and low != "i.")
        ):
            return "none"
        if low in _ABBREVIATIONS_AT_ENDS or _INITIALS.fullmatch(low):
            return "unknown" if not after else "sentence" if after[0].isupper() else "none"
        return "sentence"
    if _CLAUSE_END.search(token):
        if any(character.isdigit() for character in token):
            return "unknown" if not after else "none" if after[0].isdigit() else "clause"
        return "clause"
    return "unknown" if "\n" in gap and not after else "none"


def _is_closed(text: str) -> bool:
    """Say whether no code fence and no link's text is open."""
    return text.count("```") % 2 == 0 and text.rfind("[") <= text.rfind("]")


def _may_part(token: str, after: str) -> bool:
    """Say whether two words may be spoken apart."""
    return (
        token.lower().strip("\"'*_") not in _NEVER_LAST
        and token.lower() not in _ABBREVIATIONS
        and not any(character.isdigit() for character in token + after[:1])
        and after[0] not in "$€£+([-\u2013\u2014"
    )
