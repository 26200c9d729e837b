"""Answers that come in pieces: bounded waits, early leaving, plain errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from aiohttp import web

from voicecall.emulators.vendors import listening
from voicecall.errors import NetworkError
from voicecall.net.http import Http, Streamed

Part = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Hang:
    """Two pieces of an answer, then nothing: notices when nobody listens any more."""

    def __init__(self) -> None:
        self.left = asyncio.Event()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"one")
        await response.write(b"two")
        transport = request.transport
        while transport is not None and not transport.is_closing():  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0)
        self.left.set()
        return response


@asynccontextmanager
async def asking(part: Part, *, first: float = 2.0, stall: float = 2.0) -> AsyncIterator[Streamed]:
    app = web.Application()
    app.router.add_post("/", part)
    async with asyncio.timeout(5.0), listening(app) as origin, Http() as client:
        headers = {"Authorization": "Bearer hidden"}
        async with client.stream("POST", origin, headers, b"hidden words", first=first, stall=stall) as answer:
            yield answer


def failure(part: Part, *, first: float = 2.0, stall: float = 2.0) -> tuple[NetworkError, bytes]:
    """Return how the answer failed, and what came before."""
    heard = bytearray()

    async def main() -> None:
        async with asking(part, first=first, stall=stall) as answer:
            async for piece in answer.body:
                heard.extend(piece)

    with pytest.raises(NetworkError) as caught:
        asyncio.run(main())
    assert "hidden" not in str(caught.value)
    return caught.value, bytes(heard)


def test_pieces_come_as_they_are_sent() -> None:
    async def part(request: web.Request) -> web.StreamResponse:
        assert await request.read() == b"hidden words"
        response = web.StreamResponse(status=201, headers={"X-Kind": "test"})
        await response.prepare(request)
        await response.write(b"one")
        await read.wait()
        await response.write(b"two")
        return response

    async def main() -> None:
        async with asking(part) as answer:
            assert (answer.status, answer.headers["x-kind"]) == (201, "test")
            assert await anext(answer.body) == b"one"
            read.set()
            assert [piece async for piece in answer.body] == [b"two"]

    read = asyncio.Event()
    asyncio.run(main())


def test_leaving_early_closes_the_connection() -> None:
    async def main() -> None:
        hang = Hang()
        app = web.Application()
        app.router.add_post("/", hang.answer)
        async with asyncio.timeout(5.0), listening(app) as origin, Http() as http:
            async with http.stream("POST", origin, {}, b"", first=2.0, stall=2.0) as answer:
                assert await anext(answer.body)
                assert not hang.left.is_set()
            await hang.left.wait()

    asyncio.run(main())


def test_an_answer_that_does_not_begin_is_given_up_in_time() -> None:
    async def part(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    error, _ = failure(part, first=0.05)
    assert (error.code, error.retryable) == ("timeout", True)
    assert "0.05 s" in str(error)


def test_the_wait_for_the_beginning_may_be_longer_than_a_stall() -> None:
    async def part(_: web.Request) -> web.StreamResponse:
        loop = asyncio.get_running_loop()
        late = asyncio.Event()
        loop.call_later(0.1, late.set)
        await late.wait()
        return web.Response(text="late, and in time")

    async def main() -> bytes:
        async with asking(part, first=2.0, stall=0.05) as answer:
            return await answer.whole()

    assert asyncio.run(main()) == b"late, and in time"


def test_an_answer_that_stalls_is_given_up_in_time() -> None:
    error, heard = failure(Hang().answer, stall=0.05)
    assert (error.code, error.retryable, heard) == ("timeout", True, b"onetwo")


def test_an_answer_that_breaks_off_is_told() -> None:
    async def part(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"one")
        assert request.transport is not None
        request.transport.abort()
        return response

    error, heard = failure(part)
    assert (error.code, error.retryable, heard) == ("broken", True, b"one")


def test_what_an_error_says_is_read_within_bounds() -> None:
    async def part(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=500)
        await response.prepare(request)
        with suppress(ConnectionError):
            while True:
                await response.write(bytes(1 << 12))
        return response

    async def main() -> tuple[int, int]:
        async with asking(part) as answer:
            return answer.status, len(await answer.whole(1000))

    assert asyncio.run(main()) == (500, 1000)


def test_nobody_listening_is_told() -> None:
    async def main() -> None:
        async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
        async with Http() as http, http.stream("POST", f"http://127.0.0.1:{port}/", {}, b"", first=2.0, stall=2.0):
            pytest.fail("there is an answer")

    with pytest.raises(NetworkError) as caught:
        asyncio.run(main())
    assert caught.value.retryable


def test_an_address_that_is_none_is_not_tried_again() -> None:
    async def main() -> None:
        async with Http() as http, http.stream("POST", "gopher://x/", {}, b"", first=2.0, stall=2.0):
            pytest.fail("there is an answer")

    with pytest.raises(NetworkError) as caught:
        asyncio.run(main())
    assert not caught.value.retryable


@pytest.mark.parametrize("url", ["https://x\x00/", "https://é..x/", "https://[v1.a]/", "gopher://x/"])
def test_a_request_that_cannot_be_sent_is_a_failure_like_any_other(url: str) -> None:
    async def main() -> None:
        async with Http() as client, client.stream("POST", url, {}, b"", first=1.0, stall=1.0):
            pass

    with pytest.raises(NetworkError, match="cannot be sent"):
        asyncio.run(main())
