"""A simulated Twilio as a process of its own, and the reverse proxy through which it reaches the gateways."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

import aiohttp
import httpx2
from aiohttp import WSMsgType, web

from tests.e2e.daemon import CALLER, Daemon, House, Json, Program, Settings
from tests.e2e.programs import EMULATORS

HOST = "voice.example.org"
PUBLIC = f"https://{HOST}/voice/webhook"
OURS = "+15550000000"
ACCOUNT, TOKEN = "AC" + "0" * 31 + "1", "twilio"
ELSEWHERE = "203.0.113.7"
"""Where the proxy says that all requests come from."""

Client = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


@contextmanager
def reserved_port() -> Iterator[int]:
    """Provide a port that the system gives to nobody who does not ask for it by its number."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


class Proxy:
    """Passes on HTTP and WebSocket; like many a proxy, it drops the query of a WebSocket's URL. A context manager."""

    def __init__(self) -> None:
        self.url = ""
        self.webhooks = 0
        """The local port to which webhooks go."""
        self.sockets = 0
        """The local port to which media streams go."""
        self.delay = 0.0
        """Seconds that everything is on its way, in each direction."""
        self.upgrades: list[str] = []
        """The paths of the WebSockets asked for, as they came."""
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))

    def __enter__(self) -> Self:
        self._thread.start()
        self._up.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()

    def lead_to(self, webhooks: int, sockets: int, delay: float = 0.0) -> None:
        """Send webhooks and media streams to these ports, from now on."""
        self.webhooks, self.sockets, self.delay = webhooks, sockets, delay
        self.upgrades.clear()

    async def _run(self) -> None:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as self._session:
            runner = web.ServerRunner(web.Server(self._handle), shutdown_timeout=1.0)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            self._up.set()
            await self._stop.wait()
            await runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        headers = {name: value for name, value in request.headers.items() if not _of_one_hop(name)}
        headers |= {"X-Forwarded-For": ELSEWHERE, "X-Forwarded-Proto": "https", "X-Forwarded-Host": HOST}
        await asyncio.sleep(self.delay)
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._carry(request, headers)
        url = f"http://127.0.0.1:{self.webhooks}{request.raw_path}"
        async with self._session.request(request.method, url, headers=headers, data=await request.read()) as answer:
            body = await answer.read()
            await asyncio.sleep(self.delay)
            return web.Response(status=answer.status, body=body, headers={"Content-Type": answer.content_type})

    async def _carry(self, request: web.BaseRequest, headers: dict[str, str]) -> web.StreamResponse:
        self.upgrades.append(request.raw_path)
        url = f"ws://127.0.0.1:{self.sockets}{request.path}"
        near = web.WebSocketResponse()
        try:
            far = await self._session.ws_connect(url, headers=headers)
        except aiohttp.WSServerHandshakeError as error:
            return web.Response(status=error.status)
        await near.prepare(request)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._pump(near, far))
            tasks.create_task(self._pump(far, near))
        return near

    async def _pump(self, source: Client, sink: Client) -> None:
        """Pass on what the source says, in its order, each message after the delay."""
        now = asyncio.get_running_loop().time
        road: asyncio.Queue[tuple[float, aiohttp.WSMessage]] = asyncio.Queue()

        async def arrive() -> None:
            while True:
                due, message = await road.get()
                await asyncio.sleep(due - now())
                if message.type is not WSMsgType.TEXT:
                    await sink.close(code=source.close_code or 1000)
                    return
                if not sink.closed:
                    await sink.send_str(message.data)

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(arrive())
            while True:
                message = await source.receive()
                road.put_nowait((now() + self.delay, message))
                if message.type is not WSMsgType.TEXT:
                    return


def _of_one_hop(name: str) -> bool:
    """Say whether a header is between two neighbours only, or will be written anew."""
    hop = {"connection", "upgrade", "transfer-encoding", "content-length"}
    return name.lower() in hop or name.lower().startswith("sec-websocket-")


class Twilio:
    """The simulated Twilio, and what its phones know."""

    def __init__(self, folder: Path, proxy: Proxy) -> None:
        self.proxy = proxy
        self._ports = ExitStack()
        self.port = self._ports.enter_context(reserved_port())
        """Of the gateway."""
        self.other_port = self._ports.enter_context(reserved_port())
        """Of a second one."""
        command = [*EMULATORS, "--stub", "--port=0", "--twilio", "--twilio-port=0"]
        command += ["--via", f"https://{HOST}={proxy.url}", "--twilio-number", f"{OURS}={PUBLIC}"]
        command += ["--twilio-account", ACCOUNT, "--twilio-token", TOKEN]
        self.program = Program(command, folder, {})
        self.url = self.program.wait_for(self.program.out, lambda line: line.startswith("twilio")).split()[-1]
        self._http = httpx2.Client(
            base_url=self.url, headers={"Authorization": "Bearer mock"}, timeout=30.0, trust_env=False
        )
        self._report_ends()

    def _report_ends(self) -> None:
        """Set the status callback of our number, as its owner does in the console."""
        account = f"{self.url}/2010-04-01/Accounts/{ACCOUNT}"
        with httpx2.Client(auth=(ACCOUNT, TOKEN), timeout=30.0, trust_env=False) as console:
            (number,) = console.get(f"{account}/IncomingPhoneNumbers.json").json()["incoming_phone_numbers"]
            path = f"{account}/IncomingPhoneNumbers/{number['sid']}.json"
            assert console.post(path, data={"StatusCallback": PUBLIC}).is_success

    @property
    def settings(self) -> Settings:
        """What a gateway is configured with to be on this network."""
        return {
            "provider": "twilio",
            "from_number": OURS,
            "public_url": PUBLIC,
            "twilio.account_sid": ACCOUNT,
            "twilio.auth_token": TOKEN,
            "twilio.api_base_url": self.url,
            "serve.port": self.port,
        }

    def close(self) -> None:
        """Cut all calls off."""
        self._http.close()
        self.program.kill()
        self._ports.close()

    def ring(self, *steps: Json, caller: str = CALLER) -> str:
        """Ring our number from a phone that does these steps, and return the call's SID."""
        return str(self._ask("POST", "/phones/ring", {"from": caller, "to": OURS, "steps": steps})["call"])

    def script(self, number: str, *steps: Json) -> None:
        """Tell a phone what to do when it is dialled and answers."""
        self._ask("PUT", f"/phones/{number}", {"steps": steps})

    def told(self, sid: str) -> Json:
        """Return what the phone of a call heard and did."""
        return self._ask("GET", f"/phones/calls/{sid}")

    def _ask(self, method: str, path: str, body: Json | None = None) -> Json:
        answer = self._http.request(method, path, json=body)
        assert answer.is_success, answer.text
        told: Json = answer.json() if answer.content else {}
        return told


@contextmanager
def running(home: House) -> Iterator[Daemon]:
    """Provide a gateway, started with the environment of this folder."""
    daemon = Daemon(home)
    try:
        yield daemon.start()
    finally:
        daemon.program.kill()


def record_of(daemon: Daemon, sid: str) -> Json:
    """Return the record of the call with this SID, once it has ended."""
    ended = daemon.logged("call.ended", sid)
    return daemon.final(ended.partition("call_id=")[2].split()[0])
