"""The safety budget, as configured."""

from __future__ import annotations

from voicecall.config.budget import Budget as Configured, minutes_of
from voicecall.core.budget import Budget, QuietHours
from voicecall.core.numbers import canonical


def budget(config: Configured) -> Budget:
    """Return what may be dialled."""
    return Budget(
        calls=config.calls_per_day,
        calls_per_number=config.calls_per_number_per_day,
        minutes=config.minutes_per_day,
        money=config.money_per_day,
        prices=dict(config.prices),
        countries=None if config.countries is None else frozenset(config.countries),
        prefixes=config.prefixes,
        premium=config.premium,
        quiet_hours=None if config.quiet_hours is None else QuietHours(*minutes_of(config.quiet_hours)),
        do_not_call=frozenset(canonical(number) for number in config.do_not_call),
    )
