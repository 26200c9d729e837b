"""The safety budget, on every carrier: what it does not allow is refused by name, and nothing is dialled."""

from __future__ import annotations

import asyncio
from functools import partial

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from tests.gateway.carriers import CARRIERS
from tests.gateway.house import FRIEND, HANG_UP, US, House, MakeHouse, open_house, wait
from tests.gateway.town import START, MakeTown, open_town
from voicecall.core.budget import Budget, QuietHours
from voicecall.emulators.clock import run_virtual
from voicecall.errors import CallRefused, StoreError
from voicecall.store import Query

PRICES = {"+1": 0.25}
OTHER = "+15550100011"
LONDON = "+442079460000"
DAY = 24 * 3600.0


async def refusal(h: House, to: str = FRIEND) -> CallRefused:
    """Return why a call is refused, and see that nobody was dialled meanwhile."""
    before = h.town.rest.sent[:]
    with pytest.raises(CallRefused) as refused:
        await h.place(to=to)
    await asyncio.sleep(10)
    assert [action for _, action in h.town.rest.sent if action == "dial"] == [a for _, a in before if a == "dial"]
    return refused.value


async def told(h: House, call: str) -> None:
    """Wait until a call is over, and with it everything that the carrier says of it."""
    await h.over(call)
    await h.idle()


BEFORE_THE_WIRE = pytest.mark.parametrize("town", ["mock"], indirect=True)
"""What is refused before any carrier is asked is refused alike, whichever that would have been."""


# --- each limit


@BEFORE_THE_WIRE
@pytest.mark.parametrize(
    ("budget", "to", "reason"),
    [
        (Budget(), "+19005551234", "premium-number"),
        (Budget(), "+881631234567", "satellite-number"),
        (Budget(premium=True), "112", "short-number"),
        (Budget(countries=frozenset({"GB"})), FRIEND, "country"),
        (Budget(prefixes=("+44",)), FRIEND, "prefix"),
        (Budget(quiet_hours=QuietHours(7 * 60, 9 * 60)), LONDON, "quiet-hours"),  # a town begins at 8 in London
        (Budget(do_not_call=frozenset({FRIEND})), FRIEND, "do-not-call"),
        (Budget(money=5.0, prices={"+44": 0.1}), FRIEND, "no-price"),
        (Budget(calls=0), FRIEND, "calls-per-day"),
        (Budget(calls_per_number=0), FRIEND, "calls-per-number"),
        (Budget(minutes=0), FRIEND, "minutes-per-day"),
        (Budget(money=0.2, prices=PRICES), FRIEND, "money-per-day"),
    ],
    ids=lambda value: value if isinstance(value, str) and not value.startswith("+") else "",
)
async def test_what_is_not_allowed_is_refused_by_name_and_not_dialled(
    house: MakeHouse, budget: Budget, to: str, reason: str
) -> None:
    async with house(budget=budget) as h:
        refused = await refusal(h, to)
        assert refused.reason == reason
        assert refused.limit == (reason.endswith("-day") or reason == "calls-per-number")
        assert h.town.rest.sent == []
        assert await h.store.records(Query()) == []


async def test_what_is_allowed_is_dialled(house: MakeHouse) -> None:
    budget = Budget(
        calls=1,
        calls_per_number=1,
        minutes=6,
        money=1.5,
        prices=PRICES,
        countries=frozenset({"US"}),
        prefixes=("+1555",),
        do_not_call=frozenset({OTHER}),
    )
    async with house(budget=budget) as h:
        record = await h.over(await h.place(wait(70), HANG_UP))
        assert (record["endReason"], record["cost"]) == ("hangup-user", 0.5)


async def test_calls_count_answered_or_not(house: MakeHouse) -> None:
    async with house(budget=Budget(calls=2)) as h:
        await told(h, await h.place(wait(1), HANG_UP))
        await told(h, await h.place(to="+15550100001"))  # is busy
        refused = await refusal(h)
        assert "2 of 2 calls" in str(refused)
        assert "budget.calls_per_day" in str(refused)


async def test_calls_to_one_number_leave_others_free(house: MakeHouse) -> None:
    async with house(budget=Budget(calls_per_number=1)) as h:
        await told(h, await h.place(wait(1), HANG_UP))
        assert (await refusal(h)).reason == "calls-per-number"
        await told(h, await h.place(wait(1), HANG_UP, to=OTHER))


async def test_inbound_calls_do_not_count(house: MakeHouse) -> None:
    async with house(budget=Budget(calls=1, minutes=10)) as h:
        await told(h, await h.ring(wait(70), HANG_UP))
        await told(h, await h.place(wait(1), HANG_UP))


async def test_a_call_is_cut_to_the_minutes_that_are_left_and_the_next_is_refused(house: MakeHouse) -> None:
    async with house(budget=Budget(minutes=3)) as h:
        await told(h, await h.place(wait(20), HANG_UP))
        call = await h.place(wait(900))
        await h.seen(call, "stream.started")
        assert (await refusal(h, OTHER)).reason == "minutes-per-day"  # it may take all that is left
        record = await h.over(call)
        assert record["endReason"] == "timeout"
        assert (await h.does(call, "ended"))[0] == pytest.approx(105.0, abs=1.0)
        assert str(await refusal(h)).startswith("3 of 3 minutes")


async def test_a_call_that_was_shorter_than_it_might_have_been_gives_back_the_rest(house: MakeHouse) -> None:
    async with house(budget=Budget(money=1.0, prices=PRICES)) as h:
        for _ in range(4):
            record = await h.over(await h.place(wait(5), HANG_UP))
            assert record["cost"] == 0.25
        assert (await refusal(h)).reason == "money-per-day"


