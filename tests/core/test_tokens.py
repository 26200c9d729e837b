"""Named tokens: their form, and what is kept of them."""

from __future__ import annotations

import re

import pytest

from voicecall.core.tokens import Kept, check, digest, find, spell
from voicecall.errors import BadParameters, CallRefused

TOKEN = spell(bytes(range(32)))


def kept(token: str, label: str = "desk", expires_at: float | None = None) -> Kept:
    return Kept(label=label, may="call", digest=digest(token), created_at=0.0, expires_at=expires_at)


def test_a_token_is_all_of_its_chance_in_characters_that_need_no_escaping() -> None:
    assert re.fullmatch(r"vc_[\w-]{43}", TOKEN, re.ASCII)
    assert spell(bytes(32)) != spell(bytes(31) + b"\1")


def test_a_token_is_found_by_its_hash_among_others_and_by_nothing_else() -> None:
    ours = kept(TOKEN)
    others = [kept(spell(bytes([n]) * 32), f"other{n}") for n in range(3)]
    assert find(TOKEN, [*others, ours]) == find(TOKEN, [ours, *others]) == ours
    for wrong in (ours.digest, TOKEN[:-1], TOKEN.lower(), TOKEN + " ", "", "\ud800"):
        assert find(wrong, [ours, *others]) is None
    assert TOKEN not in repr(ours)


def test_a_token_expires_at_its_moment() -> None:
    assert not kept(TOKEN).expired(1e12)
    assert [kept(TOKEN, expires_at=100.0).expired(at) for at in (99.9, 100.0, 101.0)] == [False, True, True]


@pytest.mark.parametrize("label", ["a", "9", "shop.desk_2@home-7", "x" * 64])
@pytest.mark.parametrize("lifetime", [None, 1.0, 3600, 10 * 365 * 86400.0])
def test_a_label_is_one_word_that_fits_into_a_path_and_a_lifetime_is_a_span(label: str, lifetime: float | None) -> None:
    check(label, lifetime)


@pytest.mark.parametrize("label", ["", "x" * 65, "..", ".", "a/b", "a b", "a\n", "Küche", "-a", "a%2f"])
def test_another_label_is_refused(label: str) -> None:
    with pytest.raises(BadParameters, match="label"):
        check(label, None)


@pytest.mark.parametrize("lifetime", [0.0, -1.0, 0.5, 1e300, float("nan"), float("inf")])
def test_another_lifetime_is_refused(lifetime: float) -> None:
    with pytest.raises(BadParameters, match="lifetime"):
        check("desk", lifetime)


def test_no_other_token_is_called_as_the_control_token() -> None:
    with pytest.raises(CallRefused) as refused:
        check("control-token", None)
    assert refused.value.reason == "label-taken"
