"""The HTTP client: what it repeats, what it is certain of, and what it never says."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import httpx2
import pytest

from voicecall.emulators.clock import run_virtual
from voicecall.errors import CarrierError
from voicecall.net.http import Http

URL = "https://api.example.com/calls?secret=hidden"
Answer = httpx2.Response | Exception


class Api(httpx2.AsyncBaseTransport):
    """Gives the answers in order, the last one for ever, and remembers when it was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[tuple[float, httpx2.Request]] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append((asyncio.get_running_loop().time(), request))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class SilentApi(httpx2.AsyncBaseTransport):
    """Never answers."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        await asyncio.Event().wait()
        raise AssertionError


class Endless(httpx2.AsyncByteStream):
    """A body without an end."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield bytes(1 << 16)


def sending(
    transport: httpx2.AsyncBaseTransport, **options: Any
) -> Callable[[], Coroutine[Any, Any, tuple[int, bytes]]]:
    async def send() -> tuple[int, bytes]:
        async with Http(transport) as http:
            return await http.send("POST", URL, {"Authorization": "Bearer hidden"}, b"hidden", timeout=4.0, **options)

    return send


def failure(transport: httpx2.AsyncBaseTransport, **options: Any) -> CarrierError:
    with pytest.raises(CarrierError) as error:
        run_virtual(sending(transport, **options))
    return error.value


def test_the_answer_comes_back_whatever_its_status() -> None:
    api = Api(httpx2.Response(503, content=b"later"))
    assert run_virtual(sending(api)) == (503, b"later")
    ((_, request),) = api.requests
    assert (request.method, str(request.url), request.content) == ("POST", URL, b"hidden")
    assert request.headers["authorization"] == "Bearer hidden"


def test_what_must_not_be_repeated_is_sent_once() -> None:
    api = Api(httpx2.ConnectError("refused"))
    failure(api)
    assert len(api.requests) == 1


@pytest.mark.parametrize("first", [httpx2.ConnectError("refused"), httpx2.ReadError("reset"), httpx2.Response(503)])
def test_what_may_be_repeated_is_sent_again(first: Answer) -> None:
    api = Api(first, httpx2.Response(200, content=b"done"))
    assert run_virtual(sending(api, repeatable=True)) == (200, b"done")
    assert len(api.requests) == 2


def test_repetition_is_bounded_and_pauses_longer_each_time() -> None:
    api = Api(httpx2.Response(503))
    status, _ = run_virtual(sending(api, repeatable=True))
    times = [at for at, _ in api.requests]
    assert status == 503
    assert times == pytest.approx([0.0, 0.25, 1.25])


def test_the_last_failure_of_a_repeated_request_is_told() -> None:
    api = Api(httpx2.ReadError("reset"))
    assert failure(api, repeatable=True).code == "broken"
    assert len(api.requests) == 3


@pytest.mark.parametrize("status", [200, 204, 302, 400, 404])
def test_a_final_answer_is_not_asked_for_again(status: int) -> None:
    api = Api(httpx2.Response(status))
    assert run_virtual(sending(api, repeatable=True))[0] == status
    assert len(api.requests) == 1


@pytest.mark.parametrize("error", [httpx2.ConnectError("x"), httpx2.ConnectTimeout("x"), httpx2.PoolTimeout("x")])
def test_without_a_connection_nothing_was_certainly_carried_out(error: Exception) -> None:
    told = failure(Api(error))
    assert (told.certain, told.retryable) == (True, True)


@pytest.mark.parametrize("error", [httpx2.ReadTimeout("x"), httpx2.ReadError("x"), httpx2.RemoteProtocolError("x")])
def test_without_an_answer_it_may_have_been_carried_out(error: Exception) -> None:
    told = failure(Api(error))
    assert (told.certain, told.retryable) == (False, True)


def test_an_api_that_never_answers_times_out() -> None:
    told = failure(SilentApi())
    assert (told.certain, told.code) == (False, "timeout")
    assert "4 s" in str(told)


def test_an_endless_answer_is_cut_off() -> None:
    told = failure(Api(httpx2.Response(200, stream=Endless())), repeatable=True)
    assert (told.certain, told.code) == (False, "answer-too-long")


@pytest.mark.parametrize("url", ["gopher://x/", "https://x\x00/"])
def test_a_request_that_cannot_be_sent_is_certainly_not_carried_out(url: str) -> None:
    async def send() -> None:
        async with Http() as http:
            await http.send("GET", url, {}, timeout=1.0, repeatable=True)

    with pytest.raises(CarrierError) as error:
        run_virtual(send)
    assert (error.value.certain, error.value.retryable) == (True, False)


def test_nothing_secret_is_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    said = [
        str(failure(Api(error)))
        for error in (httpx2.ConnectError("hidden"), httpx2.ReadError("hidden"), httpx2.ReadTimeout("hidden"))
    ]
    run_virtual(sending(Api(httpx2.Response(200, content=b"hidden"))))
    assert not [text for text in [*said, *(record.getMessage() for record in caplog.records)] if "hidden" in text]


def test_nobody_listening_is_told_as_unreachable() -> None:
    async def send() -> None:
        async with Http() as http:
            await http.send("GET", f"http://127.0.0.1:{port}/", {}, timeout=5.0)

    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    with pytest.raises(CarrierError) as error:
        asyncio.run(send())
    assert (error.value.certain, error.value.code) == (True, "unreachable")
