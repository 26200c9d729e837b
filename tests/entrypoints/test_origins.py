"""Origins: whose word counts about where a request was sent, and why another's does not."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from voicecall.entrypoints.addresses import Proxies
from voicecall.entrypoints.origins import Forwarded, Origins

PROXY, STRANGER = "10.0.0.1", "203.0.113.5"


def origins(
    *allowed: str, proxies: tuple[str, ...] = ("10.0.0.0/8",), trust: bool = False, configured: bool = False
) -> Origins:
    trusted = Proxies(proxies, trust_loopback=trust)
    return Origins(trusted, allowed_hosts=allowed, trust_forwarding=trust, configured=configured)


def read(headers: dict[str, str], *allowed: str, peer: str | None = PROXY, trust: bool = True) -> Forwarded:
    named = {f"x-forwarded-{name}": value for name, value in headers.items()}
    forwarded = origins(*allowed, trust=trust).read(peer, named)
    assert forwarded is not None
    assert bool(forwarded.origin) != bool(forwarded.doubt)
    return forwarded


@pytest.mark.parametrize(
    ("headers", "origin"),
    [
        ({"host": "v.example.com"}, "https://v.example.com"),
        ({"host": "v.example.com", "proto": "http"}, "http://v.example.com"),
        ({"host": "v.example.com", "proto": "HTTPS"}, "https://v.example.com"),
        ({"host": "V.Example.COM:8443"}, "https://V.Example.COM:8443"),
        ({"host": "v.example.com", "port": "8443"}, "https://v.example.com:8443"),
        ({"host": "v.example.com:444", "port": "8443"}, "https://v.example.com:444"),
        ({"host": "v.example.com", "port": "443"}, "https://v.example.com"),
        ({"host": "v.example.com", "port": "80"}, "https://v.example.com"),
        ({"host": "v.example.com:443"}, "https://v.example.com:443"),
        ({"host": "localhost"}, "https://localhost"),
        ({"host": "3com.example"}, "https://3com.example"),
        ({"host": "198.51.100.1:80"}, "https://198.51.100.1:80"),
        ({"host": "[2001:db8::1]"}, "https://[2001:db8::1]"),
        ({"host": "[2001:db8::1]:8443"}, "https://[2001:db8::1]:8443"),
        ({"host": "[2001:db8::1]", "port": "8443"}, "https://[2001:db8::1]:8443"),
        ({"host": "a" * 63 + ".example"}, "https://" + "a" * 63 + ".example"),
    ],
)
def test_a_trusted_proxy_names_the_origin(headers: dict[str, str], origin: str) -> None:
    assert read(headers).origin == origin


@pytest.mark.parametrize(
    "host",
    [
        "", " ", "user@v.example.com", "user:secret@v.example.com", "v example.com", "v.example.com/x",
        "v.example.com\\x", "v.example.com?x", "v.example.com#x", "v\t.example.com", "v.example.com\x00",
        "v.example.com\n", "v..example.com", ".example.com", "v.example.com.", "-v.example.com", "v-.example.com",
        "v_.example.com", "vé.example.com", "a" * 64 + ".example", ".".join(["a" * 60] * 5), "1.2.3", "999.1.1.1",
        "v.example.1", "2001:db8::1", "[2001:db8::1", "[v.example.com]", "[fe80::1%eth0]", "[]", "v.example.com:",
        "v.example.com:0", "v.example.com:65536", "v.example.com:x", "v.example.com:443:443", "v.example.com:٤٤٣",
        "https://v.example.com",
    ],
)  # fmt: skip
def test_what_is_no_host_is_not_believed(host: str) -> None:
    named = {"x-original-host": host, "x-forwarded-proto": "https"}
    forwarded = origins(trust=True).read(PROXY, named)
    assert forwarded is not None
    assert forwarded.origin is None
    assert "host name" in forwarded.doubt or "port" in forwarded.doubt


@pytest.mark.parametrize(("header", "value"), [("proto", "ws"), ("proto", "gopher"), ("port", "x"), ("port", "99999")])
def test_what_is_no_protocol_and_no_port_is_not_believed(header: str, value: str) -> None:
    assert read({"host": "v.example.com", header: value}).origin is None


def test_the_names_of_the_header_have_an_order() -> None:
    headers = {"x-forwarded-host": "a.example", "x-original-host": "b.example", "ngrok-forwarded-host": "c.example"}
    seen = []
    while headers:
        forwarded = origins(trust=True).read(PROXY, headers)
        assert forwarded is not None
        seen.append(forwarded.origin)
        headers.pop(next(iter(headers)))
    assert seen == ["https://a.example", "https://b.example", "https://c.example"]


def test_a_proxy_that_tells_the_protocol_only_has_kept_the_name() -> None:
    headers = {"host": "v.example.com", "x-forwarded-proto": "https"}
    forwarded = origins(trust=True).read(PROXY, headers)
    assert forwarded == Forwarded("v.example.com", origin="https://v.example.com")


def test_a_request_that_was_not_forwarded_says_nothing() -> None:
    assert origins(trust=True).read(PROXY, {"host": "v.example.com", "x-forwarded-for": "198.51.100.1"}) is None


@pytest.mark.parametrize("peer", [STRANGER, "127.0.0.1", None])
def test_an_untrusted_peer_is_not_believed(peer: str | None) -> None:
    forwarded = read({"host": "v.example.com"}, "v.example.com", peer=peer)
    assert (forwarded.host, forwarded.origin) == ("v.example.com", None)
    assert "trusted_proxy_ips" in forwarded.doubt


def test_loopback_is_believed_when_told_so_and_no_proxies_are_named() -> None:
    headers = {"x-forwarded-host": "v.example.com"}
    for trust in (True, False):
        forwarded = origins("v.example.com", proxies=(), trust=trust).read("127.0.0.1", headers)
        assert forwarded is not None
        assert (forwarded.origin is not None) == trust


def test_a_trusted_proxy_alone_is_not_enough() -> None:
    forwarded = read({"host": "v.example.com"}, trust=False)
    assert forwarded.origin is None
    assert "allowed_hosts" in forwarded.doubt
    assert "trust_forwarding_headers" in forwarded.doubt


@pytest.mark.parametrize("trust", [True, False])
@pytest.mark.parametrize(
    ("allowed", "host", "believed"),
    [
        ("v.example.com", "v.example.com", True),
        ("V.example.com", "v.Example.com:8443", True),
        ("v.example.com:443", "v.example.com", True),
        ("2001:db8::1", "[2001:DB8::1]:8443", True),
        ("[2001:db8::1]:443", "[2001:db8::1]", True),
        ("v.example.com", "w.example.com", False),
        ("example.com", "v.example.com", False),
        ("v.example.com", "v.example.com.evil.example", False),
    ],
)
def test_a_list_of_hosts_binds_the_proxy(trust: bool, allowed: str, host: str, believed: bool) -> None:
    forwarded = read({"host": host}, "other.example", allowed, trust=trust)
    assert (forwarded.origin is not None) == believed
    assert believed or "allowed_hosts" in forwarded.doubt


@pytest.mark.parametrize(
    ("clients", "hosts", "believed"),
    [
        ("198.51.100.1, 10.0.0.2", "v.example.com, inner", True),
        ("198.51.100.1, 10.0.0.2", "v.example.com", True),
        ("198.51.100.1", "v.example.com, v.example.com", False),
        ("", "v.example.com, w.example.com", False),
        ("10.9.9.9, 198.51.100.1", "v.example.com, w.example.com", False),
        ("198.51.100.1, 203.0.113.5, 10.0.0.2", "v.example.com, a, b", False),
        ("198.51.100.1, 10.0.0.2", "v.example.com, a, b", False),
    ],
)
def test_of_several_hosts_the_first_counts_if_each_trusted_proxy_gave_one(
    clients: str, hosts: str, believed: bool
) -> None:
    forwarded = read({"for": clients, "host": hosts, "proto": "https"})
    assert forwarded.origin == ("https://v.example.com" if believed else None)
    assert believed or "several" in forwarded.doubt


def test_of_several_protocols_and_ports_the_same_is_true() -> None:
    row = {"for": "198.51.100.1, 10.0.0.2", "host": "v.example.com"}
    assert read({**row, "proto": "https, http", "port": "8443, 80"}).origin == "https://v.example.com:8443"
    assert read({"host": "v.example.com", "proto": "https, http"}).origin is None
    assert read({"host": "v.example.com", "port": "8443, 80"}).origin is None


def test_a_configured_url_is_the_truth() -> None:
    settled = origins("v.example.com", trust=True, configured=True)
    forwarded = settled.read(PROXY, {"x-forwarded-host": "v.example.com"})
    assert forwarded == Forwarded("v.example.com", doubt="public_url is set, and it is the truth")


def test_what_is_shown_is_fit_for_a_log() -> None:
    assert read({"host": "user:secret@v.example.com"}).host == "v.example.com"
    assert read({"host": "a\udcffb\x1b[2J"}).host == "a\\udcffb\\x1b[2J"
    assert len(read({"host": "a" * 5000}).host) == 253


def test_the_first_origin_under_which_a_webhook_was_verified_stays() -> None:
    known = origins("a.example", "b.example")
    assert known.proven is None
    for silent in (None, Forwarded("a.example", doubt="why")):
        assert not known.learn(silent)
    assert known.learn(Forwarded("a.example", origin="https://a.example"))
    assert not known.learn(Forwarded("b.example", origin="https://b.example"))
    assert known.proven == "https://a.example"


@given(st.text(), st.text(), st.text(), st.text())
def test_any_text_is_an_origin_or_a_doubt(host: str, proto: str, port: str, clients: str) -> None:
    headers = {"x-forwarded-host": host, "x-forwarded-proto": proto, "x-forwarded-port": port}
    forwarded = origins(trust=True).read(PROXY, {**headers, "x-forwarded-for": clients})
    assert forwarded is not None
    assert bool(forwarded.origin) != bool(forwarded.doubt)
    assert forwarded.host.isascii()
