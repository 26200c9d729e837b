"""Whether words are in a text: in their order and side by side; case and punctuation do not count. Pure."""

from __future__ import annotations

import re

_WORD = re.compile(r"[\w'’]+")


def says(text: str, wanted: str, start: int = 0) -> int | None:
    """Return where in `text`, from `start` on, `wanted` ends, or None when it is not there.

    `wanted` is words, or a regular expression between slashes.

    Raises:
        ValueError: the regular expression is none.
    """
    if len(wanted) > 1 and wanted[0] == wanted[-1] == "/":
        found = _compiled(wanted[1:-1]).search(text, start)
        return found.end() if found else None
    words = [_plain(word) for word in _WORD.findall(wanted)]
    there = [(_plain(found[0]), found.end()) for found in _WORD.finditer(text, start)]
    for at in range(len(there) - len(words) + 1):
        if [word for word, _ in there[at : at + len(words)]] == words:
            return there[at + len(words) - 1][1] if words else start
    return None


def check(wanted: str) -> None:
    """Refuse what could never be found.

    Raises:
        ValueError: it is no regular expression, or has no word.
    """
    if len(wanted) > 1 and wanted[0] == wanted[-1] == "/":
        _compiled(wanted[1:-1])
    elif not _WORD.search(wanted):
        raise ValueError("there is no word in it")


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"/{pattern}/ is not a regular expression: {error}") from None


def _plain(word: str) -> str:
    return word.casefold().replace("’", "'")
