"""JSON-RPC over HTTP: every operation is a method, every failure an error with its number and its id."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.entrypoints.test_rest import FakeOperator, ask
from voicecall.core.operations import TABLE, Events, Initiate, Live, Operation, Speak, Status, Wait
from voicecall.emulators.clock import run_virtual
from voicecall.entrypoints.closing import Closing
from voicecall.entrypoints.rpc import AT_ONCE, MAX_BATCH, Connection
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

Json = dict[str, Any]
PARAMETERS: dict[str, Json] = {
    "probe": {"nonce": "0123456789abcdef"},
    "speak": {"message": "x"},
    "continue": {"message": "x"},
    "dtmf": {"digits": "1"},
    "simulate": {"from": "+15550100100", "steps": []},
    "tokens.create": {"label": "desk"},
    "tokens.revoke": {"label": "desk"},
    "pairing.approve": {"code": "123456"},
    "pairing.revoke": {"number": "+15550100100"},
    "doNotCall.add": {"number": "+15550100100"},
    "doNotCall.remove": {"number": "+15550100100"},
    "webhooks.test": {"receiver": "crm"},
}


def request(method: str, params: Any = None, id_: Any = 1) -> Json:
    """A request object, without `params` if they are None."""
    return {"jsonrpc": "2.0", "id": id_, "method": method} | ({} if params is None else {"params": params})


def post(operator: FakeOperator, body: Any) -> Any:
    """Return the answer to this JSON value, or to these bytes; it is JSON, with status 200."""
    response = ask(operator, "POST", "/rpc", content=body if isinstance(body, bytes) else json.dumps(body).encode())
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    return response.json()


def error(operator: FakeOperator, body: Any) -> Json:
    """Return the error that is answered to a request with id 1."""
    answer = post(operator, body)
    assert answer.keys() == {"jsonrpc", "id", "error"}
    assert (answer["jsonrpc"], answer["id"]) == ("2.0", 1)
    told: Json = answer["error"]
    assert told["message"]
    return told


def asked(method: str, params: Any = None) -> Operation:
    operator = FakeOperator()
    answer = post(operator, request(method, params))
    ((operation, _),) = operator.asked
    assert answer == {"jsonrpc": "2.0", "id": 1, "result": {"did": operation.name}}
    return operation


@pytest.mark.parametrize("kind", TABLE, ids=lambda kind: kind.name)
def test_every_operation_of_the_table_is_a_method(kind: type[Operation]) -> None:
    call = {"callId": "01J"} if "call_id" in kind.__struct_fields__ else {}
    assert isinstance(asked(f"voicecall.{kind.name}", call | PARAMETERS.get(kind.name, {})), kind)


def test_parameters_are_those_of_the_table() -> None:
    assert asked("voicecall.initiate") == Initiate()
    assert asked("voicecall.initiate", {"to": "+15550100101", "message": "Hello", "mode": "notify"}) == Initiate(
        to="+15550100101", message="Hello", mode="notify"
    )
    assert asked("voicecall.speak", {"callId": "01J", "message": "x"}) == Speak(call_id="01J", message="x")
    assert asked("voicecall.events", {"callId": "01J", "since": 4}) == Events(call_id="01J", since=4)
    assert asked("voicecall.wait", {"callId": "01J", "timeout": 2}) == Wait(call_id="01J", timeout=2.0)


def test_the_status_of_no_call_in_particular_is_that_of_all_live_ones() -> None:
    assert asked("voicecall.status", {"callId": "01J"}) == Status(call_id="01J")
    assert asked("voicecall.status") == asked("voicecall.status", {"callId": None}) == Live()


@pytest.mark.parametrize("id_", [1, "a", None, 1.5, 0, "", 2**80])
def test_the_id_comes_back_as_it_was(id_: Any) -> None:
    answer = post(FakeOperator(), request("voicecall.live", id_=id_))
    assert (answer["id"], type(answer["id"])) == (id_, type(id_))


def test_the_idempotency_key_goes_with_what_changes_something() -> None:
    operator = FakeOperator()
    post(operator, request("voicecall.initiate", {"message": "Hello", "idempotencyKey": "k"}))
    assert operator.asked == [(Initiate(message="Hello"), "k")]


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("voicecall.initiate", {"message": 7}),
        ("voicecall.initiate", {"unknown": 1}),
        ("voicecall.initiate", {"mode": "loud"}),
        ("voicecall.initiate", ["Hello"]),
        ("voicecall.initiate", {"idempotencyKey": ""}),
        ("voicecall.initiate", {"idempotencyKey": 7}),
        ("voicecall.initiate", {"idempotencyKey": "k" * 256}),
        ("voicecall.live", {"idempotencyKey": "k"}),
        ("voicecall.speak", {"message": "x"}),
        ("voicecall.speak", None),
        ("voicecall.history", {"limit": "3"}),
        ("voicecall.status", {"colour": "red"}),
    ],
)
def test_wrong_parameters_are_refused(method: str, params: Any) -> None:
    operator = FakeOperator()
    told = error(operator, request(method, params))
    assert (told["code"], told["data"]) == (-32602, {"code": "bad-parameters"})
    assert operator.asked == []


@pytest.mark.parametrize("method", ["voicecall.sing", "live", "", "voicecall.unsubscribe", "rpc.discover"])
def test_an_unknown_method_is_told(method: str) -> None:
    assert error(FakeOperator(), request(method))["code"] == -32601


@pytest.mark.parametrize("body", [b"rubbish", b"", b'{"id": 1', b"[" * 60_000, b'"\xff"', b'{"id": NaN}'])
def test_what_is_no_json_is_told_without_an_id(body: bytes) -> None:
    answer = post(FakeOperator(), body)
    assert (answer["id"], answer["error"]["code"]) == (None, -32700)


@pytest.mark.parametrize(
    ("body", "id_"),
    [
        ([], None),
        ([request("voicecall.live")] * (MAX_BATCH + 1), None),
        (7, None),
        ("voicecall.live", None),
        (None, None),
        ({}, None),
        ({"id": 1, "method": "voicecall.live"}, 1),
        ({"jsonrpc": "1.0", "id": "a", "method": "voicecall.live"}, "a"),
        ({"jsonrpc": "2.0", "id": 1}, 1),
        ({"jsonrpc": "2.0", "id": 1, "method": 7}, 1),
        ({"jsonrpc": "2.0", "id": 1, "method": "voicecall.live", "params": "all"}, 1),
        ({"jsonrpc": "2.0", "id": 1, "method": "voicecall.live", "params": None}, 1),
        ({"jsonrpc": "2.0", "id": True, "method": "voicecall.live"}, None),
        ({"jsonrpc": "2.0", "id": {}, "method": "voicecall.live"}, None),
        ({"jsonrpc": "2.0", "method": 7}, None),
    ],
)
def test_what_is_no_request_is_told_with_the_id_if_it_has_one(body: Any, id_: Any) -> None:
    operator = FakeOperator()
    answer = post(operator, body)
    assert (answer["id"], answer["error"]["code"]) == (id_, -32600)
    assert operator.asked == []


@pytest.mark.parametrize(
    ("failure", "number", "data"),
    [
        (CallNotFound("no call 01J"), -32001, {"code": "call-not-found"}),
        (CallOver("01J has ended"), -32002, {"code": "call-over"}),
        (CallRefused("policy", "not this number"), -32003, {"code": "refused", "reason": "policy"}),
        (CarrierError("it said no", code="21211"), -32004, {"code": "provider-failed", "reason": "21211"}),
        (CarrierError("it said nothing"), -32004, {"code": "provider-failed"}),
        (OperationTimeout("nobody answered"), -32005, {"code": "timeout"}),
        (BadParameters("to: not E.164"), -32602, {"code": "bad-parameters"}),
        (RequestError("not like this"), -32600, {"code": "request"}),
        (StoreError("disk full"), -32603, {"code": "store-failed"}),
        (ConfigError([]), -32603, {"code": "failed"}),
    ],
)
def test_every_failure_has_its_number(failure: VoicecallError, number: int, data: Json) -> None:
    answer = post(FakeOperator(failure), request("voicecall.end", {"callId": "01J"}))
    assert answer["error"] == {"code": number, "message": str(failure), "data": data}


def test_a_fault_of_ours_is_logged_and_the_answer_tells_nothing() -> None:
    with capture_logs() as logs:
        told = error(FakeOperator(KeyError("hidden")), request("voicecall.live"))
    assert (told["code"], "hidden" in str(told)) == (-32603, False)
    assert [(log["event"], log["method"]) for log in logs] == [("rpc.failed", "voicecall.live")]


def test_a_notification_is_done_and_not_answered() -> None:
    operator = FakeOperator()
    hang_up = {"jsonrpc": "2.0", "method": "voicecall.speak", "params": {"callId": "01J", "message": "x"}}
    for body in (hang_up, [hang_up], hang_up | {"method": "voicecall.sing"}, hang_up | {"params": ["01J"]}):
        response = ask(operator, "POST", "/rpc", json=body)
        assert (response.status_code, response.content) == (204, b"")
    assert operator.asked == [(Speak(call_id="01J", message="x"), None)] * 2


def test_a_batch_answers_each_request_and_no_notification() -> None:
    operator = FakeOperator()
    answers = post(
        operator,
        [
            request("voicecall.live", id_="a"),
            {"jsonrpc": "2.0", "method": "voicecall.initiate"},
            7,
            request("voicecall.sing", id_="b"),
            request("voicecall.status", {"callId": "01J"}, id_="c"),
        ],
    )
    assert [(answer["id"], answer.get("result") or answer["error"]["code"]) for answer in answers] == [
        ("a", {"did": "live"}),
        (None, -32600),
        ("b", -32601),
        ("c", {"did": "status"}),
    ]
    assert (Initiate(), None) in operator.asked


def test_a_long_body_is_refused() -> None:
    assert ask(FakeOperator(), "POST", "/rpc", content=bytes(65 * 1024)).status_code == 413


def test_only_post_is_a_request() -> None:
    assert ask(FakeOperator(), "GET", "/rpc").status_code == 405


@pytest.mark.parametrize(
    "headers", [{"Authorization": "Bearer wrong"}, {"Host": "evil.example.com"}, {"Origin": "https://evil.example.com"}]
)
def test_the_guard_stands_before_it(headers: dict[str, str]) -> None:
    operator = FakeOperator()
    answer = ask(operator, "POST", "/rpc", json=request("voicecall.live"), headers=headers)
    assert answer.status_code in {401, 403}
    assert operator.asked == []


class Busy(FakeOperator):
    """Takes a time in virtual seconds for everything, and knows how much of it went on at once."""

    def __init__(self, takes: float) -> None:
        super().__init__()
        self.takes = takes
        self.now = self.most = 0

    async def perform(self, operation: Operation, *, idempotency_key: str | None = None) -> Any:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(self.takes)
            return await super().perform(operation, idempotency_key=idempotency_key)
        finally:
            self.now -= 1


def batch(operator: Busy, many: int, *, closes_after: float | None = None) -> tuple[list[Json], float]:
    """Return the answers to a batch and when they came."""

    async def main() -> tuple[list[Json], float]:
        closing = Closing()
        loop = asyncio.get_running_loop()
        if closes_after is not None:
            loop.call_later(closes_after, closing.begin)
        body = json.dumps([request("voicecall.live", id_=number) for number in range(many)])
        answers = json.loads(await Connection(operator, closing).answer(body) or b"")
        return answers, loop.time()

    return run_virtual(main)


def test_a_batch_runs_at_once_and_bounded() -> None:
    operator = Busy(1.0)
    answers, took = batch(operator, 3 * AT_ONCE)
    assert (operator.most, took) == (AT_ONCE, 3.0)
    assert all("result" in answer for answer in answers)


def test_what_finds_no_place_in_time_is_refused() -> None:
    answers, took = batch(Busy(60.0), AT_ONCE + 1)
    assert took == 60.0
    assert [answer["error"]["data"]["reason"] for answer in answers if "error" in answer] == ["too-many-requests"]


def test_a_listener_that_closes_answers_what_is_under_way() -> None:
    ((answer,), took) = batch(Busy(60.0), 1, closes_after=1.0)
    assert (answer["error"]["code"], answer["error"]["data"], took) == (-32603, {"code": "stopping"}, 1.5)
