"""Real proxies between a simulated Twilio and gateways: each setting works, or the doctor names it with its fix.

Each setting is the configuration that is shipped, or that one with a change.
"""

from __future__ import annotations

import re
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import certifi
import httpx2
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.e2e.daemon import ANSWER, CALLER, STUBS, WORDS, Daemon, House, Json, Program, said
from tests.e2e.twilio import ACCOUNT, TOKEN, record_of, reserved_port
from tests.system.proxies import Authority, caddy, far_away, nginx, shipped_caddyfile, shipped_nginx
from voicecall.config.model import Streaming

SITES = {"own": "+15550000041", "below": "+15550000042", "plain": "+15550000043", "kept": "+15550000044"}
"""The gateways, each with a number and a public URL of its own."""
PROVEN = ("webhook-path", "signature", "stream")
CADDY = pytest.mark.skipif(shutil.which("caddy") is None, reason="this system's packages have no Caddy")
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

    def doctor(self, site: str, *, trusting: bool = True) -> dict[str, Json]:
        """Return what `doctor --live` says, by id."""
        house = self.gateways[site].house
        house.environment["SSL_CERT_FILE"] = str(self.authority.certificate) if trusting else certifi.where()
        done = house.run("doctor", "--live", "--json")
        assert done.err == ""
        return {check["id"]: check for check in done.json["checks"]}

    def names(self, site: str, fault: Fault, *, trusting: bool = True) -> None:
        """See that the doctor names a fault and its fix."""
        check = self.doctor(site, trusting=trusting)[fault.check]
        assert (check["level"], fault.said in check["message"], fault.fix in check["fix"]) == (
            fault.level,
            True,
            True,
        ), check

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


def without(*directives: str) -> Change:
    """Leaves lines out."""
    return instead(rf"(?m)^ +(?:{'|'.join(directives)}) .*\n", "")


def instead(pattern: str, replacement: str) -> Change:
    """Writes something else."""

    def change(text: str) -> str:
        changed, count = re.subn(pattern, replacement, text)
        assert count
        return changed

    return change


def also(directive: str) -> Change:
    """Says more of each location."""
    return instead(r"(?m)^        proxy_buffering off;$", rf"\g<0>\n        {directive}")


def leading(where: str) -> Change:
    """Leads elsewhere."""
    return instead(r"proxy_pass http://127\.0\.0\.1:(\d+)[^;]*;", f"proxy_pass http://{where};")


def test_nginx_as_shipped(stand: Stand) -> None:
    with nginx(stand.folder / "nginx", stand.shipped("own", "below"), *stand.at("own", "below")):
        stand.works("own", "below")


@CADDY
def test_caddy_as_shipped(stand: Stand) -> None:
    sites = ("own", "below")
    text = shipped_caddyfile(stand.authority, stand.at(*sites), stand.leads(*sites))
    with caddy(stand.folder / "caddy", text, *stand.at(*sites)):
        stand.works(*sites)


def test_a_call_goes_on_when_nginx_is_reloaded(stand: Stand) -> None:
    shipped, port = stand.shipped("own", "below"), stand.ports["own"]
    with nginx(stand.folder / "nginx", shipped, port) as reload:
        assert stand.call("own", meanwhile=lambda: reload(shipped.replace("location /voice/", "location /new/"))) == []
        path = f"https://localhost:{port}/voice/stream"
        assert httpx2.get(path, verify=stand.authority.trust, trust_env=False).status_code != 426


@CADDY
def test_a_call_gets_another_stream_when_caddy_is_reloaded(stand: Stand) -> None:
    sites = ("own", "below")
    text = shipped_caddyfile(stand.authority, stand.at(*sites), stand.leads(*sites))
    changed = text.replace("bind 127.0.0.1", "bind 127.0.0.1\n\theader X-New yes")
    with caddy(stand.folder / "caddy", text, *stand.at("own")) as reload:
        (warning,) = stand.call("own", meanwhile=lambda: reload(changed))
    assert "the media stream was lost; the proxy in front of the gateway or the network cut it" in warning


def test_nginx_without_tls_and_with_a_prefix_that_it_keeps(stand: Stand) -> None:
    text = stand.shipped("plain", "kept").replace(f"{stand.ports['plain']} ssl;", f"{stand.ports['plain']};")
    kept = text.replace(f"{stand.inner['kept']}/voice/;", f"{stand.inner['kept']};")
    with nginx(stand.folder / "nginx", kept, *stand.at("plain", "kept")):
        stand.works("plain", "kept")


@pytest.mark.parametrize(
    "change",
    [
        without("proxy_set_header Host"),
        instead("http_host", "host"),
        without("proxy_buffering", "proxy_request_buffering"),
        also("proxy_request_buffering off;"),
        without("proxy_http_version"),
    ],
    ids=["another Host", "Host without its port", "buffering", "unbuffered requests", "HTTP/1.0"],
)
def test_what_nginx_may_do(stand: Stand, change: Change) -> None:
    with nginx(stand.folder / "nginx", change(stand.shipped("own", "below")), *stand.at("own")):
        stand.works("own")


def test_nginx_that_waits_a_second_only(stand: Stand) -> None:
    change = instead("proxy_read_timeout 2h", "proxy_read_timeout 1s")
    with nginx(stand.folder / "nginx", change(stand.shipped("own", "below")), *stand.at("own")):
        stand.works("own", pause=1.5)


