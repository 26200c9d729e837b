"""Whether a transcript sounds finished: a rule on its last words. English; silence is weighed elsewhere."""

from __future__ import annotations

import re
from typing import Literal

Completeness = Literal["complete", "open", "unclear"]


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_ALWAYS_OPEN = _words(
    # articles and possessives
    "a an the my your his its our their this these those every "
    # conjunctions
    "and or but because if when while unless although whether than that's "
    # prepositions that nothing ends on
    "of from into onto between during until since against among per via toward towards "
    # contracted auxiliaries and what announces more
    "i'd i'm i'll i've we'd we're we'll we've you're you'd you'll you've he's she's he'd she'd they're they've they'd "
    "it'd it'll let's there's gonna wanna let "
    # hesitations
    "um uh er erm uhm hmm"
)
_PARTICLES = _words("in on by about up off out over down through around before after without")
_USUALLY_OPEN = _words(
    "at for with to like as is are was were am be been has have had do does did can could will would "
    "shall should may might must i we which who what where how why so then also just not"
)
_PRONOUNS = _words("i you he she it we they that this there")
_CLOSED = _words(
    "yes no yeah yep nope okay ok sure thanks bye goodbye hello hi correct right exactly absolutely "
    "please great perfect fine never stop"
)
_DIGITS = _words("zero oh one two three four five six seven eight nine double triple")
_WHOLE_NUMBER = 10  # digits: a North American telephone number is complete with them

_LEFT_OPEN = re.compile(r"(\.\.\.|…|[,:;\u2013\u2014-])[\"')\]]*$")
_ENDED = re.compile(r"[.!?][\"')\]]*$")
_WORD = re.compile(r"[$€£+#]?\w[\w'\u2019.:@-]*\w%?|[$€£+#]?\w%?")
_NUMERIC = re.compile(r"\+?\d+(?:[-.]\d+)*")
_SPELLED = re.compile(r"[a-z](?:[-.][a-z])*")


def completeness(text: str) -> Completeness:
    """Say whether the speaker seems to be done: `open` when more should follow, `unclear` when nothing tells."""
    said = text.strip()
    words = [word.replace("\u2019", "'").lower() for word in _WORD.findall(said)]
    if not words:
        return "unclear"
    if _LEFT_OPEN.search(said) or words[-1] in _ALWAYS_OPEN:
        return "open"
    run = _trailing_digits(words)
    if run >= 2:
        return "open" if run < _WHOLE_NUMBER else "unclear"
    if _is_spelling(words):
        return "open"
    if words[-1] in _PARTICLES:
        return "complete" if said.endswith("?") else "unclear" if _ENDED.search(said) else "open"
    if words[-1] in _USUALLY_OPEN:
        return "complete" if said.endswith("?") or _is_short_answer(said, words) else "open"
    if _ENDED.search(said) or words[-1] in _CLOSED:
        return "complete"
    return "unclear"


def _is_short_answer(said: str, words: list[str]) -> bool:
    """Say whether it is of the form "Yes, I am."."""
    return bool(_ENDED.search(said)) and 2 <= len(words) <= 4 and words[-2] in _PRONOUNS


def _trailing_digits(words: list[str]) -> int:
    """Return how many digits are being read out at the end; a plain number, decimal or year counts as one."""
    count = 0
    for word in reversed(words):
        if word in _DIGITS:
            count += 1
        elif _NUMERIC.fullmatch(word):
            digits = sum(character.isdigit() for character in word)
            plain = digits < 3 or "." in word or (digits == 4 and word[:2] in ("19", "20"))
            count += 1 if plain and "-" not in word else digits
        else:
            break
    return count


def _is_spelling(words: list[str]) -> bool:
    """Say whether letters are being spelled at the end."""
    letters = 0
    for word in reversed(words):
        if not _SPELLED.fullmatch(word):
            break
        letters += sum(character.isalpha() for character in word)
    return letters >= 2 and words[-1] not in ("i", "a.m", "p.m", "u.s")
