"""Whose request it is, and how many of them there may be."""

from __future__ import annotations

import errno
import socket

import pytest
from hypothesis import given, strategies as st

from voicecall.entrypoints.addresses import Admission, Proxies, cannot_listen


def client(peer: str | None, forwarded: str | None = None, *trusted: str, trust_loopback: bool = False) -> str | None:
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    return Proxies(trusted, trust_loopback=trust_loopback).client(peer, headers)


def test_a_peer_from_outside_is_itself_whatever_it_claims() -> None:
    assert client("203.0.113.5") == "203.0.113.5"
    assert client("203.0.113.5", "198.51.100.1") == "203.0.113.5"
    assert client("203.0.113.5", "198.51.100.1", "10.0.0.1") == "203.0.113.5"
    assert client("203.0.113.5", "198.51.100.1", trust_loopback=True) == "203.0.113.5"


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", None, "nonsense"])
def test_loopback_and_unknown_peers_are_nobody_in_particular(peer: str | None) -> None:
    assert client(peer) is None
    assert client(peer, "198.51.100.1") is None


@pytest.mark.parametrize("trusted", ["10.0.0.1", "10.0.0.0/8", "10.0.0.7/8"])
def test_a_trusted_proxy_names_the_client(trusted: str) -> None:
    assert client("10.0.0.1", "198.51.100.1", trusted) == "198.51.100.1"


def test_only_what_the_proxies_appended_counts() -> None:
    assert client("10.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.2", "10.0.0.0/8") == "198.51.100.1"
    assert client("10.0.0.1", "1.1.1.1, rubbish", "10.0.0.0/8") is None


@pytest.mark.parametrize("forwarded", [None, "", "rubbish", "10.0.0.3"])
def test_a_trusted_proxy_without_a_client_is_nobody_in_particular(forwarded: str | None) -> None:
    assert client("10.0.0.1", forwarded, "10.0.0.0/8") is None


def test_loopback_is_a_proxy_only_when_told_so() -> None:
    assert client("127.0.0.1", "198.51.100.1", trust_loopback=True) == "198.51.100.1"
    assert client("127.0.0.1", "198.51.100.1", "127.0.0.1") == "198.51.100.1"
    assert client("127.0.0.1", "198.51.100.1", "10.0.0.1", trust_loopback=True) is None


@pytest.mark.parametrize(
    ("hop", "address"),
    [("198.51.100.1:443", "198.51.100.1"), ("[2001:db8::1]:443", "2001:db8::1"), ("2001:db8::1", "2001:db8::1")],
)
def test_a_hop_may_have_a_port(hop: str, address: str) -> None:
    assert client("127.0.0.1", hop, "127.0.0.1") == address


@given(st.text(), st.text())
def test_any_text_is_an_address_or_nobody(peer: str, forwarded: str) -> None:
    client(peer, forwarded, "127.0.0.1")
    client("127.0.0.1", forwarded, "127.0.0.1")


def test_a_row_of_proxies_counts_only_if_all_are_trusted() -> None:
    proxies = Proxies(["10.0.0.0/8"])
    assert proxies.hops("10.0.0.1", {}) == 1
    assert proxies.hops("10.0.0.1", {"x-forwarded-for": "198.51.100.1"}) == 1
    assert proxies.hops("10.0.0.1", {"x-forwarded-for": "198.51.100.1, 10.0.0.2"}) == 2
    assert proxies.hops("10.0.0.1", {"x-forwarded-for": "10.0.0.2, 198.51.100.1"}) == 0
    assert proxies.hops("203.0.113.5", {"x-forwarded-for": "198.51.100.1, 10.0.0.2"}) == 0
    assert proxies.hops(None, {}) == 0


def test_trust_is_of_addresses() -> None:
    assert Proxies(["10.0.0.0/8"]).trusts("::ffff:10.0.0.1")
    assert not Proxies(["10.0.0.0/8"]).trusts("proxy.example.com")
    assert not Proxies([]).trusts("127.0.0.1")
    assert Proxies([], trust_loopback=True).trusts("127.0.0.1")
    assert not Proxies([], trust_loopback=True).trusts("10.0.0.1")


def test_one_address_cannot_take_every_place() -> None:
    admission = Admission(total=3, per_address=2)
    assert admission.admit("a")
    assert admission.admit("a")
    assert admission.admit("a") is None
    assert admission.admit("b")
    assert admission.admit("c") is None


def test_without_an_address_only_the_total_counts() -> None:
    admission = Admission(total=3, per_address=1)
    assert [admission.admit(None) is None for _ in range(4)] == [False, False, False, True]


def test_a_place_is_given_back_once() -> None:
    admission = Admission(total=2, per_address=2)
    first, second = admission.admit("a"), admission.admit("a")
    assert first is not None
    assert second is not None
    with first:
        first.release()
    assert admission.admit("a") is not None
    assert admission.admit("a") is None


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (OSError(errno.EADDRINUSE, "x"), "something else listens there"),
        (OSError(errno.EADDRNOTAVAIL, "x"), "no such address"),
        (socket.gaierror(socket.EAI_NONAME, "x"), "no such address"),
        (PermissionError(errno.EACCES, "x"), "permission denied"),
        (OSError(errno.EIO, "broken"), "broken"),
        (OSError("strange"), "strange"),
    ],
)
def test_an_address_that_cannot_be_listened_on_is_one_sentence(error: OSError, why: str) -> None:
    message = str(cannot_listen("serve", "127.0.0.1", 3334, error))
    assert message.startswith("cannot listen on 127.0.0.1:3334: ")
    assert why in message
    assert "serve.port" in message
