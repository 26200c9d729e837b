"""The client, blocking and awaited: what is sent, what comes back, what is sent again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.client.shells import URL, Pieces, Shell
from voicecall import AsyncClient, Client, DaemonUnreachable
from voicecall.core import operations as ops
from voicecall.core.administration import StopOutbound
from voicecall.core.operations import CallerStep, Events, History, Initiate, Operation, Simulate
from voicecall.core.results import Answered, Placed, Token
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

TO = "+15550001111"


class Daemon:
    """Answers every request alike, and remembers them."""

    def __init__(self, body: Any = None, status: int = 200, *failures: type[httpx2.RequestError]) -> None:
        self.seen: list[httpx2.Request] = []
        self._answer = (status, {} if body is None else body)
        self._failures = list(failures)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.seen.append(request)
        if self._failures:
            raise self._failures.pop(0)("so it went", request=request)
        return httpx2.Response(self._answer[0], json=self._answer[1])


def sent(shell: Shell, operation: Operation, **more: Any) -> httpx2.Request:
    daemon = Daemon()
    shell.do(daemon, "perform", operation, **more)
    return daemon.seen[0]


def test_parameters_travel_in_the_path_the_query_and_the_body(shell: Shell) -> None:
    request = sent(shell, Events(call_id="a/b", since=3))
    assert request.url.raw_path == b"/v1/calls/a%2Fb/events?since=3&limit=1000"
    assert request.headers["authorization"] == "Bearer door"
    assert "idempotency-key" not in request.headers
    assert dict(sent(shell, History(number=TO)).url.params) == {"limit": "50", "number": TO}
    request = sent(shell, Simulate(from_=TO, steps=[CallerStep(say="hi")]))
    assert json.loads(request.content)["from"] == TO
    assert request.headers["idempotency-key"]
    assert json.loads(sent(shell, StopOutbound(hang_up=True)).content) == {"reason": "", "hangUp": True}


def test_a_key_of_the_callers_own_goes_along(shell: Shell) -> None:
    assert sent(shell, Initiate(), idempotency_key="mine").headers["idempotency-key"] == "mine"
    assert "idempotency-key" not in sent(shell, History(), idempotency_key="mine").headers
    daemon = Daemon({"callId": "01J", "state": "initiated"})
    shell.do(daemon, "call", to=TO, options={"idempotency_key": "yours", "timeout": 3.0})
    assert daemon.seen[0].headers["idempotency-key"] == "yours"
    assert daemon.seen[0].extensions["timeout"]["read"] == 3.0


def test_every_operation_that_changes_something_has_its_own_key(shell: Shell) -> None:
    first, second = (sent(shell, Initiate()).headers["idempotency-key"] for _ in range(2))
    assert first != second


@pytest.mark.parametrize(
    ("operation", "patience"),
    [(Initiate(), 60.0), (ops.Status(call_id="x"), 60.0), (ops.Speak(call_id="x", message="m"), None),
     (ops.Continue(call_id="x", message="m"), None), (ops.Wait(call_id="x"), None)],
)  # fmt: skip
def test_only_those_who_wait_for_people_have_all_the_time(
    shell: Shell, operation: Operation, patience: float | None
) -> None:
    assert sent(shell, operation).extensions["timeout"]["read"] == patience


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
def test_problems_are_the_errors_that_they_were(
    shell: Shell, status: int, code: str, kind: type[VoicecallError]
) -> None:
    problem = {"type": "about:blank", "title": "No", "status": status, "detail": "so it is", "code": code}
    with pytest.raises(kind, match="so it is") as caught:
        shell.do(Daemon({**problem, "reason": "because"}, status), "perform", Initiate())
    assert type(caught.value) is kind
    if isinstance(caught.value, CallRefused):
        assert (caught.value.reason, caught.value.limit) == ("because", False)


def test_a_limit_is_told_from_a_policy(shell: Shell) -> None:
    problem = {"status": 429, "detail": "full", "code": "refused", "reason": "max-concurrent-calls"}
    with pytest.raises(CallRefused) as caught:
        shell.do(Daemon(problem, 429), "perform", Initiate())
    assert (caught.value.reason, caught.value.limit) == ("max-concurrent-calls", True)
    assert caught.value.retry_after is None


@pytest.mark.parametrize(("header", "seconds"), [("7", 7), ("soon", None)])
def test_a_limit_says_when_to_ask_again(shell: Shell, header: str, seconds: int | None) -> None:
    def answer(_: httpx2.Request) -> httpx2.Response:
        problem = {"status": 429, "detail": "slowly", "code": "refused", "reason": "rate-limit"}
        return httpx2.Response(429, json=problem, headers={"retry-after": header})

    with pytest.raises(CallRefused) as caught:
        shell.do(answer, "perform", History())
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize(("status", "body"), [(500, "oops"), (404, ["x"]), (401, {}), (500, {"status": "x"})])
def test_a_stranger_is_named_and_the_token_is_not(shell: Shell, status: int, body: Any) -> None:
    with pytest.raises(VoicecallError, match=URL) as caught:
        shell.do(Daemon(body, status), "perform", Initiate())
    assert "door" not in str(caught.value)


@pytest.mark.parametrize(
    ("reason", "words"),
    [("missing-token", "asks for a token"), ("expired-token", "it has expired"), ("wrong-token", "it was revoked")],
)
def test_a_daemon_that_lets_nobody_in_says_why(shell: Shell, reason: str, words: str) -> None:
    with pytest.raises(VoicecallError, match=words):
        shell.do(Daemon({"status": 401, "reason": reason}, 401), "perform", Initiate())


@pytest.mark.parametrize("url", ["", "localhost:3335", "ftp://localhost", "http://", "http://[", "http://a:99999"])
def test_what_is_no_address_is_refused_at_once(url: str) -> None:
    for kind in (Client, AsyncClient):
        with pytest.raises(BadParameters, match="address"):
            kind(url)


def test_nobody_there_is_told_with_the_remedy(shell: Shell) -> None:
    nobody = Daemon({}, 200, httpx2.ConnectError)
    with pytest.raises(DaemonUnreachable, match="voicecall serve") as caught:
        shell.do(nobody, "perform", Initiate())
    assert (caught.value.url, len(nobody.seen)) == (URL, 1)
    with pytest.raises(DaemonUnreachable, match="voicecall serve"):
        shell.take(Daemon({}, 200, httpx2.ConnectError), "subscribe", 1)


@pytest.mark.parametrize("operation", [Initiate(), History()])
@pytest.mark.parametrize("failure", [httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError])
def test_a_broken_connection_is_tried_once_more_with_the_same_key(
    shell: Shell, operation: Operation, failure: type[httpx2.RequestError]
) -> None:
    daemon = Daemon({"callId": "01J"}, 200, failure)
    assert shell.do(daemon, "perform", operation) == {"callId": "01J"}
    first, second = daemon.seen
    assert first.headers.get("idempotency-key") == second.headers.get("idempotency-key")
    assert first.content == second.content
    assert len(shell.pauses) == 1


@pytest.mark.parametrize("failure", [httpx2.RemoteProtocolError, httpx2.ConnectError])
def test_a_connection_that_breaks_again_is_given_up(shell: Shell, failure: type[httpx2.RequestError]) -> None:
    daemon = Daemon({}, 200, httpx2.ReadError, failure)
    with pytest.raises(DaemonUnreachable, match="stopped answering"):
        shell.do(daemon, "perform", Initiate())
    assert len(daemon.seen) == 2


def test_an_answer_that_takes_too_long_is_not_asked_for_again(shell: Shell) -> None:
    daemon = Daemon({}, 200, httpx2.ReadTimeout)
    with pytest.raises(OperationTimeout, match="`initiate`"):
        shell.do(daemon, "perform", Initiate())
    assert len(daemon.seen) == 1


METHODS: dict[str, tuple[dict[str, Any], str, str]] = {
    "call": ({"to": TO, "message": "hi", "schema": {"type": "object"}}, "POST", "/v1/calls"),
    "continue_": ({"call_id": "x", "message": "hi"}, "POST", "/v1/calls/x/continue"),
    "ask": ({"call_id": "x", "message": "hi"}, "POST", "/v1/calls/x/continue"),
    "speak": ({"call_id": "x", "message": "hi"}, "POST", "/v1/calls/x/speak"),
    "dtmf": ({"call_id": "x", "digits": "1"}, "POST", "/v1/calls/x/dtmf"),
    "end": ({"call_id": "x"}, "DELETE", "/v1/calls/x"),
    "wait": ({"call_id": "x"}, "GET", "/v1/calls/x/wait"),
    "status": ({"call_id": "x"}, "GET", "/v1/calls/x"),
    "live": ({}, "GET", "/v1/live"),
    "history": ({"since": "2h"}, "GET", "/v1/calls"),
    "transcript": ({"call_id": "x"}, "GET", "/v1/calls/x/transcript"),
    "recording": ({"call_id": "x"}, "GET", "/v1/calls/x/recording"),
    "latency": ({"last": 3}, "GET", "/v1/latency"),
    "simulate": ({"from_": TO, "steps": []}, "POST", "/v1/simulate"),
    "tokens.create": ({"label": "ci"}, "POST", "/v1/tokens"),
    "tokens.list": ({}, "GET", "/v1/tokens"),
    "tokens.revoke": ({"label": "ci"}, "DELETE", "/v1/tokens/ci"),
    "pairing.list": ({}, "GET", "/v1/pairings"),
    "pairing.approve": ({"code": "123456"}, "POST", "/v1/pairings"),
    "pairing.revoke": ({"number": TO}, "DELETE", "/v1/pairings/%2B15550001111"),
    "outbound.show": ({}, "GET", "/v1/outbound"),
    "outbound.stop": ({}, "POST", "/v1/outbound/stop"),
    "outbound.resume": ({}, "POST", "/v1/outbound/resume"),
    "do_not_call.list": ({}, "GET", "/v1/do-not-call"),
    "do_not_call.add": ({"number": TO}, "POST", "/v1/do-not-call"),
    "do_not_call.remove": ({"number": TO}, "DELETE", "/v1/do-not-call/%2B15550001111"),
    "webhooks.list": ({}, "GET", "/v1/webhooks"),
    "webhooks.test": ({"receiver": "crm"}, "POST", "/v1/webhooks/crm/test"),
}


def result(kind: Any, record: dict[str, Any]) -> Any:
    """A JSON value that reads as this type."""
    if getattr(kind, "__origin__", None) is list:
        return [result(kind.__args__[0], record)]
    everything = record | {
        "heard": True, "seconds": 1.0, "path": "/x.wav", "bytes": 9, "stages": [], "label": "ci", "may": "read",
        "createdAt": "t", "token": "t", "number": TO, "at": "t", "reason": "", "stopped": False, "limits": [],
        "speaker": "agent", "text": "hi",
    }  # fmt: skip
    webhook = {
        "name": "crm", "host": "h", "events": [], "state": "ok", "lagSeconds": 0.0, "failures": 0, "deliveredAt": None,
        "retryAt": None, "error": None, "errorAt": None, "id": "m", "accepted": True, "status": 200,
    }  # fmt: skip
    own: dict[str, dict[str, Any]] = {
        "Answered": {"transcript": "yes"},
        "Pairing": {"state": "pending"},
        "TranscriptLine": {"heard": "h"},
        "Webhook": webhook,
        "WebhookTest": webhook,
    }
    return everything | {"of a later version": 1} | own.get(kind.__name__, {})


@pytest.mark.parametrize("method", METHODS)
def test_each_method_asks_for_its_operation_and_gives_its_result(
    shell: Shell, record: dict[str, Any], method: str
) -> None:
    arguments, verb, path = METHODS[method]
    holder: Any = Client("http://127.0.0.1:1")
    *groups, name = method.split(".")
    for group in groups:
        holder = getattr(holder, group)
    kind = getattr(type(holder), name).kind
    daemon = Daemon(result(kind.result, record))
    found = shell.do(daemon, method, **arguments)
    assert (daemon.seen[0].method, daemon.seen[0].url.raw_path.split(b"?")[0].decode()) == (verb, path)
    assert kind.route[0] == verb
    for one, wanted in [(found[0], kind.result.__args__[0])] if isinstance(found, list) else [(found, kind.result)]:
        assert type(one) is wanted


def methods(client: Any) -> dict[str, Any]:
    """All typed methods of a client by the name of their operation, with what they say of themselves."""
    groups = [client, client.tokens, client.pairing, client.outbound, client.do_not_call, client.webhooks]
    found = [one for group in groups for one in vars(type(group)).values() if hasattr(one, "kind")]
    return {one.kind.name: one for one in found}


def test_every_operation_of_the_table_has_its_method_in_both_clients() -> None:
    blocking, awaited = methods(Client(URL)), methods(AsyncClient(URL))
    assert list(blocking) == list(awaited)
    assert blocking.keys() == {kind.name for kind in ops.TABLE} - {"events"}  # `events` is a stream of them
    for kind in ops.TABLE:
        for one in (blocking.get(kind.name), awaited.get(kind.name)):
            assert one is None or (one.result, one.__doc__) == (kind.result, kind.__doc__)


def test_results_are_attributes(shell: Shell) -> None:
    placed = shell.do(Daemon({"callId": "01J", "state": "ringing", "queued": True}, 201), "call", to=TO)
    assert placed == Placed(call_id="01J", state="ringing", queued=True)
    answer = shell.do(Daemon({"callId": "01J", "transcript": "yes"}), "ask", "01J", "Really?")
    assert answer == Answered(call_id="01J", transcript="yes")
    (token,) = shell.do(Daemon([{"label": "ci", "may": "read", "createdAt": "t"}]), "tokens.list")
    assert token == Token(label="ci", may="read", created_at="t")


def test_a_result_that_is_another_is_said_so(shell: Shell) -> None:
    with pytest.raises(VoicecallError, match="`initiate`"):
        shell.do(Daemon({"id": "01J"}), "call", to=TO)
    with pytest.raises(TypeError):
        shell.do(Daemon(), "call", TO)


def test_a_recording_is_bytes(shell: Shell) -> None:
    asked: list[str] = []

    def sound(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.headers["accept"])
        return httpx2.Response(200, content=b"RIFF\x00\xff", headers={"content-type": "audio/wav"})

    assert shell.do(sound, "sound", "01J") == b"RIFF\x00\xff"
    assert asked == ["audio/wav"]
    problem = {"status": 403, "code": "refused", "reason": "not-recorded", "detail": "it was not recorded"}
    with pytest.raises(CallRefused, match="not recorded"):
        shell.do(Daemon(problem, 403), "sound", "01J")


def test_a_recording_is_written_to_a_file_as_it_comes_and_anew_where_it_broke_off(shell: Shell, tmp_path: Path) -> None:
    tries = 0

    def sound(_: httpx2.Request) -> httpx2.Response:
        nonlocal tries
        tries += 1
        return httpx2.Response(200, stream=Pieces(["RIFF", "half of it"]) if tries == 1 else None, content=b"RIFF\xff")

    file = tmp_path / "out.wav"
    shell.do(sound, "save_sound", "01J", file)
    assert (file.read_bytes(), tries) == (b"RIFF\xff", 2)
    problem = {"status": 403, "code": "refused", "reason": "not-recorded", "detail": "it was not recorded"}
    with pytest.raises(CallRefused, match="not recorded"):
        shell.do(Daemon(problem, 403), "save_sound", "01J", tmp_path / "none.wav")
    assert not (tmp_path / "none.wav").exists()
