"""The way in from outside, as the configuration wants it: which tunnel, from where to where, and what it changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from pydantic import SecretStr

from voicecall.config.model import Config, Tunnel as Options
from voicecall.entrypoints.public import PublicListener
from voicecall.entrypoints.urls import origin, stream_url
from voicecall.errors import TunnelError
from voicecall.plugins import find
from voicecall.tunnels import Tunnel, Way
from voicecall.tunnels.keeping import keep
from voicecall.tunnels.ledger import Ledger

from .following import Following

LEDGER = "tunnel-routes.json"
"""In the state directory: what the daemon added to Tailscale's configuration."""
_SETTLED = 10.0
"""Seconds that the start of the daemon waits for a tunnel."""

_log: structlog.stdlib.BoundLogger = structlog.get_logger()


def make_tunnel(options: Options, ledger: Path) -> Tunnel:
    """Return the tunnel of these options, whose provider is one."""
    factory = find("tunnel", options.provider)
    tunnel: Tunnel
    if options.provider == "ngrok":
        tunnel = factory(_text(options.ngrok_auth_token), options.ngrok_domain or "")
    elif options.provider == "cloudflared":
        from voicecall.tunnels.cloudflared import Named

        token, name = _text(options.cloudflared_token), options.cloudflared_name or ""
        tunnel = factory(Named(token, name, options.cloudflared_domain or ""))
    else:
        tunnel = factory(Ledger(ledger), public=options.provider == "tailscale-funnel")
    return tunnel


def make_way(
    config: Config,
    port: int,
    *,
    public_path: str | None = None,
    path: str | None = None,
    public_port: int | None = None,
) -> Way:
    """Return from where to where requests are led; what is not given is as configured.

    The media streams' public path keeps the prefix that the webhooks' has before `path`, as stream URLs do.
    """
    path = path or config.serve.path
    public_path = public_path or config.tunnel.path or path
    stream_path = config.stream_path
    here = urlsplit(origin(config.serve.bind, port))
    return Way(
        port,
        path,
        stream_path,
        public_path,
        urlsplit(stream_url(f"https://{here.netloc}{public_path}", path, stream_path)).path,
        public_port or config.tunnel.port,
        here.netloc.rpartition(":")[0],
    )


class Exposure:
    """Keeps the tunnel of a running gateway up, and has the listener go by its URL."""

    def __init__(
        self,
        tunnel: Tunnel,
        way: Way,
        listener: PublicListener,
        changed: Callable[[], None],
        *,
        public_url: str | None = None,
        following: Following | None = None,
    ) -> None:
        """`changed` is called whenever the URL of `listener` may have; `public_url` is the configured one.

        `following` has numbers follow the URL.
        """
        self._tunnel = tunnel
        self._way = way
        self._configured = public_url
        self._listener = listener
        self._changed = changed
        self._following = following
        self._url: str | None = None
        self._last: str | None = None
        self._told = ""
        self._settled = asyncio.Event()

    @property
    def is_up(self) -> bool:
        """Whether the tunnel is there."""
        return self._url is not None

    async def run(self) -> None:
        """Keep it up until cancelled; what it cannot have is told in the log, and tried again."""
        async with asyncio.TaskGroup() as tasks:
            if self._following is not None:
                tasks.create_task(self._following.run(), name="numbers")
            await keep(self._tunnel, self._way, self._announced, self._failed)

    async def settled(self) -> None:
        """Wait until it is known how the first attempt went, but not long."""
        try:
            async with asyncio.timeout(_SETTLED):
                await self._settled.wait()
        except TimeoutError:
            _log.info("tunnel.slow", tunnel=self._tunnel.name, seconds=_SETTLED)

    def _announced(self, base: str | None) -> None:
        name = self._tunnel.name
        if base is None:
            if self._url is None:
                return
            _log.warning("tunnel.lost", tunnel=name, url=self._url)
        self._url = None if base is None else base + self._way.public_webhook_path
        self._listener.tunnelled(self._url)
        self._changed()
        if self._url is None:
            return
        _log.info("tunnel.url", tunnel=name, url=self._url)
        if self._last not in (None, self._url):
            _log.warning("tunnel.changed", tunnel=name, url=self._url, before=self._last)
        if self._configured and urlsplit(self._configured).netloc != urlsplit(self._url).netloc:
            _log.warning("tunnel.elsewhere", tunnel=name, url=self._url, public_url=self._configured)
        if self._following is not None and not self._configured:
            self._following.moved(self._url)
        self._last, self._told = self._url, ""
        self._settled.set()

    def _failed(self, error: TunnelError, pause: float) -> None:
        if str(error) != self._told:
            name = self._tunnel.name
            _log.warning("tunnel.failed", tunnel=name, detail=error.message, hint=error.hint, again_in=pause)
        self._told = str(error)
        self._settled.set()


def _text(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
