"""The simulated Twilio on real loopback, with the official SDK as its client and its validator as the referee."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.twiml.voice_response import Connect, VoiceResponse

from voicecall.emulators.twilio.account import Account, Number
from voicecall.emulators.twilio.server import TwilioServer
from voicecall.emulators.wires import NetworkServer
from voicecall.speech.tts.tone import ToneSynthesizer

pytestmark = [  # the SDK's own habits
    pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The 'auth' parameter is deprecated:DeprecationWarning"),
]

PATIENCE = 10.0
PUBLIC = "voice.example.org"
PHONE = "+15550100009"
OURS = "+15550100010"


class Gateway:
    """A gateway on a real port that is known to the world as `PUBLIC`: connects a stream to every call."""

    def __init__(self) -> None:
        self.hooks: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self.messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sockets: asyncio.Queue[web.WebSocketResponse] = asyncio.Queue()
        self.forged = 0
        self.url = ""
        self._validator = RequestValidator("geheim")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Gateway]:
        application = web.Application()
        application.router.add_route("*", "/voice", self._voice)
        application.router.add_get("/media", self._media)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield self
        finally:
            await runner.cleanup()

    async def _voice(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        signature = request.headers["X-Twilio-Signature"]
        genuine = self._validator.validate(f"https://{request.host}{request.raw_path}", form, signature)
        self.forged += request.host != PUBLIC or not genuine
        self.hooks.put_nowait(form)
        response = VoiceResponse()
        connect = Connect()
        connect.stream(url=f"wss://{PUBLIC}/media").parameter(name="token", value="<t>")
        response.append(connect)
        response.redirect(f"https://{PUBLIC}/voice?again=%C3%BC%20x'")
        return web.Response(text=str(response), content_type="text/xml")

    async def _media(self, request: web.Request) -> web.WebSocketResponse:
        signature = request.headers["X-Twilio-Signature"]
        self.forged += self._validator.compute_signature(f"wss://{request.host}/media", {}) != signature
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

    async def hook(self, status: str) -> dict[str, str]:
        """Return the next webhook with this status."""
        while (form := await self.hooks.get())["CallStatus"] != status:
            pass
        return form


@asynccontextmanager
async def world() -> AsyncIterator[tuple[Gateway, NetworkServer, TwilioServer, Client]]:
    account = Account(auth_token="geheim")
    account.add(Number(OURS, f"https://{PUBLIC}/voice"))
    async with (
        Gateway().running() as gateway,
        NetworkServer(ToneSynthesizer(0.2)) as network,
        TwilioServer(network.network, account, via={f"https://{PUBLIC}": gateway.url}) as server,
        AsyncTwilioHttpClient() as http,
    ):
        client = Client(account.sid, account.auth_token, http_client=http)
        client.api.base_url = server.url
        async with asyncio.timeout(PATIENCE):
            yield gateway, network, server, client
        assert gateway.forged == 0


def test_the_official_sdk_places_updates_and_ends_a_call() -> None:
    async def main() -> None:
        async with world() as (gateway, _, server, client):
            hook = f"https://{PUBLIC}/voice"
            call = await client.calls.create_async(
                to=PHONE, from_=OURS, url=hook, status_callback=hook, status_callback_event=["answered", "completed"]
            )
            assert (call.status, call.direction, call.to) == ("queued", "outbound-api", PHONE)
            assert (await gateway.hook("in-progress"))["CallSid"] == call.sid
            start = await gateway.until("start")
            assert start["start"]["customParameters"] == {"token": "<t>"}
            socket = await gateway.sockets.get()
            await socket.send_bytes(b"\0")
            await socket.send_json({"event": "mark", "streamSid": start["streamSid"], "mark": {"name": "alive"}})
            assert (await gateway.until("mark"))["mark"] == {"name": "alive"}
            assert [notification.code for notification in server.face.notifications] == [31950]
            fetched = await client.calls(call.sid).fetch_async()
            assert (fetched.status, fetched.start_time is not None) == ("in-progress", True)
            await client.calls(call.sid).update_async(twiml="<Response><Pause length='60'/></Response>")
            await gateway.until("stop")
            ended = await client.calls(call.sid).update_async(status="completed")
            assert ended.status == "completed"
            await gateway.hook("completed")
            assert [listed.sid for listed in await client.calls.list_async(to=PHONE)] == [call.sid]
            with pytest.raises(TwilioRestException) as refused:
                await client.calls(call.sid).update_async(status="completed")
            assert (refused.value.status, refused.value.code) == (400, 21220)

    asyncio.run(main())


def test_the_official_sdk_finds_a_number_and_a_phone_calls_it() -> None:
    async def main() -> None:
        async with world() as (gateway, network, server, client), aiohttp.ClientSession() as session:
            (number,) = await client.incoming_phone_numbers.list_async(phone_number=OURS)
            await client.incoming_phone_numbers(number.sid).update_async(voice_url=f"https://{PUBLIC}/voice?n=1")
            ring = {"from": PHONE, "to": OURS, "steps": [{"say": "Hello"}, {"hangup": True}]}
            bearer = {"Authorization": "Bearer mock"}
            async with session.post(f"{server.url}/phones/ring", json=ring, headers=bearer) as response:
                call = (await response.json())["call"]
            assert (await gateway.hook("ringing"))["CallSid"] == call
            assert (await gateway.until("start"))["start"]["callSid"] == call
            await gateway.until("stop")
            async with session.get(f"{network.url}/phones/calls/{call}", headers=bearer) as response:
                assert (await response.json())["spoke"][0]["text"] == "Hello"

    asyncio.run(main())


def test_the_document_goes_on_after_the_gateway_closed_a_real_socket() -> None:
    async def main() -> None:
        async with world() as (gateway, _, _, client):
            await client.calls.create_async(to=PHONE, from_=OURS, url=f"https://{PUBLIC}/voice")
            await (await gateway.sockets.get()).close()
            await (await gateway.sockets.get()).close()

    asyncio.run(main())


def test_errors_reach_the_official_sdk() -> None:
    async def main() -> None:
        async with world() as (_, _, server, client):
            with pytest.raises(TwilioRestException) as refused:
                await client.calls.create_async(to="123", from_=OURS, url=f"https://{PUBLIC}/voice")
            assert (refused.value.status, refused.value.code) == (400, 21211)
            client.auth = (server.face.account.sid, "wrong")
            with pytest.raises(TwilioRestException) as refused:
                await client.calls.create_async(to=PHONE, from_=OURS, twiml="<Response/>")
            assert (refused.value.status, refused.value.code) == (401, 20003)

    asyncio.run(main())


def test_the_process_of_its_own_serves_twilio() -> None:
    async def main() -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "voicecall.emulators", "--stub", "--port", "0"),
            *("--twilio", "--twilio-port", "0", "--twilio-number", f"{OURS}=https://{PUBLIC}/voice?a=b"),
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(PATIENCE):
                await process.stdout.readline()
                ready = (await process.stdout.readline()).decode()
                assert ready.startswith("twilio simulator ready at http://")
                async with AsyncTwilioHttpClient() as http:
                    client = Client(Account().sid, Account().auth_token, http_client=http)
                    client.api.base_url = ready.split()[-1]
                    (number,) = await client.incoming_phone_numbers.list_async()
            assert (number.phone_number, number.voice_url) == (OURS, f"https://{PUBLIC}/voice?a=b")
        finally:
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0

    asyncio.run(main())
