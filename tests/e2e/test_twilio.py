"""Calls over a simulated Twilio: real processes, signed webhooks, media streams or Twilio's own speech."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

from tests.e2e.conftest import MakeDaemon, MakeHouse
from tests.e2e.daemon import ANSWER, CALLER, PHONE, STUBS, WORDS, Json, said
from tests.e2e.twilio import ACCOUNT, OURS, PUBLIC, TOKEN, Twilio, record_of, running

TALKER = "+15550100061"
"""Does what the test at hand tells it to, when it is dialled."""
QUESTION = "What are your hours?"
HEAR = {"listen": 0.3}
TALK: list[Json] = [HEAR, {"say": QUESTION}, HEAR, {"hangup": True}]
"""Hears the greeting out, asks, hears the answer out and hangs up."""


def test_both_directions_of_a_conversation_over_media_streams(start: MakeDaemon, twilio: Twilio) -> None:
    daemon = start(twilio.settings)
    twilio.script(TALKER, *TALK)
    incoming = twilio.ring(*TALK)
    outgoing = daemon.final(daemon.place(TALKER))
    inbound = record_of(daemon, incoming)
    assert said(outgoing) == [("agent", "Good evening."), ("caller", WORDS), ("agent", ANSWER)]
    assert said(inbound) == [("agent", "Good morning."), ("caller", WORDS), ("agent", ANSWER)]
    for record, direction, parties in (
        (outgoing, "outbound", (OURS, TALKER)),
        (inbound, "inbound", (CALLER, OURS)),
    ):
        assert (record["direction"], record["from"], record["to"]) == (direction, *parties)
        assert (record["carrier"], record["state"], record["endReason"]) == ("twilio", "ended", "hangup-user")
        assert record["startedAt"] <= record["answeredAt"] <= record["endedAt"]
        assert record["warnings"] == []
        assert len(twilio.told(record["carrierCallId"])["heard"]) == 2
    assert twilio.proxy.upgrades == ["/voice/stream"] * 2


def test_both_directions_of_a_conversation_by_twilios_own_speech(start: MakeDaemon, twilio: Twilio) -> None:
    daemon = start({**twilio.settings, "streaming.enabled": False})
    twilio.script(TALKER, *TALK)
    incoming = twilio.ring(*TALK)
    outgoing = daemon.final(daemon.place(TALKER))
    inbound = record_of(daemon, incoming)
    assert said(outgoing) == [("agent", "Good evening."), ("caller", QUESTION), ("agent", ANSWER)]
    assert said(inbound) == [("agent", "Good morning."), ("caller", QUESTION), ("agent", ANSWER)]
    for record in (outgoing, inbound):
        assert (record["state"], record["endReason"], record["warnings"]) == ("ended", "hangup-user", [])
        journal = twilio.told(record["carrierCallId"])["journal"]
        assert [entry["text"] for entry in journal if entry["what"] == "say"] == [said(record)[0][1], ANSWER]
        logged = [
            line.split()[2]
            for line in daemon.program.err
            if record["callId"] in line and not re.search(r"call\.said|audit\.", line)
        ]
        assert logged == ["greeting.speaking", "greeting.heard", "call.ended"]
    assert twilio.proxy.upgrades == []


def test_without_a_public_url_dialling_is_refused_by_its_name(start: MakeDaemon, twilio: Twilio) -> None:
    daemon = start({key: value for key, value in twilio.settings.items() if key != "public_url"})
    refused = daemon.house.run("call", "--to", PHONE, "--message", "Hello.")
    assert (refused.status, refused.out) == (1, "")
    assert "public_url" in refused.complaint
    assert daemon.history() == {}


def test_calls_placed_at_once_are_dialled_one_a_second(start: MakeDaemon, twilio: Twilio) -> None:
    daemon = start(twilio.settings)
    twilio.script(TALKER, HEAR, {"hangup": True})
    with ThreadPoolExecutor(3) as pool, daemon.http() as http:
        wish = {"to": TALKER, "message": "Hello.", "mode": "conversation"}
        placed = [answer.json() for answer in pool.map(lambda _: http.post("/v1/calls", json=wish), range(3))]
        assert sum(one.get("queued", False) for one in placed) == 2, placed
        records = list(pool.map(daemon.final, [one["callId"] for one in placed]))
    assert [(said(record), record["endReason"]) for record in records] == [([("agent", "Hello.")], "hangup-user")] * 3


OPENCLAW = """
// what a user of the other gateway has
{
  "voice-call": {
    enabled: true,
    config: {
      provider: "twilio", // the only one with a number of ours
      fromNumber: "%(ours)s",
      twilio: {
        accountSid: "%(account)s",
        authToken: "%(token)s",
      },
      publicUrl: "%(public)s",
      serve: { port: %(port)d, path: "/voice/webhook" },
      inboundPolicy: "allowlist",
      allowFrom: ["%(caller)s"],
      inboundGreeting: "Good day.",
      outbound: { defaultMode: "conversation" },
      streaming: {
        enabled: true,
        streamPath: "/voice/stream",
      },
    },
  },
}
"""


def test_an_openclaw_block_in_json5_answers_and_places_calls(house: MakeHouse, twilio: Twilio) -> None:
    home = house()
    values = {"ours": OURS, "account": ACCOUNT, "token": TOKEN, "public": PUBLIC, "port": twilio.port, "caller": CALLER}
    (home.folder / "voice-call.json5").write_text(OPENCLAW % values)
    stubs = {key: value for key, value in STUBS.items() if not key.startswith(("serve", "inbound"))}
    stubs["twilio.api_base_url"] = twilio.url
    home.environment |= {f"VOICECALL_{key.replace('.', '__').upper()}": str(value) for key, value in stubs.items()}
    home.environment["VOICECALL_CONFIG"] = str(home.folder / "voice-call.json5")
    twilio.script(TALKER, HEAR, {"hangup": True})
    with running(home) as daemon:
        incoming = twilio.ring(HEAR, {"hangup": True})
        placed = home.run("call", "--to", TALKER, "--message", "Hello.", "--json", "--wait")
        inbound = record_of(daemon, incoming)
    assert (said(inbound), inbound["endReason"]) == ([("agent", "Good day.")], "hangup-user")
    assert (said(placed.json), placed.json["carrier"]) == ([("agent", "Hello.")], "twilio")
