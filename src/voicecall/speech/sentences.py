"""Text that streams in, cut into pieces worth speaking: a short first one, then sentences and clauses. Pure.

Cuts fall on white space only, so numbers, addresses and times stay whole. Every word comes out once and in order, and
how the text was portioned does not matter. The time it takes grows with the text and no faster.
"""

from __future__ import annotations

import re
from typing import Literal

from .sentences_words import Words, words_of

_Border = Literal["none", "clause", "sentence", "unknown"]

_FIRST = (2, 4, 7)
_LATER = (10, 24, 30)
# Words from which on a clause is a piece of its own, a border before "and" or "for" will do, any border will do.
_FEWEST = 3  # words before a cut inside a clause
_LONGEST_ASIDE = 30  # words in brackets or quotation marks that stay together

_RUN = re.compile(r"\s+|\S+")
_CLOSERS = r"[\"'\u2018\u2019\u201c\u201d\u00bb)\]*_]*$"
_SENTENCE_END = re.compile(rf"[.!?\u2026\u3002\uff01\uff1f]{_CLOSERS}")
_ELLIPSIS = re.compile(rf"(?:\.\.+|\u2026){_CLOSERS}")
_CLAUSE_END = re.compile(rf"[,;:\u2013\u2014\uff0c\u3001]{_CLOSERS}|^[-\u2013\u2014]+$")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)+", re.IGNORECASE)
_LIST_NUMBER = re.compile(r"\(?\d{1,3}[.)]")
_OPENERS = "\"'(*_[\u00ab\u201e\u201c\u2018\u00bf\u00a1"
_ALONE = "\u00bb\u201d\u2019"
_SURROGATES = re.compile("[\ud800-\udfff]")


class Pieces:
    """Collects text and hands out what can be spoken."""

    def __init__(self, language: str = "en") -> None:
        """`language` is a BCP 47 tag."""
        self._known = words_of(language)
        self._start()

    def _start(self) -> None:
        self._tokens: list[str] = []
        self._gaps: list[str] = []
        self._growing: list[str] = []
        self._begin = 0
        self._first = True
        self._restart()

    def _restart(self) -> None:
        """Look at the tokens from `_begin` on as a new piece."""
        self._at = self._noted = self._begin
        self._words = 0
        self._natural = self._forced = -1
        self._fenced = False
        self._open: dict[str, int] = {}

    def feed(self, text: str) -> list[str]:
        """Take the next text, in any portions; return the pieces that are complete by now."""
        for run in _RUN.findall(text):
            if not run.isspace():
                self._growing.append(run)
            elif self._growing:
                self._tokens.append("".join(self._growing))
                self._gaps.append(_gap(run))
                self._growing.clear()
            elif self._tokens:
                self._gaps[-1] = _gap(self._gaps[-1] + run)
        pieces = []
        while (last := self._cut()) is not None:
            pieces.append(self._piece(last + 1))
            self._first = False
        del self._tokens[: self._begin], self._gaps[: self._begin]
        self._at -= self._begin
        self._noted -= self._begin
        self._natural -= self._begin
        self._forced -= self._begin
        self._begin = 0
        return pieces

    def flush(self) -> list[str]:
        """Return what is left, as one piece or none, and start afresh."""
        if self._growing:
            self._tokens.append("".join(self._growing))
            self._gaps.append("")
        rest = self._piece(len(self._tokens))
        self._start()
        return [rest] if rest else []

    def _piece(self, end: int) -> str:
        """Take the tokens up to `end`."""
        parts = zip(self._tokens[self._begin : end], self._gaps[self._begin : end], strict=True)
        self._begin = end
        self._restart()
        text = "".join(part for both in parts for part in both).strip()
        if _SURROGATES.search(text):  # halves of pairs that came apart
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return text

    def _cut(self) -> int | None:
        """Return the last token of the next piece; None when that cannot be told yet."""
        clause, enough, most = _FIRST if self._first else _LATER
        while self._at < len(self._tokens):
            at, token = self._at, self._tokens[self._at]
            after = self._tokens[at + 1] if at + 1 < len(self._tokens) else self._growing[0] if self._growing else ""
            self._note(at, token)
            if self._words and self._is_closed:
                ended = self._tokens[at - 1] + token if token in _ALONE and at > self._begin else token
                found = border(ended, self._gaps[at], after, self._known, begins=self._begins(at))
                if found == "sentence" or (found == "clause" and self._words >= clause):
                    return at
                if at + 1 == len(self._tokens):
                    return None
                if self._words >= _FEWEST and _may_part(token, after, self._known):
                    self._forced = at
                    if after.lower() in self._known.joins:
                        self._natural = at
                if self._words >= enough and self._natural >= self._begin:
                    return self._natural
                if self._words >= most and self._forced >= self._begin:
                    return self._forced
            self._at += 1
        return None

    def _note(self, at: int, token: str) -> None:
        """Count a token, once."""
        if at < self._noted:
            return
        self._noted = at + 1
        if token.isalnum():
            self._words += 1
            return
        self._words += any(character.isalnum() for character in token)
        self._fenced ^= token.count("```") % 2 == 1
        for opening, closing in ("[]", "\u00ab\u00bb"):
            if token.rfind(opening) > token.rfind(closing):
                self._open[opening] = self._words
            elif closing in token:
                self._open.pop(opening, None)

    @property
    def _is_closed(self) -> bool:
        """Whether no code fence, no link's text and no quotation is open."""
        return not self._fenced and all(self._words - since > _LONGEST_ASIDE for since in self._open.values())

    def _begins(self, at: int) -> bool:
        return at == self._begin or "\n" in self._gaps[at - 1]


