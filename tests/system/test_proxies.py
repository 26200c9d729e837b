"""Real proxies between a simulated Twilio and gateways: each setting works, or the doctor names it with its fix.

Each setting is the configuration that is shipped, or that one with a change.
"""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import httpx2
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.system.proxies import caddy, far_away, nginx, shipped_caddyfile
from tests.system.stand import Change, Fault, Stand, standing
from voicecall.config.model import Streaming

CADDY = pytest.mark.skipif(shutil.which("caddy") is None, reason="this system's packages have no Caddy")


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with standing(tmp_path_factory.mktemp("proxies")) as stand:
        yield stand


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


def test_nginx_that_waits_no_longer_than_the_gateway_is_silent(stand: Stand) -> None:
    change = instead("proxy_read_timeout 2h", "proxy_read_timeout 2s")
    with nginx(stand.folder / "nginx", change(stand.shipped("own", "below")), *stand.at("own")):
        stand.works("own", pause=2.5)


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
        stand.names(fault)


def test_a_certificate_that_nobody_vouches_for_is_named(stand: Stand) -> None:
    fault = Fault(
        str, "public-url", "its certificate: unable to get local issuer", "its certificate is valid", trusting=False
    )
    with nginx(stand.folder / "nginx", stand.shipped("own", "below"), *stand.at("own")):
        stand.names(fault)


def test_a_proxy_that_is_too_far_away_is_named(stand: Stand) -> None:
    fault = Fault(str, "stream", "answers come late", "nearer to the carrier", "warn")
    with (
        nginx(stand.folder / "nginx", stand.elsewhere, stand.spare),
        far_away(stand.ports["own"], stand.spare, 0.15),
    ):
        stand.names(fault)


def test_a_proxy_at_another_port_than_public_urls_is_named(stand: Stand) -> None:
    fault = Fault(str, "public-url", "cannot be reached", "resolves to the proxy or tunnel, that this runs")
    with nginx(stand.folder / "nginx", stand.elsewhere, stand.spare):
        stand.names(fault)
