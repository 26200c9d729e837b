"""The way from a carrier to the gateway for carriers that need more than a JSON post: any method, headers both ways."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from .faces import Socket
from .network import Wires

_SOCKET_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
_PAGE_SCHEMES = {"ws": "http", "wss": "https"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What an HTTP request was answered."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""


Fetch = Callable[[str, str, Mapping[str, str], bytes], Awaitable[Answer]]
"""Sends method, URL, headers and body; follows no redirect; raises OSError when nobody answers."""
Handshake = Callable[[str, Mapping[str, str]], Awaitable[Socket]]
"""Opens a WebSocket with extra headers; raises OSError when it cannot."""


@dataclass(frozen=True, slots=True)
class Internet:
    """What carries a carrier's requests and media sockets to the gateway."""

    fetch: Fetch
    connect: Handshake


def internet_over(wires: Wires) -> Internet:
    """Return an internet made of the network's own wires: every request is a POST, no header comes back."""

    async def fetch(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if method != "POST":
            raise ConnectionRefusedError(f"these wires cannot {method}")
        return Answer(*await wires.post(url, headers, body))

    async def connect(url: str, headers: Mapping[str, str]) -> Socket:
        return await wires.connect(url)

    return Internet(fetch, connect)


def detour(url: str, via: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
    """Return where a request to `url` is really sent, and the headers that tell the receiver for whom it was meant.

    `via` maps public origins to local ones: `{"https://voice.example.org": "http://127.0.0.1:8080"}`; they hold for
    the WebSockets of the same host too.
    """
    parts = urlsplit(url)
    local = via.get(f"{_PAGE_SCHEMES.get(parts.scheme, parts.scheme)}://{parts.netloc}")
    if local is None:
        return url, {}
    there = urlsplit(local)
    scheme = _SOCKET_SCHEMES[there.scheme] if parts.scheme in _PAGE_SCHEMES else there.scheme
    return urlunsplit((scheme, there.netloc, parts.path, parts.query, "")), {"Host": parts.netloc}
