"""What tunnels have in common that serve a whole host name: what they cannot do, and taking over one that runs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from voicecall.errors import ProviderError, TunnelError
from voicecall.net.http import Http

from . import HTTPS, Announce, Way

_ASK = 2.0
"""Seconds for an answer of this machine's."""

_log: structlog.stdlib.BoundLogger = structlog.get_logger()


def check_whole(way: Way, name: str) -> None:
    """Refuse what a tunnel cannot do that hands on requests as they are.

    Raises:
        TunnelError: another port, or other paths, are wanted.
    """
    if way.public_port != HTTPS:
        raise TunnelError(f"{name} has no port {way.public_port}", f"write {HTTPS} in tunnel.port, or leave it out")
    if way.rewrites:
        hint = "leave tunnel.path out, or write there what serve.path is"
        raise TunnelError(f"{name} keeps paths as they are", hint)


async def adopt(name: str, find: Callable[[Http], Awaitable[str | None]], announce: Announce, *, watch: float) -> None:
    """Announce the URL of a tunnel that somebody else runs, for as long as `find` finds it every `watch` seconds."""
    known = None
    async with Http() as http:
        while url := await find(http):
            if url != known:
                _log.info("tunnel.adopted", tunnel=name)
                announce(url)
            known = url
            await asyncio.sleep(watch)
    if known:
        announce(None)


async def told(http: Http, url: str) -> Any:
    """Return the JSON value that a program of this machine tells at a URL, or None."""
    try:
        status, body = await http.send("GET", url, {}, timeout=_ASK)
        return json.loads(body) if status == 200 else None
    except (ProviderError, ValueError):
        return None
