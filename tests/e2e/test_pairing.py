"""A stranger is paired, with a real daemon that is killed in between, by the command line."""

from __future__ import annotations

from tests.e2e.conftest import MakeDaemon
from tests.e2e.daemon import ANSWER, CALLER, SHORT_TALK, WORDS, said
from voicecall.core.operations import CallerStep
from voicecall.core.pairing import TOLD

LINE = "+15550000005"
STAY = [CallerStep(wait=60.0)]


def test_a_stranger_hears_a_code_and_is_let_in_once_it_was_approved(start: MakeDaemon) -> None:
    daemon = start(
        {
            "inbound_policy": "disabled",
            f'lines."{LINE}".inbound_policy': "pairing",
            "log.level": "debug",
            "log.transcripts": True,
            "recording.enabled": True,
        }
    )
    record = daemon.simulate(STAY, line=LINE)
    assert (record["endReason"], record["endDetail"]) == ("rejected", TOLD)
    assert daemon.simulate(STAY)["answeredAt"] is None
    assert not list(daemon.house.state.rglob("*.wav"))
    (pending,) = daemon.house.run("pairing", "list", "--json").json
    assert (pending["number"], pending["state"]) == (CALLER, "pending")
    code = pending["code"]
    logged = daemon.log + str(daemon.events(record["callId"])) + str(record)
    daemon.program.kill()

    daemon.start()
    approved = daemon.house.run("pairing", "approve", code, "--json")
    assert (approved.status, approved.json["state"]) == (0, "approved")
    assert said(daemon.simulate(SHORT_TALK, line=LINE)) == [
        ("agent", "Good morning."),
        ("caller", WORDS),
        ("agent", ANSWER),
    ]
    assert len(list(daemon.house.state.rglob("*.wav"))) == 1
    again = daemon.house.run("pairing", "approve", code)
    assert (again.status, again.out) == (2, "")
    assert "approved already" in again.complaint
    assert daemon.house.run("pairing", "revoke", CALLER, "--json").json["state"] == "revoked"
    assert daemon.simulate(STAY, line=LINE)["endDetail"] == TOLD
    assert code not in logged + daemon.log
