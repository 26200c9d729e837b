"""Every operation of calls gives what its type says, and what is not as promised is noticed."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from tests.gateway.brains import Answers
from tests.gateway.house import FRIEND, MakeHouse, listen, say, wait
from tests.gateway.promises import check_error, check_result
from voicecall.core.operations import (
    CallerStep,
    Calling,
    Continue,
    Dtmf,
    End,
    Events,
    History,
    Initiate,
    Latency,
    Live,
    Operation,
    Recording,
    Simulate,
    Speak,
    Status,
    Transcript,
    Wait,
)
from voicecall.errors import CallOver, CallRefused


async def test_every_operation_gives_what_its_type_says(house: MakeHouse) -> None:
    async with house(brain=Answers((0.2, "You are welcome"))) as h:
        await h.network.script(FRIEND, (listen(), say("Thank you"), listen(), listen(), say("At nine"), wait(99)))
        call = (await h.perform(Initiate(to=FRIEND, message="Hello there", metadata={"order": "7"})))["callId"]
        await h.seen(call, "reply.finished", 2)
        asked: list[Operation] = [
            Speak(call_id=call, message="One more thing"),
            Continue(call_id=call, message="When shall we come"),
            Dtmf(call_id=call, digits="1"),
            Live(),
            End(call_id=call),
            Wait(call_id=call),
            Status(call_id=call),
            History(),
            Transcript(call_id=call),
            Events(call_id=call),
            Latency(),
            Simulate(from_=FRIEND, steps=[CallerStep(say="Hello"), CallerStep(hangup=True)]),
        ]
        told = {type(one): await h.perform(one) for one in asked}
        assert {*told, Initiate, Recording} == set(get_args(Calling))
        assert all(told.values())
        with pytest.raises(CallRefused, match="no recording"):
            await h.perform(Recording(call_id=call))


RECORDING = {"callId": "01J", "path": "/x.wav", "seconds": 1.0, "bytes": 16044}
TURNS = {"at": "t", "speaker": "agent", "text": "Hello"}


@pytest.mark.parametrize(
    ("operation", "result"),
    [
        (Recording(call_id="01J"), {**RECORDING, "unknown": 1}),
        (Recording(call_id="01J"), {name: value for name, value in RECORDING.items() if name != "bytes"}),
        (Recording(call_id="01J"), {**RECORDING, "seconds": "1.0"}),
        (Transcript(call_id="01J"), [TURNS, {**TURNS, "unknown": 1}]),
        (Latency(), {"stages": [{"name": "brain", "count": 1, "p50_ms": 1.0, "p95_ms": 1.0, "unknown": 1}]}),
    ],
)
def test_a_result_that_is_not_of_its_type_is_noticed(operation: Operation, result: Any) -> None:
    check_result(Recording(call_id="01J"), RECORDING)
    with pytest.raises((AssertionError, ValueError)):
        check_result(operation, result)


def test_an_error_that_is_not_of_the_table_is_noticed() -> None:
    check_error(Latency(), CallRefused("scope", "not with this token"))
    with pytest.raises(AssertionError, match="latency"):
        check_error(Latency(), CallOver("it has ended"))
