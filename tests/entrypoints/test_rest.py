"""REST: every operation is reachable as its table says, and every failure is a problem with its status."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import msgspec
import pytest
from prometheus_client import CollectorRegistry, Counter

from voicecall.core.operations import (
    TABLE,
    Continue,
    Dtmf,
    End,
    Events,
    History,
    Initiate,
    Live,
    Operation,
    Simulate,
    Speak,
    Status,
    Wait,
)
from voicecall.entrypoints import ControlOptions
from voicecall.entrypoints.control import ControlListener
from voicecall.errors import (
    BadParameters,
    CallNotFound,
    CallOver,
    CallRefused,
    CarrierError,
    ConfigError,
    OperationTimeout,
    RequestError,
    StoreError,
    VoicecallError,
)

BASE = "http://127.0.0.1:3335"
EVENT = {"seq": 8, "at": "t", "callId": "01J", "type": "call.ended", "data": {}}


class FakeOperator:
    """Remembers what was asked; answers with the operation's name, or fails."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.asked: list[tuple[Operation, str | None]] = []
        self.subscribed: list[tuple[int, str | None]] = []
        self.failure = failure
        self.ready = {"store": True, "listener": True}

    async def perform(self, operation: Operation, *, idempotency_key: str | None = None) -> Any:
        self.asked.append((operation, idempotency_key))
        if self.failure is not None:
            raise self.failure
        return {"did": operation.name}

    async def subscribe(self, since: int, call_id: str | None) -> AsyncIterator[dict[str, Any]]:
        self.subscribed.append((since, call_id))
        yield EVENT

    def readiness(self) -> dict[str, bool]:
        return self.ready


def ask(
    operator: FakeOperator, method: str, path: str, *, registry: CollectorRegistry | None = None, **request: Any
) -> httpx2.Response:
    """Send one request to the application in memory, with the token unless the headers say otherwise."""
    headers = {"Authorization": "Bearer the-token"} | request.pop("headers", {})

    async def main() -> httpx2.Response:
        listener = ControlListener(ControlOptions(token="the-token"), operator, registry or CollectorRegistry())
        transport = httpx2.ASGITransport(listener.app, raise_app_exceptions=False)
        async with asyncio.timeout(5.0), httpx2.AsyncClient(transport=transport, base_url=BASE) as client:
            return await client.request(method, path, headers=headers, **request)

    return asyncio.run(main())


def asked(method: str, path: str, **request: Any) -> Operation:
    operator = FakeOperator()
    response = ask(operator, method, path, **request)
    ((operation, _),) = operator.asked
    assert response.json() == {"did": operation.name}
    assert response.status_code == (201 if isinstance(operation, Initiate) else 200)
    return operation


def refused(status: int, method: str, path: str, **request: Any) -> dict[str, Any]:
    """Return the problem that a request is answered with; the operator was not asked."""
    operator = FakeOperator()
    response = ask(operator, method, path, **request)
    assert operator.asked == []
    return told(response, status)


def told(response: httpx2.Response, status: int) -> dict[str, Any]:
    problem: dict[str, Any] = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert (response.status_code, problem["status"], problem["type"]) == (status, status, "about:blank")
    assert problem["title"]
    return problem


def test_every_operation_is_asked_for_as_its_table_says() -> None:
    assert asked("POST", "/v1/calls", json={"message": "Hello", "to": "+15550100101"}) == Initiate(
        message="Hello", to="+15550100101"
    )
    assert asked("POST", "/v1/calls") == Initiate()
    assert asked("POST", "/v1/calls/01J/continue", json={"message": "x"}) == Continue(call_id="01J", message="x")
    assert asked("POST", "/v1/calls/01J/speak", json={"message": "x"}) == Speak(call_id="01J", message="x")
    assert asked("POST", "/v1/calls/01J/dtmf", json={"digits": "1"}) == Dtmf(call_id="01J", digits="1")
    assert asked("DELETE", "/v1/calls/01J") == End(call_id="01J")
    assert asked("GET", "/v1/calls/01J") == Status(call_id="01J")
    assert asked("GET", "/v1/live") == Live()
    assert asked("GET", "/v1/calls/01J/wait?timeout=2.5") == Wait(call_id="01J", timeout=2.5)
    assert asked("GET", "/v1/calls?limit=3&since=2h") == History(limit=3, since="2h")
    assert asked("GET", "/v1/calls/01J/events?since=4") == Events(call_id="01J", since=4)
    assert isinstance(asked("POST", "/v1/simulate", json={"from": "+15550100100", "steps": []}), Simulate)


@pytest.mark.parametrize("operation", TABLE, ids=lambda operation: operation.name)
def test_no_operation_of_the_table_is_missing(operation: type[Operation]) -> None:
    method, path = operation.route
    response = ask(FakeOperator(BadParameters("x")), method, path.replace("{callId}", "01J"))
    assert told(response, 422)["code"] == "bad-parameters"


def test_head_is_get_without_the_body() -> None:
    operator = FakeOperator()
    assert ask(operator, "HEAD", "/v1/live").status_code == 200
    assert operator.asked == [(Live(), None)]


