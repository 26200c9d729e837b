"""Whose request this is: the client's address behind proxies, and how many requests one address may have open."""

from __future__ import annotations

import errno
import socket
from collections import Counter
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from types import TracebackType
from typing import Self

from voicecall.errors import VoicecallError

_Address = IPv4Address | IPv6Address


class Proxies:
    """Knows whose forwarding headers are believed."""

    def __init__(self, trusted: Iterable[str], *, trust_loopback: bool = False) -> None:
        """Believe these addresses and networks; without any, loopback's too if `trust_loopback`.

        Raises:
            ValueError: one is neither an address nor a network.
        """
        self._trusted = [ip_network(entry, strict=False) for entry in trusted]
        self._trust_loopback = trust_loopback and not self._trusted

    def client(self, peer: str | None, headers: Mapping[str, str]) -> str | None:
        """Return the client's address, or None where requests cannot be told apart by it.

        Header names are in lower case. Only what a trusted proxy appended counts: the client can write the rest.
        """
        address = _parse(peer or "")
        if address is None:
            return None
        if self._holds(address):
            for hop in reversed(headers.get("x-forwarded-for", "").split(",")):
                client = _parse(hop)
                if client is None:
                    return None
                if not self._holds(client):
                    return str(client)
            return None
        return None if address.is_loopback else str(address)

    def trusts(self, address: str | None) -> bool:
        """Say whether this is the address of a trusted proxy."""
        parsed = _parse(address or "")
        return parsed is not None and self._holds(parsed)

    def hops(self, peer: str | None, headers: Mapping[str, str]) -> int:
        """Return how many proxies the request came through, the peer included, if all are trusted; else 0."""
        chain = [peer, *headers.get("x-forwarded-for", "").split(",")[1:]]
        return len(chain) if all(map(self.trusts, chain)) else 0

    def _holds(self, address: _Address) -> bool:
        return (self._trust_loopback and address.is_loopback) or any(address in network for network in self._trusted)


class Slot:
    """One place taken; given back once, on `release` or at the end of the block."""

    def __init__(self, admission: Admission, address: str | None) -> None:
        self._admission: Admission | None = admission
        self._address = address

    def release(self) -> None:
        """Give the place back. Doing it again does nothing."""
        admission, self._admission = self._admission, None
        if admission is not None:
            admission.leave(self._address)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class Admission:
    """Counts what is under way, in all and by address."""

    def __init__(self, *, total: int, per_address: int | None = None) -> None:
        self._total = total
        self._per_address = per_address
        self._open: Counter[str | None] = Counter()

    def admit(self, address: str | None = None) -> Slot | None:
        """Return a place, or None when it is full. Without an address only the total counts."""
        if self._open.total() >= self._total:
            return None
        if address is not None and self._per_address is not None and self._open[address] >= self._per_address:
            return None
        self._open[address] += 1
        return Slot(self, address)

    def leave(self, address: str | None) -> None:
        """Take back a place that was given to this address."""
        self._open[address] -= 1
        if not self._open[address]:
            del self._open[address]


def cannot_listen(key: str, bind: str, port: int, error: OSError) -> VoicecallError:
    """Return the sentence for a listener that could not be opened. `key` is its section of the configuration."""
    if error.errno == errno.EADDRINUSE:
        why = "something else listens there"
    elif error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        why = "this machine has no such address"
    elif error.errno == errno.EACCES:
        why = "permission denied"
    else:
        why = error.strerror or str(error)
    return VoicecallError(f"cannot listen on {bind}:{port}: {why} (set {key}.bind or {key}.port)")


def _parse(text: str) -> _Address | None:
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
