"""The regular expressions of a schema: what looking for one in a text may cost at worst."""

from __future__ import annotations

import re
from functools import lru_cache

# the parser is not public, but nothing else says for certain how a pattern is read
from re import _constants, _parser  # type: ignore[attr-defined,unused-ignore]  # private: in some stubs only
from typing import Any

ENDLESS = 1 << 40
"""More steps than anybody waits for."""
_AT_ONCE = 1000
"""How many ways of matching are looked at in one step."""
_REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT)
_SINGLE = (_constants.LITERAL, _constants.NOT_LITERAL, _constants.ANY, _constants.IN)


def steps(pattern: str, length: int) -> int:
    """Return how many steps a search in a text of so many characters may take, `ENDLESS` at most.

    Every choice multiplies: where to begin, which branch to take, how often to repeat; a repeated group with choices
    of its own (nested quantifiers) multiplies by itself.

    Raises:
        re.error: it is no pattern, or holds flags such as `(?i)`.
    """
    tree = _parsed(pattern)
    anchored = bool(tree) and tree[0] == (_constants.AT, _constants.AT_BEGINNING)
    ways = _ways(tree, length) * (1 if anchored else length + 1)
    return min(ENDLESS, 1 + ways // _AT_ONCE)


@lru_cache(maxsize=256)
def _parsed(pattern: str) -> Any:
    tree = _parser.parse(pattern)
    if tree.state.flags & ~re.UNICODE:
        raise re.error("it holds flags")
    return tree


def _ways(tree: Any, length: int) -> int:
    ways = 1
    for kind, value in tree:
        ways = min(ENDLESS, ways * _ways_of(kind, value, length))
    return ways


def _ways_of(kind: object, value: Any, length: int) -> int:
    if kind in _REPEATS:
        least, most = int(value[0]), int(value[1])
        tree = value[2]
        if len(tree) == 1 and tree[0][0] in _SINGLE:
            return min(most, length) - min(least, length) + 1
        often = max(least, min(most, length))
        within = _ways(tree, length)
        if often * (within.bit_length() - 1) > ENDLESS.bit_length():
            return ENDLESS
        ways: int = within**often
        return ways * (often + 1)
    if kind is _constants.BRANCH:
        return sum(_ways(tree, length) for tree in value[1])
    if kind is _constants.SUBPATTERN:
        _, added, removed, tree = value
        if added or removed:
            raise re.error("it holds flags")
        return _ways(tree, length)
    if kind in (_constants.ASSERT, _constants.ASSERT_NOT):
        return _ways(value[1], length)
    if kind is _constants.ATOMIC_GROUP:
        return _ways(value, length)
    if kind is _constants.GROUPREF_EXISTS:
        return sum(_ways(tree, length) for tree in value[1:] if tree is not None)
    return 1
