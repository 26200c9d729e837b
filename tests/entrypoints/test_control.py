"""The control listener: who is let in, and how it opens and closes over real sockets."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx2
import pytest
from prometheus_client import CollectorRegistry

from voicecall.core.operations import Operation
from voicecall.entrypoints import ControlOptions
from voicecall.entrypoints.control import ControlListener
from voicecall.errors import VoicecallError

TOKEN = {"Authorization": "Bearer the-token"}


class FakeOperator:
    """Answers at once, unless told to wait; its events never end."""

    def __init__(self) -> None:
        self.waits = False
        self.waiting = asyncio.Event()

    async def perform(self, operation: Operation, *, idempotency_key: str | None = None) -> Any:
        if self.waits:
            self.waiting.set()
            await asyncio.Event().wait()
        return []

    async def subscribe(self, since: int, call_id: str | None) -> AsyncIterator[dict[str, Any]]:
        yield {"seq": 1, "at": "t", "callId": "01J", "type": "call.initiated", "data": {}}
        await asyncio.Event().wait()

    def readiness(self) -> dict[str, bool]:
        return {}


def answer(path: str, headers: dict[str, str] | list[tuple[bytes, bytes]], **options: Any) -> httpx2.Response:
    """Return what the application answers in memory, reached as 127.0.0.1:3335 unless `Host` says otherwise."""

    async def main() -> httpx2.Response:
        options_ = ControlOptions(token="the-token", **options)
        transport = httpx2.ASGITransport(ControlListener(options_, FakeOperator(), CollectorRegistry()).app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:3335") as client:
            return await client.get(path, headers=headers)

    return asyncio.run(main())


def status(headers: dict[str, str], **options: Any) -> tuple[int, str | None]:
    """Return status and problem code of a request with the right token and these headers."""
    response = answer("/v1/live", TOKEN | headers, **options)
    return response.status_code, None if response.status_code == 200 else response.json()["code"]


@pytest.mark.parametrize("path", ["/v1/live", "/v1/calls", "/v1/events", "/metrics", "/nothing"])
@pytest.mark.parametrize("credentials", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic the-token"}])
def test_everything_needs_the_token(path: str, credentials: dict[str, str]) -> None:
    response = answer(path, credentials)
    assert (response.status_code, response.json()["code"]) == (401, "unauthorized")
    assert response.headers["www-authenticate"].startswith("Bearer")


def test_a_token_that_is_no_text_is_wrong() -> None:
    assert answer("/v1/live", [(b"Authorization", b"Bearer \xff")]).status_code == 401


def test_the_front_page_says_so_as_well() -> None:
    response = answer("/", {})
    assert response.status_code == 401
    assert "console comes later" in response.text
    assert "token" in response.text


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_needs_nothing(path: str) -> None:
    assert answer(path, {"Host": "10.1.2.3:9"}).status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1:3335", "localhost", "LOCALHOST:8080", "[::1]:3335", "127.0.0.1"])
def test_the_loopbacks_names_are_ours(host: str) -> None:
    assert status({"Host": host}) == (200, None)


@pytest.mark.parametrize("host", ["evil.example.com", "localhost.evil.example.com", "10.1.2.3:3335", "", "[::1", "@"])
def test_another_name_is_refused_even_with_the_token(host: str) -> None:
    assert status({"Host": host}) == (403, "wrong-host")


def test_the_bind_address_and_the_named_hosts_are_ours() -> None:
    assert status({"Host": "10.1.2.3:3335"}, bind="10.1.2.3") == (200, None)
    assert status({"Host": "voice.lan"}, allowed_hosts=("Voice.lan",)) == (200, None)


def test_bound_everywhere_any_address_is_ours_and_no_name() -> None:
    everywhere = "0.0.0.0"  # noqa: S104 - nothing is bound
    assert status({"Host": "10.1.2.3:3335"}, bind=everywhere) == (200, None)
    assert status({"Host": "evil.example.com"}, bind=everywhere) == (403, "wrong-host")


def test_our_own_origin_is_let_in_and_no_other() -> None:
    assert status({"Origin": "http://127.0.0.1:3335"}) == (200, None)
    assert status({"Host": "voice.lan", "Origin": "https://voice.lan"}, allowed_hosts=("voice.lan",)) == (200, None)
    for origin in ("https://evil.example.com", "http://127.0.0.1:8000", "http://localhost:3335", "null", ""):
        assert status({"Origin": origin}) == (403, "wrong-origin")


def test_the_token_is_not_shown() -> None:
    assert "the-token" not in repr(ControlOptions(token="the-token"))


def visit(play: Callable[[ControlListener, FakeOperator, httpx2.AsyncClient], Awaitable[None]]) -> None:
    """Run a listener on a free port and let `play` visit it."""

    async def main() -> None:
        operator = FakeOperator()
        listener = ControlListener(ControlOptions(port=0, token="the-token"), operator, CollectorRegistry())
        async with asyncio.timeout(5.0), httpx2.AsyncClient(headers=TOKEN, trust_env=False) as client, listener:
            client.base_url = f"http://127.0.0.1:{listener.port}"
            await play(listener, operator, client)

    asyncio.run(main())


def test_it_answers_over_sockets() -> None:
    async def play(listener: ControlListener, operator: FakeOperator, client: httpx2.AsyncClient) -> None:
        response = await client.get("/v1/live")
        assert (response.status_code, response.json()) == (200, [])
        assert "server" not in response.headers

    visit(play)


def test_it_leaves_the_signals_alone() -> None:
    before = signal.getsignal(signal.SIGTERM)

    async def play(listener: ControlListener, operator: FakeOperator, client: httpx2.AsyncClient) -> None:
        await client.get("/healthz")
        assert signal.getsignal(signal.SIGTERM) is before

    visit(play)


def test_closing_ends_the_open_event_streams() -> None:
    async def main() -> str:
        listener = ControlListener(ControlOptions(port=0, token="the-token"), FakeOperator(), CollectorRegistry())
        async with asyncio.timeout(5.0), httpx2.AsyncClient(headers=TOKEN, trust_env=False) as client:
            await listener.__aenter__()
            async with client.stream("GET", f"http://127.0.0.1:{listener.port}/v1/events") as response:
                lines = response.aiter_lines()
                while not (await anext(lines)).startswith("data:"):
                    pass
                await listener.__aexit__(None, None, None)
                return "".join([line async for line in lines])

    assert asyncio.run(main()) == ""


def test_closing_does_not_wait_for_operations_that_take_long() -> None:
    async def main() -> None:
        operator = FakeOperator()
        operator.waits = True
        listener = ControlListener(ControlOptions(port=0, token="the-token"), operator, CollectorRegistry())

        async def ask(client: httpx2.AsyncClient) -> None:
            response = await client.get(f"http://127.0.0.1:{listener.port}/v1/live")
            assert (response.status_code, response.json()["code"]) == (503, "stopping")

        async with (
            asyncio.timeout(5.0),
            httpx2.AsyncClient(headers=TOKEN, trust_env=False) as client,
            asyncio.TaskGroup() as tasks,
            listener,
        ):
            tasks.create_task(ask(client))
            await operator.waiting.wait()

    asyncio.run(main())


def test_a_failure_of_the_visitor_comes_out_as_it_is() -> None:
    async def play(listener: ControlListener, operator: FakeOperator, client: httpx2.AsyncClient) -> None:
        raise LookupError("this one")

    with pytest.raises(LookupError, match="this one"):
        visit(play)


def test_a_port_that_is_taken_is_one_sentence() -> None:
    async def play(listener: ControlListener, operator: FakeOperator, client: httpx2.AsyncClient) -> None:
        options = ControlOptions(port=listener.port, token="the-token")
        with pytest.raises(VoicecallError, match=f"127.0.0.1:{listener.port}: something else listens there"):
            async with ControlListener(options, operator, CollectorRegistry()):
                pass

    visit(play)
