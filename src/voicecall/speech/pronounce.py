"""A dictionary of how words are pronounced, applied before numbers and signs are put into words. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from unicodedata import normalize


class Pronunciations:
    """Written forms and what is to be said for them.

    A form is found as whole words, in any case unless a word of it has a capital inside, such as "SQL" or "iPad". Of
    two forms that begin at the same place the longer one counts, and nothing is replaced twice. Addresses stay whole.
    """

    def __init__(self, mapping: Mapping[str, str]) -> None:
        forms = {" ".join(normalize("NFC", form).split()): said for form, said in mapping.items()}
        ordered = sorted((form for form in forms if form), key=len, reverse=True)
        self._said = [forms[form] for form in ordered]
        self._pattern = (
            re.compile(rf"(?<![\w@])(?:{'|'.join(map(_pattern, ordered))})(?![\w@]|\.\w)") if ordered else None
        )

    def apply(self, text: str) -> str:
        """Return the text as it is to be said."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda found: self._said[(found.lastindex or 1) - 1], normalize("NFC", text))


def _pattern(form: str) -> str:
    words = r"\s+".join(map(re.escape, form.split()))
    return f"({words})" if any(word[1:] != word[1:].lower() for word in form.split()) else f"((?i:{words}))"