def test_the_idempotency_key_goes_with_what_changes_something() -> None:
    operator = FakeOperator()
    ask(operator, "POST", "/v1/calls", headers={"Idempotency-Key": "k"})
    ask(operator, "GET", "/v1/live", headers={"Idempotency-Key": "k"})
    assert [key for _, key in operator.asked] == ["k", None]
    assert "Idempotency-Key" in refused(422, "POST", "/v1/calls", headers={"Idempotency-Key": "k" * 256})["detail"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/calls", b'{"message": 7}'),
        ("POST", "/v1/calls", b'{"unknown": 1}'),
        ("POST", "/v1/calls", b'{"mode": "loud"}'),
        ("POST", "/v1/calls", b"[]"),
        ("POST", "/v1/calls", b"rubbish"),
        ("POST", "/v1/calls", b'{"message": "\xff"}'),
        ("POST", "/v1/calls", b'{"message": ' + b"[" * 60_000),
        ("POST", "/v1/calls/01J/speak", b"{}"),
        ("POST", "/v1/calls/01J/speak", b'{"callId": "other", "message": "x"}'),
        ("GET", "/v1/calls?limit=many", b""),
        ("GET", "/v1/calls?limit=1&limit=2", b""),
        ("GET", "/v1/calls?colour=red", b""),
    ],
)
def test_wrong_parameters_are_422(method: str, path: str, body: bytes) -> None:
    assert refused(422, method, path, content=body)["code"] == "bad-parameters"


def test_unknown_paths_and_methods_are_problems() -> None:
    assert refused(404, "GET", "/v2/calls")["code"] == "not-found"
    assert refused(405, "PUT", "/v1/calls")["code"] == "method-not-allowed"


def test_a_long_body_is_refused() -> None:
    assert refused(413, "POST", "/v1/calls", content=bytes(65 * 1024))["code"] == "too-large"


@pytest.mark.parametrize(
    ("failure", "status", "code", "reason"),
    [
        (CallNotFound("no call 01J"), 404, "call-not-found", None),
        (CallOver("01J has ended"), 409, "call-over", None),
        (CallRefused("policy", "not this number"), 403, "refused", "policy"),
        (CallRefused("max-concurrent-calls", "ten already", limit=True), 429, "refused", "max-concurrent-calls"),
        (CarrierError("it said no", code="21211"), 502, "provider-failed", "21211"),
        (CarrierError("it said nothing"), 502, "provider-failed", None),
        (OperationTimeout("nobody answered"), 504, "timeout", None),
        (BadParameters("to: not E.164"), 422, "bad-parameters", None),
        (StoreError("disk full"), 503, "store-failed", None),
        (RequestError("not like this"), 400, "request", None),
        (ConfigError([]), 500, "failed", None),
    ],
)
def test_every_failure_is_a_problem(failure: VoicecallError, status: int, code: str, reason: str | None) -> None:
    problem = told(ask(FakeOperator(failure), "GET", "/v1/calls/01J"), status)
    assert (problem["detail"], problem["code"], problem.get("reason")) == (str(failure), code, reason)


def test_a_fault_of_ours_is_a_problem_that_tells_nothing() -> None:
    assert "hidden" not in told(ask(FakeOperator(KeyError("hidden")), "GET", "/v1/live"), 500)["detail"]


def test_all_events_are_streamed() -> None:
    operator = FakeOperator()
    response = ask(operator, "GET", "/v1/events?since=3")
    assert response.headers["content-type"].startswith("text/event-stream")
    assert "id: 8\nevent: call.ended\ndata: {" in response.text
    assert operator.subscribed == [(3, None)]


def test_the_last_event_that_a_browser_saw_counts_before_since() -> None:
    operator = FakeOperator()
    ask(operator, "GET", "/v1/events?since=3", headers={"Last-Event-ID": "5"})
    assert operator.subscribed == [(5, None)]


@pytest.mark.parametrize("path", ["/v1/events?callId=01J", "/v1/calls/01J/events"])
def test_the_events_of_one_call_are_streamed(path: str) -> None:
    operator = FakeOperator()
    response = ask(operator, "GET", path, headers={"Accept": "text/event-stream"})
    assert response.headers["content-type"].startswith("text/event-stream")
    assert operator.subscribed == [(0, "01J")]
    assert operator.asked == [(Status(call_id="01J"), None)]


def test_there_are_no_events_of_a_call_that_does_not_exist() -> None:
    told(ask(FakeOperator(CallNotFound("no call")), "GET", "/v1/events?callId=x"), 404)


@pytest.mark.parametrize("since", ["x", "-1", "²"])
def test_events_begin_after_a_number(since: str) -> None:
    assert refused(422, "GET", "/v1/events", params={"since": since})["code"] == "bad-parameters"


def test_head_of_the_events_does_not_wait_for_any() -> None:
    operator = FakeOperator()
    assert ask(operator, "HEAD", "/v1/events").status_code == 200
    assert operator.subscribed == []


def test_health_tells_nothing_but_its_status() -> None:
    operator = FakeOperator()
    assert ask(operator, "GET", "/healthz").json() == {"status": "ok"}
    assert ask(operator, "GET", "/readyz").json() == {"status": "ready"}
    operator.ready["store"] = False
    response = ask(operator, "GET", "/readyz")
    assert (response.status_code, response.json()) == (503, {"status": "not ready"})


def test_metrics_are_those_of_the_registry() -> None:
    registry = CollectorRegistry()
    Counter("calls", "Calls placed", registry=registry).inc(3)
    response = ask(FakeOperator(), "GET", "/metrics", registry=registry)
    assert response.headers["content-type"].startswith("text/plain")
    assert "calls_total 3.0" in response.text


def test_the_front_page_says_that_the_console_comes_later() -> None:
    assert "console comes later" in ask(FakeOperator(), "GET", "/").text


def test_results_are_json_whatever_they_are() -> None:
    class Listing(FakeOperator):
        async def perform(self, operation: Operation, *, idempotency_key: str | None = None) -> Any:
            return [1.5, None, "é"]

    response = ask(Listing(), "GET", "/v1/live")
    assert response.headers["content-type"] == "application/json"
    assert msgspec.json.decode(response.content) == [1.5, None, "é"]
