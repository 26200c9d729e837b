"""The simulated Telnyx on a real port: REST over HTTP, signed webhooks, and a media stream over a real socket."""

from __future__ import annotations

import asyncio
import signal
import sys
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from voicecall.emulators.telnyx.account import Account
from voicecall.emulators.telnyx.server import TelnyxServer
from voicecall.emulators.wires import NetworkServer
from voicecall.speech.tts.tone import ToneSynthesizer

PATIENCE = 10.0
PUBLIC = "voice.example.org"
PHONE = "+15550100009"
OURS = "+15550100010"
ACCOUNT = Account(api_key="geheim", webhook_url=f"https://{PUBLIC}/telnyx", numbers=frozenset({OURS}))
STREAM = {
    "stream_url": f"wss://{PUBLIC}/media",
    "stream_bidirectional_mode": "rtp",
    "stream_auth_token": "t1",
}


class Gateway:
    """A gateway on a real port that is known to the world as `PUBLIC`."""

    def __init__(self) -> None:
        self.hooks: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sockets: asyncio.Queue[web.WebSocketResponse] = asyncio.Queue()
        self.url = ""
        self._key = Ed25519PublicKey.from_public_bytes(b64decode(ACCOUNT.public_key))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Gateway]:
        application = web.Application()
        application.router.add_post("/telnyx", self._hook)
        application.router.add_get("/media", self._media)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield self
        finally:
            await runner.cleanup()

    async def _hook(self, request: web.Request) -> web.Response:
        signed = request.headers["telnyx-timestamp"].encode() + b"|" + await request.read()
        self._key.verify(b64decode(request.headers["telnyx-signature-ed25519"]), signed)
        assert request.host == PUBLIC
        self.hooks.put_nowait((await request.json())["data"])
        return web.Response()

    async def _media(self, request: web.Request) -> web.WebSocketResponse:
        assert request.headers["x-telnyx-streaming-auth-token"] == "t1"
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.put_nowait(socket)
        async for message in socket:
            self.messages.put_nowait(message.json())
        return socket

    async def until(self, event: str) -> dict[str, Any]:
        """Return the next message of this event."""
        while (message := await self.messages.get())["event"] != event:
            pass
        return message

    async def hook(self, kind: str) -> dict[str, Any]:
        """Return the payload of the next webhook of this type."""
        while (data := await self.hooks.get())["event_type"] != kind:
            pass
        payload: dict[str, Any] = data["payload"]
        return payload


class Client:
    """Asks the REST API over HTTP."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def ask(self, method: str, path: str, body: Any = None, key: str = "geheim") -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {key}"}
        async with self._session.request(method, self._url + path, json=body, headers=headers) as response:
            return response.status, await response.json()

    async def do(self, call: str, action: str, **body: Any) -> int:
        status, _ = await self.ask("POST", f"/v2/calls/{call}/actions/{action}", body)
        return status


@asynccontextmanager
async def world() -> AsyncIterator[tuple[Gateway, TelnyxServer, Client]]:
    async with (
        Gateway().running() as gateway,
        NetworkServer(ToneSynthesizer(0.2)) as network,
        TelnyxServer(network.network, ACCOUNT, via={f"https://{PUBLIC}": gateway.url}) as server,
        aiohttp.ClientSession() as session,
    ):
        async with asyncio.timeout(PATIENCE):
            yield gateway, server, Client(session, server.url)


def test_a_call_is_placed_streamed_and_ended_over_real_sockets() -> None:
    async def main() -> None:
        async with world() as (gateway, server, client):
            body = {"connection_id": ACCOUNT.connection_id, "to": PHONE, "from": OURS}
            status, answer = await client.ask("POST", "/v2/calls", body)
            call = answer["data"]["call_control_id"]
            assert (status, (await gateway.hook("call.initiated"))["call_control_id"]) == (200, call)
            await gateway.hook("call.answered")
            assert await client.do(call, "streaming_start", **STREAM) == 200
            start = await gateway.until("start")
            assert start["start"]["call_control_id"] == call
            socket = await gateway.sockets.get()
            await socket.send_bytes(b"\0")
            assert (await gateway.until("error"))["payload"]["code"] == 100003
            await socket.send_json({"event": "media", "media": {"payload": b64encode(b"\xff" * 160).decode()}})
            await socket.send_json({"event": "mark", "mark": {"name": "played"}})
            assert (await gateway.until("mark"))["mark"] == {"name": "played"}
            await socket.close()
            await gateway.hook("streaming.stopped")
            assert await client.do(call, "speak", payload="Goodbye", voice="v") == 200
            await gateway.hook("call.speak.ended")
            assert await client.do(call, "hangup") == 200
            assert (await gateway.hook("call.hangup"))["hangup_cause"] == "normal_clearing"
            status, answer = await client.ask("GET", f"/v2/calls/{call}")
            assert (status, answer["data"]["is_alive"]) == (200, False)
            assert [note.code for note in server.face.notifications] == ["100003"]

    asyncio.run(main())


def test_a_phone_calls_the_account() -> None:
    async def main() -> None:
        async with world() as (gateway, _, client):
            ring = {"from": PHONE, "to": OURS, "steps": [{"say": "Hello"}, {"wait": 1.0}, {"hangup": True}]}
            status, answer = await client.ask("POST", "/phones/ring", ring, key="mock")
            initiated = await gateway.hook("call.initiated")
            assert (status, initiated["call_control_id"], initiated["state"]) == (201, answer["call"], "parked")
            assert await client.do(answer["call"], "answer", transcription=True) == 200
            assert (await gateway.hook("call.transcription"))["transcription_data"]["transcript"] == "Hello"
            await gateway.hook("call.hangup")

    asyncio.run(main())


def test_the_key_of_the_network_does_not_open_the_carriers_api() -> None:
    async def main() -> None:
        async with world() as (_, _, client):
            status, answer = await client.ask("GET", "/v2/calls/v3:x", key="mock")
            assert (status, answer["errors"][0]["code"]) == (401, "10009")

    asyncio.run(main())


def test_the_process_of_its_own_serves_telnyx() -> None:
    async def main() -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "voicecall.emulators", "--stub", "--port", "0", "--telnyx", "--telnyx-port", "0"),
            *("--telnyx-key", "geheim", "--telnyx-connection", "7", "--telnyx-number", OURS),
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(PATIENCE):
                await process.stdout.readline()
                ready = (await process.stdout.readline()).decode()
                assert ready.startswith("telnyx simulator ready at http://")
                async with aiohttp.ClientSession() as session:
                    client = Client(session, ready.split()[-1])
                    body = {"connection_id": "7", "to": PHONE, "from": OURS}
                    assert (await client.ask("POST", "/v2/calls", body))[0] == 200
                    assert (await client.ask("POST", "/v2/calls", body | {"from": PHONE}))[0] == 403
        finally:
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0

    asyncio.run(main())
