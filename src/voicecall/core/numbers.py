"""The one spelling of a telephone number, in which numbers are dialled, counted, priced, listed and compared. Pure."""

from __future__ import annotations

import phonenumbers

from voicecall.core.ids import is_e164
from voicecall.errors import BadParameters


def canonical(number: str) -> str:
    """Return the usual spelling of an E.164 number: without a trunk prefix that was dialled along.

    Raises:
        BadParameters: it is not E.164, has no known country code, or has no spelling that is beyond doubt, such as one
            with two trunk prefixes.
    """
    if not is_e164(number):
        raise BadParameters("the number must be E.164: +, country code, number, such as +15551234567")
    usual = _spelled(number)
    if not is_e164(usual) or _spelled(usual) != usual or _has_trunk_prefix(usual):
        raise BadParameters("the number must be written as it is dialled from abroad, without a trunk prefix such as 0")
    return usual


def known_as(caller: str) -> str:
    """Return what the number of a caller is compared by: its canonical spelling, or itself where it has none.

    It is empty for what is not E.164.
    """
    try:
        return canonical(caller)
    except BadParameters:
        return caller if is_e164(caller) else ""


def parsed(number: str) -> phonenumbers.PhoneNumber:
    """Return the parts of a number.

    Raises:
        BadParameters: it has no known country code.
    """
    try:
        return phonenumbers.parse(number)
    except phonenumbers.NumberParseException as error:
        raise BadParameters("the number has no known country code") from error


def _spelled(number: str) -> str:
    return phonenumbers.format_number(parsed(number), phonenumbers.PhoneNumberFormat.E164)


def _has_trunk_prefix(number: str) -> bool:
    """Say whether a 0 follows the country code that belongs to no number there, as it does in Italy."""
    parts = parsed(number)
    national = phonenumbers.national_significant_number(parts)
    return national.startswith("0") and not phonenumbers.is_valid_number(parts)
