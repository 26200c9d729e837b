"""Who may be called, who may call, and when there is room. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, assert_never

import phonenumbers
from phonenumbers import PhoneNumberType

from voicecall.core.ids import is_e164
from voicecall.core.numbers import canonical, known_as, parsed
from voicecall.errors import CallRefused

InboundPolicy = Literal["disabled", "allowlist", "pairing", "open"]

_SATELLITE = ("870", "878", "881", "882", "883", "888", "979", "8835", "8810")
"""Country codes of satellite, international-network and shared services, all billed dearly."""
_PREMIUM = frozenset({PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST})
_PREMIUM_PREFIXES = {
    "1": ("900", "976"),
    "33": ("81", "82", "89"),
    "34": ("803", "806", "807", "905", "907"),
    "39": ("144", "166", "199", "89"),
    "41": ("900", "901", "906"),
    "43": ("900", "901", "930", "931"),
    "44": ("70", "84", "87", "9"),
    "49": ("137", "180", "190", "900"),
    "61": ("190",),
}
"""By country code: what the number plan library does not call premium in all its ranges."""


def check_destination(number: str, *, premium: bool = False) -> str:
    """Return the canonical spelling of a number, in which it is to be dialled.

    Refused is what an agent must never dial: emergency and short numbers, and, unless `premium`, dear ranges.

    Raises:
        BadParameters: the number is not E.164, or in no spelling that is beyond doubt.
        CallRefused: it is one of those; `reason` says which.
    """
    bare = number.removeprefix("+")
    if bare.isdigit() and len(bare) <= 6:
        raise CallRefused("short-number", f"{number} is an emergency or short number; agents never dial these")
    usual = canonical(number)
    parts = parsed(usual)
    country, national = str(parts.country_code), phonenumbers.national_significant_number(parts)
    if usual.removeprefix("+").startswith(_SATELLITE) and not premium:
        raise CallRefused(
            "satellite-number", "the number is in a satellite or international-network range (budget.premium)"
        )
    dear = national.startswith(_PREMIUM_PREFIXES.get(country, ())) or (country == "1" and national[3:6] == "976")
    if not premium and (dear or phonenumbers.number_type(parts) in _PREMIUM):
        raise CallRefused("premium-number", "the number is in a premium or shared-cost range (budget.premium)")
    for region in phonenumbers.region_codes_for_country_code(int(country)):
        if any(_is_short(digits, region) for digits in (national, "0" + national)):
            raise CallRefused("short-number", "the number is an emergency or short number of its country")
    return usual


def _is_short(national: str, region: str) -> bool:
    if phonenumbers.is_emergency_number(national, region):
        return True
    if len(national) > 6:
        return False
    try:
        parts = phonenumbers.parse(national, region)
    except phonenumbers.NumberParseException:  # not even the number plan library can say that it is another kind
        return True
    return phonenumbers.is_possible_short_number_for_region(parts, region)


def admits(policy: InboundPolicy, allowed: Collection[str], caller: str) -> bool:
    """Say whether the inbound policy lets this caller in. Numbers are compared by their canonical spelling.

    Of those who were paired, only `gateway.pairing` knows.
    """
    match policy:
        case "open":
            return True
        case "allowlist" | "pairing":
            name = known_as(caller)
            return bool(name) and any(name == known_as(number) for number in allowed)
        case "disabled":
            return False
        case _:
            assert_never(policy)


_HIDDEN = frozenset({"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"})
"""What networks give for callers who hide theirs: words as a telephone's keys (ANONYMOUS, RESTRICTED, BLOCKED, …)."""


def is_identified(caller: str) -> bool:
    """Say whether this is the number of one caller, and not what stands for all who hide theirs."""
    return is_e164(caller) and caller not in _HIDDEN
