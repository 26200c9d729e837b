"""Simulated carriers, all in one process of their own, and what a gateway needs to be on their networks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import httpx2

from tests.e2e.daemon import CALLER, Daemon, Json, Program, Settings
from tests.e2e.programs import EMULATORS
from tests.e2e.twilio import HOST, PUBLIC, Proxy, reserved_port
from voicecall.emulators.plivo.account import Account as Plivo
from voicecall.emulators.telnyx.account import Account as Telnyx
from voicecall.emulators.twilio.account import Account as Twilio

NUMBERS = {"twilio": "+15550000010", "telnyx": "+15550000020", "plivo": "+15550000030"}
"""Ours, one at each carrier."""
CREDENTIALS: Mapping[str, Settings] = {
    "twilio": {"account_sid": Twilio().sid, "auth_token": Twilio().auth_token},
    "telnyx": {
        "api_key": Telnyx().api_key,
        "connection_id": Telnyx().connection_id,
        "public_key": Telnyx().public_key,
    },
    "plivo": {"auth_id": Plivo().auth_id, "auth_token": Plivo().auth_token},
}
QUESTION = "What are your hours?"
TALKER = "+15550100061"
"""Does what the test at hand tells it to, when it is dialled."""
HEAR: Json = {"listen": 0.3}
TALK: list[Json] = [HEAR, {"say": QUESTION}, HEAR, {"hangup": True}]
"""Hears the greeting out, asks, hears the answer out and hangs up."""


class Simulators:
    """The carriers that are asked for, on one network of phones, and a proxy through which they reach the gateway."""

    def __init__(self, folder: Path, proxy: Proxy, *carriers: str) -> None:
        self.proxy = proxy
        self._open = ExitStack()
        self.port = self._open.enter_context(reserved_port())
        """Of the gateway."""
        proxy.lead_to(self.port, self.port)
        command = [*EMULATORS, "--stub", "--port=0"]
        command += ["--via", f"https://{HOST}={proxy.url}"]
        for name in carriers:
            number = NUMBERS[name] if name == "telnyx" else f"{NUMBERS[name]}={PUBLIC}"
            command += [f"--{name}", f"--{name}-port=0", f"--{name}-number", number]
        command += ["--telnyx-webhook", PUBLIC]
        self.program = Program(command, folder, {})
        self._open.callback(self.program.kill)
        self._phones: dict[str, httpx2.Client] = {}
        for name in carriers:
            ready = self.program.wait_for(self.program.out, partial(_is_about, name))
            self._phones[name] = self._open.enter_context(
                httpx2.Client(
                    base_url=ready.split()[-1],
                    headers={"Authorization": "Bearer mock"},
                    timeout=30.0,
                    trust_env=False,
                )
            )

    def close(self) -> None:
        """Cut all calls off."""
        self._open.close()

    @property
    def settings(self) -> Settings:
        """What a gateway is configured with to have all the carriers at once; the first of them is its `provider`."""
        settings = {"provider": next(iter(self._phones)), "public_url": PUBLIC, "serve.port": self.port}
        for name, phones in self._phones.items():
            settings |= {f"{name}.{key}": value for key, value in CREDENTIALS[name].items()}
            settings |= {f"{name}.from_number": NUMBERS[name], f"{name}.api_base_url": str(phones.base_url)}
        return settings

    def ring(self, carrier: str, *steps: Json) -> str:
        """Ring our number at a carrier from a phone that does these steps, and return the carrier's id of the call."""
        wish = {"from": CALLER, "to": NUMBERS[carrier], "steps": steps}
        return str(self._ask(carrier, "POST", "/phones/ring", wish)["call"])

    def script(self, number: str, *steps: Json) -> None:
        """Tell a phone what to do when it is dialled and answers."""
        self._ask(next(iter(self._phones)), "PUT", f"/phones/{number}", {"steps": steps})

    def faults(self, plan: Json) -> None:
        """Have these faults happen from now on, and no others."""
        self._ask(next(iter(self._phones)), "PUT", "/faults", plan)

    def told(self, record: Json) -> Json:
        """Return what the phone of a call heard and did."""
        return self._ask(record["carrier"], "GET", f"/phones/calls/{record['carrierCallId']}")

    def _ask(self, carrier: str, method: str, path: str, body: Json | None = None) -> Json:
        answer = self._phones[carrier].request(method, path, json=body)
        assert answer.is_success, answer.text
        told: Json = answer.json() if answer.content else {}
        return told


def _is_about(name: str, line: str) -> bool:
    return line.startswith(name)


@contextmanager
def simulated(folder: Path, *carriers: str) -> Iterator[Simulators]:
    """Provide these carriers."""
    with Proxy() as proxy:
        simulators = Simulators(folder, proxy, *carriers)
        try:
            yield simulators
        finally:
            simulators.close()


def record_of(daemon: Daemon, carrier_call_id: str) -> Json:
    """Return the record of the call that its carrier calls so, once it has ended."""
    ended = daemon.logged("call.ended", carrier_call_id)
    return daemon.final(ended.partition(" call_id=")[2].split()[0])
