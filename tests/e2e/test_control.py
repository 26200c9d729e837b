"""The control listener of a running gateway: who may ask, what placing a call answers, and events without loss."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import httpx2
import pytest

from tests.e2e.daemon import PHONE, SHORT, SHORT_TALK, Daemon, Json
from voicecall.core.operations import End, Events

_PATHS = ["/v1/calls", "/v1/live", "/v1/events", "/v1/latency", "/metrics", "/"]


@pytest.fixture
def http(gateway: Daemon) -> Iterator[httpx2.Client]:
    with gateway.http() as client:
        yield client


@pytest.fixture
def live_call(gateway: Daemon) -> Iterator[str]:
    call_id = gateway.place()
    gateway.until(call_id, "reply.finished")
    yield call_id
    gateway.perform(End(call_id=call_id))


def test_health_needs_no_token_and_tells_nothing_else(gateway: Daemon) -> None:
    for path, told in (("/healthz", {"status": "ok"}), ("/readyz", {"status": "ready"})):
        answer = httpx2.get(gateway.control + path, headers={"Host": "elsewhere.example"}, trust_env=False)
        assert (answer.status_code, answer.json()) == (200, told)


@pytest.mark.parametrize("path", _PATHS)
@pytest.mark.parametrize("token", [None, "Bearer wrong", "Basic wrong"])
def test_everything_else_needs_the_token(gateway: Daemon, path: str, token: str | None) -> None:
    headers = {} if token is None else {"Authorization": token}
    assert httpx2.get(gateway.control + path, headers=headers, trust_env=False).status_code == 401


@pytest.mark.parametrize("header", [("Host", "rebound.example"), ("Origin", "http://elsewhere.example")])
def test_other_names_and_origins_are_turned_away_in_spite_of_the_token(
    http: httpx2.Client, header: tuple[str, str]
) -> None:
    assert http.get("/v1/calls", headers=[header]).status_code == 403


def test_placing_answers_201_with_the_id(gateway: Daemon, http: httpx2.Client) -> None:
    answer = http.post("/v1/calls", json={"to": SHORT, "message": "Hello."})
    assert answer.status_code == 201
    placed = answer.json()
    assert placed.keys() == {"callId", "state"}
    assert placed["state"] == "initiated"
    record = gateway.final(placed["callId"])
    assert (record["mode"], record["endReason"], record["to"]) == ("notify", "completed", SHORT)


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({"to": "112", "message": "Hello."}, 403),
        ({"to": "+19005550100", "message": "Hello."}, 403),
        ({"to": "five", "message": "Hello."}, 422),
        ({"to": PHONE, "message": ""}, 422),
        ({"to": PHONE, "message": "Hello.", "colour": "red"}, 422),
        ({"to": PHONE, "message": 7}, 422),
        ({"to": PHONE, "message": "Hello.", "carrier": "pigeon"}, 422),
        ({"message": "Hello."}, 422),
    ],
)
def test_what_cannot_be_dialled_is_a_problem_and_no_call(
    gateway: Daemon, http: httpx2.Client, wish: Json, status: int
) -> None:
    before = gateway.history()
    answer = http.post("/v1/calls", json=wish)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert gateway.history() == before


def test_a_call_that_is_over_or_unknown_cannot_be_spoken_into(gateway: Daemon, http: httpx2.Client) -> None:
    over = gateway.simulate(SHORT_TALK)["callId"]
    for call_id, status in ((over, 409), ("01UNKNOWN", 404)):
        assert http.post(f"/v1/calls/{call_id}/speak", json={"message": "Hello?"}).status_code == status
        assert http.post(f"/v1/calls/{call_id}/continue", json={"message": "Hello?"}).status_code == status
        assert http.post(f"/v1/calls/{call_id}/dtmf", json={"digits": "1"}).status_code == status
    assert http.get("/v1/calls/01UNKNOWN").status_code == 404
    assert http.delete("/v1/calls/01UNKNOWN").status_code == 404
    again = http.delete(f"/v1/calls/{over}")
    assert (again.status_code, again.json()["endReason"]) == (200, "hangup-user")


def test_a_call_is_spoken_into_shown_and_ended(http: httpx2.Client, live_call: str) -> None:
    path = f"/v1/calls/{live_call}"
    assert http.post(f"{path}/speak", json={"message": "One more thing."}).json() == {
        "callId": live_call,
        "heard": True,
    }
    assert http.post(f"{path}/dtmf", json={"digits": "12#"}).json() == {"callId": live_call}
    assert http.get(path).json()["state"] in {"speaking", "listening", "active"}
    assert [record["callId"] for record in http.get("/v1/live").json()] == [live_call]
    assert http.delete(path).json() == {"callId": live_call, "state": "ended", "endReason": "hangup-agent"}
    assert [line["text"] for line in http.get(f"{path}/transcript").json()] == ["Good evening.", "One more thing."]
    assert [record for record in http.get("/v1/live").json() if record["state"] != "ended"] == []


def test_metrics_tell_of_calls(gateway: Daemon, live_call: str) -> None:
    assert gateway.metric("voicecall_calls") == 1
    ended = gateway.metric("voicecall_calls_ended_total")
    gateway.perform(End(call_id=live_call))
    assert gateway.metric("voicecall_calls") == 0
    assert gateway.metric("voicecall_calls_ended_total") == ended + 1
    assert 0 < gateway.metric("voicecall_tasks") < 40
    with gateway.http() as http:
        assert 'voicecall_transcoded_frames_total{place="model"} 0.0' in http.get("/metrics").text.splitlines()


def _events(http: httpx2.Client, call_id: str, most: int, **headers: str) -> list[Json]:
    """Return the next events, `most` at most and until the call has ended, and cut the connection."""
    found: list[Json] = []
    with http.stream("GET", "/v1/events", headers={"Accept": "text/event-stream", **headers}) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        event: dict[str, Any] = {}
        for line in response.iter_lines():
            name, _, value = line.partition(": ")
            if name in {"id", "event", "data"}:
                event[name] = value
            elif not line and event:
                found.append({"id": int(event["id"]), "type": event["event"], **json.loads(event["data"])})
                event = {}
                if len(found) == most or _ends(found, call_id):
                    break
    return found


def _ends(events: list[Json], call_id: str) -> bool:
    return (events[-1]["type"], events[-1]["callId"]) == ("call.ended", call_id)


def test_events_resume_without_loss_while_a_call_runs(gateway: Daemon, http: httpx2.Client) -> None:
    call_id = gateway.place(SHORT)
    first = gateway.perform(Events(call_id=call_id, limit=1))[0]["seq"]
    seen: list[Json] = []
    connections = 0
    while not seen or not _ends(seen, call_id):
        last = seen[-1]["id"] if seen else first - 1
        seen += _events(http, call_id, 2, **{"Last-Event-ID": str(last)})
        connections += 1
    assert connections > 3
    assert all(event["id"] == event["seq"] for event in seen)
    assert all(earlier["id"] < later["id"] for earlier, later in pairwise(seen))
    archived = gateway.perform(Events(call_id=call_id))
    assert [event["seq"] for event in seen if event["callId"] == call_id] == [event["seq"] for event in archived]
    assert [event["type"] for event in seen][:2] == ["call.initiated", "call.dialled"]
