"""Finding the daemon of a configuration and asking it; where none runs, the store answers what it can."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from voicecall.client import Client, DaemonUnreachable
from voicecall.config.address import elsewhere
from voicecall.config.load import load
from voicecall.core.operations import Operation
from voicecall.errors import OperationTimeout


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

    Where the environment names the daemon, no configuration is read. `key` is the idempotency key of what changes
    something.

    Raises:
        VoicecallError: there is no result.
    """
    try:
        with Client(config=config, timeout=timeout) as client:
            return client.perform(operation, idempotency_key=key)
    except DaemonUnreachable:
        if not operation.reads_store or elsewhere():
            raise
    from .offline import perform

    return perform(operation, load(config))
