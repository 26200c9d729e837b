"""Several carriers at once: calls go by the one that is named, or by the next that can."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import MakeDaemon
from tests.e2e.daemon import SHORT
from voicecall.core.operations import CallerStep
from voicecall.errors import BadParameters

BOTH = {
    "twilio.account_sid": "AC" + "0" * 32,
    "twilio.auth_token": "token",
    "twilio.api_base_url": "http://127.0.0.1:9",  # where nobody listens
    "public_url": "https://voice.example.org/voice/webhook",
    "from_number": "+15550000000",
}


def test_a_carrier_that_surely_did_not_dial_is_passed_over_for_the_next(start: MakeDaemon) -> None:
    daemon = start({**BOTH, "outbound.carriers": ["twilio", "mock"]})
    record = daemon.final(daemon.place(SHORT))
    assert (record["carrier"], record["endReason"]) == ("mock", "hangup-user")
    assert [warning["code"] for warning in record["warnings"]] == ["carrier-passed"]


def test_a_call_goes_by_the_carrier_that_is_named_and_no_other(start: MakeDaemon) -> None:
    daemon = start({**BOTH, "outbound.carriers": ["mock", "twilio"]})
    with daemon.http() as http:
        wish = {"to": SHORT, "message": "Hello.", "mode": "conversation", "carrier": "twilio"}
        record = daemon.final(http.post("/v1/calls", json=wish).json()["callId"])
    assert (record["carrier"], record["endReason"]) == ("twilio", "failed")
    with pytest.raises(BadParameters, match="telnyx"):
        daemon.place(SHORT, carrier="telnyx")


def test_the_network_of_the_process_itself_is_reached_whatever_the_public_url(start: MakeDaemon) -> None:
    daemon = start({"public_url": "https://voice.example.org/voice/webhook", "inbound_policy": "open"})
    record = daemon.simulate([CallerStep(say="Hello"), CallerStep(hangup=True)])
    assert record["endReason"] == "hangup-user"
    assert record["transcript"]
