"""The log of a busy gateway: the stable names are there; numbers, words and secrets are not."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from datetime import UTC, datetime

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.e2e.conftest import MakeDaemon
from tests.e2e.daemon import ANSWER, CALLER, PHONE, SHORT, SHORT_TALK, WORDS, Daemon
from voicecall.core.operations import CallerStep, End
from voicecall.errors import CallRefused

CLOSED = "+15550000001"
MESSAGE, OBJECTIVE, SAID = "Your parcel waits.", "sell a boat", "the caller's own line"
KEY, SECRET = "a-key-of-the-test-with-32-letters", "a-secret-of-the-test"
SETTINGS = {
    "streaming.credential_keys": [KEY],
    "mock.secret": SECRET,
    f'lines."{CLOSED}".inbound_policy': "disabled",
}
NAMES = {
    "webhook.refused",
    "webhook.path-stripped",
    "stream.upgrade",
    "stream.connected",
    "stream.started",
    "stream.refused",
    "greeting.speaking",
    "greeting.heard",
    "inbound.rejected",
    "call.unknown",
    "call.ended",
}
"""What the troubleshooting page is written around."""
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z")


def _be_busy(daemon: Daemon) -> list[str]:
    """Make everything happen that is logged under a stable name, and return the ids of the calls."""
    heard = daemon.simulate([*SHORT_TALK[:1], CallerStep(say=SAID), *SHORT_TALK[2:]])["callId"]
    rejected = daemon.simulate([CallerStep(hangup=True)], line=CLOSED)["callId"]
    notified = daemon.place(SHORT, MESSAGE, mode="notify")
    talked = daemon.place(PHONE, MESSAGE, objective=OBJECTIVE)
    daemon.until(talked, "reply.finished")
    with pytest.raises(CallRefused):
        daemon.place("+19005550100")
    daemon.perform(End(call_id=talked))
    daemon.final(notified)
    _knock(daemon)
    return [heard, rejected, notified, talked]


def _knock(daemon: Daemon) -> None:
    """Come to the public listener as a stranger, and as somebody who lost his way."""
    forged = {"X-Mock-Signature": "0" * 64, "X-Mock-Timestamp": "1"}
    body = json.dumps({"from": CALLER, "to": CLOSED, "call": "mc_1"})
    assert httpx2.post(daemon.public, content=body, headers=forged, trust_env=False).status_code == 403
    stripped = str(httpx2.URL(daemon.public).copy_with(path="/webhook"))
    assert httpx2.post(stripped, trust_env=False).status_code == 404
    _deliver_of_unknown_leg(daemon)
    _stream_without_credential(daemon)


def _deliver_of_unknown_leg(daemon: Daemon) -> None:
    url = f"{daemon.public}/mock"
    stamp = f"{datetime.now(UTC).timestamp():.0f}"
    told = {"id": "wh_1", "type": "ended", "call": "mc_elsewhere", "direction": "inbound", "from": CALLER}
    body = json.dumps({**told, "to": CLOSED, "reference": None, "at": float(stamp), "cause": "completed"})
    signature = hmac.new(SECRET.encode(), f"{stamp}.{url}.{body}".encode(), hashlib.sha256).hexdigest()
    headers = {"X-Mock-Timestamp": stamp, "X-Mock-Signature": signature}
    assert httpx2.post(url, content=body, headers=headers, trust_env=False).status_code == 200


def _stream_without_credential(daemon: Daemon) -> None:
    url = httpx2.URL(daemon.public).copy_with(scheme="ws", path="/voice/stream")
    start = {"event": "start", "stream": "ms_1", "call": "mc_elsewhere", "parameters": {}}
    with connect(str(url), proxy=None, open_timeout=30) as socket:
        socket.send(json.dumps({**start, "format": {"encoding": "mulaw", "rate": 8000}}))
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=30)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_log_tells_what_happened_and_keeps_what_is_private(start: MakeDaemon, form: str) -> None:
    daemon = start({**SETTINGS, "log.format": form})
    calls = _be_busy(daemon)
    numbers = [CALLER, PHONE, SHORT, CLOSED, "+19005550100"]
    assert daemon.stop() == 0

    lines = [line for line in daemon.program.err if line]
    if form == "json":
        events = [json.loads(line) for line in lines]
        assert {event["event"] for event in events} >= NAMES
        assert all(datetime.fromisoformat(event["at"]) for event in events)
        ended = [event for event in events if event["event"] == "call.ended"]
        assert {event["call_id"] for event in ended} >= {calls[0], calls[2], calls[3]}
        assert all(event["reason"] and event["carrier_call_id"] for event in ended)
    else:
        assert {line.split()[2] for line in lines} >= NAMES
        assert all(_STAMP.fullmatch(line.split()[0]) for line in lines)
    private = [MESSAGE, OBJECTIVE, SAID, WORDS, ANSWER, "Good morning.", daemon.token, KEY, SECRET]
    private += [number.removeprefix("+") for number in numbers]
    assert [word for word in private if word in daemon.log] == []
    assert "Traceback" not in daemon.log
