"""The simulated Plivo on a real port: REST over HTTP, signed webhooks, and an audio stream over a real socket."""

from __future__ import annotations

import asyncio
import hmac
import signal
import sys
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

from voicecall.emulators.plivo.account import Account, Number
from voicecall.emulators.plivo.server import PlivoServer
from voicecall.emulators.wires import NetworkServer
from voicecall.speech.tts.tone import ToneSynthesizer

PATIENCE = 10.0
PUBLIC = "voice.example.org"
PHONE = "+15550100009"
OURS = "+15550100010"
DOCUMENT = (
    '<Response><Stream bidirectional="true" keepCallAlive="true" contentType="audio/x-mulaw;rate=8000">'
    f"wss://{PUBLIC}/media/t1</Stream><Redirect>https://{PUBLIC}/answer?again=%C3%BC</Redirect></Response>"
)


def expected(text: str, nonce: str) -> str:
    """Return the signature of this text, computed here once more."""
    return b64encode(hmac.digest(b"geheim", f"{text}.{nonce}".encode(), "sha256")).decode()


class Gateway:
    """A gateway on a real port that is known to the world as `PUBLIC`: connects a stream to every call."""

    def __init__(self) -> None:
        self.hooks: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self.messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sockets: asyncio.Queue[web.WebSocketResponse] = asyncio.Queue()
        self.forged = 0
        self.url = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Gateway]:
        application = web.Application()
        application.router.add_post("/answer", self._answer)
        application.router.add_get("/media/t1", self._media)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield self
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        query = f"{request.query_string}." if request.query_string else ""
        glued = "".join(name + form[name] for name in sorted(form))
        self._check(request, f"https://{request.host}{request.path}?{query}{glued}")
        self.hooks.put_nowait(form)
        return web.Response(text=DOCUMENT, content_type="application/xml")

    async def _media(self, request: web.Request) -> web.WebSocketResponse:
        self._check(request, f"wss://{request.host}{request.path}")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.put_nowait(socket)
        async for message in socket:
            self.messages.put_nowait(message.json())
        return socket

    def _check(self, request: web.Request, text: str) -> None:
        signed = expected(text, request.headers["X-Plivo-Signature-V3-Nonce"])
        self.forged += request.host != PUBLIC or request.headers["X-Plivo-Signature-V3"] != signed

    async def until(self, event: str) -> dict[str, Any]:
        """Return the next message of this event."""
        while (message := await self.messages.get())["event"] != event:
            pass
        return message

    async def hook(self, event: str) -> dict[str, str]:
        """Return the next webhook of this event."""
        while (form := await self.hooks.get())["Event"] != event:
            pass
        return form


class Client:
    """Asks the REST API over HTTP."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def ask(self, method: str, path: str, body: Any = None, key: str = "geheim") -> tuple[int, Any]:
        account = Account()
        basic = b64encode(f"{account.auth_id}:{key}".encode()).decode()
        url = f"{self._url}/v1/Account/{account.auth_id}{path}"
        headers = {"Authorization": f"Basic {basic}"}
        async with self._session.request(method, url, json=body, headers=headers) as response:
            return response.status, await response.json() if response.status != 204 else None


@asynccontextmanager
async def world() -> AsyncIterator[tuple[Gateway, PlivoServer, Client, aiohttp.ClientSession]]:
    account = Account(auth_token="geheim")
    account.add(Number(OURS, f"https://{PUBLIC}/answer"))
    async with (
        Gateway().running() as gateway,
        NetworkServer(ToneSynthesizer(0.2)) as network,
        PlivoServer(network.network, account, via={f"https://{PUBLIC}": gateway.url}) as server,
        aiohttp.ClientSession() as session,
    ):
        async with asyncio.timeout(PATIENCE):
            yield gateway, server, Client(session, server.url), session
        assert gateway.forged == 0


def test_a_call_is_placed_streamed_and_ended_over_real_sockets() -> None:
    async def main() -> None:
        async with world() as (gateway, server, client, _):
            dial = {"to": PHONE[1:], "from": OURS[1:], "answer_url": f"https://{PUBLIC}/answer", "ring_timeout": 20}
            status, answer = await client.ask("POST", "/Call/", dial)
            asked = await gateway.hook("StartApp")
            assert (status, asked["RequestUUID"]) == (201, answer["request_uuid"])
            call = asked["CallUUID"]
            start = await gateway.until("start")
            assert start["start"]["callId"] == call
            socket = await gateway.sockets.get()
            stream = start["start"]["streamId"]
            await socket.send_bytes(b"\0")
            await socket.send_json({"event": "checkpoint", "streamId": stream, "name": "played"})
            assert (await gateway.until("playedStream"))["name"] == "played"
            await socket.send_json({"event": "clearAudio", "streamId": stream})
            await gateway.until("clearedAudio")
            assert [note.what for note in server.face.notifications] == ["invalid_message"]
            assert (await client.ask("GET", f"/Call/{call}/?status=live"))[1]["call_status"] == "in-progress"
            await socket.close()
            await gateway.hook("Redirect")
            await gateway.sockets.get()
            assert await client.ask("DELETE", f"/Call/{call}/") == (204, None)
            assert (await gateway.hook("Hangup"))["HangupSource"] == "API Request"
            assert (await client.ask("GET", f"/Call/{call}/"))[1]["hangup_cause_code"] == 4000
            assert (await client.ask("DELETE", f"/Call/{call}/"))[0] == 404

    asyncio.run(main())


def test_a_phone_calls_a_number_of_the_account() -> None:
    async def main() -> None:
        async with world() as (gateway, server, client, session):
            ring = {"from": PHONE, "to": OURS, "steps": [{"say": "Hello"}, {"hangup": True}]}
            bearer = {"Authorization": "Bearer mock"}
            async with session.post(f"{server.url}/phones/ring", json=ring, headers=bearer) as response:
                call = (await response.json())["call"]
            assert (await gateway.hook("StartApp"))["CallUUID"] == call
            assert (await gateway.until("start"))["start"]["callId"] == call
            assert (await gateway.hook("Hangup"))["HangupSource"] == "Caller"
            assert (await client.ask("GET", "/", key="mock"))[0] == 401

    asyncio.run(main())


def test_the_process_of_its_own_serves_plivo() -> None:
    async def main() -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "voicecall.emulators", "--stub", "--port", "0", "--plivo", "--plivo-port", "0"),
            *("--plivo-token", "geheim", "--plivo-number", f"{OURS}=https://{PUBLIC}/answer?a=b"),
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(PATIENCE):
                await process.stdout.readline()
                ready = (await process.stdout.readline()).decode()
                assert ready.startswith("plivo simulator ready at http://")
                async with aiohttp.ClientSession() as session:
                    client = Client(session, ready.split()[-1])
                    dial = {"to": PHONE, "from": OURS, "answer_url": "http://127.0.0.1:9/"}
                    assert (await client.ask("POST", "/Call/", dial))[0] == 201
                    assert (await client.ask("POST", "/Call/", dial | {"from": PHONE}))[0] == 400
        finally:
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0

    asyncio.run(main())
