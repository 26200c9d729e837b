"""The WebSocket client: bounded opening, plain errors, nothing secret said."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
from aiohttp import WSMsgType, web

from voicecall.emulators.vendors import listening
from voicecall.errors import NetworkError
from voicecall.net.sockets import Socket, connect

SECRET = {"Authorization": "Bearer hidden-key"}


class Peer:
    """A WebSocket server that plays one part."""

    def __init__(self, part: Callable[[web.WebSocketResponse, web.Request], Awaitable[None]]) -> None:
        self._part = part
        self.headers: list[dict[str, str]] = []
        self.close_code: int | None = None
        self.over = asyncio.Event()
        self.app = web.Application()
        self.app.router.add_get("/", self._serve)

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        self.headers.append(dict(request.headers))
        socket = web.WebSocketResponse(protocols=("two",))
        await socket.prepare(request)
        await self._part(socket, request)
        self.close_code = socket.close_code
        self.over.set()
        return socket


async def echo(socket: web.WebSocketResponse, _: web.Request) -> None:
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
        else:
            await socket.send_bytes(message.data)


def meet(
    part: Callable[[web.WebSocketResponse, web.Request], Awaitable[None]],
    act: Callable[[Socket], Awaitable[None]],
    *subprotocols: str,
) -> Peer:
    async def main() -> Peer:
        peer = Peer(part)
        async with asyncio.timeout(5.0), listening(peer.app) as origin:
            url = origin.replace("http", "ws", 1)
            async with connect(url, SECRET, timeout=2.0, subprotocols=subprotocols) as socket:
                await act(socket)
            await peer.over.wait()
        return peer

    return asyncio.run(main())


def loss(part: Callable[[web.WebSocketResponse, web.Request], Awaitable[None]]) -> NetworkError:
    """Return how the end of a connection is told to who receives, and check that who sends is told as well."""
    told: list[NetworkError] = []

    async def act(socket: Socket) -> None:
        with pytest.raises(NetworkError) as caught:
            await socket.recv()
        told.append(caught.value)
        with pytest.raises(NetworkError):
            await socket.send("anybody there?")

    meet(part, act)
    return told[0]


def refusal(url: str, timeout: float = 2.0) -> NetworkError:
    async def main() -> None:
        async with asyncio.timeout(5.0), connect(url, SECRET, timeout=timeout):
            pytest.fail("it was opened")

    with pytest.raises(NetworkError) as caught:
        asyncio.run(main())
    return caught.value


def test_text_and_bytes_travel_both_ways() -> None:
    async def act(socket: Socket) -> None:
        await socket.send("grüß Gott")
        assert await socket.recv() == "grüß Gott"
        await socket.send(b"\x00\xff")
        assert await socket.recv() == b"\x00\xff"

    meet(echo, act)


def test_headers_and_subprotocols_reach_the_peer() -> None:
    async def act(socket: Socket) -> None:
        await socket.send("hello")
        await socket.recv()

    (headers,) = meet(echo, act, "one", "two").headers
    assert headers["Authorization"] == "Bearer hidden-key"
    assert headers["Sec-WebSocket-Protocol"].replace(" ", "") == "one,two"


def test_on_exit_the_connection_is_closed_in_good_order() -> None:
    async def act(socket: Socket) -> None:
        await socket.send("hello")

    assert meet(echo, act).close_code == 1000


def test_a_peers_close_is_told_with_its_code_and_reason() -> None:
    async def part(socket: web.WebSocketResponse, _: web.Request) -> None:
        await socket.close(code=1008, message=b"idle for too long")

    error = loss(part)
    assert (error.code, error.retryable) == ("1008", True)
    assert str(error) == "127.0.0.1 closed the connection: 1008 idle for too long"


def test_a_connection_that_breaks_is_told_as_lost() -> None:
    async def part(_: web.WebSocketResponse, request: web.Request) -> None:
        assert request.transport is not None
        request.transport.abort()

    error = loss(part)
    assert (str(error), error.retryable) == ("the connection to 127.0.0.1 was lost", True)


def test_half_a_character_ends_the_connection_and_not_the_program() -> None:
    async def part(socket: web.WebSocketResponse, _: web.Request) -> None:
        await socket.send_frame(b'{"text": "gr\xc3', WSMsgType.TEXT)
        async for _message in socket:
            pass

    assert loss(part).retryable


def test_a_message_beyond_measure_ends_the_connection() -> None:
    async def part(socket: web.WebSocketResponse, _: web.Request) -> None:
        with suppress(ConnectionError):
            await socket.send_bytes(bytes((4 << 20) + 1))
        async for _message in socket:
            pass

    assert loss(part).retryable


@pytest.mark.parametrize(("status", "retryable"), [(401, False), (403, False), (404, False), (429, True), (503, True)])
def test_a_refusal_is_told_with_its_status(status: int, retryable: bool) -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=status, text="hidden-key is wrong")

    async def main() -> None:
        app = web.Application()
        app.router.add_get("/", refuse)
        async with (
            asyncio.timeout(5.0),
            listening(app) as origin,
            connect(origin.replace("http", "ws", 1), SECRET, timeout=2.0),
        ):
            pytest.fail("it was opened")

    with pytest.raises(NetworkError) as caught:
        asyncio.run(main())
    assert (caught.value.code, caught.value.retryable) == (f"{status}", retryable)
    assert "hidden" not in str(caught.value)


def test_a_peer_that_never_answers_is_given_up_in_time() -> None:
    async def main() -> NetworkError:
        async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await over.wait()
            writer.close()

        over = asyncio.Event()
        async with asyncio.timeout(5.0), await asyncio.start_server(silent, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(NetworkError) as caught:
                async with connect(f"ws://127.0.0.1:{port}/", {}, timeout=0.05):
                    pytest.fail("it was opened")
            over.set()
        return caught.value

    error = asyncio.run(main())
    assert error.retryable
    assert "within 0.05 s" in str(error)


def test_nobody_listening_may_pass() -> None:
    async def main() -> int:
        async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0) as server:
            port: int = server.sockets[0].getsockname()[1]
        return port

    error = refusal(f"ws://127.0.0.1:{asyncio.run(main())}/")
    assert error.retryable
    assert str(error).startswith("cannot connect to 127.0.0.1")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "ws://", "127.0.0.1", "ws://127.0.0.1:99999/"])
def test_an_address_that_is_none_is_not_tried_again(url: str) -> None:
    assert not refusal(url).retryable


def test_loopback_is_not_reached_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async def act(socket: Socket) -> None:
        await socket.send("hello")
        assert await socket.recv() == "hello"

    meet(echo, act)


def test_nothing_that_is_carried_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def act(socket: Socket) -> None:
        await socket.send("hidden words")
        await socket.recv()

    meet(echo, act)
    assert not [record for record in caplog.records if "hidden" in record.getMessage()]
