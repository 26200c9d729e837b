"""All carriers live in one process: each call by its own, and the next where one refuses."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.checklist import Page, curl
from tests.e2e.daemon import CALLER, STUBS, Daemon, House, Json, said
from tests.e2e.simulators import HEAR, NUMBERS, TALKER, Simulators, record_of, simulated
from tests.e2e.twilio import running

BRIEF: list[Json] = [HEAR, {"hangup": True}]


@pytest.fixture(scope="module")
def carriers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulators]:
    with simulated(tmp_path_factory.mktemp("carriers"), *NUMBERS) as simulators:
        yield simulators


@pytest.fixture(scope="module")
def daemon(carriers: Simulators, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    settings = {**STUBS, **carriers.settings, "outbound.carriers": ["telnyx", "plivo"]}
    with running(House(tmp_path_factory.mktemp("gateway"), settings)) as daemon:
        yield daemon


def test_calls_come_and_go_by_all_carriers_at_once(daemon: Daemon, carriers: Simulators) -> None:
    before = len(daemon.program.err)
    carriers.proxy.upgrades.clear()
    carriers.script(TALKER, *BRIEF)

    def dial(carrier: str) -> Json:
        options = [f"--carrier={carrier}", f"--to={TALKER}", "--mode=conversation", "--message=Hello."]
        placed = daemon.house.run("call", *options, "--json", "--wait")
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
    assert [line for line in daemon.program.err[before:] if ".refused" in line] == []


def test_a_carrier_that_refuses_is_passed_over_for_the_next(daemon: Daemon, carriers: Simulators) -> None:
    carriers.script(TALKER, *BRIEF)
    carriers.faults({"rest_status": {"POST /calls": 403}})
    record = daemon.final(daemon.place(TALKER))
    carriers.faults({})
    assert (record["carrier"], record["from"], record["endReason"]) == ("plivo", NUMBERS["plivo"], "hangup-user")
    assert [warning["code"] for warning in record["warnings"]] == ["carrier-passed"]


def test_the_way_in_can_be_checked_with_curl_and_with_the_log(daemon: Daemon, carriers: Simulators) -> None:
    before = len(daemon.program.err)
    unsigned, plain, upgrade = Page("telnyx").from_anywhere
    assert Page("plivo").from_anywhere == [unsigned, plain, upgrade]
    with curl(unsigned, carriers) as answer:
        assert answer.status_code == 403
        assert answer.read() == b"voicecall was reached, but the signature of a carrier is missing.\n"
    assert daemon.logged("webhook.refused")
    with curl(plain, carriers) as answer:
        assert (answer.status_code, answer.read()) == (426, b"media streams are served here, over WebSocket\n")
    assert [line for line in daemon.program.err[before:] if "stream.upgrade" in line] == []
    with curl(upgrade, carriers) as answer:
        assert answer.status_code == 403
    with curl(upgrade, carriers, directly=True) as answer:  # this proxy keeps the words of a refusal to itself
        assert (answer.status_code, answer.read()) == (403, b"refused\n")
    assert daemon.logged("stream.refused", "malformed")
