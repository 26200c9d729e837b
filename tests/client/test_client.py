from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import httpx2
import pytest

from voicecall.client import Client, DaemonUnreachable
from voicecall.core.operations import CallerStep, Events, History, Initiate, Operation, Simulate
from voicecall.errors import (
    BadParameters,
    CallNotFound,
    CallOver,
    CallRefused,
    CarrierError,
    OperationTimeout,
    RequestError,
    StoreError,
    VoicecallError,
)

URL = "http://127.0.0.1:3335"
Handler = Callable[[httpx2.Request], httpx2.Response]


def client(handler: Handler, pauses: list[float] | None = None) -> Client:
    waited: list[float] = [] if pauses is None else pauses
    return Client(URL, "door", transport=httpx2.MockTransport(handler), pause=waited.append)


def answering(status: int, body: Any) -> Handler:
    return lambda _: httpx2.Response(status, json=body)


def perform(operation: Operation, status: int = 200, body: Any = None) -> httpx2.Request:
    seen: list[httpx2.Request] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(status, json={} if body is None else body)

    with client(handle) as found:
        found.perform(operation)
    return seen[0]


def test_parameters_travel_in_the_path_the_query_and_the_body() -> None:
    request = perform(Events(call_id="a/b", since=3))
    assert request.url.raw_path == b"/v1/calls/a%2Fb/events?since=3&limit=1000"
    assert request.headers["authorization"] == "Bearer door"
    assert "idempotency-key" not in request.headers
    request = perform(History(number="+15550001111"))
    assert dict(request.url.params) == {"limit": "50", "number": "+15550001111"}
    request = perform(Simulate(from_="+15550001111", steps=[CallerStep(say="hi")]))
    assert json.loads(request.content)["from"] == "+15550001111"
    assert request.headers["idempotency-key"]


def test_a_key_of_the_callers_own_goes_along() -> None:
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200, json={})

    with Client("http://127.0.0.1:3335", "door", transport=httpx2.MockTransport(answer)) as client:
        client.perform(Initiate(), idempotency_key="mine")
        client.perform(History(), idempotency_key="mine")
    assert [request.headers.get("idempotency-key") for request in seen] == ["mine", None]


def test_every_operation_that_changes_something_has_its_own_key() -> None:
    assert perform(Initiate()).headers["idempotency-key"] != perform(Initiate()).headers["idempotency-key"]


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (422, "bad-parameters", BadParameters),
        (404, "call-not-found", CallNotFound),
        (409, "call-over", CallOver),
        (403, "refused", CallRefused),
        (504, "timeout", OperationTimeout),
        (502, "provider-failed", CarrierError),
        (503, "store-failed", StoreError),
        (400, "request", RequestError),
    ],
)
def test_problems_are_the_errors_that_they_were(status: int, code: str, kind: type[VoicecallError]) -> None:
    problem = {"type": "about:blank", "title": "No", "status": status, "detail": "so it is", "code": code}
    with pytest.raises(kind, match="so it is") as caught:
        perform(Initiate(), status, {**problem, "reason": "because"})
    assert type(caught.value) is kind
    if isinstance(caught.value, CallRefused):
        assert (caught.value.reason, caught.value.limit) == ("because", False)


def test_a_limit_is_told_from_a_policy() -> None:
    with pytest.raises(CallRefused) as caught:
        perform(Initiate(), 429, {"status": 429, "detail": "full", "code": "refused", "reason": "max-concurrent-calls"})
    assert (caught.value.reason, caught.value.limit) == ("max-concurrent-calls", True)


@pytest.mark.parametrize(("status", "body"), [(500, "oops"), (404, ["x"]), (401, {}), (500, {"status": "x"})])
def test_a_stranger_is_named_and_the_token_is_not(status: int, body: Any) -> None:
    with pytest.raises(VoicecallError, match=URL) as caught:
        perform(Initiate(), status, body)
    assert "door" not in str(caught.value)


def test_nobody_there_is_told_with_the_remedy() -> None:
    def fail(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused", request=request)

    with pytest.raises(DaemonUnreachable, match="voicecall serve") as caught:
        client(fail).perform(Initiate())
    assert caught.value.url == URL
    with pytest.raises(DaemonUnreachable, match="voicecall serve"):
        next(client(fail).subscribe())


def test_a_connection_that_breaks_off_and_one_that_takes_too_long() -> None:
    def broken(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.RemoteProtocolError("gone", request=request)

    def slow(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadTimeout("slow", request=request)

    with pytest.raises(DaemonUnreachable, match="stopped answering"):
        client(broken).perform(Initiate())
    with pytest.raises(OperationTimeout, match="`initiate`"):
        client(slow).perform(Initiate())


def event(seq: int) -> str:
    return f"id: {seq}\nevent: call.ringing\ndata: {json.dumps({'seq': seq, 'type': 'call.ringing'})}\n\n"


def test_a_lost_event_stream_is_resumed_where_it_broke() -> None:
    asked: list[tuple[str, str | None]] = []

    def pieces(texts: list[str]) -> Iterator[bytes]:
        for text in texts:
            yield text.encode()
        raise httpx2.ReadError("lost")

    def handle(request: httpx2.Request) -> httpx2.Response:
        asked.append((request.url.query.decode(), request.headers.get("last-event-id")))
        first = int(request.url.params["since"]) + 1
        half = event(first + 2)[:20]
        return httpx2.Response(200, content=pieces([": still here\n\n", event(first), event(first + 1), half]))

    pauses: list[float] = []
    found = [one["seq"] for one in islice(client(handle, pauses).subscribe(4, "01CALL"), 5)]
    assert found == [5, 6, 7, 8, 9]
    assert asked == [("since=4&callId=01CALL", None), ("since=6&callId=01CALL", "6"), ("since=8&callId=01CALL", "8")]
    assert len(pauses) == 2


def test_a_daemon_that_stays_away_is_given_up() -> None:
    def handle(request: httpx2.Request) -> httpx2.Response:
        if "last-event-id" in request.headers:
            raise httpx2.ConnectError("refused", request=request)
        return httpx2.Response(200, text=event(1))

    stream = client(handle).subscribe()
    assert next(stream)["seq"] == 1
    with pytest.raises(DaemonUnreachable, match="stopped answering"):
        next(stream)


def test_events_may_be_refused_and_may_be_rubbish() -> None:
    problem = {"status": 404, "detail": "there is no call", "code": "call-not-found"}
    with pytest.raises(CallNotFound):
        next(client(answering(404, problem)).subscribe(0, "x"))
    for text in ("data: {\n\n", "data: []\n\n"):
        with pytest.raises(VoicecallError, match="not a voicecall daemon"):
            next(client(lambda _, text=text: httpx2.Response(200, text=text)).subscribe())  # type: ignore[misc]
