"""`voicecall doctor` against a running gateway on the simulated Twilio."""

from __future__ import annotations

from tests.e2e.conftest import MakeDaemon
from tests.e2e.daemon import SHORT_TALK, Daemon, Json
from tests.e2e.twilio import Twilio


def found(daemon: Daemon, *flags: str) -> tuple[int, dict[str, Json]]:
    """What the doctor says, by id."""
    done = daemon.house.run("doctor", *flags, "--json")
    assert done.err == ""
    return done.status, {check["id"]: check for check in done.json["checks"]}


def test_a_gateway_in_order_is_proven_from_outside(start: MakeDaemon, twilio: Twilio) -> None:
    reached = {"public_url": f"http://127.0.0.1:{twilio.port}/voice/webhook"}
    daemon = start({**twilio.settings, **reached, "limits.stale_call_seconds": 0, "inbound_policy": "disabled"})
    status, checks = found(daemon, "--live")
    assert status == 0, checks
    proven = {id_: checks[id_]["level"] for id_ in ("daemon", "webhook-path", "signature", "stream")}
    assert set(proven.values()) == {"ok"}, checks
    assert "real secret was verified" in checks["signature"]["message"]
    assert "reaches this gateway" in checks["public-url"]["message"]
    assert "p95" in checks["stream"]["message"]
    assert (checks["credentials-twilio"]["level"], checks["clock"]["level"]) == ("ok", "ok")
    assert checks["number-twilio"]["level"] == "warn"
    assert "kept for ever" in checks["limits"]["message"]
    assert "webhook." not in daemon.log


def test_a_public_url_that_leads_elsewhere_is_named(start: MakeDaemon, twilio: Twilio) -> None:
    daemon = start({**twilio.settings, "public_url": f"{twilio.url}/voice/webhook"})
    status, checks = found(daemon, "--live")
    assert (status, checks["public-url"]["level"]) == (1, "fail")
    assert "something other than this gateway" in checks["public-url"]["message"]


def test_a_call_that_was_turned_away_is_explained(start: MakeDaemon) -> None:
    daemon = start({"inbound_policy": "disabled"})
    record = daemon.simulate(SHORT_TALK)
    status, checks = found(daemon, "--call-id", record["callId"])
    assert (status, next(iter(checks))) == (1, "inbound-policy")
    assert "turned away" in checks["inbound-policy"]["message"]
