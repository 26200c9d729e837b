"""A world of its own for each test, in which no daemon runs."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doctor.house import ACCOUNT, DATE, World


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A folder without a daemon, and an internet in which the account is in order."""
    monkeypatch.setenv("VOICECALL_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("VOICECALL_CONTROL__PORT", "0")
    for name in ("VOICECALL_CONTROL_URL", "VOICECALL_CONTROL_TOKEN", "TWILIO_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    world = World(tmp_path)
    world.answer(f"{ACCOUNT}.json", 200, {"status": "active", "type": "Full"}, Date=DATE)
    return world


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that another program listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        yield port
