"""Whom the gateway may dial, when, and how much of it in 24 hours. Every limit refuses by name. Pure."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import phonenumbers
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_geographical_number, time_zones_for_number

from voicecall.core.numbers import parsed
from voicecall.core.rules import Rules
from voicecall.core.spending import HANGING_UP, Spent, reserved
from voicecall.errors import CallRefused

DAY = 24 * 3600.0
"""Seconds for which a call counts, from when it was placed."""
_FICTITIOUS = "+1555"
"""Numbers of films, and of the network on this machine: in the plan of North America, and of no country there."""
_LAST_SENTENCE = 10.0
_ROUNDING = 1e-9


class QuietHours(msgspec.Struct, frozen=True):
    """From `begin` to just before `end`, in minutes after midnight; over midnight where `end` is not later."""

    begin: int
    end: int

    def include(self, minute: int) -> bool:
        """Say whether a minute of the day is one of them."""
        if self.begin < self.end:
            return self.begin <= minute < self.end
        return minute >= self.begin or minute < self.end

    def __str__(self) -> str:
        return "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in (self.begin, self.end))


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """What may be dialled. None is without limit."""

    calls: int | None = None
    calls_per_number: int | None = None
    minutes: int | None = None
    money: float | None = None
    prices: dict[str, float] = {}
    """By prefix, such as `+1`: the price of a started minute; the longest prefix counts."""
    countries: frozenset[str] | None = None
    """ISO 3166 codes of two letters."""
    prefixes: tuple[str, ...] | None = None
    premium: bool = False
    """Whether premium, shared-cost and satellite numbers may be dialled."""
    quiet_hours: QuietHours | None = None
    """By the callee's clock."""
    do_not_call: frozenset[str] = frozenset()
    """Canonical."""

    @property
    def counts(self) -> bool:
        """Whether what was dialled matters for what may be dialled."""
        return any(limit is not None for limit in (self.calls, self.calls_per_number, self.minutes, self.money))

    def price(self, number: str) -> float | None:
        """Return the price of a minute to this number, or None where none is known."""
        known = [prefix for prefix in self.prices if number.startswith(prefix)]
        return self.prices[max(known, key=len)] if known else None


def check_number(budget: Budget, number: str, at: float) -> None:
    """Refuse a number that must not be dialled at `at` (Unix seconds), however little was dialled before.

    `number` is canonical, as it is in all that follows.

    Raises:
        CallRefused: it must not be dialled; `reason` says why.
    """
    if number in budget.do_not_call:
        raise do_not_call("in budget.do_not_call")
    if budget.countries is not None:
        _check_country(budget.countries, number)
    if budget.prefixes is not None and not number.startswith(budget.prefixes):
        raise CallRefused("prefix", f"the number begins with none of {', '.join(budget.prefixes)} (budget.prefixes)")
    if budget.quiet_hours is not None:
        _check_hour(budget.quiet_hours, number, at)
    if budget.money is not None and budget.price(number) is None:
        raise CallRefused(
            "no-price", "no price is known for the number, and money is limited: add its prefix to budget.prices"
        )


def do_not_call(where: str) -> CallRefused:
    """Return why a number is not dialled that wants no calls; `where` says which list has it."""
    return CallRefused("do-not-call", f"the number is not to be called: it is {where}")


def allow(budget: Budget, number: str, rules: Rules, spent: Spent) -> Rules:
    """Return the rules of a call that may be placed: no longer than what is left of minutes and money, with its price.

    `spent` is of the last 24 hours, and of this number.

    Raises:
        CallRefused: too little is left; `reason` says of what.
    """
    if budget.calls is not None and spent.calls >= budget.calls:
        raise _used_up("calls-per-day", "budget.calls_per_day", budget.calls, spent.calls, "calls")
    if budget.calls_per_number is not None and spent.to_number >= budget.calls_per_number:
        key, what = "budget.calls_per_number_per_day", "calls to this number"
        raise _used_up("calls-per-number", key, budget.calls_per_number, spent.to_number, what)
    price, left = budget.price(number), math.inf
    if budget.minutes is not None:
        left = budget.minutes - spent.minutes
        if left < 1:
            raise _used_up("minutes-per-day", "budget.minutes_per_day", budget.minutes, spent.minutes, "minutes")
    if budget.money is not None and price:
        left = min(left, math.floor((budget.money - spent.cost) / price + _ROUNDING))
        if left < 1:
            what = f"of money, and a minute costs {price:g}"
            raise _used_up("money-per-day", "budget.money_per_day", budget.money, round(spent.cost, 6), what)
    return msgspec.structs.replace(_within(rules, left), price=price)


def _within(rules: Rules, minutes: float) -> Rules:
    """Return the rules of a call that takes no more than so many minutes, the hanging up included."""
    if reserved(rules) <= minutes:
        return rules
    last = min(rules.last_sentence, _LAST_SENTENCE)
    return msgspec.structs.replace(rules, max_duration=minutes * 60 - last - HANGING_UP, last_sentence=last)


def _used_up(reason: str, key: str, limit: float, used: float, what: str) -> CallRefused:
    return CallRefused(reason, f"{used:g} of {limit:g} {what} are used in the last 24 hours ({key})", limit=True)


def _check_country(allowed: frozenset[str], number: str) -> None:
    parts = parsed(number)
    region = "US" if number.startswith(_FICTITIOUS) else phonenumbers.region_code_for_number(parts)
    possible = {region} if region else set(phonenumbers.region_codes_for_country_code(parts.country_code or 0))
    if not possible or not possible <= allowed:
        where = region or f"one of several countries with +{parts.country_code}"
        raise CallRefused("country", f"the number is in {where}, and budget.countries has {', '.join(sorted(allowed))}")


def _check_hour(quiet: QuietHours, number: str, at: float) -> None:
    zones = time_zones(number)
    if not zones:
        raise CallRefused(
            "quiet-hours",
            "which time it is for the callee is not known, and there are quiet hours (budget.quiet_hours)",
        )
    for zone in zones:
        there = datetime.fromtimestamp(at, UTC).astimezone(zone)
        if quiet.include(there.hour * 60 + there.minute):
            raise CallRefused(
                "quiet-hours", f"it is {there:%H:%M} in {zone.key}: quiet hours are {quiet} (budget.quiet_hours)"
            )


def time_zones(number: str) -> list[ZoneInfo]:
    """Return all time zones that the number may be in; none where one of them is not known."""
    parts = parsed(number)
    names = time_zones_for_number(parts)
    if UNKNOWN_TIMEZONE in names:  # no number that is in use: all zones of its country code
        code = parts.country_code
        names = time_zones_for_geographical_number(phonenumbers.PhoneNumber(country_code=code, national_number=0))
    try:
        return [] if UNKNOWN_TIMEZONE in names else [ZoneInfo(name) for name in names]
    except ZoneInfoNotFoundError:
        return []
