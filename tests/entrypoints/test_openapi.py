"""The OpenAPI document is valid, tells of every operation, and is kept: schemathesis asks a whole gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx2
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings, strategies as st
from openapi_spec_validator import validate
from prometheus_client import CollectorRegistry
from schemathesis import Case

from tests.gateway.carriers import CARRIERS
from tests.gateway.house import House, open_house, wait
from tests.gateway.town import open_town
from voicecall.core import results
from voicecall.core.operations import TABLE, Live, Operation, Simulate
from voicecall.core.rules import Rules
from voicecall.emulators.clock import VirtualLoop
from voicecall.entrypoints import ControlOptions
from voicecall.entrypoints.control import ControlListener
from voicecall.entrypoints.openapi import PATH, document, statuses_of
from voicecall.gateway.gateway import Gateway

TOKEN = "the-token"
APART = ["/v1/events", "/v1/simulate", "/rpc"]
"""Paths that it does not ask: one never ends, one has phones do what they are told, one answers whatever it is told."""
CHECKS = {
    "not_a_server_error": {"expected-statuses": ["2xx", "4xx", "502", "504"]},
    "ignored_auth": {"enabled": False},
    "positive_data_acceptance": {"enabled": False},
}
"""Who is let in is tested elsewhere; what is accepted depends on the calls there are."""
CONFIG = schemathesis.Config.from_dict({"generation": {"with-security-parameters": False}, "checks": CHECKS})
SCHEMA = schemathesis.openapi.from_dict(document(), config=CONFIG).exclude(path=APART)

_TOKEN = {"label": "agent", "may": "call", "createdAt": "2026-11-21T10:00:00.000Z"}
_PAIRING = {"number": "+15550100101", "state": "approved", "at": "2026-11-21T10:00:00.000Z"}
_DO_NOT_CALL = {"number": "+15550100101", "reason": "", "at": None}
EXAMPLES: dict[Any, Any] = {
    results.Token: _TOKEN,
    results.NewToken: {**_TOKEN, "token": "vc_1"},
    list[results.Token]: [_TOKEN],
    results.Pairing: _PAIRING,
    list[results.Pairing]: [_PAIRING],
    results.DoNotCall: _DO_NOT_CALL,
    list[results.DoNotCall]: [_DO_NOT_CALL],
    results.Outbound: {"stopped": False, "limits": [{"name": "budget.calls_per_day", "limit": None, "used": 3}]},
}


def test_the_document_is_valid() -> None:
    validate(document())


class Desks:
    """The gateway; what it has no desk for yet is answered with an example."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self.subscribe = gateway.subscribe
        self.readiness = gateway.readiness

    async def perform(self, operation: Operation, *, idempotency_key: str | None = None) -> Any:
        try:
            return await self._gateway.perform(operation, idempotency_key=idempotency_key)
        except NotImplementedError:
            return EXAMPLES[operation.result]


class Site:
    """A control listener over a whole gateway with calls in it. Time is virtual, and stands still between requests."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner(loop_factory=lambda: VirtualLoop(limit=float("inf")))
        self._stop = asyncio.Event()
        self._ready = asyncio.Event()
        self._house: House
        self._app: Any

    def __enter__(self) -> Site:
        self._life = self._runner.get_loop().create_task(self._live())
        self._runner.run(self._ready.wait())
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._runner.run(self._over())
        self._runner.close()

    async def _over(self) -> None:
        await self._life

    async def _live(self) -> None:
        rules = Rules(max_duration=20.0, transcript_timeout=3.0)
        async with open_house(partial(open_town, CARRIERS["mock"]), rules=rules, max_calls=1000) as self._house:
            self._app = ControlListener(ControlOptions(token=TOKEN), Desks(self._house.gateway), CollectorRegistry()).app
            over = await self._house.place(wait(1), message="Good evening")
            await self._house.end(over)
            self.over = over
            self._ready.set()
            await self._stop.wait()

    def call(self, case: Case, whose: str) -> httpx2.Response:
        """Answer a request about a call that is live, over, or unknown."""
        return self._runner.run(self._call(case, whose))

    async def _call(self, case: Case, whose: str) -> httpx2.Response:
        if "callId" in case.path_parameters and whose:
            case.path_parameters["callId"] = self.over if whose == "over" else await self._current()
        sent = requests.Request(**case.as_transport_kwargs(base_url="http://127.0.0.1")).prepare()
        headers = {"Authorization": f"Bearer {TOKEN}"} | {**sent.headers}
        transport = httpx2.ASGITransport(self._app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport) as client:
            return await client.request(str(sent.method), str(sent.url), headers=headers, content=sent.body)

    async def _current(self) -> str:
        live = await self._house.perform(Live())
        return live[0]["callId"] if live else await self._house.place(wait(900), message="Good evening")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


@SCHEMA.given(whose=st.sampled_from(["live", "over", ""]))
@SCHEMA.parametrize()
@settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_it(case: Case, site: Site, whose: str) -> None:
    response = site.call(case, whose)
    case.validate_response(response)
