"""Named tokens at the control listener: who is let in, how often, and until when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx2
import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from voicecall.core.asking import Scope
from voicecall.core.operations import Operation
from voicecall.core.tokens import Bearer
from voicecall.emulators.clock import run_virtual
from voicecall.entrypoints import ControlOptions
from voicecall.entrypoints.control import ControlListener
from voicecall.errors import StoreError

BASE = "http://127.0.0.1:3335"


class FakeOperator:
    """Answers at once but for waits, which never end; so do events, after the first."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.waiting = asyncio.Event()

    async def perform(self, operation: Operation, *, idempotency_key: str | None = None) -> Any:
        self.asked.append(operation.name)
        if operation.name == "wait":
            self.waiting.set()
            await asyncio.Event().wait()
        return {}

    async def subscribe(self, since: int, call_id: str | None) -> AsyncIterator[dict[str, Any]]:
        yield {"seq": 1, "at": "t", "callId": "01J", "type": "call.initiated", "data": {}}
        await asyncio.Event().wait()

    def readiness(self) -> dict[str, bool]:
        return {}


class FakeTokens:
    """Knows `vc_` and a scope, until told otherwise."""

    def __init__(self) -> None:
        self.bearers = {f"vc_{may}": Bearer(f"the-{may}-one", may) for may in _SCOPES}
        self.bearers["vc_old"] = Bearer("the-old-one", "admin", expired=True)
        self.broken = False

    async def bearer(self, token: str) -> Bearer | None:
        if self.broken:
            raise StoreError("the archive cannot be read")
        return self.bearers.get(token)


_SCOPES: tuple[Scope, ...] = ("read", "call", "admin")


class House:
    """A listener in memory, reached from wherever a test says."""

    def __init__(self, **options: Any) -> None:
        self.tokens, self.operator = FakeTokens(), FakeOperator()
        self.listener = ControlListener(
            ControlOptions(token="the-token", **options), self.operator, CollectorRegistry(), self.tokens
        )

    async def get(self, path: str, token: str | None, address: str = "10.0.0.1", **headers: str) -> httpx2.Response:
        return await self.ask("GET", path, token, address, headers=headers)

    async def ask(
        self, method: str, path: str, token: str | None, address: str = "10.0.0.1", **request: Any
    ) -> httpx2.Response:
        headers = ({} if token is None else {"Authorization": f"Bearer {token}"}) | request.pop("headers", {})
        transport = httpx2.ASGITransport(self.listener.app, client=(address, 1234))
        async with httpx2.AsyncClient(transport=transport, base_url=BASE) as client:
            return await client.request(method, path, headers=headers, **request)


def play(act: Callable[[House], Awaitable[None]], **options: Any) -> list[dict[str, Any]]:
    """Let `act` visit a listener in virtual time, and return what was logged."""

    async def main() -> None:
        await act(House(**options))

    with capture_logs() as logs:
        run_virtual(main)
    return [dict(log) for log in logs]


@pytest.mark.parametrize("path", ["/v1/live", "/v1/calls", "/metrics", "/"])
@pytest.mark.parametrize("token", ["vc_read", "vc_call", "vc_admin", "the-token"])
def test_whoever_may_read_may_look_everywhere(path: str, token: str) -> None:
    async def act(house: House) -> None:
        assert (await house.get(path, token)).status_code == 200

    assert play(act) == []


@pytest.mark.parametrize(
    ("method", "path", "needs"),
    [
        ("POST", "/v1/calls", "call"),
        ("DELETE", "/v1/calls/01J", "call"),
        ("POST", "/v1/outbound/stop", "admin"),
        ("GET", "/v1/tokens", "admin"),
        ("DELETE", "/v1/tokens/desk", "admin"),
    ],
)
@pytest.mark.parametrize("may", _SCOPES)
def test_a_token_allows_what_it_was_made_for_and_the_rest_is_403(
    method: str, path: str, needs: Scope, may: Scope
) -> None:
    allowed = _SCOPES.index(needs) <= _SCOPES.index(may)

    async def act(house: House) -> None:
        answer = await house.ask(method, path, f"vc_{may}", json={} if method == "POST" else None)
        assert answer.status_code in ((200, 201) if allowed else (403,))
        assert bool(house.operator.asked) == allowed
        if not allowed:
            assert (answer.json()["code"], answer.json()["reason"]) == ("refused", "scope")

    (log,) = play(act) if method != "GET" or not allowed else [{"holder": f"the-{may}-one", "door": "rest"}]
    assert (log["holder"], log["door"]) == (f"the-{may}-one", "rest")


@pytest.mark.parametrize("token", ["vc_nobody", "wrong", "vc_read the-token", "the-token, x", "vc_"])
def test_a_wrong_token_is_401_and_not_in_the_log(token: str) -> None:
    async def act(house: House) -> None:
        answer = await house.get("/v1/live", token)
        assert (answer.status_code, answer.json()["code"], answer.json()["reason"]) == (
            401,
            "unauthorized",
            "wrong-token",
        )
        assert answer.headers["www-authenticate"].startswith('Bearer realm="voicecall", error="invalid_token"')
        assert "expired" not in answer.text + answer.headers["www-authenticate"]

    assert play(act) == [
        {
            "event": "audit.refused",
            "log_level": "warning",
            "reason": "wrong-token",
            "holder": None,
            "door": "rest",
            "address": "10.0.0.1",
        }
    ]


def test_that_a_token_has_expired_is_told_to_who_had_it() -> None:
    async def act(house: House) -> None:
        answer = await house.get("/v1/live", "vc_old")
        assert (answer.status_code, answer.json()["reason"]) == (401, "expired-token")
        assert "expired" in answer.headers["www-authenticate"]

    (log,) = play(act)
    assert (log["reason"], log["holder"]) == ("expired-token", "the-old-one")


