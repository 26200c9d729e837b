"""An idempotency key at the doors of a real daemon, which is killed wherever that could make it dial twice."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager

import httpx2

from tests.e2e.conftest import MakeDaemon
from tests.e2e.daemon import PHONE, Daemon, Json
from tests.e2e.network import Network

KEY = "a key that is not to be dialled twice"
WISH = {"to": PHONE, "message": "Good evening.", "mode": "conversation"}
NEVER = """
    CREATE VIEW never AS
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000000) SELECT i FROM n
"""
"""Takes longer to count than anybody waits."""


def place(daemon: Daemon, key: str = KEY, wish: Json = WISH) -> httpx2.Response:
    """Ask for a call over REST."""
    with daemon.http(**{"Idempotency-Key": key}) as http:
        return http.post("/v1/calls", json=wish)


def ten(daemon: Daemon) -> list[Json]:
    """Ask for the same call ten times at once."""
    with ThreadPoolExecutor(10) as threads:
        answers = [asked.result() for asked in [threads.submit(place, daemon) for _ in range(10)]]
    assert {answer.status_code for answer in answers} == {201}
    return [answer.json() for answer in answers]


@contextmanager
def stuck(daemon: Daemon, moment: str) -> Iterator[sqlite3.Connection]:
    """Have the archive hang at this moment until its writer is dead."""
    with closing(sqlite3.connect(daemon.house.state / "calls.db", isolation_level=None, timeout=30.0)) as archive:
        archive.execute(NEVER)
        archive.execute(f"CREATE TRIGGER stuck {moment} BEGIN SELECT count(*) FROM never; END")  # noqa: S608 - no values
        yield archive
        archive.execute("DROP TRIGGER stuck")
        archive.execute("DROP VIEW never")


def claimed(archive: sqlite3.Connection) -> str:
    """Return the id that the key was claimed for, once it is."""
    while (row := archive.execute("SELECT id, outcome FROM claims WHERE key = ?", (KEY,)).fetchone()) is None:
        time.sleep(0.01)
    assert row[1] is None
    return str(row[0])


def recorded(archive: sqlite3.Connection) -> list[str]:
    """Return the calls on record."""
    return [str(row[0]) for row in archive.execute("SELECT call_id FROM calls")]


def unanswered(asked: Future[httpx2.Response]) -> bool:
    """Say whether a request came to nothing."""
    return isinstance(asked.exception(), httpx2.TransportError)


def test_ten_requests_at_once_place_one_call(start: MakeDaemon, network: Network) -> None:
    daemon = start(network.settings)
    legs = network.legs()
    answers = ten(daemon)
    call_id = answers[0]["callId"]
    assert answers == [{"callId": call_id, "state": "initiated"}] * 10
    daemon.until(call_id, "reply.finished")
    other = place(daemon, wish={**WISH, "message": "Good morning."})
    assert (other.status_code, other.json()["code"]) == (422, "bad-parameters")

    daemon.program.kill()
    daemon.start()
    assert ten(daemon) == answers
    flags = ("--to", PHONE, "--message", "Good evening.", "--mode", "conversation", "--idempotency-key", KEY)
    assert daemon.house.run("call", *flags, "--json").json == answers[0]
    assert (list(daemon.history()), network.legs()) == ([call_id], legs + 1)


def test_a_daemon_killed_before_the_call_is_on_record_places_it_once_when_asked_again(
    start: MakeDaemon, network: Network
) -> None:
    daemon = start(network.settings)
    legs = network.legs()
    with stuck(daemon, "BEFORE INSERT ON events") as archive, ThreadPoolExecutor(1) as threads:
        asked = threads.submit(place, daemon)
        call_id = claimed(archive)
        daemon.program.kill()
        assert unanswered(asked)
        assert (recorded(archive), network.legs()) == ([], legs)

    daemon.start()
    assert ten(daemon) == [{"callId": call_id, "state": "initiated"}] * 10
    daemon.until(call_id, "reply.finished")
    assert (list(daemon.history()), network.legs()) == ([call_id], legs + 1)


def test_a_daemon_killed_between_the_durable_write_and_the_answer_dials_no_second_time(
    start: MakeDaemon, network: Network
) -> None:
    daemon = start(network.settings)
    legs = network.legs()
    with stuck(daemon, "BEFORE UPDATE ON claims") as archive, ThreadPoolExecutor(1) as threads:
        asked = threads.submit(place, daemon)
        call_id = claimed(archive)
        while network.legs() == legs:
            time.sleep(0.01)
        daemon.program.kill()
        assert unanswered(asked)
        assert recorded(archive) == [call_id]

    daemon.start()
    answers = ten(daemon)
    assert [answer["callId"] for answer in answers] == [call_id] * 10
    final = daemon.final(call_id)
    assert final["endReason"] == "stale-timeout"
    assert place(daemon).json() == answers[0]
    assert (list(daemon.history()), network.legs()) == ([call_id], legs + 1)
