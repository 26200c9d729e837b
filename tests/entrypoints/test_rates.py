from __future__ import annotations

from voicecall.entrypoints.rates import Rate, TooOften


def test_a_burst_is_let_through_and_then_the_rate() -> None:
    rate = Rate(2.0, 4.0)
    assert [rate.take("a", 10.0) for _ in range(4)] == [None] * 4
    assert rate.take("a", 10.0) == TooOften(0.5, first=True)
    assert rate.take("a", 10.25) == TooOften(0.25, first=False)
    assert rate.take("a", 10.5) is None
    assert rate.take("a", 10.5) == TooOften(0.5, first=True)


def test_each_has_a_rate_of_its_own_and_rests_for_a_whole_burst_at_most() -> None:
    rate = Rate(1.0, 2.0)
    assert [rate.take("a", 0.0) for _ in range(2)] == [None, None]
    assert rate.take("b", 0.0) is None
    assert [rate.take("a", 1000.0) is None for _ in range(3)] == [True, True, False]


def test_a_slow_rate_lets_one_through_at_once() -> None:
    rate = Rate(0.1, 0.2)
    assert rate.take("a", 0.0) is None
    assert rate.take("a", 0.0) == TooOften(10.0, first=True)


def test_nought_is_without_limit() -> None:
    rate = Rate(0.0, 0.0)
    assert [rate.take("a", 0.0) for _ in range(1000)] == [None] * 1000


def test_of_very_many_those_of_long_ago_are_forgotten() -> None:
    rate = Rate(1.0, 1.0)
    for number in range(5000):
        rate.take(str(number), number / 1e6)
    assert rate.take("4999", 0.01) is not None
    assert rate.take("0", 0.01) is None