def test_without_a_token_the_challenge_names_no_fault() -> None:
    async def act(house: House) -> None:
        answer = await house.get("/v1/live", None)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="voicecall"')

    assert [log["reason"] for log in play(act)] == ["missing-token"]


def test_without_the_archive_only_the_control_token_is_known() -> None:
    async def act(house: House) -> None:
        house.tokens.broken = True
        answer = await house.get("/v1/live", "vc_admin")
        assert (answer.status_code, answer.json()["code"]) == (503, "store-failed")
        assert (await house.get("/v1/live", "the-token")).status_code == 200

    play(act)


def test_a_listener_without_named_tokens_knows_the_control_token_alone() -> None:
    async def main() -> list[int]:
        app = ControlListener(ControlOptions(token="the-token"), FakeOperator(), CollectorRegistry()).app
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=BASE) as client:
            asked = [
                await client.get("/v1/live", headers={"Authorization": f"Bearer {token}"})
                for token in ("the-token", "vc_read")
            ]
        return [answer.status_code for answer in asked]

    assert asyncio.run(main()) == [200, 401]


# --- how often


def test_a_token_that_asks_too_often_is_told_when_to_come_back_and_the_others_are_not_concerned() -> None:
    async def act(house: House) -> None:
        assert {(await house.get("/v1/live", "vc_read")).status_code for _ in range(20)} == {200}
        refused = [await house.get("/v1/live", "vc_read", address) for address in ("10.0.0.1", "10.0.0.2")]
        for answer in refused:
            assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
            assert (answer.json()["code"], answer.json()["reason"]) == ("refused", "rate-limit")
        assert (await house.get("/v1/live", "vc_call")).status_code == 200
        await asyncio.sleep(0.1)
        assert (await house.get("/v1/live", "vc_read")).status_code == 200

    logs = play(act, requests_per_second=10.0)
    assert [(log["event"], log["reason"], log["holder"]) for log in logs] == [
        ("audit.refused", "rate-limit", "the-read-one")
    ]


@pytest.mark.parametrize("path", ["/metrics", "/", "/v1/events", "/v1/calls/01J/events"])
def test_what_is_no_operation_counts_as_well(path: str) -> None:
    async def act(house: House) -> None:
        await house.get("/v1/live", "the-token")
        await house.get("/v1/live", "the-token")
        answer = await house.get(path, "the-token", Accept="text/event-stream")
        assert (answer.status_code, answer.json()["reason"]) == (429, "rate-limit")

    play(act, requests_per_second=1.0)


def test_nobody_is_too_early_to_hang_up_or_to_stop_all_dialling() -> None:
    async def act(house: House) -> None:
        for _ in range(5):
            await house.get("/v1/live", "the-token")
        assert (await house.ask("DELETE", "/v1/calls/01J", "the-token")).status_code == 200
        assert (await house.ask("POST", "/v1/outbound/stop", "the-token")).status_code == 200
        assert (await house.ask("POST", "/v1/outbound/resume", "the-token")).status_code == 429

    play(act, requests_per_second=1.0)


def test_json_rpc_says_so_in_its_own_form_and_each_request_of_a_batch_counts() -> None:
    async def act(house: House) -> None:
        batch = [{"jsonrpc": "2.0", "id": n, "method": "voicecall.live"} for n in range(3)]
        answer = await house.ask("POST", "/rpc", "vc_read", json=batch)
        assert answer.status_code == 200
        assert ["error" in one for one in answer.json()] == [False, False, True]
        error = answer.json()[2]["error"]
        assert (error["code"], error["data"]) == (-32003, {"code": "refused", "reason": "rate-limit"})

    (log,) = play(act, requests_per_second=1.0)
    assert log["door"] == "rpc"


def test_wrong_tokens_from_one_network_get_slow_and_the_right_one_is_not_kept_out() -> None:
    async def act(house: House) -> None:
        answers = [await house.get("/v1/live", f"guess{n}") for n in range(62)]
        assert [answer.status_code for answer in answers] == [401] * 60 + [429] * 2
        assert answers[-1].headers["retry-after"] == "6"
        assert answers[-1].json()["reason"] == "rate-limit"
        for token in ("the-token", "vc_read"):
            assert (await house.get("/v1/live", token)).status_code == 200
        assert (await house.get("/v1/live", "guess", "10.0.0.2")).status_code == 401
        assert (await house.get("/v1/live", None)).status_code == 401
        await asyncio.sleep(6.1)
        assert [(await house.get("/v1/live", "guess")).status_code for _ in range(2)] == [401, 429]

    logs = play(act)
    assert len(logs) < 70
    assert "guess" not in str(logs)


def test_a_flood_of_refusals_does_not_flood_the_log() -> None:
    async def act(house: House) -> None:
        for _ in range(100):
            assert (await house.get("/v1/live", None)).status_code == 401
        await house.get("/v1/live", None, "10.0.0.2")

    assert [log["address"] for log in play(act)] == ["10.0.0.1"] * 60 + ["10.0.0.2"]


def test_addresses_of_one_ipv6_network_guess_together() -> None:
    async def act(house: House) -> None:
        for n in range(60):
            await house.get("/v1/live", "guess", f"2001:db8:1:2::{n:x}")
        assert (await house.get("/v1/live", "guess", "2001:db8:1:2:ffff::1")).status_code == 429
        assert (await house.get("/v1/live", "guess", "2001:db8:1:3::1")).status_code == 401

    play(act)
