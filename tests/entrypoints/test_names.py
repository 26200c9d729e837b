"""A page on another origin can do nothing: not by its own name, not by ours, at none of the doors."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest
from prometheus_client import CollectorRegistry
from starlette.datastructures import Headers
from starlette.types import Message
from structlog.testing import capture_logs

from tests.entrypoints.test_tokens import FakeOperator, FakeTokens
from voicecall.entrypoints import ControlOptions
from voicecall.entrypoints.control import ControlListener
from voicecall.entrypoints.names import Names

HERE = "127.0.0.1:3335"


def objection(*headers: tuple[str, str], bind: str = "127.0.0.1", allowed: tuple[str, ...] = ()) -> str | None:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers]
    return Names(bind, allowed).objection(Headers(raw=raw))


@pytest.mark.parametrize(
    "host",
    [HERE, "127.0.0.1", "127.0.0.1:1", "localhost:3335", "LocalHost", "[::1]:3335", "[::1]"],
)
def test_the_names_of_this_machine_are_ours(host: str) -> None:
    assert objection(("Host", host)) is None


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "localhost.evil.example",
        "localhost.",
        "evil@127.0.0.1:3335",
        "127.0.0.1:3335@evil.example",
        "127.0.0.1/evil",
        "127.0.0.1?",
        "127.0.0.1#evil",
        "127.0.0.1:evil",
        "127.0.0.1:3335:3335",
        "127.0.0.1 ",
        "127.0.0.1,evil.example",
        "::1",
        "[::1",
        "0.0.0.0",  # noqa: S104 - nothing is bound
        "2130706433",
        "0x7f.0.0.1",
        "127.1",
        "127.0.0.2",
        "10.1.2.3",
        "ℓocalhost",
    ],
)
def test_what_is_no_name_of_ours_is_refused(host: str) -> None:
    assert objection(("Host", host)) == "wrong-host"


def test_a_request_names_its_host_and_names_one() -> None:
    assert objection() == "wrong-host"
    assert objection(("Host", HERE), ("Host", HERE)) == "wrong-host"
    assert objection(("Host", HERE), ("Host", "evil.example")) == "wrong-host"


@pytest.mark.parametrize("bind", ["0.0.0.0", "::", ""])  # noqa: S104 - nothing is bound
def test_bound_everywhere_addresses_are_ours_but_names_are_not_nor_is_none(bind: str) -> None:
    assert objection(("Host", "10.1.2.3:3335"), bind=bind) is None
    assert objection(("Host", "[2001:db8::1]:3335"), bind=bind) is None
    assert objection(("Host", "evil.example"), bind=bind) == "wrong-host"
    assert objection(("Host", ""), bind=bind) == "wrong-host"
    assert objection(bind=bind) == "wrong-host"


@pytest.mark.parametrize("origin", [f"http://{HERE}", f"https://{HERE}", f"HTTP://{HERE}"])
def test_our_own_pages_are_let_in(origin: str) -> None:
    assert objection(("Host", HERE), ("Origin", origin), ("Sec-Fetch-Site", "same-origin")) is None


FOREIGN = [
    "https://evil.example",
    "http://localhost:3335",
    "http://127.0.0.1",
    "http://127.0.0.1:3334",
    f"http://{HERE}.evil.example",
    f"http://evil.example@{HERE}",
    f"http://{HERE}/",
    f"ws://{HERE}",
    f"http://{HERE} https://evil.example",
    "file://",
    "null",
    "",
]


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_page_of_another_origin_is_refused(origin: str) -> None:
    assert objection(("Host", HERE), ("Origin", origin)) == "wrong-origin"
    assert objection(("Host", HERE), ("Origin", f"http://{HERE}"), ("Origin", origin)) == "wrong-origin"


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
def test_a_request_that_names_no_origin_is_refused_where_the_browser_says_that_it_is_another(site: str) -> None:
    assert objection(("Host", HERE), ("Sec-Fetch-Site", site)) == "wrong-origin"


def test_what_a_user_types_into_the_browser_is_let_in() -> None:
    assert objection(("Host", HERE), ("Sec-Fetch-Site", "none")) is None


DOORS = [
    ("GET", "/"),
    ("GET", "/v1/calls"),
    ("POST", "/v1/calls"),
    ("DELETE", "/v1/calls/01J"),
    ("GET", "/v1/events"),
    ("POST", "/v1/tokens"),
    ("POST", "/rpc"),
    ("POST", "/mcp"),
    ("GET", "/metrics"),
    ("OPTIONS", "/v1/calls"),
    ("HEAD", "/v1/calls"),
]


@pytest.mark.parametrize(("method", "path"), DOORS)
@pytest.mark.parametrize("headers", [{"Origin": "null"}, {"Origin": "https://evil.example"}, {"Host": "evil.example"}])
def test_no_door_does_anything_for_a_page_even_if_it_had_the_token(
    method: str, path: str, headers: dict[str, str]
) -> None:
    operator = FakeOperator()

    async def main() -> httpx2.Response:
        app = ControlListener(ControlOptions(token="the-token"), operator, CollectorRegistry(), FakeTokens()).app
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=f"http://{HERE}") as client:
            sent = {"Authorization": "Bearer the-token", "Content-Type": "text/plain"} | headers
            return await client.request(method, path, headers=sent, content=b"{}" if method == "POST" else None)

    with capture_logs() as logs:
        answer = asyncio.run(main())
    assert answer.status_code == 403
    assert operator.asked == []
    assert not any(name.startswith("access-control") for name in answer.headers)
    (log,) = logs
    assert log["event"] == "audit.refused"
    assert log["reason"] == ("wrong-host" if "Host" in headers else "wrong-origin")


@pytest.mark.parametrize(
    "headers",
    [
        [("host", HERE), ("origin", origin), ("authorization", "Bearer the-token")]
        for origin in ("null", "https://evil.example", f"ws://{HERE}", "http://localhost:3335")
    ]
    + [
        [("host", "evil.example"), ("authorization", "Bearer the-token")],
        [("host", "evil.example"), ("origin", "http://evil.example"), ("authorization", "Bearer the-token")],
        [("host", HERE), ("origin", f"http://{HERE}")],
    ],
)
def test_no_page_opens_a_web_socket(headers: list[tuple[str, str]]) -> None:
    sent: list[Message] = []
    scope: dict[str, Any] = {
        "type": "websocket",
        "path": "/rpc",
        "query_string": b"token=the-token",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers],
    }

    async def main() -> None:
        async def receive() -> Message:
            return {"type": "websocket.connect"}

        async def send(message: Message) -> None:
            sent.append(message)

        listener = ControlListener(ControlOptions(token="the-token"), FakeOperator(), CollectorRegistry())
        await listener.app(scope, receive, send)

    asyncio.run(main())
    assert sent[0]["type"] == "websocket.http.response.start"
    assert sent[0]["status"] in (401, 403)
    assert not any(message["type"] == "websocket.accept" for message in sent)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_may_be_asked_for_under_any_name_and_tells_nothing_else(path: str) -> None:
    async def main() -> httpx2.Response:
        app = ControlListener(ControlOptions(token="the-token"), FakeOperator(), CollectorRegistry()).app
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://probe.example") as client:
            return await client.get(path, headers={"Origin": "https://evil.example"})

    answer = asyncio.run(main())
    assert answer.status_code == 200
    assert list(answer.json()) == ["status"]
