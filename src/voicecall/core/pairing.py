"""What a caller hears who is to be paired, and what may be kept of it. Pure.

The text stands with `MASK` in the place of the code wherever it is kept or shown; the code itself is put in on its way
to the voice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import msgspec

from voicecall.core.languages import language
from voicecall.core.rules import Rules

DIGITS = 6
MASK = "•" * DIGITS
LONGEST = 30.0
"""Seconds that such a call may last."""
TOLD = "The caller was told a pairing code."
UNTOLD = "The call ended before the caller had heard the pairing code to its end."


def new_code(entropy: Callable[[int], bytes], taken: Collection[str]) -> str:
    """Return a code that is not taken; `entropy` gives so many random bytes."""
    while True:
        code = f"{int.from_bytes(entropy(10)) % 10**DIGITS:0{DIGITS}d}"
        if code not in taken:
            return code


def notice(tag: str) -> str:
    """Return what the caller is told in a language (BCP 47), without the code."""
    return language(tag).pairing.format(code=MASK)


def aloud(text: str, code: str, tag: str) -> str:
    """Return a text of `notice`, or a part of one, as it is spoken: the code digit by digit."""
    names = language(tag).digit_names
    return text.replace(MASK, ", ".join(names[int(digit)] for digit in code))


def brief(rules: Rules) -> Rules:
    """Return the rules of a call that only tells a code."""
    longest = min(LONGEST, rules.max_duration)
    return msgspec.structs.replace(rules, max_duration=longest, last_sentence=0.0, machine="off")
