"""It does not matter at which door something is asked: the same call, the same record, and one call for one key."""

from __future__ import annotations

import re
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from tests.e2e.conftest import MakeDaemon
from tests.e2e.daemon import PHONE, WORDS, Daemon, Json, said
from tests.e2e.doors import DOORS, Door
from tests.e2e.network import Network
from tests.e2e.test_idempotency import claimed, recorded, stuck
from voicecall.core.operations import Continue, Dtmf, End, Events, Initiate, Operation, Speak, Status, Transcript

KEY = "a key that is not to be dialled twice"
WISH = Initiate(to=PHONE, message="Good evening.", mode="conversation")
TEN: list[Door] = [*DOORS.values(), *list(DOORS.values())[:4]]
_CALLER: list[Json] = [{"listen": 8.0}, {"say": "hello"}, {"wait": 60}]
"""Speaks up once nothing was said for longer than any door takes to ask the question after the greeting."""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def drive(daemon: Daemon, door: Door) -> str:
    """Hold a whole call at one door and return its id; every answer is as promised."""

    def ask(operation: Operation) -> Any:
        return door(daemon, operation, None)

    placed = ask(WISH)
    call_id: str = placed["callId"]
    assert placed == {"callId": call_id, "state": "initiated"}
    daemon.until(call_id, "reply.finished")
    assert ask(Status(call_id=call_id))["state"] in ("active", "listening")
    assert ask(Continue(call_id=call_id, message="When shall we come?")) == {"callId": call_id, "transcript": WORDS}
    assert ask(Speak(call_id=call_id, message="Until then.")) == {"callId": call_id, "heard": True}
    assert ask(Dtmf(call_id=call_id, digits="1")) == {"callId": call_id}
    assert ask(End(call_id=call_id)) == {"callId": call_id, "state": "ended", "endReason": "hangup-agent"}
    return call_id


def told(daemon: Daemon, door: Door, call_id: str) -> list[Any]:
    """Return all that a door tells of a call that has ended."""
    asked: list[Operation] = [Status(call_id=call_id), Transcript(call_id=call_id), Events(call_id=call_id)]
    return [door(daemon, one, None) for one in asked]


def likeness(record: Json) -> Json:
    """Return a record without what differs from call to call: ids, times, and how long things took."""
    bare: Json = {name: _TIME.sub("T", str(value)) for name, value in record.items()}
    stages = [sorted(turn) for turn in record["latency"]["turns"]]
    return bare | {"callId": "", "carrierCallId": "", "latency": stages}


def test_a_call_is_the_same_at_whichever_door_it_is_driven(start: MakeDaemon, network: Network) -> None:
    network.script(PHONE, *_CALLER)
    daemon = start(network.settings)
    with ThreadPoolExecutor(len(DOORS)) as threads:
        calls = list(threads.map(lambda door: drive(daemon, door), DOORS.values()))
        first, *others = threads.map(lambda door: told(daemon, door, calls[0]), DOORS.values())
    assert others == [first] * len(others)
    record, transcript, events = first
    assert transcript == record["transcript"]
    assert events[-1]["type"] == "call.ended"

    records = [daemon.status(call_id) for call_id in calls]
    assert said(records[0]) == [
        ("agent", "Good evening."),
        ("agent", "When shall we come?"),
        ("caller", WORDS),
        ("agent", "Until then."),
    ]
    assert [likeness(one) for one in records] == [likeness(records[0])] * len(records)
    for call_id in calls:
        asked = [event["type"] for event in daemon.events(call_id) if event["type"].startswith("operation.")]
        assert asked == ["operation.continue", "operation.speak", "operation.dtmf", "operation.end"]


def ten(daemon: Daemon, threads: ThreadPoolExecutor) -> list[Future[Any]]:
    """Ask for the same call ten times at once, at every door."""
    return [threads.submit(door, daemon, WISH, KEY) for door in TEN]


def test_ten_doors_at_once_place_one_call(start: MakeDaemon, network: Network) -> None:
    daemon = start(network.settings)
    legs = network.legs()
    with ThreadPoolExecutor(10) as threads:
        answers = [asked.result() for asked in ten(daemon, threads)]
    call_id = answers[0]["callId"]
    assert answers == [{"callId": call_id, "state": "initiated"}] * 10
    daemon.until(call_id, "reply.finished")
    assert (list(daemon.history()), network.legs()) == ([call_id], legs + 1)


def test_ten_doors_that_a_kill_leaves_without_an_answer_find_the_one_call(start: MakeDaemon, network: Network) -> None:
    daemon = start(network.settings)
    legs = network.legs()
    with stuck(daemon, "BEFORE UPDATE ON claims") as archive, ThreadPoolExecutor(10) as threads:
        asked = ten(daemon, threads)
        call_id = claimed(archive)
        while network.legs() == legs:
            time.sleep(0.01)
        daemon.program.kill()
        assert all(one.exception() for one in asked)
        assert recorded(archive) == [call_id]

    daemon.start()
    with ThreadPoolExecutor(10) as threads:
        answers = [one.result() for one in ten(daemon, threads)]
    assert {answer["callId"] for answer in answers} == {call_id}
    assert (list(daemon.history()), network.legs()) == ([call_id], legs + 1)
