"""Whom, when and how much: what the safety budget refuses, and by which name."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, strategies as st

from voicecall.core.budget import Budget, QuietHours, allow, check_number, time_zones
from voicecall.core.events import Answered, CarrierEnded, Dialled, Event, Placed, Ringing
from voicecall.core.ids import CallId, CarrierCallId
from voicecall.core.policy import check_destination
from voicecall.core.record import record, replay
from voicecall.core.rules import Rules
from voicecall.core.spending import HANGING_UP, Spent, cost, minutes, reserved
from voicecall.errors import BadParameters, CallRefused

NEW_YORK, BERLIN, LONDON, HONOLULU = "+12125551234", "+493012345678", "+442079460000", "+18085551234"
MOCK = "+15551234567"
NIGHT = QuietHours(21 * 60, 8 * 60)
NOON = datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("UTC")).timestamp()


def local(zone: str, *when: int) -> float:
    year, month, day, hour, minute = when
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone)).timestamp()


def refusal(budget: Budget, number: str = NEW_YORK, at: float = NOON) -> str:
    with pytest.raises(CallRefused) as refused:
        check_number(budget, number, at)
    assert not refused.value.limit
    return refused.value.reason


def used_up(budget: Budget, spent: Spent, number: str = NEW_YORK) -> CallRefused:
    with pytest.raises(CallRefused) as refused:
        allow(budget, number, Rules(), spent)
    assert refused.value.limit
    return refused.value


def call_of(answered: float | None, ended: float | None, price: float | None = 0.1) -> float | None:
    """Return what the record says of the cost of a call, from the log alone."""
    placed = Placed(
        call_id=CallId("A"), carrier="mock", to=MOCK, from_=MOCK, mode="notify", greeting="Hi", rules=Rules(price=price)
    )
    log: list[tuple[float, Event]] = [(0.0, placed), (1.0, Dialled(CarrierCallId("x"))), (2.0, Ringing())]
    if answered is not None:
        log.append((answered, Answered()))
    if ended is not None:
        log.append((ended, CarrierEnded("completed" if answered is not None else "busy", "")))
    call = replay(log)
    assert (call.ended_at is None) == (ended is None)
    assert cost(call) == (None if price is None else pytest.approx(minutes(call) * price))
    found: float | None = record(call).get("cost")
    return found


# --- whom


@pytest.mark.parametrize("number", [NEW_YORK, BERLIN, MOCK, "+3900000000000", "+80012345678"])
def test_without_a_budget_nothing_is_refused_and_nothing_is_changed(number: str) -> None:
    check_number(Budget(), number, NOON)
    assert allow(Budget(), number, Rules(), Spent(10**6, 10**6, 10**6, 1e6)) == Rules()
    assert not Budget().counts


def test_a_number_that_wants_no_calls_is_refused() -> None:
    budget = Budget(do_not_call=frozenset({LONDON}))
    assert refusal(budget, LONDON) == "do-not-call"
    check_number(budget, "+442079460001", NOON)


@pytest.mark.parametrize("number", [BERLIN, "+14165550123", "+18765551234", "+80012345678", "+12345"])
def test_other_countries_are_refused(number: str) -> None:
    assert refusal(Budget(countries=frozenset({"US"})), number) == "country"


@pytest.mark.parametrize("number", [NEW_YORK, HONOLULU, "+18005551212", MOCK])
def test_allowed_countries_are_dialled(number: str) -> None:
    check_number(Budget(countries=frozenset({"US"})), number, NOON)


def test_a_number_that_may_be_in_several_countries_needs_all_of_them() -> None:
    assert refusal(Budget(countries=frozenset({"GB"})), "+4400000000") == "country"
    check_number(Budget(countries=frozenset({"GB", "GG", "IM", "JE"})), "+4400000000", NOON)


def test_other_prefixes_are_refused() -> None:
    budget = Budget(prefixes=("+1212", "+49"))
    assert refusal(budget, HONOLULU) == "prefix"
    for number in (NEW_YORK, BERLIN):
        check_number(budget, number, NOON)
    assert refusal(Budget(prefixes=())) == "prefix"


def test_without_a_price_a_number_is_refused_where_money_is_limited() -> None:
    prices = {"+1": 0.01}
    assert refusal(Budget(money=1.0, prices=prices), BERLIN) == "no-price"
    check_number(Budget(money=1.0, prices=prices), NEW_YORK, NOON)
    check_number(Budget(prices=prices), BERLIN, NOON)


def test_the_longest_prefix_has_the_price() -> None:
    budget = Budget(prices={"+1": 0.01, "+1808": 0.05, "+18085551234": 0.07})
    prices = [budget.price(number) for number in (NEW_YORK, "+18085550000", HONOLULU, BERLIN)]
    assert prices == [0.01, 0.05, 0.07, None]


@pytest.mark.parametrize("number", ["+19005551234", "+881631234567", "+449098790123"])
def test_dear_numbers_can_be_allowed(number: str) -> None:
    with pytest.raises(CallRefused):
        check_destination(number)
    check_destination(number, premium=True)


@pytest.mark.parametrize("number", ["112", "+911", "+49110", "+44999"])
def test_emergencies_cannot(number: str) -> None:
    with pytest.raises((CallRefused, BadParameters)):
        check_destination(number, premium=True)


# --- when


@pytest.mark.parametrize(("clock", "quiet"), [((20, 59), False), ((21, 0), True), ((7, 59), True), ((8, 0), False)])
def test_quiet_hours_are_by_the_clock_of_the_callee(clock: tuple[int, int], quiet: bool) -> None:
    for number, zone in ((NEW_YORK, "America/New_York"), (BERLIN, "Europe/Berlin"), (HONOLULU, "Pacific/Honolulu")):
        for day in ((2026, 1, 15), (2026, 7, 15)):
            at = local(zone, *day, *clock)
            if quiet:
                assert refusal(Budget(quiet_hours=NIGHT), number, at) == "quiet-hours"
            else:
                check_number(Budget(quiet_hours=NIGHT), number, at)


def test_quiet_hours_follow_the_change_to_summer_time() -> None:
    saturday, sunday = local("Europe/Berlin", 2026, 3, 28, 8, 30), local("Europe/Berlin", 2026, 3, 29, 8, 30)
    assert sunday - saturday == 23 * 3600
    check_number(Budget(quiet_hours=NIGHT), BERLIN, saturday)
    check_number(Budget(quiet_hours=NIGHT), BERLIN, sunday)
    assert refusal(Budget(quiet_hours=NIGHT), BERLIN, sunday - 3600) == "quiet-hours"
    autumn = local("Europe/Berlin", 2026, 10, 25, 8, 0)
    check_number(Budget(quiet_hours=NIGHT), BERLIN, autumn)
    assert refusal(Budget(quiet_hours=NIGHT), BERLIN, autumn - 60) == "quiet-hours"


def test_quiet_hours_within_a_day() -> None:
    lunch = Budget(quiet_hours=QuietHours(12 * 60, 13 * 60 + 30))
    for clock, quiet in (((11, 59), False), ((12, 0), True), ((13, 29), True), ((13, 30), False), ((0, 0), False)):
        at = local("Europe/Berlin", 2026, 5, 5, *clock)
        if quiet:
            assert refusal(lunch, BERLIN, at) == "quiet-hours"
        else:
            check_number(lunch, BERLIN, at)


def test_all_zones_that_a_number_may_be_in_must_be_awake() -> None:
    mobile = "+61412345678"  # anywhere between Perth and Lord Howe
    assert len(time_zones(mobile)) > 4
    assert refusal(Budget(quiet_hours=NIGHT), mobile, local("Australia/Sydney", 2026, 6, 1, 8, 30)) == "quiet-hours"
    assert refusal(Budget(quiet_hours=NIGHT), mobile, local("Australia/Perth", 2026, 6, 1, 20, 30)) == "quiet-hours"
    check_number(Budget(quiet_hours=NIGHT), mobile, local("Australia/Perth", 2026, 6, 1, 12, 0))


def test_a_number_that_nobody_has_may_be_in_every_zone_of_its_country_code() -> None:
    assert len(time_zones(MOCK)) > 20
    assert [zone.key for zone in time_zones("+491511234567")] == ["Europe/Berlin"]


def test_a_number_without_a_zone_is_refused() -> None:
    assert time_zones("+80012345678") == []
    assert refusal(Budget(quiet_hours=NIGHT), "+80012345678", NOON) == "quiet-hours"


# --- how much


def test_each_limit_refuses_by_name_and_says_limit_use_and_key() -> None:
    prices = {"+1": 0.5}
    cases = [
        (Budget(calls=3), Spent(calls=3), "calls-per-day", "3 of 3 calls", "budget.calls_per_day"),
        (
            *(Budget(calls_per_number=2), Spent(9, 2), "calls-per-number", "2 of 2 calls to this number"),
            "budget.calls_per_number_per_day",
        ),
        (Budget(minutes=60), Spent(minutes=60), "minutes-per-day", "60 of 60 minutes", "budget.minutes_per_day"),
        (
            *(Budget(money=2.0, prices=prices), Spent(cost=1.75), "money-per-day", "1.75 of 2 of money"),
            "budget.money_per_day",
        ),
    ]
    for budget, spent, reason, words, key in cases:
        assert budget.counts
        refused = used_up(budget, spent)
        assert refused.reason == reason
        assert words in str(refused)
        assert key in str(refused)
        allow(budget, NEW_YORK, Rules(), Spent())


def test_nothing_at_all_may_be_allowed() -> None:
    assert used_up(Budget(calls=0), Spent()).reason == "calls-per-day"
    assert used_up(Budget(minutes=0), Spent()).reason == "minutes-per-day"


def test_a_call_is_cut_to_what_is_left() -> None:
    full, usual = Rules(), reserved(Rules())
    assert allow(Budget(minutes=usual), NEW_YORK, full, Spent()) == full
    for left in range(1, usual):
        for budget in (
            Budget(minutes=10 + left),
            Budget(money=(10 + left) * 0.1, prices={"+1": 0.1}),
            Budget(minutes=10 + left, money=100.0, prices={"+1": 0.1}),
        ):
            cut = allow(budget, NEW_YORK, full, Spent(5, 5, 10, 10 * 0.1))
            assert reserved(cut) == left
            assert cut.max_duration == left * 60 - full.last_sentence - HANGING_UP


def test_a_call_that_costs_nothing_is_not_limited_by_money() -> None:
    budget = Budget(money=1.0, prices={"+1": 0.0})
    assert allow(budget, NEW_YORK, Rules(), Spent(cost=1.0)) == Rules(price=0.0)


def test_the_record_tells_what_the_started_minutes_cost() -> None:
    assert call_of(10.0, 10.5) == pytest.approx(0.1)
    assert call_of(10.0, 70.0) == pytest.approx(0.1)
    assert call_of(10.0, 70.1) == pytest.approx(0.2)
    assert call_of(None, 20.0) == 0.0
    assert call_of(10.0, None) is None
    assert call_of(10.0, 70.0, None) is None


# --- never more


@given(
    calls=st.none() | st.integers(0, 6),
    most=st.none() | st.integers(0, 20),
    money=st.none() | st.integers(0, 40),
    wishes=st.lists(
        st.tuples(st.sampled_from([NEW_YORK, BERLIN]), st.integers(1, 600), st.floats(0, 1), st.booleans()), max_size=20
    ),
)
def test_whatever_is_wished_no_limit_is_passed(
    calls: int | None, most: int | None, money: int | None, wishes: list[tuple[str, int, float, bool]]
) -> None:
    prices = {"+1": 0.3, "+49": 1.1}
    budget = Budget(
        calls=calls, minutes=most, calls_per_number=4, money=None if money is None else money / 10, prices=prices
    )
    live: list[tuple[str, Rules, float]] = []
    taken: list[tuple[str, int]] = []

    def spent(number: str) -> Spent:
        all_ = taken + [(to, reserved(rules)) for to, rules, _ in live]
        of_it = sum(to == number for to, _ in all_)
        return Spent(
            len(all_), of_it, sum(some for _, some in all_), sum(some * (budget.price(to) or 0) for to, some in all_)
        )

    for number, longest, part, ends in wishes:
        if ends and live:  # the oldest call ends, after a part of what it may take
            to, rules, share = live.pop(0)
            seconds = (rules.max_duration + rules.last_sentence + HANGING_UP) * share
            ended = msgspec.structs.replace(rules, max_duration=seconds, last_sentence=-HANGING_UP)
            taken.append((to, reserved(ended)))
        try:
            rules = allow(budget, number, Rules(max_duration=float(longest)), spent(number))
        except CallRefused:
            continue
        assert 0 < rules.max_duration <= longest
        live.append((number, rules, part))
        now = spent(number)
        assert calls is None or now.calls <= calls
        assert most is None or now.minutes <= most
        assert money is None or now.cost <= money / 10 + 1e-6
        assert now.to_number <= 4


def test_a_time_zone_that_this_machine_does_not_know_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicecall.core.budget.time_zones_for_number", lambda _: ("Nowhere/Land",))
    assert time_zones("+491511234567") == []
