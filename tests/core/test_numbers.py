"""One spelling for each number: no way of writing it gets round what is said of it."""

from __future__ import annotations

import re

import phonenumbers
import pytest
from hypothesis import given, strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from voicecall.core.ids import is_e164
from voicecall.core.numbers import canonical, known_as
from voicecall.core.policy import admits, check_destination
from voicecall.errors import BadParameters, RequestError

CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)


@pytest.mark.parametrize(
    ("written", "usual"),
    [
        ("+4402079460000", "+442079460000"),
        ("+4407911123456", "+447911123456"),
        ("+118095551234", "+18095551234"),
        ("+15551234567", "+15551234567"),
        ("+390612345678", "+390612345678"),
        ("+2250712345678", "+2250712345678"),
    ],
)
def test_a_trunk_prefix_that_was_dialled_along_is_taken_out(written: str, usual: str) -> None:
    assert canonical(written) == usual
    assert check_destination(written) == usual


@pytest.mark.parametrize(
    "number",
    ["+44007700900123", "+4400900123456", "+4900900123456", "+1119005551234", "+4400472", "+6100192", "+3600612345678"],
)
def test_a_number_that_could_be_another_is_refused(number: str) -> None:
    with pytest.raises(BadParameters, match="trunk prefix"):
        canonical(number)
    with pytest.raises(RequestError):
        check_destination(number, premium=True)


@pytest.mark.parametrize("number", ["+9991234567", "15551234567", "+1 555 123 4567", "tel:+15551234567", "+12345", ""])
def test_what_is_no_number_has_no_spelling(number: str) -> None:
    with pytest.raises(BadParameters):
        canonical(number)


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_numbers_that_are_in_use_are_left_as_they_are(region: str) -> None:
    kinds = [kind for kind in vars(PhoneNumberType).values() if isinstance(kind, int)]
    examples = [phonenumbers.example_number_for_type(region, kind) for kind in kinds if kind >= 0]
    numbers = {phonenumbers.format_number(number, PhoneNumberFormat.E164) for number in examples if number}
    for number in filter(is_e164, numbers):
        assert canonical(number) == number


@pytest.mark.parametrize(
    "number", ["+119005551234", "+4409001234567", "+4909001234567", "+33089912345", "+4407012345678"]
)
def test_a_trunk_prefix_makes_no_dear_number_cheap(number: str) -> None:
    with pytest.raises(RequestError):
        check_destination(number)


@pytest.mark.parametrize("number", ["+4400472", "+8110258", "+6100192"])
def test_a_number_that_cannot_be_understood_is_refused(number: str) -> None:
    with pytest.raises(RequestError):
        check_destination(number, premium=True)


@given(code=st.sampled_from(CODES), rest=st.from_regex(re.compile(r"0{0,3}1{0,2}[0-9]{1,12}", re.A), fullmatch=True))
def test_whatever_is_written_is_refused_by_name_or_has_one_spelling(code: int, rest: str) -> None:
    try:
        usual = check_destination(f"+{code}{rest}")
    except RequestError:
        return
    assert is_e164(usual)
    assert check_destination(usual) == usual


def test_callers_are_compared_by_the_same_spelling() -> None:
    assert known_as("+4402079460000") == known_as("+442079460000") == "+442079460000"
    assert known_as("+9991234567") == "+9991234567"
    assert known_as("anonymous") == ""
    assert admits("allowlist", ["+4402079460000"], "+442079460000")
    assert not admits("allowlist", ["+442079460001"], "+442079460000")
