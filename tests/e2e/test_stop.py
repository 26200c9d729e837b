"""Telling the daemon to stop: live calls are served in full, new ones are refused, a second signal does not wait."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.conftest import MakeDaemon
from tests.e2e.daemon import ANSWER, CALLER, SHORT_TALK, WORDS, said
from tests.e2e.network import Network
from voicecall.core.operations import CallerStep, Simulate
from voicecall.errors import CallRefused


def test_the_first_signal_drains(start: MakeDaemon) -> None:
    daemon = start()
    with daemon.client() as client, ThreadPoolExecutor() as pool:
        call = pool.submit(daemon.simulate, SHORT_TALK)
        greeting = next(event for event in client.subscribe() if event["type"] == "reply.started")
        daemon.terminate()
        assert "calls=1" in daemon.logged("gateway.draining")
        with pytest.raises(CallRefused) as refused:
            daemon.place()
        assert refused.value.reason == "draining"
        with daemon.http() as http:
            assert http.get("/readyz").status_code == 503
            assert http.get("/healthz").status_code == 200
            assert http.post("/v1/calls", json={"to": CALLER, "message": "Hello."}).status_code == 403
        turned_away = client.perform(Simulate(from_=CALLER, steps=[CallerStep(hangup=True)]))
        assert turned_away["endReason"] == "busy"
        record = call.result()
    assert daemon.program.end() == 0
    assert record["callId"] == greeting["callId"]
    assert said(record) == [("agent", "Good morning."), ("caller", WORDS), ("agent", ANSWER)]
    assert record["endReason"] == "hangup-user"
    assert not (daemon.house.state / "daemon.json").exists()
    assert len(daemon.house.run("history", "--json").json) == 2


def test_the_second_signal_does_not_wait(start: MakeDaemon, network: Network) -> None:
    daemon = start(network.settings)
    call_id = daemon.place()
    daemon.until(call_id, "reply.finished")
    daemon.terminate()
    daemon.logged("gateway.draining")
    daemon.terminate()
    assert daemon.program.end() == 1
    assert "gateway.killed" in daemon.log
    (record,) = daemon.house.run("history", "--json").json
    assert record["callId"] == call_id
    assert record["state"] != "ended"
    leg = record["carrierCallId"]
    assert not network.told(leg)["ended"]
    network.hang_up(leg)


def test_a_terminal_that_closes_is_told_like_any_other_end(start: MakeDaemon) -> None:
    daemon = start()
    daemon.program.process.send_signal(signal.SIGHUP)
    assert daemon.program.end() == 0
    assert "gateway.draining" in daemon.log
    assert not (daemon.house.state / "daemon.json").exists()
