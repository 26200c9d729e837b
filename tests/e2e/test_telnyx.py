"""Calls over a simulated Telnyx: real processes, signed webhooks, REST, media streams or Telnyx's own speech."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.checklist import Page
from tests.e2e.conftest import MakeDaemon
from tests.e2e.daemon import ANSWER, CALLER, WORDS, said
from tests.e2e.simulators import NUMBERS, QUESTION, TALK, TALKER, Simulators, record_of, simulated

OURS = NUMBERS["telnyx"]
PAGE = Page("telnyx")


@pytest.fixture(scope="module")
def telnyx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulators]:
    with simulated(tmp_path_factory.mktemp("telnyx"), "telnyx") as simulators:
        yield simulators


def test_both_directions_of_a_conversation_over_media_streams(start: MakeDaemon, telnyx: Simulators) -> None:
    daemon = start(telnyx.settings)
    telnyx.proxy.upgrades.clear()
    telnyx.script(TALKER, *TALK)
    incoming = telnyx.ring("telnyx", *TALK)
    outgoing = daemon.final(daemon.place(TALKER))
    inbound = record_of(daemon, incoming)
    assert said(outgoing) == [("agent", "Good evening."), ("caller", WORDS), ("agent", ANSWER)]
    assert said(inbound) == [("agent", "Good morning."), ("caller", WORDS), ("agent", ANSWER)]
    for record, direction, parties in (
        (outgoing, "outbound", (OURS, TALKER)),
        (inbound, "inbound", (CALLER, OURS)),
    ):
        assert (record["direction"], record["from"], record["to"]) == (direction, *parties)
        assert (record["carrier"], record["state"], record["endReason"]) == ("telnyx", "ended", "hangup-user")
        assert record["startedAt"] <= record["answeredAt"] <= record["endedAt"]
        assert record["warnings"] == []
        assert len(telnyx.told(record)["heard"]) == 2
        assert PAGE.order_in(daemon.program.err, record["carrierCallId"]) == PAGE.order[2:]
    assert len(telnyx.proxy.upgrades) == 2
    for path in telnyx.proxy.upgrades:
        assert path.startswith("/voice/stream/")
        assert path.removeprefix("/voice/stream/") not in daemon.log


def test_a_conversation_by_telnyxs_own_speech(start: MakeDaemon, telnyx: Simulators) -> None:
    daemon = start({**telnyx.settings, "streaming.enabled": False, "brain.text": "Yes."})
    telnyx.proxy.upgrades.clear()
    record = record_of(daemon, telnyx.ring("telnyx", *TALK))
    assert said(record) == [("agent", "Good morning."), ("caller", QUESTION), ("agent", "Yes.")]
    assert (record["state"], record["endReason"], record["warnings"]) == ("ended", "hangup-user", [])
    assert [entry["text"] for entry in telnyx.told(record)["journal"] if entry["what"] == "say"] == [
        "Good morning.",
        "Yes.",
    ]
    assert telnyx.proxy.upgrades == []
