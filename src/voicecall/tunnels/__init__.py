"""The way in from outside: one file per kind of tunnel. They lead requests to the public listener and look at none.

A tunnel announces the base URL (`https://host[:port]`, no path) under which the outside reaches this machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

HTTPS = 443


@dataclass(frozen=True, slots=True)
class Route:
    """One path that leads to this machine, with everything below it."""

    path: str
    """As the outside calls it."""
    target: str
    """The URL here that it leads to, path included."""


@dataclass(frozen=True, slots=True)
class Way:
    """What leads where: the paths of the public listener, and under which paths the outside is to find them."""

    port: int
    webhook_path: str
    stream_path: str
    public_webhook_path: str
    public_stream_path: str
    public_port: int = HTTPS
    host: str = "127.0.0.1"
    """Where the listener is reached on this machine; an IPv6 address in brackets."""

    @property
    def origin(self) -> str:
        """The base URL of the listener on this machine."""
        return f"http://{self.host}:{self.port}"

    @property
    def routes(self) -> tuple[Route, Route]:
        """The webhooks' route and the media streams'."""
        return (
            Route(self.public_webhook_path, self.origin + self.webhook_path),
            Route(self.public_stream_path, self.origin + self.stream_path),
        )

    @property
    def rewrites(self) -> bool:
        """Whether the outside uses other paths than the listener."""
        return (self.public_webhook_path, self.public_stream_path) != (self.webhook_path, self.stream_path)


Announce = Callable[[str | None], None]
"""Told the public base URL whenever it changes; None: the way is lost for now."""


class Tunnel(Protocol):
    """One kind of tunnel."""

    name: str
    """As `tunnel.provider` names it."""

    async def run(self, way: Way, announce: Announce) -> None:
        """Keep the way open until cancelled, then remove what was added for it, and only that.

        Raises:
            TunnelError: it cannot be had, or was lost.
        """

    async def remove(self) -> tuple[Route, ...]:
        """Remove what was added and outlived whoever added it; return what that was.

        Raises:
            TunnelError: it cannot be removed.
        """


def is_here(url: str, way: Way) -> bool:
    """Say whether a URL is that of the listener, by whichever name of this machine."""
    scheme, _, rest = url.rpartition("://")
    host, _, port = rest.partition("/")[0].rpartition(":")
    if not host:
        host, port = port, "80"
    return scheme in ("", "http") and port == str(way.port) and host in {way.host, "localhost", "127.0.0.1", "[::1]"}
