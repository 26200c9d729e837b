"""Calls over a simulated Plivo: real processes, signed webhooks, XML and REST, media streams or Plivo's speech."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.conftest import MakeDaemon
from tests.e2e.daemon import ANSWER, CALLER, WORDS, said
from tests.e2e.simulators import NUMBERS, QUESTION, TALK, TALKER, Simulators, record_of, simulated

OURS = NUMBERS["plivo"]


@pytest.fixture(scope="module")
def plivo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulators]:
    with simulated(tmp_path_factory.mktemp("plivo"), "plivo") as simulators:
        yield simulators


def test_both_directions_of_a_conversation_over_media_streams(start: MakeDaemon, plivo: Simulators) -> None:
    daemon = start(plivo.settings)
    plivo.proxy.upgrades.clear()
    plivo.script(TALKER, *TALK)
    incoming = plivo.ring("plivo", *TALK)
    outgoing = daemon.final(daemon.place(TALKER))
    inbound = record_of(daemon, incoming)
    assert said(outgoing) == [("agent", "Good evening."), ("caller", WORDS), ("agent", ANSWER)]
    assert said(inbound) == [("agent", "Good morning."), ("caller", WORDS), ("agent", ANSWER)]
    for record, direction, parties in (
        (outgoing, "outbound", (OURS, TALKER)),
        (inbound, "inbound", (CALLER, OURS)),
    ):
        assert (record["direction"], record["from"], record["to"]) == (direction, *parties)
        assert (record["carrier"], record["state"], record["endReason"]) == ("plivo", "ended", "hangup-user")
        assert record["startedAt"] <= record["answeredAt"] <= record["endedAt"]
        assert record["warnings"] == []
        assert len(plivo.told(record)["heard"]) == 2
    assert len(plivo.proxy.upgrades) == 2
    for path in plivo.proxy.upgrades:
        assert path.startswith("/voice/stream/")
        assert path.removeprefix("/voice/stream/") not in daemon.log


def test_a_conversation_by_plivos_own_speech(start: MakeDaemon, plivo: Simulators) -> None:
    daemon = start({**plivo.settings, "streaming.enabled": False})
    plivo.proxy.upgrades.clear()
    plivo.script(TALKER, *TALK)
    incoming = plivo.ring("plivo", *TALK)
    outgoing = daemon.final(daemon.place(TALKER))
    inbound = record_of(daemon, incoming)
    assert said(outgoing) == [("agent", "Good evening."), ("caller", QUESTION), ("agent", ANSWER)]
    assert said(inbound) == [("agent", "Good morning."), ("caller", QUESTION), ("agent", ANSWER)]
    for record in (outgoing, inbound):
        assert (record["state"], record["endReason"], record["warnings"]) == ("ended", "hangup-user", [])
        spoken = [entry["text"] for entry in plivo.told(record)["journal"] if entry["what"] == "say"]
        assert spoken == [said(record)[0][1], ANSWER]
    assert plivo.proxy.upgrades == []
