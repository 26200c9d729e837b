"""The network on real loopback: HTTP both ways, a real WebSocket, and the process of its own."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import uvloop
from aiohttp import web

from voicecall.emulators.wires import NetworkServer, real_wires
from voicecall.errors import FrameError
from voicecall.speech.tts.tone import ToneSynthesizer

Json = dict[str, Any]
PATIENCE = 10.0


class Gateway:
    """A gateway on a real port: connects a stream to every call and says nothing."""

    def __init__(self) -> None:
        self.hooks: asyncio.Queue[Json] = asyncio.Queue()
        self.messages: asyncio.Queue[Json] = asyncio.Queue()
        self.sockets: asyncio.Queue[web.WebSocketResponse] = asyncio.Queue()
        self.forged = 0
        self.url = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Gateway]:
        application = web.Application()
        application.router.add_post("/hook", self._hook)
        application.router.add_get("/stream", self._stream)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"127.0.0.1:{runner.addresses[0][1]}"
            yield self
        finally:
            await runner.cleanup()

    async def _hook(self, request: web.Request) -> web.Response:
        body = await request.read()
        signed = f"{request.headers['X-Mock-Timestamp']}.http://{self.url}/hook.".encode() + body
        expected = hmac.new(b"geheim", signed, hashlib.sha256).hexdigest()
        self.forged += request.headers["X-Mock-Signature"] != expected
        self.hooks.put_nowait(await request.json())
        return web.json_response({"connect": {"stream": f"ws://{self.url}/stream", "parameters": {"token": "t"}}})

    async def _stream(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.put_nowait(socket)
        async for message in socket:
            self.messages.put_nowait(message.json())
        self.messages.put_nowait({"event": "closed", "code": socket.close_code})
        return socket

    async def until(self, queue: asyncio.Queue[Json], **wanted: object) -> Json:
        """Return the first message with these members."""
        async with asyncio.timeout(PATIENCE):
            while True:
                message = await queue.get()
                if all(message.get(name) == value for name, value in wanted.items()):
                    return message


def test_a_call_runs_over_http_and_websocket() -> None:
    async def main() -> None:
        async with (
            Gateway().running() as gateway,
            NetworkServer(ToneSynthesizer(), secret="geheim") as server,
            aiohttp.ClientSession(headers={"Authorization": "Bearer geheim"}) as client,
        ):
            body: Json = {"from": "+15550100009", "to": "+15550100010", "webhook": f"http://{gateway.url}/hook"}
            steps = [{"say": "hello"}, {"press": "7"}]
            async with client.post(f"{server.url}/phones/ring", json=body | {"steps": steps}) as response:
                assert response.status == 201
                call = (await response.json())["call"]
            assert (await gateway.until(gateway.hooks, type="incoming"))["call"] == call
            start = await gateway.until(gateway.messages, event="start")
            assert (start["call"], start["parameters"]) == (call, {"token": "t"})
            await gateway.until(gateway.messages, event="digit", digit="7")
            socket = await gateway.sockets.get()
            await socket.send_str('{"event":"mark","name":"m"}')
            await gateway.until(gateway.messages, event="mark", name="m")
            async with client.delete(f"{server.url}/calls/{call}") as response:
                assert (response.status, await response.read()) == (204, b"")
            await gateway.until(gateway.messages, event="stop")
            await gateway.until(gateway.messages, event="closed", code=1000)
            assert (await gateway.until(gateway.hooks, type="ended"))["cause"] == "completed"
            async with client.get(f"{server.url}/phones/calls/{call}/recording") as response:
                assert response.content_type == "audio/wav"
            assert gateway.forged == 0

    asyncio.run(main())


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_cut_stream_reaches_the_gateway_as_1006_and_is_reported_lost(
    loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def main() -> None:
        async with (
            Gateway().running() as gateway,
            NetworkServer(ToneSynthesizer(), secret="geheim") as server,
            aiohttp.ClientSession(headers={"Authorization": "Bearer geheim"}) as client,
        ):
            async with client.put(f"{server.url}/faults", json={"stream_drop_after": 0.1}) as response:
                assert response.status == 204
            body = {"from": "+15550100009", "to": "+15550100010", "webhook": f"http://{gateway.url}/hook"}
            async with client.post(f"{server.url}/phones/ring", json=body) as response:
                assert response.status == 201
            await gateway.until(gateway.messages, event="closed", code=1006)
            await gateway.until(gateway.hooks, type="stream-ended", reason="lost")
            await gateway.until(gateway.messages, event="start")

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(main())


def test_a_gateway_that_is_not_there_is_a_connection_error() -> None:
    async def main() -> None:
        async with Gateway().running() as gateway:
            gone = gateway.url
        async with real_wires() as wires:
            with pytest.raises(OSError, match=r"127\.0\.0\.1"):
                await wires.post(f"http://{gone}/hook", {}, b"{}")
            with pytest.raises(OSError, match=r"127\.0\.0\.1"):
                await wires.connect(f"ws://{gone}/stream")

    asyncio.run(main())


def test_a_binary_message_is_a_frame_error() -> None:
    async def main() -> None:
        async with Gateway().running() as gateway, real_wires() as wires:
            near = await wires.connect(f"ws://{gateway.url}/stream")
            far = await gateway.sockets.get()
            await far.send_bytes(b"\x00")
            with pytest.raises(FrameError, match="binary"):
                await near.recv()
            await near.close(1003)
            await gateway.until(gateway.messages, event="closed", code=1003)

    asyncio.run(main())


def test_an_error_beside_the_server_stops_the_server_and_comes_through() -> None:
    async def main() -> None:
        async with NetworkServer(ToneSynthesizer()):
            raise LookupError("mine")

    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(main())
    assert caught.value.split(LookupError)[1] is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_process_says_where_it_is_and_leaves_cleanly(number: signal.Signals) -> None:
    async def main() -> tuple[str, int]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "voicecall.emulators", "--port", "0", "--stub", stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        async with asyncio.timeout(30):
            line = (await process.stdout.readline()).decode()
            process.send_signal(number)
            return line, await process.wait()

    line, status = asyncio.run(main())
    assert line.startswith("mock network ready at http://127.0.0.1:")
    assert status == 0
