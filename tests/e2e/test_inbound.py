"""Who may call, and what each of our numbers does, from a simulated phone's point of view."""

from __future__ import annotations

import pytest

from tests.e2e.daemon import ANSWER, CALLER, SHORT_TALK, WORDS, Daemon, said
from voicecall.core.operations import CallerStep

CLOSED, SELECT, SILENT = "+15550000001", "+15550000002", "+15550000003"
FRIEND = "+15550100017"
HANG_UP = CallerStep(hangup=True)


def test_an_open_line_greets_hears_and_answers(gateway: Daemon) -> None:
    record = gateway.simulate(SHORT_TALK)
    assert said(record) == [("agent", "Good morning."), ("caller", WORDS), ("agent", ANSWER)]
    assert (record["state"], record["endReason"], record["direction"]) == ("ended", "hangup-user", "inbound")
    assert (record["from"], record["mode"], record["warnings"]) == (CALLER, "conversation", [])
    assert record["startedAt"] <= record["answeredAt"] <= record["endedAt"]
    (turn,) = record["latency"]["turns"]
    assert turn["turn"] == 1
    assert turn["response"] > 0


@pytest.mark.parametrize(("line", "policy"), [(CLOSED, "disabled"), (SELECT, "allowlist")])
def test_a_caller_who_is_not_admitted_is_rejected(gateway: Daemon, line: str, policy: str) -> None:
    record = gateway.simulate(SHORT_TALK, line=line)
    assert (record["state"], record["endReason"]) == ("ended", "rejected")
    assert record["answeredAt"] is None
    assert record["transcript"] == []
    logged = gateway.logged("inbound.rejected", record["callId"])
    assert f"policy={policy}" in logged
    assert record["carrierCallId"] in logged
    assert CALLER not in logged


def test_a_caller_on_the_allowlist_is_admitted(gateway: Daemon) -> None:
    record = gateway.simulate([CallerStep(listen=0.3), HANG_UP], caller=FRIEND, line=SELECT)
    assert said(record) == [("agent", "Good morning.")]
    assert record["endReason"] == "hangup-user"


def test_a_line_has_its_own_greeting_and_agent(gateway: Daemon) -> None:
    record = gateway.simulate([CallerStep(say="hello"), CallerStep(listen=0.3), HANG_UP], line=SILENT)
    assert said(record) == [("caller", WORDS), ("agent", "Another answer.")]
