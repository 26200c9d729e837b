"""Real proxies between a simulated Twilio and gateways: each setting works, or the doctor names it with its fix.

Each setting is the configuration that is shipped, or that one with a change.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.e2e.daemon import ANSWER, CALLER, STUBS, WORDS, Daemon, House, Json, Program, said
from tests.e2e.twilio import ACCOUNT, TOKEN, record_of, reserved_port
from tests.system.proxies import Authority, caddy, far_away, nginx, shipped_caddyfile, shipped_nginx

TALK: list[Json] = [{"listen": 0.3}, {"say": "What are your hours?"}, {"listen": 0.3}, {"hangup": True}]
"""Hears the greeting out, asks, hears the answer out and hangs up."""
SITES = {"own": "+15550000041", "below": "+15550000042", "plain": "+15550000043", "kept": "+15550000044"}
"""The gateways, each with a number and a public URL of its own."""
PROVEN = ("webhook-path", "signature", "stream")
Change = Callable[[str], str]
"""Of a configuration."""


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

    @property
    def outer(self) -> tuple[int, int]:
        return self.ports["own"], self.ports["below"]

    @property
    def shipped(self) -> str:
        return shipped_nginx(self.authority, self.outer, (self.inner["own"], self.inner["below"]))

    def call(self, site: str) -> None:
        """Ring a gateway's number, and see that both have heard each other."""
        wish = {"from": CALLER, "to": SITES[site], "steps": TALK}
        sid = str(self.phones.post("/phones/ring", json=wish).raise_for_status().json()["call"])
        record = record_of(self.gateways[site], sid)
        assert said(record) == [("agent", "Good morning."), ("caller", WORDS), ("agent", ANSWER)]
        assert (record["endReason"], record["warnings"]) == ("hangup-user", [])
        assert len(self.phones.get(f"/phones/calls/{sid}").json()["heard"]) == 2

    def doctor(self, site: str) -> dict[str, Json]:
        """Return what `doctor --live` says, by id."""
        done = self.gateways[site].house.run("doctor", "--live", "--json")
        assert done.err == ""
        return {check["id"]: check for check in done.json["checks"]}

    def works(self, *sites: str) -> None:
        """See that calls work, and that the doctor finds so."""
        with ThreadPoolExecutor(len(sites)) as pool:
            checks = list(pool.map(self.doctor, sites))
            list(pool.map(self.call, sites))
        for found in checks:
            assert {id_: found[id_]["level"] for id_ in PROVEN} == dict.fromkeys(PROVEN, "ok"), found
            assert "reaches this gateway" in found["public-url"]["message"]
            assert found["public-url"]["level"] != "fail"


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    folder = tmp_path_factory.mktemp("proxies")
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


def test_nginx_as_shipped(stand: Stand) -> None:
    with nginx(stand.folder / "nginx", stand.shipped, *stand.outer):
        stand.works("own", "below")


def test_caddy_as_shipped(stand: Stand) -> None:
    text = shipped_caddyfile(stand.authority, stand.outer, (stand.inner["own"], stand.inner["below"]))
    with caddy(stand.folder / "caddy", text, *stand.outer):
        stand.works("own", "below")
