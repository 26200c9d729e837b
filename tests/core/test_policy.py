"""Who may be called, and who may call."""

from __future__ import annotations

from collections.abc import Iterator

import phonenumbers
import pytest
from phonenumbers import PhoneMetadata, PhoneNumberType
from phonenumbers.shortdata import _AVAILABLE_REGION_CODES as SHORT_REGIONS

from voicecall.core.policy import InboundPolicy, admits, check_destination, is_identified
from voicecall.errors import BadParameters, CallRefused


def refusal(number: str) -> str:
    with pytest.raises(CallRefused) as refused:
        check_destination(number)
    return refused.value.reason


def emergency_numbers() -> Iterator[tuple[str, str]]:
    """Every region's example of an emergency number."""
    for region in sorted(SHORT_REGIONS):
        metadata = PhoneMetadata.short_metadata_for_region(region)
        example = metadata and metadata.emergency and metadata.emergency.example_number
        if example:
            yield region, example


EMERGENCIES = list(emergency_numbers())


def test_the_regions_are_many() -> None:
    assert len(EMERGENCIES) > 200


@pytest.mark.parametrize(("region", "number"), EMERGENCIES)
def test_emergency_numbers_are_never_dialled(region: str, number: str) -> None:
    assert refusal(number) == "short-number"
    assert refusal("+" + number) == "short-number"
    with pytest.raises((CallRefused, BadParameters)):
        check_destination(f"+{phonenumbers.country_code_for_region(region)}{number}")


@pytest.mark.parametrize("number", ["112", "911", "+112", "+1911", "+44999", "+49110", "+19116", "118", "411", "+1411"])
def test_short_numbers_are_never_dialled(number: str) -> None:
    with pytest.raises((CallRefused, BadParameters)):
        check_destination(number)


@pytest.mark.parametrize("number", ["+870773111632", "+881631234567", "+88213123456", "+88312345678", "+8835100123456"])
def test_satellites_are_never_dialled(number: str) -> None:
    assert refusal(number) == "satellite-number"


@pytest.mark.parametrize(
    "number",
    ["+19005551234", "+12129765555", "+449098790123", "+498005", "+4919012345678", "+33899123456", "+41900123456"],
)
def test_premium_numbers_are_never_dialled(number: str) -> None:
    with pytest.raises((CallRefused, BadParameters)):
        check_destination(number)


@pytest.mark.parametrize("number", ["+34806123456", "+39899123456", "+61190012345", "+43900123456", "+447012345678"])
def test_premium_ranges_beyond_the_number_plans_are_never_dialled(number: str) -> None:
    assert refusal(number) == "premium-number"


@pytest.mark.parametrize("region", ["US", "GB", "DE", "FR", "ES", "CH", "AT", "NL", "BE", "SE", "AU", "JP"])
def test_every_country_knows_its_premium_numbers(region: str) -> None:
    example = phonenumbers.example_number_for_type(region, PhoneNumberType.PREMIUM_RATE)
    assert example is not None
    assert refusal(phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)) == "premium-number"


@pytest.mark.parametrize("number", ["", "15550101234", "tel:+15550101234", "+1 555 010 1234", "+0123456789", "sip:a@b"])
def test_what_is_not_e164_is_a_bad_parameter(number: str) -> None:
    with pytest.raises(BadParameters):
        check_destination(number)


def test_an_unknown_country_code_is_a_bad_parameter() -> None:
    with pytest.raises(BadParameters, match="country code"):
        check_destination("+2101234567")


COUNTRIES = "US CA GB IE DE FR ES IT PT NL BE CH AT DK SE NO FI PL CZ GR TR IL ZA IN JP KR AU NZ BR MX AR SG".split()


@pytest.mark.parametrize("region", COUNTRIES)
@pytest.mark.parametrize("kind", [PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE])
def test_ordinary_numbers_may_be_called(region: str, kind: int) -> None:
    example = phonenumbers.example_number_for_type(region, kind)
    assert example is not None
    check_destination(phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164))


@pytest.mark.parametrize("last", range(1, 5))
def test_the_numbers_of_the_mock_network_may_be_called(last: int) -> None:
    check_destination(f"+1555010000{last}")


@pytest.mark.parametrize(
    ("policy", "caller", "admitted"),
    [
        ("open", "+15550109999", True),
        ("open", "anonymous", True),
        ("disabled", "+15550101234", False),
        ("allowlist", "+15550101234", True),
        ("allowlist", "+15550109999", False),
        ("allowlist", "15550101234", False),
        ("allowlist", "anonymous", False),
        ("allowlist", "", False),
        ("pairing", "+15550101234", True),
        ("pairing", "+15550109999", False),
    ],
)
def test_the_policy_admits(policy: InboundPolicy, caller: str, admitted: bool) -> None:
    assert admits(policy, ["+15550101234"], caller) is admitted


def test_an_empty_list_admits_nobody() -> None:
    assert not admits("allowlist", [], "+15550101234")
    assert not admits("allowlist", [""], "")


@pytest.mark.parametrize("caller", ["", "anonymous", "15550101234", "+266696687", "+7378742833", "+86282452253"])
def test_who_hides_their_number_is_nobody_in_particular(caller: str) -> None:
    assert not is_identified(caller)
    assert is_identified("+15550101234")
