"""Configuration of the safety budget: whom and how much the gateway may dial."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from voicecall.errors import BadParameters

from .section import Listed, NotNegative, Number, Section

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


def minutes_of(hours: str) -> tuple[int, int]:
    """Return when quiet hours begin and end, in minutes after midnight.

    Raises:
        ValueError: they are not written as they should be.
    """
    written = _HOURS.fullmatch(hours)
    if written is None:
        raise ValueError("not hours: write from-to, such as 21:00-08:00")
    begin_hour, begin_minute, end_hour, end_minute = map(int, written.groups())
    return begin_hour * 60 + begin_minute, end_hour * 60 + end_minute


def _hours(value: str) -> str:
    begin, end = minutes_of(value)
    if begin == end:
        raise ValueError("begin when they end: write two different times, such as 21:00-08:00")
    return value


def _prefix(value: str) -> str:
    if re.fullmatch(r"\+[1-9][0-9]{0,14}", value) is None:
        raise ValueError("not a prefix: write + and the first digits of numbers, such as +1 or +4930")
    return value


def _country(value: str) -> str:
    from phonenumbers import SUPPORTED_REGIONS  # large, and seldom needed

    if value not in SUPPORTED_REGIONS:
        raise ValueError("not a country: write the two capital letters of ISO 3166, such as US or DE")
    return value


def _callee(value: str) -> str:
    from voicecall.core.numbers import canonical  # loads what is large, and seldom needed

    try:
        return canonical(value)
    except BadParameters as error:
        raise ValueError(f"not a telephone number that can be called: {error}") from None


Prefix = Annotated[str, AfterValidator(_prefix)]
Country = Annotated[str, AfterValidator(_country)]
Hours = Annotated[str, AfterValidator(_hours)]
Money = Annotated[float, Field(ge=0)]
Callee = Annotated[Number, AfterValidator(_callee)]


class Budget(Section):
    """Whom and how much the gateway may dial. A day is the last 24 hours; a key that is absent limits nothing."""

    calls_per_day: NotNegative | None = None
    """Outbound calls, answered or not."""
    calls_per_number_per_day: NotNegative | None = None
    """The same, to each number."""
    minutes_per_day: NotNegative | None = None
    """Started minutes of answered calls; a call under way counts with the most that it may take."""
    money_per_day: Money | None = None
    """What those minutes cost, by `budget.prices`."""
    prices: Mapping[Prefix, Money] = Field(default_factory=dict)
    """Price of a minute by prefix, such as `"+1" = 0.014`, in one currency; the longest prefix counts."""
    countries: Listed[Country] | None = None
    """Countries that may be dialled, such as `["US", "DE"]`; all when absent."""
    prefixes: Listed[Prefix] | None = None
    """Prefixes that may be dialled, within those countries; all when absent."""
    premium: bool = False
    """Whether premium, shared-cost and satellite numbers may be dialled; emergency and short numbers never are."""
    quiet_hours: Hours | None = None
    """When nobody is dialled, by the callee's clock, such as `21:00-08:00`."""
    do_not_call: Listed[Callee] = ()
    """Numbers that are never dialled, beside those of `voicecall do-not-call`."""
