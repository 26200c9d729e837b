"""Finding the daemon of a configuration and asking it; where none runs, the store answers what it can."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from voicecall.config.load import Loaded, load
from voicecall.core.administration import ADMINISTRATION
from voicecall.core.operations import Operation
from voicecall.entrypoints.client import Client, DaemonUnreachable

_QUICK = frozenset({"initiate", "status", "live", "history", "transcript", "events", "latency", "dtmf", "end"})
"""Operations of calls that do not wait for anybody to speak; those of administration never do."""
_PATIENCE = 60.0


def connect(loaded: Loaded, timeout: float | None = None) -> Client:
    """Return a client of the daemon that belongs to the configuration; nothing is sent yet."""
    state, config = loaded.state, loaded.config
    return Client(state.control_url(config), state.known_control_token(config), timeout=timeout)


def patience(operation: Operation) -> float | None:
    """Return how many seconds an answer may take, or None where people take their time."""
    return _PATIENCE if operation.name in _QUICK or type(operation) in ADMINISTRATION else None


def ask(config: Path | None, operation: Operation, timeout: float | None = None, *, key: str | None = None) -> Any:
    """Return the result of an operation, from the daemon, or from the store when none runs.

    `key` is the idempotency key of what changes something.

    Raises:
        VoicecallError: there is no result.
    """
    loaded = load(config)
    try:
        with connect(loaded, patience(operation) if timeout is None else timeout) as client:
            return client.perform(operation, idempotency_key=key)
    except DaemonUnreachable:
        if not operation.reads_store:
            raise
    from .offline import perform

    return perform(operation, loaded)
