"""A gateway in memory and a simulated Plivo in virtual time, for the tests of the simulator."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from tests.emulators import twilio_rig
from tests.emulators.twilio_rig import ORIGIN, OURS, PHONE, Hook, Json, Page, Tone, basic, journal, now
from voicecall.emulators.clock import run_virtual
from voicecall.emulators.faces import Parties
from voicecall.emulators.faults import Faults
from voicecall.emulators.internet import Internet
from voicecall.emulators.legs import Leg
from voicecall.emulators.memory import MemorySocket
from voicecall.emulators.network import Network, Wires
from voicecall.emulators.plivo.account import Account, Number
from voicecall.emulators.plivo.call import PlivoCall
from voicecall.emulators.plivo.face import PlivoFace
from voicecall.emulators.plivo.rest import PlivoRest
from voicecall.emulators.rest import RestApi
from voicecall.emulators.script import Step

__all__ = ["ORIGIN", "OURS", "PHONE", "Hook", "Json", "Page", "basic", "journal", "now"]

MULAW = "audio/x-mulaw;rate=8000"
URL = "wss://voice.example.org/media?a=1"
STREAM = (
    f'<Stream bidirectional="true" keepCallAlive="true" contentType="{MULAW}" '
    'statusCallbackUrl="https://voice.example.org/stream">'
    f"{URL}</Stream>"
)
BACK = f"<Redirect>{ORIGIN}/back</Redirect>"
WAIT = '<Wait length="60" silence="true"/>'


class Stream(twilio_rig.Stream):
    """The gateway's end of an audio stream."""

    @property
    def sid(self) -> str:
        sid: str = self.events("start")[0]["start"]["streamId"]
        return sid

    async def send(self, event: str, **more: Any) -> None:
        await self.socket.send(msgspec.json.encode({"event": event, "streamId": self.sid, **more}).decode())

    async def play(self, seconds: float, content_type: str = "audio/x-mulaw", rate: int = 8000) -> None:
        """Send loud mu-law, or what is called so."""
        while seconds > 0:
            payload = b64encode(b"\x10\x90" * round(min(seconds, 5) * 4000)).decode()
            await self.send("playAudio", media={"contentType": content_type, "sampleRate": rate, "payload": payload})
            seconds -= 5


class Gateway(twilio_rig.Gateway):
    """Answers each path with its page; a list of pages is used up one by one, but for the last."""

    refusals = 0
    """How many handshakes are refused before one is taken."""
    handshakes: list[Mapping[str, str]]

    async def connect(self, url: str, headers: Mapping[str, str]) -> MemorySocket:
        self.handshakes.append(headers)
        if self.refusals:
            self.refusals -= 1
            raise ConnectionRefusedError("refused")
        await asyncio.sleep(self.handshake)
        near, far = MemorySocket.pair()
        stream = Stream(url, headers, far)
        self.streams.append(stream)
        self.tasks.create_task(stream.read())
        return near


class World:
    """The simulator with a gateway, driven by REST and by phones."""

    def __init__(self, network: Network, face: PlivoFace, gateway: Gateway) -> None:
        self.network = network
        self.face = face
        self.gateway = gateway
        self.rest: RestApi = PlivoRest(network, face)
        self.root = f"/v1/Account/{face.account.auth_id}"

    async def ask(
        self, method: str, path: str, values: Mapping[str, Any] | None = None, *, status: int = 200, form: bool = False
    ) -> Json:
        """Send a request with a JSON body, or with a form, and return the answer."""
        account = self.face.account
        headers = {"authorization": basic(account.auth_id, account.auth_token)}
        body = b""
        if method == "GET" and values:
            path += "?" + urlencode(values)
        elif values is not None:
            headers["content-type"] = "application/x-www-form-urlencoded" if form else "application/json"
            body = urlencode(values).encode() if form else msgspec.json.encode(values)
        reply = await self.rest.handle(method, self.root + path, headers, body)
        assert reply.status == status, reply.body
        if status == 204:
            assert reply.body == b""
            return {}
        answer: Json = msgspec.json.decode(reply.body)
        assert len(answer.pop("api_id")) == 36
        return answer

    async def dial(self, to: str = PHONE, **values: Any) -> Leg:
        values = {"to": to, "from": OURS.removeprefix("+"), "answer_url": f"{ORIGIN}/answer", **values}
        answer = await self.ask("POST", "/Call/", values, status=201)
        assert answer["message"] == "call fired"
        return self.by_request(answer["request_uuid"]).leg

    def by_request(self, request_uuid: str) -> PlivoCall:
        (call,) = (call for call in self.face.calls.values() if call.request_uuid == request_uuid)
        return call

    def path(self, leg: Leg) -> str:
        return f"/Call/{leg.parties.call}/"

    async def transfer(self, leg: Leg, path: str, *, status: int = 202) -> Json:
        return await self.ask("POST", self.path(leg), {"aleg_url": ORIGIN + path, "legs": "aleg"}, status=status)

    async def ring(self, *steps: Step) -> Leg:
        return await self.network.ring(self.face, Parties("", "inbound", PHONE, OURS, ""), steps)

    def warnings(self) -> list[str]:
        return [notification.what for notification in self.face.notifications]

    async def stream_of(self, leg: Leg) -> Stream:
        """Return the stream, a tenth of a second after it was opened."""
        while not leg.connected:  # noqa: ASYNC110 - time is virtual
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.1)
        stream = self.gateway.streams[-1]
        assert isinstance(stream, Stream)
        return stream


def play(
    scene: Callable[[World], Awaitable[None]],
    pages: Mapping[str, Page | list[Page]] | None = None,
    *,
    account: Account | None = None,
    faults: Faults | None = None,
) -> Gateway:
    """Run a scene; what the gateway got is returned."""
    gateway = Gateway(pages or {})
    gateway.handshakes = []

    async def main() -> None:
        loop = asyncio.get_running_loop()

        async def post(url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
            raise AssertionError(url)

        async def connect(url: str) -> MemorySocket:
            raise AssertionError(url)

        network = Network(Wires(post, connect, lambda: 1_800_000_000 + loop.time()), Tone(), name="t")
        network.faults = faults or Faults()
        face = PlivoFace(account, Internet(gateway.fetch, gateway.connect))
        async with asyncio.TaskGroup() as gateway.tasks, network.running():
            await scene(World(network, face, gateway))
            for stream in gateway.streams:
                stream.socket.drop()

    run_virtual(main)
    return gateway


def inbound(**settings: str) -> Account:
    """Return an account whose number announces its calls at `/answer`."""
    account = Account()
    account.add(Number(OURS, f"{ORIGIN}/answer", **settings))
    return account


def ended(gateway: Gateway, path: str = "/answer") -> tuple[str, str, str]:
    """Return the code, the source and the call status of the hang-up that was told there."""
    (hook,) = (hook for hook in gateway.at(path) if hook.form.get("Event") == "Hangup")
    return hook.form["HangupCauseCode"], hook.form["HangupSource"], hook.form["CallStatus"]


def events(hooks: list[Hook]) -> list[str]:
    """Return what was told, in order."""
    return [hook.form["Event"] for hook in hooks]
