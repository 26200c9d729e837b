"""Cloudflare Tunnel by the `cloudflared` command: a quick tunnel with a name of the moment, or a named one.

Source: developers.cloudflare.com, Cloudflare Tunnel, run parameters and metrics (2026-09).
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from voicecall.errors import NetworkError, TunnelError
from voicecall.net.http import Http
from voicecall.net.process import Process

from . import Announce, Route, Way, is_here
from .adopting import adopt, check_whole, told

METRICS = range(20241, 20246)
"""Ports at which a `cloudflared` that was told no other tells about itself."""
_PATIENCE = 60.0
"""Seconds until it must be connected."""
_WATCH = 15.0
"""Seconds between two looks at one that somebody else runs."""
_GRACE = 2.0
"""Seconds that it has to say goodbye to Cloudflare."""
_QUICK = re.compile(r"https://(?!api\.)[a-z0-9-]+\.trycloudflare\.com", re.IGNORECASE)
_CONNECTED = re.compile(r"registered tunnel connection|connection \S+ registered", re.IGNORECASE)
_CONFIGURED = re.compile(r'Updated to new configuration config="((?:[^"\\]|\\.)*)"')
_STAMP = re.compile(r"^\d{4}-\S+Z (?:ERR|FTL|WRN|INF) ")
_INSTALL = "install it, from https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/"


@dataclass(frozen=True, slots=True)
class Named:
    """A tunnel of one's own; without token and name it is a quick one."""

    token: str = field(default="", repr=False)
    """Of a tunnel that is looked after in the dashboard."""
    name: str = ""
    """Of a tunnel that this machine has the credentials of."""
    domain: str = ""
    """The host name that leads to it."""


class Cloudflared:
    """Runs `cloudflared` as a child; it keeps up its connections by itself."""

    name = "cloudflared"

    def __init__(
        self,
        named: Named | None = None,
        *,
        metrics: Iterable[int] = METRICS,
        patience: float = _PATIENCE,
        watch: float = _WATCH,
    ) -> None:
        """Run this tunnel, or a quick one; one of somebody else's is found at the ports `metrics`."""
        self._named = named or Named()
        self._metrics = tuple(metrics)
        self._patience = patience
        self._watch = watch

    async def run(self, way: Way, announce: Announce) -> None:
        """Adopt a quick tunnel that leads here, for as long as it runs; else run one."""
        check_whole(way, self.name)
        if not (self._named.token or self._named.name):
            await adopt(self.name, lambda http: self._found(http, way), announce, watch=self._watch)
        await self._run(way, announce)

    async def remove(self) -> tuple[Route, ...]:
        """Nothing outlives the child."""
        return ()

    async def _found(self, http: Http, way: Way) -> str | None:
        """Return the URL of a quick tunnel to our listener that already runs on this machine."""
        for port in self._metrics:
            host = await told(http, f"http://127.0.0.1:{port}/quicktunnel")
            if isinstance(host, dict) and host.get("hostname"):
                rules = await told(http, f"http://127.0.0.1:{port}/config")
                if any(is_here(service, way) for _, service in _ingress(rules)):
                    return f"https://{host['hostname']}"
        return None

    async def _run(self, way: Way, announce: Announce) -> None:
        program = shutil.which("cloudflared")
        if program is None:
            raise TunnelError("there is no `cloudflared` command", _INSTALL)
        last: list[str] = []
        announced: list[str] = []
        connected = False

        def heard(line: bytes | None) -> None:
            nonlocal connected
            text = (line or b"").decode("utf-8", "replace")
            last[:] = [*last[-20:], text]
            connected = connected or _CONNECTED.search(text) is not None
            url = self._url(text, way)
            if url and url not in announced:
                announced.append(url)
                limit.reschedule(None)
                announce(url)

        process = Process(
            "cloudflared",
            (program, *self._arguments(way)),
            receive=heard,
            complained=heard,
            environ={"TUNNEL_TOKEN": self._named.token} if self._named.token else {},
            heeds_end=False,
            grace=_GRACE,
            pauses=(),
        )
        try:
            async with asyncio.timeout(self._patience) as limit:
                await process.run()
        except TimeoutError:
            raise self._silence(connected, way) from None
        except NetworkError as error:
            raise _complaint(last, str(error)) from error

    def _silence(self, connected: bool, way: Way) -> TunnelError:
        """Return why there is no URL in time."""
        if connected and self._named.token:
            hint = "add that in Cloudflare's dashboard, or write tunnel.cloudflared_domain"
            return TunnelError(f"the tunnel has no public hostname that leads to {way.origin}", hint)
        words = "did not connect" if self._named.token or self._named.name else "printed no URL"
        hint = "see whether this machine may connect to port 7844 of Cloudflare"
        return TunnelError(f"cloudflared {words} within {self._patience:g} s", hint)

    def _arguments(self, way: Way) -> tuple[str, ...]:
        """Return what it is told. The token is in its environment, which others on this machine cannot read."""
        named = self._named
        if named.token:
            return ("tunnel", "--no-autoupdate", "run")
        if named.name:
            return ("tunnel", "--no-autoupdate", "run", "--url", way.origin, named.name)
        # an own configuration, of another tunnel, would have the last word about where requests go
        return ("tunnel", "--no-autoupdate", "--config", os.devnull, "--url", way.origin)

    def _url(self, text: str, way: Way) -> str | None:
        named = self._named
        if not (named.token or named.name):
            found = _QUICK.search(text)
            return found[0] if found else None
        if named.domain:
            return f"https://{named.domain}" if _CONNECTED.search(text) else None
        match = _CONFIGURED.search(text)
        if match is None:
            return None
        rules = _ingress(_json(match[1].replace('\\"', '"').replace("\\\\", "\\")))
        return next((f"https://{host}" for host, service in rules if host and is_here(service, way)), None)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _ingress(config: Any) -> list[tuple[str, str]]:
    """Return host names and what each leads to, of a configuration as cloudflared tells it."""
    config = config.get("config", config) if isinstance(config, dict) else None
    rules = config.get("ingress") if isinstance(config, dict) else None
    return [
        (str(rule.get("hostname") or ""), str(rule.get("service") or ""))
        for rule in (rules if isinstance(rules, list) else [])
        if isinstance(rule, dict)
    ]


def _complaint(said: list[str], ended: str) -> TunnelError:
    """Return why it ended, from its last lines."""
    text = "\n".join(said)
    low = text.lower()
    if "token is not valid" in low:
        return TunnelError("cloudflared says that the token is not valid", "compare tunnel.cloudflared_token")
    if "credentials file" in low or "cert.pem" in low or "origin cert" in low:
        return TunnelError(
            "cloudflared is not logged in for that tunnel", "run `cloudflared tunnel login`, or write a token"
        )
    if "flag provided but not defined" in low or "incorrect usage" in low:
        return TunnelError("this cloudflared does not know the flags", "update it")
    if "failed to request quick tunnel" in low or "429 too many requests" in low:
        return TunnelError("Cloudflare gave no quick tunnel", "try again later, or use a named tunnel")
    faults = [line for line in said if " ERR " in line or " FTL " in line or "error" in line.lower()]
    telling = next(reversed(faults), next((line for line in reversed(said) if line.strip()), ""))
    return TunnelError(ended, _STAMP.sub("", telling).strip() or "run it by hand to see why")
