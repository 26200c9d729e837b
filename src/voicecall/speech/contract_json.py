"""A JSON object that comes in portions, read for one string among its members. Pure.

More is taken than RFC 8259 allows, as models write it: single quotes, line ends within strings, a comma too many.
"""

from __future__ import annotations

import re
from typing import Literal

_SPACE = re.compile(r"\s+")
_LITERAL = re.compile(r"[\w.+-]+")
_UNTIL_BRACKET = re.compile(r"[^\"{}\[\]]+")
_UNTIL_QUOTE = {'"': re.compile(r"[^\"\\]+"), "'": re.compile(r"[^'\\]+")}
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_HEX = re.compile(r"[0-9a-fA-F]{4}")
_LONGEST_NAME = 80


class JsonObject:
    """Takes the text from the opening brace on, or from the value of a bare `member`."""

    def __init__(self, member: str = "") -> None:
        self.state: Literal["open", "closed", "broken"] = "open"
        self.has_spoken = False
        self.is_data = bool(member)
        """Whether there was a member, so that it is no prose in braces."""
        self.begun = False
        """For the reader: whether any of the words were used."""
        self._bare = bool(member)
        self._next: Literal["brace", "name", "colon", "value", "comma"] = "value" if member else "brace"
        self._name = member
        self._depth = 0
        self._quote = ""
        self._escape = ""
        self._high = 0
        self._saying = False
        self._words: list[str] = []
        self._raw: list[str] = []

    @property
    def raw(self) -> str:
        """All that was taken."""
        return "".join(self._raw)

    def take(self) -> list[str]:
        """Return the words of `spoken` that came since the last time."""
        words, self._words = self._words, []
        return words

    def feed(self, text: str, at: int) -> int:
        """Take the text from index `at`; return the index of what is no longer part of it."""
        begin = at
        while at < len(text) and self.state == "open":
            if self._quote:
                at = self._in_string(text, at)
            elif self._depth > 1:
                at = self._in_nested(text, at)
            elif space := _SPACE.match(text, at):
                at = space.end()
            else:
                at = self._at_member(text, at)
        if not self.is_data:
            self._raw.append(text[begin:at])
        return at

    def _at_member(self, text: str, at: int) -> int:
        sign = text[at]
        match self._next:
            case "brace":
                self._depth, self._next = 1, "name"
            case "name" if sign in "\"'":
                self._quote, self._name = sign, ""
            case "colon" if sign == ":":
                self._next, self.is_data = "value", True
            case "value" if sign in "\"'":
                self._quote = sign
                self._saying = self._is_spoken
                self.has_spoken = self.has_spoken or self._saying
            case "value" if sign in "{[":
                self._depth = 2
            case "value" if literal := _LITERAL.match(text, at):
                self.has_spoken = self.has_spoken or (self._is_spoken and sign == "n")  # null is silence
                self._next = "comma"
                return literal.end()
            case "comma" if literal := _LITERAL.match(text, at):
                return literal.end()  # the rest of a literal
            case "comma" | "name" if sign == ",":
                self._next = "name"
            case "comma" | "name" if sign == "}":
                self.state = "closed"
            case _:
                self.state = "broken"
                return at
        return at + 1

    @property
    def _is_spoken(self) -> bool:
        return self._name == "spoken" and not self.has_spoken

    def _in_nested(self, text: str, at: int) -> int:
        if other := _UNTIL_BRACKET.match(text, at):
            return other.end()
        if text[at] == '"':
            self._quote = '"'
        else:
            self._depth += 1 if text[at] in "{[" else -1
            self._next = "comma"
        return at + 1

    def _in_string(self, text: str, at: int) -> int:
        if self._escape:
            self._escape += text[at]
            self._unescape()
            return at + 1
        if plain := _UNTIL_QUOTE[self._quote].match(text, at):
            self._add(plain[0])
            return plain.end()
        if text[at] == "\\":
            self._escape = "\\"
        else:
            self._end_string()
        return at + 1

    def _end_string(self) -> None:
        self._quote = ""
        if self._depth > 1:
            return
        self._next = "colon" if self._next == "name" else "comma"
        self._saying = False
        if self._bare:
            self.state = "closed"

    def _unescape(self) -> None:
        kind, digits = self._escape[1], self._escape[2:]
        if kind != "u":
            self._add(_ESCAPES.get(kind, kind))
        elif len(digits) < 4:
            return
        elif _HEX.fullmatch(digits):
            self._add_unit(int(digits, 16))
        self._escape = ""

    def _add_unit(self, unit: int) -> None:
        """Add one unit of UTF-16; half a pair alone is left out."""
        if 0xD800 <= unit < 0xDC00:
            self._high = unit
        elif not 0xDC00 <= unit < 0xE000:
            self._add(chr(unit))
        elif self._high:
            self._add(chr(0x10000 + ((self._high - 0xD800) << 10) + unit - 0xDC00))

    def _add(self, text: str) -> None:
        self._high = 0
        if self._saying:
            self._words.append(text)
        elif self._next == "name":
            self._name += text
            if len(self._name) > _LONGEST_NAME:
                self.state = "broken"
