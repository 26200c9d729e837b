"""What can be told without a daemon: the store is read directly, and nothing is written."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from voicecall.client import DaemonUnreachable
from voicecall.config.load import Loaded
from voicecall.core.operations import Operation, Recording, Status
from voicecall.gateway.reading import Reading, read
from voicecall.gateway.recording import Recordings
from voicecall.store import Store
from voicecall.store.memory import MemoryStore
from voicecall.store.sql import SqlStore


def perform(operation: Operation, loaded: Loaded) -> Any:
    """Return the result of an operation that only reads.

    Raises:
        BadParameters: `since` cannot be read.
        CallNotFound: the store does not know the call.
        DaemonUnreachable: the operation needs a daemon after all.
        StoreError: the store cannot be read.
    """
    return asyncio.run(_perform(operation, loaded))


async def _perform(operation: Operation, loaded: Loaded) -> Any:
    store = _store(loaded)
    await store.open()
    try:
        return await _read(store, operation, loaded)
    finally:
        await store.close()


def _store(loaded: Loaded) -> Store:
    """Return the store of the configuration; a database file that does not exist is an empty one, and stays away."""
    url = loaded.config.store.url
    text = "" if url is None else url.get_secret_value()
    file = re.fullmatch(r"sqlite(?:\+\w+)?:///([^?]*).*", text)
    if file is not None and not Path(file[1]).exists():
        return MemoryStore(instance="reader", clock=_now)
    return SqlStore(text, instance="reader", clock=_now)


def _now() -> float:
    return datetime.now(UTC).timestamp()


async def _read(store: Store, operation: Operation, loaded: Loaded) -> Any:
    if isinstance(operation, Recording):
        await read(store, Status(call_id=operation.call_id), _now())
        return Recordings(loaded.state.folder / "recordings", clock=_now).find(operation.call_id)
    if not isinstance(operation, Reading):
        raise DaemonUnreachable(loaded.state.control_url(loaded.config))
    result = await read(store, operation, _now())
    if isinstance(operation, Status) and result["state"] != "ended":
        raise DaemonUnreachable(loaded.state.control_url(loaded.config))
    return result
