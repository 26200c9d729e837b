"""Tables of utterances as they are written down."""

from __future__ import annotations


def listed(text: str) -> list[str]:
    """Return the utterances of a table, which bars and line ends part."""
    return [said for line in text.splitlines() for part in line.split("|") if (said := part.strip())]
