"""Every expectation, met and missed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.scenarios.calls import event, held, reply, step
from voicecall.scenarios.form import Expected
from voicecall.scenarios.holding import Held
from voicecall.scenarios.judging import misses
from voicecall.scenarios.measures import measure

HEARD = "Hello, how can I help? We are open from nine."
TURN = {"turn": 1, "wait": 300.0, "response": 410.0}


def call() -> Held:
    """A call of one turn, in which the answer was interrupted and an amid-line pause was long."""
    return held(
        agent=[(0.0, 1.5), (3.4, 4.0), (5.0, 6.2)],
        caller=[(2.0, 3.0), (6.0, 7.0)],
        journal=[
            *step("say", 2.0, 3.0, "When are you open?"),
            *step("say", 6.0, 7.0, "Wait"),
            *step("press", 8, 8, "1#"),
        ],
        events=[
            *reply(1, 0.0, 1.5, "Hello, how can I help?"),
            *reply(2, 3.4, 6.2, "We are open from nine to five.", heard="We are open from nine"),
            event(3.5, "turn.measured", turn=1, stages=TURN),
            event(8.0, "dtmf.received", digit="1"),
            event(8.1, "dtmf.received", digit="#"),
        ],
        transcript=[
            {"at": "", "speaker": "agent", "text": "Hello, how can I help?"},
            {"at": "", "speaker": "caller", "text": "When are you open?"},
            {"at": "", "speaker": "agent", "text": "We are open from nine to five.", "heard": "We are open from nine"},
            {"at": "", "speaker": "agent", "text": "Nobody heard this.", "heard": ""},
        ],
        warnings=[{"at": "", "code": "reply-cut-short", "text": "…"}],
        latency={"turns": [TURN]},
    )


def missed(found: Held | None = None, **expected: Any) -> list[str]:
    found = found or call()
    wanted = msgspec.convert(expected, Expected)
    return [miss.expectation for miss in misses(wanted, found, measure(found), HEARD)]


MET: list[dict[str, Any]] = [
    {"transcript": [{"agent": "how can I help"}, {"caller": "open"}, {"agent": "/from nine/", "cut": True}]},
    {"transcript": [{"agent": "Hello", "cut": False}]},
    {"not_in_transcript": [{"agent": "goodbye"}, {"caller": "nine"}]},
    {"heard": ["hello", "open from nine"], "not_heard": ["five"]},
    {"turns": 1, "agent_lines": 2, "cuts": 1, "digits": "1#"},
    {"responses": [{"at_least": 350, "at_most": 450}, {"turn": 1, "less_wait": True, "at_most": 150}]},
    {"silent_after": {"at_most": 250}},
    {"pauses": 1},
    {"longest_silence": {"at_least": 2000, "at_most": 3100}},
    {"ends": "hangup-user"},
    {"warnings": ["reply-cut-short"], "no_warnings": ["silent-call"]},
    {"stages": ["wait", "response"]},
]


@pytest.mark.parametrize("expected", MET, ids=lambda one: next(iter(one)))
def test_what_is_as_expected_is_no_miss(expected: dict[str, Any]) -> None:
    assert missed(**expected) == []


MISSED: list[tuple[str, dict[str, Any]]] = [
    ("transcript", {"transcript": [{"caller": "open"}, {"agent": "how can I help"}]}),
    ("transcript", {"transcript": [{"agent": "open from nine", "cut": False}]}),
    ("transcript", {"transcript": [{"caller": "how can I help"}]}),
    ("not_in_transcript", {"not_in_transcript": [{"agent": "open"}]}),
    ("heard", {"heard": ["open", "hello"]}),
    ("not_heard", {"not_heard": ["nine"]}),
    ("turns", {"turns": 2}),
    ("agent_lines", {"agent_lines": 3}),
    ("cuts", {"cuts": 0}),
    ("digits", {"digits": "1"}),
    ("responses, turn 1", {"responses": [{"at_most": 300}]}),
    ("responses, turn 1", {"responses": [{"at_least": 500}]}),
    ("responses, turn 1", {"responses": [{"less_wait": True, "at_most": 50}]}),
    ("responses", {"responses": [{"turn": 2, "at_most": 9999}]}),
    ("silent_after", {"silent_after": {"at_most": 100}}),
    ("pauses", {"pauses": 0}),
    ("longest_silence", {"longest_silence": {"at_most": 2000}}),
    ("longest_silence", {"longest_silence": {"at_least": 4000}}),
    ("ends", {"ends": "hangup-agent"}),
    ("warnings", {"warnings": ["silent-call"]}),
    ("no_warnings", {"no_warnings": True}),
    ("no_warnings", {"no_warnings": ["reply-cut-short"]}),
    ("stages", {"stages": ["brain"]}),
]


@pytest.mark.parametrize(("name", "expected"), MISSED)
def test_what_is_not_as_expected_is_a_miss_by_its_name(name: str, expected: dict[str, Any]) -> None:
    assert missed(**expected) == [name]


def test_an_interruption_that_never_was_is_a_miss() -> None:
    assert missed(held(agent=[(0.0, 1.0)]), silent_after={"at_most": 200}) == ["silent_after"]


def test_a_call_that_does_not_end_is_a_miss() -> None:
    assert missed(held(overdue=True)) == ["seconds"]


def test_a_call_that_the_gateway_did_not_survive_is_a_miss_unless_that_was_expected() -> None:
    crashed = held(endReason="error", endDetail="The gateway failed.")
    assert missed(crashed) == ["call"]
    assert missed(crashed, ends="error") == []


def test_what_was_instead_is_told() -> None:
    found = call()
    (miss,) = misses(Expected(cuts=0), found, measure(found), None)
    assert miss.wanted == "0"
    assert miss.was == "1: agent: We are open from nine to five."
