"""The safety budget as it is written, and the faults of one that cannot be meant."""

from __future__ import annotations

import pytest

from tests.config.conftest import Fail, Write
from voicecall.app.budget import budget
from voicecall.core.budget import Budget, QuietHours

ALL = """
[budget]
calls_per_day = 100
calls_per_number_per_day = 3
minutes_per_day = 600
money_per_day = 12.5
countries = ["US", "GB"]
prefixes = ["+1", "+4420"]
premium = true
quiet_hours = "21:00-08:30"
do_not_call = ["+4402079460000"]
[budget.prices]
"+1" = 0.014
"+44" = 1
"""


def test_what_is_written_is_what_holds(loaded: Write) -> None:
    assert budget(loaded(ALL).config.budget) == Budget(
        calls=100,
        calls_per_number=3,
        minutes=600,
        money=12.5,
        prices={"+1": 0.014, "+44": 1.0},
        countries=frozenset({"US", "GB"}),
        prefixes=("+1", "+4420"),
        premium=True,
        quiet_hours=QuietHours(21 * 60, 8 * 60 + 30),
        do_not_call=frozenset({"+442079460000"}),
    )


def test_nothing_is_limited_by_default(loaded: Write) -> None:
    assert budget(loaded().config.budget) == Budget()


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("calls_per_day = -1", "budget.calls_per_day", "0"),
        ("calls_per_day = 1.5", "budget.calls_per_day", "whole number"),
        ("minutes_per_day = 'many'", "budget.minutes_per_day", "whole number"),
        ("money_per_day = 5", "budget.money_per_day", "budget.prices"),
        ("countries = ['us']", "budget.countries[0]", "two capital letters"),
        ("countries = ['EU']", "budget.countries[0]", "two capital letters"),
        ("prefixes = ['1']", "budget.prefixes[0]", "not a prefix"),
        ("prices = {'1' = 0.1}", "budget.prices", "not a prefix"),
        ("prices = {'+1' = -0.1}", "budget.prices", "0"),
        ("quiet_hours = '9pm-8am'", "budget.quiet_hours", "21:00-08:00"),
        ("quiet_hours = '21:00-24:00'", "budget.quiet_hours", "21:00-08:00"),
        ("quiet_hours = '08:00-08:00'", "budget.quiet_hours", "two different times"),
        ("do_not_call = ['12345']", "budget.do_not_call[0]", "E.164"),
        ("do_not_call = ['+9991234567']", "budget.do_not_call[0]", "country code"),
        ("do_not_call = ['+44007700900123']", "budget.do_not_call[0]", "trunk prefix"),
        ("call_per_day = 3", "budget.call_per_day", "calls_per_day"),
    ],
)
def test_what_cannot_be_meant_is_a_fault(text: str, key: str, words: str, faults: Fail) -> None:
    (fault,) = faults(f"[budget]\n{text}\n")
    assert fault.key.startswith(key)
    assert words in fault.message
