"""Any order of events, and what must hold whatever happens."""

from __future__ import annotations

from tests.core.machine import CallMachine, ModelMachine, TroubledMachine, play
from tests.core.turns_machine import TurnsMachine


def test_every_promise_is_kept_whatever_happens_to_a_call() -> None:
    play(CallMachine, 150)


def test_every_promise_is_kept_whatever_happens_to_media_streams() -> None:
    play(TroubledMachine, 150)


def test_every_promise_is_kept_whatever_happens_to_a_call_with_a_model() -> None:
    play(ModelMachine, 120)


def test_the_floor_is_never_stuck_whatever_happens_to_turns() -> None:
    play(TurnsMachine, 80)
