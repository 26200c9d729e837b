"""Calls over a simulated Plivo: real processes, signed webhooks, XML and REST, media streams or Plivo's speech."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

from tests.e2e.checklist import Page, curl
from tests.e2e.conftest import MakeDaemon, MakeHouse
from tests.e2e.daemon import ANSWER, CALLER, WORDS, said
from tests.e2e.simulators import NUMBERS, QUESTION, TALK, TALKER, Simulators, record_of, simulated
from tests.e2e.twilio import running

OURS = NUMBERS["plivo"]
PAGE = Page("plivo")


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
        assert PAGE.order_in(daemon.program.err, record["carrierCallId"]) == PAGE.order[2:]
    assert len(plivo.proxy.upgrades) == 2
    for path in plivo.proxy.upgrades:
        assert path.startswith("/voice/stream/")
        assert path.removeprefix("/voice/stream/") not in daemon.log


def test_a_conversation_by_plivos_own_speech(start: MakeDaemon, plivo: Simulators) -> None:
    daemon = start({**plivo.settings, "streaming.enabled": False, "brain.text": "Yes."})
    plivo.proxy.upgrades.clear()
    plivo.script(TALKER, *TALK)
    record = daemon.final(daemon.place(TALKER))
    assert said(record) == [("agent", "Good evening."), ("caller", QUESTION), ("agent", "Yes.")]
    assert (record["state"], record["endReason"], record["warnings"]) == ("ended", "hangup-user", [])
    assert [entry["text"] for entry in plivo.told(record)["journal"] if entry["what"] == "say"] == [
        "Good evening.",
        "Yes.",
    ]
    assert plivo.proxy.upgrades == []


def xml(words: list[str], plivo: Simulators) -> ElementTree.Element:
    """Return the document that a line of the page is answered with."""
    with curl(words, plivo) as answer:
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml")
        return ElementTree.fromstring(answer.read())  # noqa: S314 - from our own gateway


def test_a_call_without_plivo_and_without_a_telephone(house: MakeHouse, plivo: Simulators) -> None:
    home = house(plivo.settings)
    (line,) = [line.split() for line in PAGE.text.splitlines() if line.startswith("VOICECALL_")]
    home.environment |= dict(word.split("=", 1) for word in line[:-2])
    rings, speaks, hangs_up = PAGE.beside_the_gateway
    with running(home) as daemon:
        greeting = xml(rings, plivo)
        assert [one.text for one in greeting.findall("GetInput/Speak")] == ["Good morning."]
        answer = xml(speaks, plivo)
        assert [one.text for one in answer.findall("GetInput/Speak")] == [ANSWER]
        assert list(xml(hangs_up, plivo)) == []
        record = record_of(daemon, "c1")
    assert said(record)[:2] == [("agent", "Good morning."), ("caller", QUESTION)]
    assert record["endReason"] == "hangup-user"
