"""The OpenAPI document is valid, tells of every operation, and is kept: schemathesis asks a whole gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx2
import msgspec
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
from voicecall.core.operations import TABLE, Live, Operation
from voicecall.core.rules import Rules
from voicecall.emulators.clock import VirtualLoop
from voicecall.entrypoints import ControlOptions
from voicecall.entrypoints.control import ControlListener
from voicecall.entrypoints.openapi import PATH, document, statuses_of

TOKEN = "the-token"
_PATIENCE = 60.0
"""Real seconds that may pass between requests, while the next one is thought out."""
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


def test_the_document_is_valid() -> None:
    validate(document())


class Site:
    """A control listener over a whole gateway with calls in it. Time is virtual, and stands still between requests."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner(loop_factory=lambda: VirtualLoop(limit=float("inf"), patience=_PATIENCE))
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
        async with open_house(partial(open_town, CARRIERS["mock"]), rules=rules, max_calls=20) as self._house:
            self._app = ControlListener(
                ControlOptions(token=TOKEN, requests_per_second=0), self._house.gateway, CollectorRegistry()
            ).app
            over = await self._house.place(wait(1), message="Good evening")
            await self._house.end(over)
            self.over = over
            self._ready.set()
            await self._stop.wait()

    def call(self, case: Case[Any], whose: str) -> httpx2.Response:
        """Answer a request about a call that is live, over, or unknown."""
        return self._runner.run(self._call(case, whose))

    async def _call(self, case: Case[Any], whose: str) -> httpx2.Response:
        if "callId" in case.path_parameters and whose:
            case.path_parameters["callId"] = self.over if whose == "over" else await self._current()
        sent = requests.Request(**case.as_transport_kwargs(base_url="http://127.0.0.1")).prepare()
        headers = {"Authorization": f"Bearer {TOKEN}"} | {name: str(value) for name, value in sent.headers.items()}
        return await self._ask(str(sent.method), str(sent.url), headers, sent.body)

    def get(self, path: str, token: str = TOKEN) -> httpx2.Response:
        """Ask for a path."""
        return self._runner.run(self._ask("GET", f"http://127.0.0.1{path}", {"Authorization": f"Bearer {token}"}))

    async def _ask(self, method: str, url: str, headers: dict[str, str], body: Any = None) -> httpx2.Response:
        transport = httpx2.ASGITransport(self._app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport) as client:
            return await client.request(method, url, headers=headers, content=body)

    async def _current(self) -> str:
        live = await self._house.perform(Live())
        return live[0]["callId"] if live else await self._house.place(wait(900), message="Good evening")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


EXAMPLES = settings().max_examples // 10
"""Of every operation, beside the ones at the limits of its schema: ten, and a thousand in `make fuzz`."""


@SCHEMA.given(whose=st.sampled_from(["live", "over", ""]))
@SCHEMA.parametrize()
@settings(max_examples=EXAMPLES, derandomize=EXAMPLES < 100, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_asked_the_answer_is_as_documented(case: Case[Any], site: Site, whose: str) -> None:
    case.validate_response(site.call(case, whose))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/calls/01J/wait?timeout=nan", "timeout"),
        ("/v1/calls/01J/wait?timeout=-1", "timeout"),
        ("/v1/calls?limit=-1", "limit"),
        ("/v1/calls?limit=0", "limit"),
        ("/v1/calls/01J/events?since=-1", "since"),
        (f"/v1/calls/01J/events?since={2**63}", "since"),
        ("/v1/latency?last=0", "last"),
        (f"/v1/events?since={'9' * 5000}", "since"),
        (f"/v1/events?since={10**18}", "since"),
    ],
)
def test_numbers_have_bounds(site: Site, path: str, name: str) -> None:
    response = site.get(path)
    assert (response.status_code, response.json()["code"]) == (422, "bad-parameters")
    assert name in response.json()["detail"]


@pytest.mark.parametrize(
    "path", ["/v1/calls/%00", "/v1/calls?number=%00", "/v1/events?callId=%00", "/v1/calls/%00/wait"]
)
def test_a_text_that_no_archive_can_look_for_is_refused(site: Site, path: str) -> None:
    response = site.get(path)
    assert (response.status_code, response.json()["code"]) == (422, "bad-parameters")


def test_the_document_is_where_it_says(site: Site) -> None:
    response = site.get(PATH)
    assert response.headers["content-type"] == "application/json"
    assert response.json() == document()
    assert site.get(PATH, token="another").status_code == 401


@pytest.mark.parametrize("kind", TABLE, ids=lambda kind: kind.name)
def test_every_operation_is_told_of_with_its_parameters_and_words(kind: type[Operation]) -> None:
    method, path = kind.route
    told = document()["paths"][path][method.lower()]
    named = {one["name"]: one for one in told.get("parameters", []) if one["in"] != "header"}
    if "requestBody" in told:
        named |= told["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert named.keys() == {field.encode_name for field in msgspec.structs.fields(kind)}
    headers = [one["name"] for one in told.get("parameters", []) if one["in"] == "header"]
    assert headers == (["Idempotency-Key"] if kind.changes else [])
    assert kind.__doc__ is not None
    assert kind.__doc__.startswith(told["summary"])
    assert told["security"] == [{"token": [kind.scope]}]
    assert {str(status) for status in statuses_of(kind)} < told["responses"].keys()
    assert ("201" if kind.creates else "200") in told["responses"]


def test_the_words_beneath_a_parameter_and_a_member_are_told() -> None:
    body = document()["paths"]["/v1/calls"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"]["message"]["description"] == "What is said first."
    record = document()["components"]["schemas"]["NewToken"]["properties"]
    assert record["token"]["description"].startswith("Shown this once")
