"""What `make fuzz` adds: a profile of many random examples for every property, and long runs of the machines.

It is a pytest plugin (`-p fuzz`) and a module of tests at once; neither is part of the ordinary tests.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

EXAMPLES = 10_000

settings.register_profile(
    "fuzz",
    max_examples=EXAMPLES,
    stateful_step_count=60,
    deadline=None,
    derandomize=False,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("fuzz")


def machines() -> list[type[RuleBasedStateMachine]]:
    """The state machines of the core."""
    from tests.core.machine import CallMachine, TroubledMachine
    from tests.core.turns_machine import TurnsMachine

    return [CallMachine, TroubledMachine, TurnsMachine]


@pytest.mark.parametrize("number", [0, 1, 2], ids=["call", "trouble", "turns"])
def test_every_promise_is_kept_in_long_random_runs(number: int) -> None:
    run_state_machine_as_test(machines()[number], settings=settings.get_profile("fuzz"))