async def test_after_a_day_a_call_counts_no_longer(house: MakeHouse) -> None:
    async with house(budget=Budget(calls=1)) as h:
        await told(h, await h.place(wait(1), HANG_UP))
        (held,) = h.town.archive.calls.values()
        began = held.row.started_at
        held.row = msgspec.structs.replace(held.row, started_at=began - DAY + 60)
        assert (await refusal(h)).reason == "calls-per-day"
        held.row = msgspec.structs.replace(held.row, started_at=began - DAY)
        await told(h, await h.place(wait(1), HANG_UP))


# --- nothing slips through


@BEFORE_THE_WIRE
@pytest.mark.parametrize(
    ("budget", "to", "reason"),
    [
        (Budget(), "+119005551234", "premium-number"),
        (Budget(do_not_call=frozenset({LONDON})), "+4402079460000", "do-not-call"),
        (Budget(prefixes=("+440",)), "+4402079460000", "prefix"),
        (Budget(money=5.0, prices={"+440": 0.1}), "+4402079460000", "no-price"),
        (Budget(calls_per_number=0), "+4402079460000", "calls-per-number"),
    ],
)
async def test_another_spelling_gets_round_nothing(house: MakeHouse, budget: Budget, to: str, reason: str) -> None:
    async with house(budget=budget) as h:
        assert (await refusal(h, to)).reason == reason


async def test_a_number_is_dialled_and_counted_in_its_usual_spelling(house: MakeHouse) -> None:
    async with house(budget=Budget(calls_per_number=2)) as h:
        for to in ("+1" + FRIEND[1:], FRIEND):
            record = await h.over(await h.place(wait(1), HANG_UP, to=to))
            assert record["to"] == FRIEND
            await h.idle()
        assert (await refusal(h, "+1" + FRIEND[1:])).reason == "calls-per-number"


async def test_of_many_at_once_no_more_than_the_limit_are_dialled(house: MakeHouse) -> None:
    async with house(budget=Budget(calls=3)) as h:
        placing = [h.beside(h.place(to=f"+1555020{number:04d}")) for number in range(20)]
        refused = []
        for one in placing:
            try:
                await one
            except CallRefused as error:
                refused.append(error.reason)
        assert (len(refused), set(refused)) == (17, {"calls-per-day"})
        assert h.town.rest.count("dial") == 3


async def test_what_was_dialled_counts_after_a_restart_and_at_another_gateway(town: MakeTown, house: MakeHouse) -> None:
    budget = Budget(calls=2)
    async with town() as place:
        async with house(place, budget=budget) as h:
            await h.over(await h.place(wait(1), HANG_UP))
        async with house(place, instance="two", budget=budget) as h:
            await h.over(await h.place(wait(1), HANG_UP))
            assert (await refusal(h)).reason == "calls-per-day"


@BEFORE_THE_WIRE
@pytest.mark.parametrize("fault", ["illegible", "uncountable", "broken"])
async def test_where_the_archive_fails_nothing_is_dialled(house: MakeHouse, fault: str) -> None:
    async with house(budget=Budget(calls=5)) as h:
        setattr(h.store, fault, True)
        with pytest.raises(StoreError):
            await h.place()
        await asyncio.sleep(10)
        setattr(h.store, fault, False)
        assert h.town.rest.count("dial") == 0


async def test_a_wish_that_was_given_up_counts(house: MakeHouse) -> None:
    async with house(budget=Budget(calls=1)) as h:
        h.store.stall = 1.0
        wish = h.town.tasks.create_task(h.place(to=FRIEND))
        await asyncio.sleep(0.5)
        wish.cancel()
        with pytest.raises(CallRefused, match=r"budget\.calls_per_day"):
            await h.place(to=OTHER)
        await asyncio.sleep(10)
        assert h.town.rest.count("dial") == 1


@settings(max_examples=10, deadline=None)
@given(
    calls=st.integers(1, 8),
    minutes=st.integers(1, 12),
    cents=st.integers(25, 300),
    wishes=st.lists(
        st.tuples(st.floats(0, 200), st.sampled_from([FRIEND, OTHER, US]), st.floats(0.1, 400)), min_size=1, max_size=12
    ),
)
def test_whatever_is_wished_when_no_limit_is_passed(
    calls: int, minutes: int, cents: int, wishes: list[tuple[float, str, float]]
) -> None:
    budget = Budget(calls=calls, calls_per_number=3, minutes=minutes, money=cents / 100, prices=PRICES)

    async def wish(h: House, at: float, to: str, seconds: float) -> None:
        await asyncio.sleep(at)
        try:
            call = await h.place(wait(seconds), HANG_UP, to=to)
        except CallRefused:
            return
        spent = await h.store.spent(START - 1)
        assert spent.calls <= calls
        assert spent.minutes <= minutes
        assert spent.cost <= cents / 100 + 1e-9
        await h.over(call)

    async def run() -> None:
        async with open_house(partial(open_town, CARRIERS["mock"]), budget=budget, max_calls=20) as h:
            async with asyncio.TaskGroup() as tasks:
                for one in wishes:
                    tasks.create_task(wish(h, *one))
            records = await h.store.records(Query())
            assert len(records) == h.town.rest.count("dial") <= calls
            assert sum(record["cost"] for record in records) <= cents / 100 + 1e-9
            assert sum(record["cost"] for record in records) / PRICES["+1"] <= minutes + 1e-9
            assert (await h.store.spent(START - 1)).to_number <= 3

    run_virtual(run)
