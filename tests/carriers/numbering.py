"""The emulated carriers' REST APIs, reached by the real HTTP client without sockets, for the tests of numbers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import httpx2

from voicecall.app.numbers import Numbers
from voicecall.config.model import Config
from voicecall.config.state import StateDir
from voicecall.emulators.clock import run_virtual
from voicecall.emulators.faults import Faults
from voicecall.emulators.internet import internet_over
from voicecall.emulators.network import Network, Wires
from voicecall.emulators.plivo.account import Account as PlivoAccount, Number as PlivoNumber
from voicecall.emulators.plivo.face import PlivoFace
from voicecall.emulators.plivo.rest import PlivoRest
from voicecall.emulators.rest import RestApi
from voicecall.emulators.telnyx.account import Account as TelnyxAccount
from voicecall.emulators.telnyx.face import TelnyxFace
from voicecall.emulators.telnyx.rest import TelnyxRest
from voicecall.emulators.twilio.account import Account as TwilioAccount, Number as TwilioNumber
from voicecall.emulators.twilio.face import TwilioFace
from voicecall.emulators.twilio.rest import TwilioRest
from voicecall.net.http import Http
from voicecall.speech.tts.tone import ToneSynthesizer

T = TypeVar("T")
OURS = "+15550100010"
OLD = "https://old.example.org/hook"
NEW = "https://voice.example.org/voice/webhook"


class Wire(httpx2.AsyncBaseTransport):
    """The way to the emulated carriers; `asked` notes every request, and `forged` replaces answers by path."""

    def __init__(self, apis: Mapping[str, RestApi]) -> None:
        self.asked: list[str] = []
        self.forged: dict[str, tuple[int, bytes]] = {}
        self._apis = apis

    @property
    def changes(self) -> list[str]:
        """The requests that change something, and forget them."""
        changes = [asked for asked in self.asked if not asked.startswith("GET ")]
        self.asked.clear()
        return changes

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        query = request.url.query.decode()
        self.asked.append(f"{request.method} {request.url.path}")
        for ending, (status, body) in self.forged.items():
            if request.url.path.endswith(ending):
                return httpx2.Response(status, content=body)
        headers = {name.lower(): value for name, value in request.headers.items()}
        path = f"{request.url.path}?{query}" if query else request.url.path
        reply = await self._apis[request.url.host].handle(request.method, path, headers, await request.aread())
        return httpx2.Response(reply.status, content=reply.body, headers=reply.headers)


class Town:
    """Three carriers with one number of ours each, which leads elsewhere; and a gateway's view of them."""

    def __init__(self, folder: Path) -> None:
        self.twilio = TwilioAccount()
        self.twilio.add(TwilioNumber(OURS, OLD, "GET", voice_fallback_url="https://old.example.org/sorry"))
        self.twilio.add(TwilioNumber(OURS + "7", NEW))
        self.telnyx = TelnyxAccount(webhook_url=OLD, numbers=frozenset({OURS, OURS + "7"}))
        self.plivo = PlivoAccount()
        self.plivo.add(PlivoNumber(OURS, OLD, fallback_url="https://old.example.org/sorry"))
        self.config: Config
        self.configure(
            twilio={"account_sid": self.twilio.sid, "auth_token": self.twilio.auth_token},
            telnyx={"api_key": self.telnyx.api_key, "connection_id": self.telnyx.connection_id},
            plivo={"auth_id": self.plivo.auth_id, "auth_token": self.plivo.auth_token},
        )
        self.state = StateDir(folder / "state")
        wires = Wires(_nothing, _nothing, lambda: 1_800_000_000.0)
        self.network = Network(wires, ToneSynthesizer(), name="t")
        internet = internet_over(wires)
        self.wire = Wire(
            {
                "api.twilio.com": TwilioRest(self.network, TwilioFace(self.twilio, internet)),
                "api.telnyx.com": TelnyxRest(self.network, TelnyxFace(self.telnyx, internet)),
                "api.plivo.com": PlivoRest(self.network, PlivoFace(self.plivo, internet)),
            }
        )

    def configure(self, **sections: dict[str, str]) -> None:
        """Replace the configuration by these sections."""
        self.config = Config.model_validate(sections)

    def do(self, deed: Callable[[Numbers], Awaitable[T]]) -> T:
        """Do something with the numbers, in virtual time."""

        async def main() -> T:
            async with Http(self.wire) as http:
                return await deed(Numbers(self.config, self.state, http))

        return run_virtual(main)

    def fail(self, status: int, *routes: str) -> None:
        """Have requests fail with a status; without any, all is well again."""
        self.network.faults = Faults(rest_status=dict.fromkeys(routes, status))

    def calls_go_to(self, carrier: str) -> tuple[str, str]:
        """Where the carrier would announce a call to our number, and report its end."""
        if carrier == "telnyx":
            return self.telnyx.announces(OURS), ""
        if carrier == "plivo":
            application = self.plivo.handler(OURS)
            return application.answer_url, application.hangup_url
        number = self.twilio.handler(OURS)
        return number.voice_url, number.status_callback


async def _nothing(*_: object) -> Any:
    raise AssertionError("no call is placed here")