def test_a_proxy_that_is_100_ms_away(stand: Stand) -> None:
    with (
        nginx(stand.folder / "nginx", stand.elsewhere, stand.spare),
        far_away(stand.ports["own"], stand.spare, 0.05),
    ):
        stand.works("own")


def test_the_clients_address_counts_and_not_the_proxys(stand: Stand) -> None:
    """As many streams as one address may open unproven, and one more; and one of another address."""
    port = stand.ports["own"]
    with nginx(stand.folder / "nginx", stand.shipped("own", "below"), port), ExitStack() as stack:

        def open_from(address: str) -> int:
            plain = socket.create_connection(("127.0.0.1", port), source_address=(address, 0))
            try:
                stack.enter_context(
                    connect(f"wss://localhost:{port}/voice/stream", sock=plain, ssl=stand.authority.trust)
                )
            except InvalidStatus as error:
                return error.response.status_code
            return 101

        allowed = Streaming().max_pending_connections_per_ip
        assert [open_from("127.0.0.9") for _ in range(allowed)] == [101] * allowed
        assert open_from("127.0.0.9") == 503
        assert open_from("127.0.0.10") == 101


@dataclass(frozen=True, slots=True)
class Fault:
    """What is done to the shipped configuration, and what the doctor must say of it."""

    change: Change
    check: str
    said: str
    fix: str
    level: str = "fail"


FAULTS = {
    "query dropped": Fault(leading(r"127.0.0.1:\1$uri"), "webhook-path", "query was dropped", "as they came"),
    "query changed": Fault(
        leading(r"127.0.0.1:\1$uri?more=1&$args"), "webhook-path", "query was changed", "as they came"
    ),
    "path stripped": Fault(leading(r"127.0.0.1:\1/"), "webhook-path", "removed /voice", "serve.path = '/webhook'"),
    "path doubled": Fault(leading(r"127.0.0.1:\1//voice/"), "webhook-path", "slash was doubled", "on both sides"),
    "path put in front": Fault(
        leading(r"127.0.0.1:\1/x/voice/"), "webhook-path", "/x in front", "let the proxy remove /x"
    ),
    "no upgrade": Fault(
        without("proxy_set_header Upgrade", "proxy_set_header Connection"),
        "stream",
        "does not pass WebSocket upgrades",
        "proxy_set_header Upgrade $http_upgrade",
    ),
    "no header Upgrade": Fault(
        without("proxy_set_header Upgrade"), "stream", "does not pass WebSocket upgrades", "$http_upgrade"
    ),
    "no header Connection": Fault(
        without("proxy_set_header Connection"), "stream", "does not pass WebSocket upgrades", "Connection"
    ),
    "no headers": Fault(
        also("proxy_pass_request_headers off;"), "signature", "signature itself was dropped", "pass all headers on"
    ),
    "no body": Fault(
        also('proxy_pass_request_body off; proxy_set_header Content-Length "";'),
        "signature",
        "body was changed",
        "bodies on as they are",
    ),
    "read timeout": Fault(
        instead("proxy_read_timeout 2h", "proxy_read_timeout 100ms"), "stream", "closed it", "proxy_read_timeout 2h"
    ),
    "no route for streams": Fault(
        instead("location /voice/ ", "location / { return 404; }\n    location = /voice/webhook "),
        "stream",
        "no route for media streams",
        "have the proxy pass /voice/stream to http://127.0.0.1",
    ),
    "no gateway": Fault(leading("127.0.0.1:9"), "public-url", "does not reach this gateway", "point the proxy at http"),
    "login": Fault(
        also("auth_basic voice; auth_basic_user_file /dev/null;"), "public-url", "lets nobody in", "without a login"
    ),
    "small bodies": Fault(also("client_max_body_size 10;"), "public-url", "no bodies", "client_max_body_size 64k"),
    "redirection": Fault(
        also("return 308 https://elsewhere.example$request_uri;"),
        "public-url",
        "redirects (HTTP 308) to https://elsewhere.example",
        "needs no redirection",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_nginx_must_not_do_is_named(stand: Stand, name: str) -> None:
    fault = FAULTS[name]
    with nginx(stand.folder / "nginx", fault.change(stand.shipped("own", "below")), *stand.at("own")):
        stand.names("own", fault)


def test_a_certificate_that_nobody_vouches_for_is_named(stand: Stand) -> None:
    fault = Fault(str, "public-url", "its certificate: unable to get local issuer", "its certificate is valid")
    with nginx(stand.folder / "nginx", stand.shipped("own", "below"), *stand.at("own")):
        stand.names("own", fault, trusting=False)


def test_a_proxy_that_is_too_far_away_is_named(stand: Stand) -> None:
    fault = Fault(str, "stream", "answers come late", "nearer to the carrier", "warn")
    with (
        nginx(stand.folder / "nginx", stand.elsewhere, stand.spare),
        far_away(stand.ports["own"], stand.spare, 0.15),
    ):
        stand.names("own", fault)


def test_a_proxy_at_another_port_than_public_urls_is_named(stand: Stand) -> None:
    fault = Fault(str, "public-url", "cannot be reached", "resolves to the proxy or tunnel, that this runs")
    with nginx(stand.folder / "nginx", stand.elsewhere, stand.spare):
        stand.names("own", fault)
