"""Identifiers and numbers."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from voicecall.core.ids import is_e164, mask, new_call_id


def test_an_id_is_a_ulid() -> None:
    assert new_call_id(0.0, bytes(10)) == "0" * 26
    assert new_call_id(1_469_918_176.385, b"\xff" * 10) == "01ARYZ6S41" + "Z" * 16


@given(st.floats(0, 2**38), st.floats(0, 2**38), st.binary(min_size=10, max_size=10))
def test_ids_are_ordered_by_time(one: float, other: float, entropy: bytes) -> None:
    first, second = sorted((one, other))
    early, late = new_call_id(first, entropy), new_call_id(second, entropy)
    assert len(early) == 26
    assert early <= late


@pytest.mark.parametrize("number", ["+15550101234", "+4930123456", "+1234567", "+123456789012345"])
def test_e164_numbers_are_known(number: str) -> None:
    assert is_e164(number)


@pytest.mark.parametrize(
    "number",
    ["", "15550101234", "+05550101234", "+123456", "+1234567890123456", "+1 555", "+1555010123４", "+15550101234\n"],
)
def test_everything_else_is_not_e164(number: str) -> None:
    assert not is_e164(number)


def test_a_log_shows_four_digits() -> None:
    assert mask("+15550101234") == "…1234"
    assert mask("") == mask(None) == "unknown"
