"""All carriers live in one process: each call by its own, and the next where one refuses."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.conftest import MakeDaemon
from tests.e2e.daemon import CALLER, Json, said
from tests.e2e.simulators import HEAR, NUMBERS, TALKER, Simulators, record_of, simulated

WAITED = ("--json", "--wait")
BRIEF: list[Json] = [HEAR, {"hangup": True}]


@pytest.fixture(scope="module")
def carriers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulators]:
    with simulated(tmp_path_factory.mktemp("carriers"), *NUMBERS) as simulators:
        yield simulators


def test_calls_come_and_go_by_all_carriers_at_once(start: MakeDaemon, carriers: Simulators) -> None:
    daemon = start(carriers.settings)
    carriers.script(TALKER, *BRIEF)

    def dial(carrier: str) -> Json:
        placed = daemon.house.run(
            "call", f"--carrier={carrier}", f"--to={TALKER}", "--message=Hello.", "--mode=conversation", *WAITED
        )
        record: Json = placed.json
        return record

    with ThreadPoolExecutor(6) as pool:
        outbound = pool.map(dial, NUMBERS)
        inbound = pool.map(lambda name: record_of(daemon, carriers.ring(name, *BRIEF)), NUMBERS)
    for (carrier, ours), outgoing, incoming in zip(NUMBERS.items(), outbound, inbound, strict=True):
        for record, parties, greeting in (
            (outgoing, (ours, TALKER), "Hello."),
            (incoming, (CALLER, ours), "Good morning."),
        ):
            assert (record["carrier"], record["from"], record["to"]) == (carrier, *parties)
            assert (said(record), record["endReason"]) == ([("agent", greeting)], "hangup-user")
            assert record["warnings"] == []
            assert len(carriers.told(record)["heard"]) == 1
    assert len(carriers.proxy.upgrades) == 6
    assert "webhook.refused" not in daemon.log
    assert "stream.refused" not in daemon.log


def test_a_carrier_that_refuses_is_passed_over_for_the_next(start: MakeDaemon, carriers: Simulators) -> None:
    daemon = start({**carriers.settings, "outbound.carriers": ["telnyx", "plivo"]})
    carriers.script(TALKER, *BRIEF)
    carriers.faults({"rest_status": {"POST /calls": 403}})
    record = daemon.final(daemon.place(TALKER))
    carriers.faults({})
    assert (record["carrier"], record["from"], record["endReason"]) == ("plivo", NUMBERS["plivo"], "hangup-user")
    assert [warning["code"] for warning in record["warnings"]] == ["carrier-passed"]
