"""Many calls: no more than allowed at once, and nothing is left of those that are over."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.e2e.conftest import MakeDaemon
from tests.e2e.daemon import PHONE, SHORT, Daemon
from voicecall.errors import CallRefused

_IDLE = 0.02
"""Share of a processor."""
_KEPT = 2 * 20
"""Tasks of connections with the network that are kept open for a while: each call has one either way."""


def _try(daemon: Daemon) -> str:
    """Place a short call; return its id, or why it was refused."""
    try:
        return daemon.place(SHORT)
    except CallRefused as refused:
        return refused.reason


def _idle_share(daemon: Daemon) -> float:
    """Return which share of a processor the gateway takes over three seconds."""
    begin, before = time.monotonic(), daemon.metric("process_cpu_seconds_total")
    time.sleep(3.0)
    return (daemon.metric("process_cpu_seconds_total") - before) / (time.monotonic() - begin)


def _batch(daemon: Daemon) -> None:
    """Have twenty short calls at once."""
    with ThreadPoolExecutor(20) as pool:
        ids = list(pool.map(lambda _: daemon.place(SHORT), range(20)))
        reasons = {record["endReason"] for record in pool.map(daemon.final, ids)}
    assert reasons == {"hangup-user"}


def test_of_two_hundred_calls_at_once_five_run_and_the_others_are_refused_by_name(start: MakeDaemon) -> None:
    daemon = start({"limits.max_concurrent_calls": 5, "control.requests_per_second": 0})
    with ThreadPoolExecutor(25) as pool:
        answers = list(pool.map(lambda _: _try(daemon), range(200)))
    refused = Counter(answers)["max-concurrent-calls"]
    placed = [answer for answer in answers if answer != "max-concurrent-calls"]
    assert len(placed) + refused == 200
    assert len(set(placed)) == len(placed) >= 5
    for call_id in placed:
        assert daemon.final(call_id)["endReason"] == "hangup-user"
    assert daemon.history().keys() == set(placed)
    with daemon.http() as http:
        wish = {"to": PHONE, "message": "Hello.", "mode": "conversation"}
        many = [http.post("/v1/calls", json=wish) for _ in range(6)]
    assert [answer.status_code for answer in many] == [201] * 5 + [429]
    assert many[5].json()["reason"] == "max-concurrent-calls"
    assert daemon.metric("voicecall_calls") == 5


def test_nothing_is_left_of_calls_that_are_over(start: MakeDaemon) -> None:
    daemon = start({"limits.max_concurrent_calls": 20})
    tasks = daemon.metric("voicecall_tasks")
    assert 0 < tasks < _KEPT
    assert _idle_share(daemon) < _IDLE
    _batch(daemon)
    memory, threads = daemon.metric("process_resident_memory_bytes"), daemon.metric("voicecall_threads")
    for _ in range(3):
        _batch(daemon)
    assert daemon.metric("process_resident_memory_bytes") < memory * 1.1
    assert daemon.metric("voicecall_threads") <= threads
    assert daemon.metric("voicecall_tasks") <= tasks + _KEPT
    assert daemon.metric("voicecall_calls") == 0
    assert daemon.metric("voicecall_calls_ended_total") == 80
    assert _idle_share(daemon) < _IDLE
