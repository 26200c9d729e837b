"""Whether words that were heard are our own, coming back from the caller's phone. Pure."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

_WORD = re.compile(r"\w+")
_LIKE = 0.75
"""Share of the words that stand in ours, in their order."""
_FEWEST = 2
"""Words: fewer prove nothing."""
_RECENT = 80
"""Words of ours that may still be coming back."""


def are_our_own(heard: str, said: str) -> bool:
    """Say whether `heard` repeats a stretch of what was `said` last, as well as a transcriber understands it."""
    theirs, ours = _WORD.findall(heard.lower()), _WORD.findall(said.lower())[-_RECENT:]
    if len(theirs) < _FEWEST or not ours:
        return False
    matcher = SequenceMatcher(None, theirs, ours, autojunk=False)
    blocks = [block for block in matcher.get_matching_blocks() if block.size]
    if not blocks:
        return False
    stretch = blocks[-1].b + blocks[-1].size - blocks[0].b
    alike = sum(block.size for block in blocks)
    return alike >= _LIKE * len(theirs) and stretch <= 1.5 * len(theirs) + 1