def border(token: str, gap: str, after: str, known: Words, *, begins: bool) -> _Border:
    """Say what ends with `token`, which `gap` and then `after` follow; `unknown` when a missing `after` decides.

    `begins`: the token is the first of a piece or line.
    """
    if gap == "\n\n" or (gap == "\n" and after and not after[0].islower()):
        return "sentence"
    if token[-1].isalnum():
        return "unknown" if gap == "\n" and not after else "none"
    capital = after[:1].isupper() or after[:1] in _OPENERS
    if _SENTENCE_END.search(token):
        return _after_full_stop(token.lower().lstrip(_OPENERS), after, known, capital=capital, begins=begins)
    if _CLAUSE_END.search(token):
        if any(character.isdigit() for character in token):
            return "unknown" if not after else "none" if after[0].isdigit() else "clause"
        return "clause"
    return "unknown" if gap == "\n" and not after else "none"


def _after_full_stop(low: str, after: str, known: Words, *, capital: bool, begins: bool) -> _Border:
    if low in known.abbreviations or low.endswith(known.suffixes):
        return "none"
    if _INITIALS.fullmatch(low) and (known.numbered or (len(low) == 2 and low != "i.")):
        return "none"
    if _LIST_NUMBER.fullmatch(low) and (begins or known.numbered):
        return "none"
    if low in known.before_numbers:
        return "unknown" if not after else "none" if after[0].isdigit() else "sentence"
    if low in known.at_ends or _INITIALS.fullmatch(low) or _LIST_NUMBER.fullmatch(low):
        return "unknown" if not after else "sentence" if capital else "none"
    if _ELLIPSIS.search(low):
        return "unknown" if not after else "sentence" if capital else "clause"
    return "sentence"


def _may_part(token: str, after: str, known: Words) -> bool:
    """Say whether two words may be spoken apart."""
    if token.isalpha() and after[0].isalpha():
        return token.lower() not in known.never_last
    low = token.lower()
    return (
        low.strip("\"'*_") not in known.never_last
        and low not in known.abbreviations
        and low not in known.before_numbers
        and token[-1] not in _OPENERS
        and not any(character.isdigit() for character in token + after[0])
        and after[0] not in "$€£+([-\u2013\u2014!?;:\u00bb"
    )


def _gap(space: str) -> str:
    return "\n\n"[: space.count("\n")] or " "
