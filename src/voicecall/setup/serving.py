"""A gateway for the length of a test: the daemon of the configuration, as a child of this process."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from voicecall.client import AsyncClient
from voicecall.config.address import of
from voicecall.config.load import Loaded
from voicecall.core.operations import Live
from voicecall.errors import NetworkError, TunnelError, VoicecallError
from voicecall.net.process import Process

_START = 120.0
"""Seconds until it must be ready: models are loaded, a tunnel is opened."""
_GRACE = 10.0
"""Seconds that it has to end."""
_TUNNEL = 60.0
_ASK = 3.0
_ENVIRONMENT = {"VOICECALL_LOG__FORMAT": "json", "VOICECALL_LOG__LEVEL": "info"}
"""So that its log can be read here."""


class Gateway:
    """The daemon that runs."""

    def __init__(self) -> None:
        self.public_url = ""
        self._ready = asyncio.Event()
        self._tunnelled = asyncio.Event()
        self._gone = ""
        self._last = ""
        self._trouble: TunnelError | None = None

    async def ready(self) -> None:
        """Wait until it serves.

        Raises:
            VoicecallError: it does not.
        """
        try:
            async with asyncio.timeout(_START):
                await self._ready.wait()
        except TimeoutError:
            raise VoicecallError(f"the gateway was not ready within {_START:g} s") from None
        if self._gone:
            raise VoicecallError(f"the gateway did not start: {self._last or self._gone}")

    async def tunnelled(self) -> str:
        """Return the public URL once the tunnel is there.

        Raises:
            TunnelError: it is not.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(_TUNNEL):
                await self._tunnelled.wait()
                return self.public_url
        raise self._trouble or TunnelError(f"the tunnel was not there within {_TUNNEL:g} s", "see `voicecall expose`")

    def said(self, line: bytes | None) -> None:
        """Take a line of its standard output."""
        words = (line or b"").decode("utf-8", "replace").split()
        if words[:2] == ["voicecall", "ready:"] and "public" in words[:-1]:
            self.public_url = self.public_url or words[words.index("public") + 1]
            self._ready.set()

    def logged(self, line: bytes | None) -> None:
        """Take a line of its log."""
        text = (line or b"").decode("utf-8", "replace").strip()
        event = _event(text)
        if not event:
            self._last = text or self._last
        elif event.get("event") == "tunnel.url":
            self.public_url = str(event.get("url"))
            self._tunnelled.set()
        elif event.get("event") == "tunnel.failed":
            self._trouble = TunnelError(str(event.get("detail", "")), str(event.get("hint", "")))

    def lost(self, why: str) -> None:
        """Take that it has ended."""
        self._gone = why
        self._ready.set()


@asynccontextmanager
async def served(file: Path) -> AsyncIterator[Gateway]:
    """Run the daemon of a configuration file for as long as the block lasts.

    Raises:
        VoicecallError: it does not start.
    """
    gateway = Gateway()
    process = Process(
        "gateway",
        (sys.executable, "-m", "voicecall", "serve", "--config", str(file)),
        receive=gateway.said,
        complained=gateway.logged,
        environ=_ENVIRONMENT,
        lost=gateway.lost,
        heeds_end=False,
        grace=_GRACE,
        pauses=(),
    )

    async def run() -> None:
        with suppress(NetworkError):  # `lost` was told
            await process.run()

    try:
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(run(), name="gateway")
            try:
                await gateway.ready()
                yield gateway
            finally:
                running.cancel()
    except BaseExceptionGroup as group:
        if len(group.exceptions) == 1:
            raise group.exceptions[0] from None
        raise


async def answers(loaded: Loaded) -> bool:
    """Say whether the daemon of a configuration runs."""
    try:
        url, token = of(loaded)
        async with asyncio.timeout(_ASK), AsyncClient(url, token, timeout=_ASK) as client:
            await client.perform(Live())
    except (VoicecallError, TimeoutError):
        return False
    return True


def _event(text: str) -> dict[str, Any]:
    try:
        event = json.loads(text)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}
