"""A call as a few lines: who sounded when, and what was said."""

from __future__ import annotations

from tests.scenarios.calls import held, reply, step
from voicecall.scenarios.measures import measure
from voicecall.scenarios.timeline import timeline, told


def test_everything_that_sounded_is_told_in_its_order() -> None:
    call = held(
        agent=[(0.0, 1.5), (3.4, 4.2), (5.0, 6.2)],
        caller=[(2.0, 3.0), (5.5, 5.8)],
        journal=[
            *step("say", 1.9, 3.0, "When?"),
            *step("cough", 5.5, 5.8),
            *step("wait", 6, 7),
            *step("press", 8, 8.4, "1#"),
        ],
        events=[*reply(1, 0.0, 1.5, "Hello."), *reply(2, 3.4, 6.2, "We are open from nine.", heard="We are open")],
    )
    assert [told(moment).split(maxsplit=2) for moment in timeline(measure(call))] == [
        ["0.00", "1.50", "agent  Hello."],
        ["2.00", "3.00", "caller  When?"],
        ["3.40", "6.20", "agent  We are open — [from nine.]"],
        ["4.20", "5.00", "(the agent paused for 800 ms)"],
        ["5.50", "5.80", "caller  (cough)"],
        ["8.00", "8.40", "caller  (press 1#)"],
    ]
