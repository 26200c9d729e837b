"""A simulated Twilio and gateways on it, each with a public URL at which a proxy is to be put."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from tests.e2e.daemon import ANSWER, CALLER, STUBS, WORDS, Daemon, House, Json, Program, said
from tests.e2e.twilio import ACCOUNT, TOKEN, record_of, reserved_port
from tests.system.proxies import Authority, shipped_nginx
from voicecall.doctor.examine import examine

SITES = {"own": "+15550000041", "below": "+15550000042", "plain": "+15550000043", "kept": "+15550000044"}
"""The gateways, each with a number and a public URL of its own."""
PROVEN = ("webhook-path", "signature", "stream")
Change = Callable[[str], str]
"""Of a configuration."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is done to the shipped configuration, and what the doctor must say of it."""

    change: Change
    check: str
    said: str
    fix: str
    level: str = "fail"
    trusting: bool = True
    """Whether the doctor trusts the certificate."""


@dataclass(frozen=True, slots=True)
class Stand:
    """A simulated Twilio, and gateways that wait for a proxy to lead to them."""

    folder: Path
    authority: Authority
    phones: httpx2.Client
    gateways: dict[str, Daemon]
    ports: dict[str, int]
    """At which the world looks for each gateway."""
    inner: dict[str, int]
    """At which each gateway listens."""
    spare: int
    """Another port for a proxy."""

    def at(self, *sites: str) -> list[int]:
        """Return the ports at which the world looks for these gateways."""
        return [self.ports[site] for site in sites]

    def leads(self, *sites: str) -> list[int]:
        """Return the ports at which these gateways listen."""
        return [self.inner[site] for site in sites]

    def shipped(self, *sites: str) -> str:
        """Return the configuration for nginx that is shipped, for two gateways."""
        return shipped_nginx(self.authority, self.at(*sites), self.leads(*sites))

    @property
    def elsewhere(self) -> str:
        """The same for the first gateway, at the other port."""
        return self.shipped("own", "below").replace(f":{self.ports['own']} ", f":{self.spare} ")

    def call(self, site: str, pause: float = 0.3, meanwhile: Callable[[], None] | None = None) -> list[str]:
        """Ring a gateway's number, see that both heard each other, and return the call's warnings.

        The caller waits out a `pause` in seconds. `meanwhile` is done once the greeting was heard.
        """
        hear: Json = {"listen": pause}
        steps: list[Json] = [hear, {"say": "What are your hours?"}, hear, {"hangup": True}]
        wish = {"from": CALLER, "to": SITES[site], "steps": steps}
        sid = str(self.phones.post("/phones/ring", json=wish).raise_for_status().json()["call"])
        if meanwhile is not None:
            self.gateways[site].logged("greeting.heard", sid)
            meanwhile()
        record = record_of(self.gateways[site], sid)
        assert said(record) == [("agent", "Good morning."), ("caller", WORDS), ("agent", ANSWER)]
        assert record["endReason"] == "hangup-user"
        assert len(self.phones.get(f"/phones/calls/{sid}").json()["heard"]) == 2
        return [warning["text"] for warning in record["warnings"]]

    def doctor(self, site: str) -> dict[str, Json]:
        """Return what `doctor --live` says, by id."""
        done = self.gateways[site].house.run("doctor", "--live", "--json")
        assert done.err == ""
        return {check["id"]: check for check in done.json["checks"]}

    def names(self, fault: Fault) -> None:
        """See that the doctor, without a process of its own, names a fault of the first site, and its fix."""
        house = self.gateways["own"].house
        with pytest.MonkeyPatch.context() as patch:
            for name, value in house.environment.items():
                patch.setenv(name, value)
            if not fault.trusting:
                patch.delenv("SSL_CERT_FILE")
            report = asyncio.run(
                examine(house.folder / "voicecall.toml", live=True, clock=lambda: datetime.now(UTC).timestamp())
            )
        (check,) = [check for check in report.checks if check.id == fault.check]
        assert (check.level, fault.said in check.message, fault.fix in check.fix) == (fault.level, True, True), check

    def works(self, *sites: str, pause: float = 0.3) -> None:
        """See that calls work, and that the doctor finds so."""
        with ThreadPoolExecutor(2 * len(sites)) as pool:
            looked = pool.map(self.doctor, sites)
            called = pool.map(lambda site: self.call(site, pause), sites)
            checks = [*looked]
            assert [*called] == [[]] * len(sites)
        for found in checks:
            assert {id_: found[id_]["level"] for id_ in PROVEN} == dict.fromkeys(PROVEN, "ok"), found
            assert "reaches this gateway" in found["public-url"]["message"]
            assert found["public-url"]["level"] != "fail"


