"""The daemon dies as in a power cut; the network lives on in a process of its own, or dies with it."""

from __future__ import annotations

from tests.e2e.conftest import MakeDaemon
from tests.e2e.daemon import ANSWER, PHONE, SHORT, WORDS, said
from tests.e2e.network import Network
from voicecall.core.operations import End, Speak

RINGS = "+15550100002"
TALKER = "+15550100051"
"""Hears the greeting out, and whatever is said next; then speaks, hears the answer out and hangs up."""
RETURN = 4.0
"""Seconds until the network asks for a stream anew: a new daemon is up by then, or before the network tires."""
LONG = "This is the first sentence. Here comes the second one. And there is a third. At last the fourth one follows."


def test_a_conversation_outlives_its_daemon(start: MakeDaemon, network: Network) -> None:
    daemon = start({**network.settings, "outbound.default_mode": "conversation"})
    hear = {"listen": 0.3}
    network.script(TALKER, hear, hear, {"say": "hello"}, hear, {"hangup": True})
    network.faults(stream_drop_after=60.0, stream_return_after=RETURN)
    legs = network.legs()
    call_id = daemon.place(TALKER)
    daemon.until(call_id, "reply.finished")
    daemon.program.kill()

    daemon.start()
    assert daemon.logged("call.adopted", call_id)
    adopted = daemon.until(call_id, "call.adopted")
    daemon.until(call_id, "stream.started", since=adopted["seq"])
    assert daemon.perform(Speak(call_id=call_id, message="We are back.")) == {"callId": call_id, "heard": True}
    record = daemon.final(call_id)
    assert said(record) == [
        ("agent", "Good evening."),
        ("agent", "We are back."),
        ("caller", WORDS),
        ("agent", ANSWER),
    ]
    assert record["endReason"] == "hangup-user"
    assert network.legs() == legs + 1
    told = network.told(record["carrierCallId"])
    assert [entry["what"] for entry in told["journal"] if entry["what"].startswith("stream-")] == [
        "stream-start",
        "stream-lost",
        "stream-start",
    ]
    assert len(told["heard"]) == 3


def test_whatever_was_acknowledged_is_on_record_whenever_the_daemon_dies(start: MakeDaemon, network: Network) -> None:
    daemon = start(network.settings)
    legs = network.legs()
    network.faults(webhook_lose=["ended"], stream_drop_after=60.0, stream_return_after=RETURN)
    over = daemon.place(SHORT)
    daemon.until(over, "stream.stopped")
    gone, listening = daemon.place(), daemon.place()
    for call_id in (gone, listening):
        daemon.until(call_id, "reply.finished")
    ringing = daemon.place(RINGS)
    daemon.until(ringing, "call.ringing")
    greeting = daemon.place(message=LONG)
    daemon.until(greeting, "reply.started")
    leg = daemon.status(gone)["carrierCallId"]
    daemon.until(over, "call.ended")
    placed = daemon.place()
    daemon.program.kill()
    network.hang_up(leg)

    daemon.start()
    records = daemon.history()
    assert records.keys() == {over, gone, listening, ringing, greeting, placed}
    for ended, reason in ((over, "hangup-user"), (gone, "stale-timeout")):
        record = daemon.final(ended)
        assert record["endReason"] == reason
        assert said(record) == [("agent", "Good evening.")]
    for adopted in (listening, greeting):
        daemon.until(adopted, "stream.started", since=daemon.until(adopted, "call.adopted")["seq"])
    daemon.until(greeting, "reply.finished")
    for call_id in (listening, ringing, greeting):
        answer = daemon.perform(End(call_id=call_id))
        assert (answer["state"], answer["endReason"]) == ("ended", "hangup-agent")
        assert network.told(records[call_id]["carrierCallId"])["ended"]
    assert said(daemon.status(listening)) == [("agent", "Good evening.")]
    assert said(daemon.status(greeting)) == [("agent", LONG)]
    assert daemon.perform(End(call_id=placed))["state"] == "ended"
    assert network.legs() <= legs + len(records)
    network.faults()
    assert daemon.final(daemon.place(SHORT))["endReason"] == "hangup-user"
    assert daemon.metric("voicecall_calls") == 0


def test_a_call_that_died_with_its_network_is_ended_and_blocks_nothing(start: MakeDaemon) -> None:
    daemon = start({"limits.max_concurrent_calls": 1})
    lost = daemon.place(PHONE)
    daemon.until(lost, "reply.started")
    daemon.program.kill()
    daemon.start()
    record = daemon.final(lost)
    assert (record["state"], record["endReason"]) == ("ended", "stale-timeout")
    assert record["endDetail"]
    fresh = daemon.final(daemon.place(SHORT, message="Hello.", mode="notify"))
    assert fresh["endReason"] == "completed"
    assert list(daemon.history()) == [fresh["callId"], lost]
