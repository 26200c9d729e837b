"""Under which origin a request was sent, where no public URL is configured and a proxy says so. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from voicecall.errors import VoicecallError

from .addresses import Proxies

_HOSTS = ("x-forwarded-host", "x-original-host", "ngrok-forwarded-host")
_HOST = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(?::(\d{1,5}))?", re.ASCII)
_LABEL = r"[0-9A-Za-z](?:[0-9A-Za-z-]{0,61}[0-9A-Za-z])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
"""RFC 1123, 2.1."""
_PORT = re.compile(r"[1-9]\d{0,4}", re.ASCII)
_DEFAULT_PORTS = frozenset({"80", "443"})
_SHOWN = 253


class _NotBelieved(VoicecallError):
    """Why a forwarding header is not believed."""


@dataclass(frozen=True, slots=True)
class Forwarded:
    """What a proxy says about where a request was sent."""

    host: str
    """As it was named, less a login, and fit for a log."""
    origin: str | None = None
    """`https://host[:port]`, if it is believed."""
    doubt: str = ""
    """Why it is not."""


class Origins:
    """Knows which origin a request was sent to, and remembers the first that a verified webhook came by."""

    def __init__(
        self, proxies: Proxies, *, allowed_hosts: Iterable[str], trust_forwarding: bool, configured: bool
    ) -> None:
        """Believe what trusted proxies say of these hosts; without any, of every host if `trust_forwarding`.

        Where a public URL is `configured`, it alone is the truth, and nobody is believed.
        """
        self._proxies = proxies
        self._allowed = frozenset(map(_bare, allowed_hosts))
        self._trust_forwarding = trust_forwarding
        self._configured = configured
        self.proven: str | None = None
        """The origin that was learned."""

    def read(self, peer: str | None, headers: Mapping[str, str]) -> Forwarded | None:
        """Return what the request's proxy says, or None when it says nothing. Header names are in lower case.

        A proxy that tells the protocol only has kept the name in `Host`.
        """
        named = next(filter(None, (headers.get(name) for name in _HOSTS)), None)
        if named is None:
            if "x-forwarded-proto" not in headers:
                return None
            named = headers.get("host", "")
        shown = ascii(named.rpartition("@")[2][:_SHOWN])[1:-1]
        try:
            return Forwarded(shown, origin=self._origin(named, peer, headers))
        except _NotBelieved as error:
            return Forwarded(shown, doubt=str(error))

    def learn(self, forwarded: Forwarded | None) -> bool:
        """Take note that a webhook was verified under this origin. Return whether that is news.

        The first one stays: signatures may outlive the name of a tunnel, and then somebody else has that name.
        """
        if self.proven is not None or forwarded is None or forwarded.origin is None:
            return False
        self.proven = forwarded.origin
        return True

    def _origin(self, named: str, peer: str | None, headers: Mapping[str, str]) -> str:
        if self._configured:
            raise _NotBelieved("public_url is set, and it is the truth")
        if not self._trust_forwarding and not self._allowed:
            raise _NotBelieved("neither trust_forwarding_headers nor allowed_hosts of webhook_security is set")
        if not self._proxies.trusts(peer):
            raise _NotBelieved("it does not come from one of webhook_security.trusted_proxy_ips")
        hops = self._proxies.hops(peer, headers)
        host, port = _split(_first(named, hops))
        if self._allowed and _bare(host) not in self._allowed:
            raise _NotBelieved("webhook_security.allowed_hosts does not list it")
        scheme = _first(headers.get("x-forwarded-proto") or "https", hops).lower()
        if scheme not in {"http", "https"}:
            raise _NotBelieved("its protocol is neither http nor https")
        return f"{scheme}://{host}" + (port or _added_port(_first(headers.get("x-forwarded-port") or "443", hops)))


def _first(text: str, hops: int) -> str:
    """Return what the outermost proxy wrote. `hops` is how many were on the way if all are trusted, else 0.

    A proxy may append its own value to what it got, so with several values the first may be the client's invention. It
    is the outermost proxy's only if each proxy on the way is trusted and there are as many values as proxies.
    """
    values = text.split(",")
    if len(values) not in {1, hops}:
        raise _NotBelieved("there are several values, and not one from each of a row of trusted proxies")
    return values[0].strip(" \t")


def _split(named: str) -> tuple[str, str]:
    """Return the host, and the port with its colon or nothing."""
    match = _HOST.fullmatch(named)
    if match is None or not _is_host(match[1]):
        raise _NotBelieved("it is neither a host name nor an address")
    return match[1], f":{_checked_port(match[2])}" if match[2] is not None else ""


def _added_port(port: str) -> str:
    """Return the port with its colon; a usual one may be that of an inner hop, and goes without saying."""
    return "" if port in _DEFAULT_PORTS else f":{_checked_port(port)}"


def _checked_port(port: str) -> str:
    if _PORT.fullmatch(port) is None or int(port) > 0xFFFF:
        raise _NotBelieved("its port is none")
    return port


def _is_host(name: str) -> bool:
    try:
        if name.startswith("["):
            return IPv6Address(name[1:-1]).scope_id is None
        if name.rpartition(".")[2].isdecimal():
            return IPv4Address(name) is not None
    except AddressValueError:
        return False
    return _NAME.fullmatch(name) is not None


def _bare(host: str) -> str:
    """Return a host without port and brackets, in lower case."""
    match = _HOST.fullmatch(host.strip())
    return (match[1] if match else host.strip()).strip("[]").lower()