@contextmanager
def standing(folder: Path) -> Iterator[Stand]:
    """Provide the stand."""
    authority = Authority(folder)
    trusting = {"SSL_CERT_FILE": str(authority.certificate)}
    with ExitStack() as stack:
        ports, inner = ({site: stack.enter_context(reserved_port()) for site in SITES} for _ in range(2))
        urls = {
            "own": f"https://localhost:{ports['own']}/voice/webhook",
            "below": f"https://localhost:{ports['below']}/agent/voice/webhook",
            "plain": f"http://localhost:{ports['plain']}/voice/webhook",
            "kept": f"https://localhost:{ports['kept']}/agent/voice/webhook",
        }
        command = [sys.executable, "-m", "voicecall.emulators", "--stub", "--port=0", "--twilio", "--twilio-port=0"]
        command += ["--twilio-account", ACCOUNT, "--twilio-token", TOKEN]
        for site, number in SITES.items():
            command += ["--twilio-number", f"{number}={urls[site]}"]
        twilio = Program(command, folder, trusting)
        stack.callback(twilio.kill)
        url = twilio.wait_for(twilio.out, lambda line: line.startswith("twilio")).split()[-1]
        _report_ends(url, urls)
        phones = stack.enter_context(
            httpx2.Client(base_url=url, headers={"Authorization": "Bearer mock"}, timeout=30.0, trust_env=False)
        )
        gateways = {}
        for site, number in SITES.items():
            home = folder / site
            home.mkdir()
            settings = {
                "provider": "twilio",
                "from_number": number,
                "public_url": urls[site],
                "twilio.account_sid": ACCOUNT,
                "twilio.auth_token": TOKEN,
                "twilio.api_base_url": url,
                "serve.port": inner[site],
                "webhook_security.trusted_proxy_ips": ["127.0.0.1"],
            }
            if site == "kept":
                settings |= {"serve.path": "/agent/voice/webhook", "streaming.stream_path": "/agent/voice/stream"}
            house = House(home, {**STUBS, **settings})
            house.environment.update(trusting)
            gateways[site] = Daemon(house)
        with ThreadPoolExecutor(2) as pool:
            for daemon in pool.map(Daemon.start, gateways.values()):
                stack.callback(daemon.program.kill)
                del daemon.house.environment["VOICECALL_SERVE__PORT"]  # of the proxy: the daemon tells its public URL
        spare = stack.enter_context(reserved_port())
        yield Stand(folder, authority, phones, gateways, ports, inner, spare)


def _report_ends(twilio: str, urls: dict[str, str]) -> None:
    """Set our numbers' status callbacks, as their owner does in the console."""
    account = f"{twilio}/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers"
    with httpx2.Client(auth=(ACCOUNT, TOKEN), timeout=30.0, trust_env=False) as console:
        for number in console.get(f"{account}.json").json()["incoming_phone_numbers"]:
            callback = {"StatusCallback": number["voice_url"]}
            assert callback["StatusCallback"] in urls.values()
            assert console.post(f"{account}/{number['sid']}.json", data=callback).is_success
