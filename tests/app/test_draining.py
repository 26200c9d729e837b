"""How long a gateway that is told to stop waits for its calls."""

from __future__ import annotations

from voicecall.app.serving import drain_bound
from voicecall.config.model import Config


def test_a_gateway_that_stops_waits_for_the_longest_call() -> None:
    config = Config.model_validate({"limits": {"max_duration_seconds": 100, "ring_timeout_ms": 200_000}})
    ringing, talking, last_sentence, hanging_up, concluding = 205, 100, 10, 33, 20
    assert drain_bound(config, 0.0) > ringing + talking + last_sentence + hanging_up + concluding


def test_it_waits_for_those_that_are_yet_to_be_dialled() -> None:
    config = Config.model_validate({"limits": {"max_concurrent_calls": 50}})
    both = Config.model_validate({"limits": {"max_concurrent_calls": 50}, "outbound": {"carriers": ["mock", "twilio"]}})
    assert drain_bound(config, 1.0) >= drain_bound(config, 0.0) + 50
    assert drain_bound(both, 1.0) >= drain_bound(config, 1.0) + 50
