"""Finding the daemon of a configuration and asking it; where none runs, the store answers what it can."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from voicecall.client import AsyncClient, Client, DaemonUnreachable
from voicecall.config.address import elsewhere, of
from voicecall.config.load import Loaded, load
from voicecall.core.operations import Operation
from voicecall.errors import OperationTimeout


def connect(loaded: Loaded, timeout: float | None = None) -> Client:
    """Return a client of the daemon that the environment names, or the configuration; nothing is sent yet."""
    url, token = elsewhere() or of(loaded)
    return Client(url, token, timeout=timeout)


def connect_async(loaded: Loaded) -> AsyncClient:
    """Return the same for an event loop."""
    url, token = elsewhere() or of(loaded)
    return AsyncClient(url, token)


@asynccontextmanager
async def bounded(seconds: float | None) -> AsyncIterator[None]:
    """Bound what is done inside.

    Raises:
        OperationTimeout: it took longer.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise OperationTimeout(f"not over within {seconds:g} s; calls go on") from None


def ask(config: Path | None, operation: Operation, timeout: float | None = None, *, key: str | None = None) -> Any:
    """Return the result of an operation, from the daemon, or from the store when none runs.

    `key` is the idempotency key of what changes something.

    Raises:
        VoicecallError: there is no result.
    """
    loaded = load(config)
    try:
        with connect(loaded, timeout) as client:
            return client.perform(operation, idempotency_key=key)
    except DaemonUnreachable:
        if not operation.reads_store or elsewhere():
            raise
    from .offline import perform

    return perform(operation, loaded)
