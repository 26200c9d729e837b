"""Twilio behind a reverse proxy that rewrites, drops and delays: many calls at once, and two gateways."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.conftest import MakeDaemon
from tests.e2e.daemon import said
from tests.e2e.twilio import Twilio, record_of

CALLS = 10
DELAY = 0.2
"""Seconds on the way through the proxy, in each direction."""
CALLERS = [f"+155501002{number:02d}" for number in range(CALLS)]
HEAR, HANG_UP = {"listen": 0.3}, {"hangup": True}
KEY = "a-key-of-the-test-with-32-letters"


@pytest.mark.parametrize("trusted", [[], ["127.0.0.1"]], ids=["nobody", "proxy"])
def test_ten_calls_in_one_second_are_all_greeted(start: MakeDaemon, twilio: Twilio, trusted: list[str]) -> None:
    security = {"webhook_security.trusted_proxy_ips": trusted}
    daemon = start({**twilio.settings, **security, "limits.max_concurrent_calls": CALLS})
    twilio.proxy.lead_to(twilio.port, twilio.port, DELAY)
    with ThreadPoolExecutor(CALLS) as pool:
        sids = list(pool.map(lambda caller: twilio.ring(HEAR, HANG_UP, caller=caller), CALLERS))
        records = list(pool.map(lambda sid: record_of(daemon, sid), sids))
    assert sorted(record["from"] for record in records) == CALLERS
    for record in records:
        assert said(record) == [("agent", "Good morning.")]
        assert (record["endReason"], record["warnings"]) == ("hangup-user", [])
    assert twilio.proxy.upgrades == ["/voice/stream"] * CALLS
    names = [line.split()[2] for line in daemon.program.err if line]
    for name in ("stream.upgrade", "stream.started", "greeting.heard"):
        assert names.count(name) == CALLS, name
    assert not {"stream.crowded", "stream.refused", "webhook.refused", "webhook.slow"} & set(names)


def test_a_gateway_that_never_saw_the_webhook_serves_the_stream(
    start: MakeDaemon, twilio: Twilio, tmp_path: Path
) -> None:
    shared = {"streaming.credential_keys": [KEY], "store.url": f"sqlite:///{tmp_path / 'calls.db'}"}
    asked = start({**twilio.settings, **shared})
    streamed = start({**twilio.settings, **shared, "serve.port": twilio.other_port})
    twilio.proxy.lead_to(twilio.port, twilio.other_port)
    sid = twilio.ring(HEAR, {"say": "hello"}, HEAR, HANG_UP)
    record = record_of(streamed, sid)
    assert [speaker for speaker, _ in said(record)] == ["agent", "caller", "agent"]
    assert (record["endReason"], record["warnings"]) == ("hangup-user", [])
    assert "stream.started" in streamed.log
    assert "stream.upgrade" not in asked.log
    assert len(twilio.told(sid)["heard"]) == 2
