"""Events are followed over lost connections, and for good."""

from __future__ import annotations

import json

import httpx2
import pytest

from tests.client.shells import Handler, Pieces, Shell
from tests.client.test_client import Daemon
from voicecall import DaemonUnreachable
from voicecall.errors import (
    CallNotFound,
    VoicecallError,
)


def event(seq: int, kind: str = "call.ringing") -> str:
    told = {"seq": seq, "at": "t", "callId": "01CALL", "type": kind, "data": {}}
    return f"id: {seq}\nevent: {kind}\ndata: {json.dumps(told)}\n\n"


def test_a_lost_event_stream_is_resumed_where_it_broke(shell: Shell) -> None:
    asked: list[tuple[str, str | None]] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        asked.append((request.url.query.decode(), request.headers.get("last-event-id")))
        first = int(request.url.params["since"]) + 1
        half = event(first + 2)[:20]
        return httpx2.Response(200, stream=Pieces([": still here\n\n", event(first), event(first + 1), half]))

    found = [one["seq"] for one in shell.take(handle, "subscribe", 5, 4, "01CALL")]
    assert found == [5, 6, 7, 8, 9]
    assert asked == [("since=4&callId=01CALL", None), ("since=6&callId=01CALL", "6"), ("since=8&callId=01CALL", "8")]
    assert len(shell.pauses) == 2


def test_a_quiet_stream_that_is_closed_now_and_then_is_followed_for_good(shell: Shell) -> None:
    asked: list[str | None] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.headers.get("last-event-id"))
        return httpx2.Response(200, text=": still here\n\n" if len(asked) < 20 else event(5))

    assert [one["seq"] for one in shell.take(handle, "subscribe", 1, 4)] == [5]
    assert asked == [None] + ["4"] * 19
    assert shell.pauses == [0.5] * 19


def test_a_daemon_that_stays_away_is_given_up(shell: Shell) -> None:
    def handle(request: httpx2.Request) -> httpx2.Response:
        if "last-event-id" in request.headers:
            raise httpx2.ConnectError("refused", request=request)
        return httpx2.Response(200, text=event(1))

    with pytest.raises(DaemonUnreachable, match="stopped answering"):
        shell.take(handle, "subscribe", 2)
    assert shell.pauses == [0.5, 1.0, 1.5, 2.0, 2.0]


def test_the_events_of_a_call_end_with_it(shell: Shell) -> None:
    def handle(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, text=event(7) + event(9, "call.ended") + event(10))

    found = shell.take(handle, "events", None, "01CALL", since=6)
    assert [(one.seq, one.type, one.call_id) for one in found] == [
        (7, "call.ringing", "01CALL"),
        (9, "call.ended", "01CALL"),
    ]


def test_events_may_be_refused_and_may_be_rubbish(shell: Shell) -> None:
    problem = {"status": 404, "detail": "there is no call", "code": "call-not-found"}
    with pytest.raises(CallNotFound):
        shell.take(Daemon(problem, 404), "subscribe", 1, 0, "x")
    for text in ("data: {\n\n", "data: []\n\n", "data: " + "x" * (1 << 20) + "x"):
        rubbish: Handler = lambda _, text=text: httpx2.Response(200, text=text)  # type: ignore[misc]  # noqa: E731
        with pytest.raises(VoicecallError, match="not a voicecall daemon"):
            shell.take(rubbish, "subscribe", 1)
