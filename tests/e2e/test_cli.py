"""The command line against a running gateway: results, exit statuses, and one line on stderr for what fails."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import MakeDaemon
from tests.e2e.daemon import ANSWER, CALLER, PHONE, SHORT, WORDS, Daemon, said
from voicecall.core.operations import CallerStep, End


@pytest.fixture
def live_call(gateway: Daemon) -> Iterator[str]:
    call_id = gateway.place()
    gateway.until(call_id, "reply.finished")
    yield call_id
    gateway.perform(End(call_id=call_id))


def test_call_and_wait_returns_the_final_record(gateway: Daemon) -> None:
    done = gateway.house.run("call", "--to", SHORT, "--message", "Hello.", "--wait", "--json")
    assert (done.status, done.err) == (0, "")
    record = done.json
    assert (record["state"], record["endReason"], said(record)) == ("ended", "completed", [("agent", "Hello.")])
    assert record == gateway.status(record["callId"])


def test_call_and_wait_shows_the_call_as_it_happens(gateway: Daemon) -> None:
    done = gateway.house.run("call", "--to", SHORT, "--message", "Hello.", "--wait")
    assert (done.status, done.err) == (0, "")
    assert "Hello." in done.out
    assert "ringing" in done.out


def test_a_live_call_is_told_about_spoken_into_and_ended(gateway: Daemon, live_call: str) -> None:
    run = gateway.house.run
    assert run("status", "--call-id", live_call, "--json").json["callId"] == live_call
    assert live_call in [record["callId"] for record in run("status", "--json").json]
    said_it = run("speak", "--call-id", live_call, "--message", "One more thing.", "--json")
    assert said_it.json == {"callId": live_call, "heard": True}
    assert run("dtmf", "--call-id", live_call, "--digits", "12#", "--json").json == {"callId": live_call}
    ended = run("end", "--call-id", live_call, "--json")
    assert ended.json == {"callId": live_call, "state": "ended", "endReason": "hangup-agent"}
    lines = run("transcript", "--call-id", live_call, "--json").json
    assert [(line["speaker"], line["text"]) for line in lines] == [
        ("agent", "Good evening."),
        ("agent", "One more thing."),
    ]


def test_tail_shows_events_until_it_is_interrupted(gateway: Daemon) -> None:
    tail = gateway.house.begin("tail", "--json")
    call_id = gateway.place(SHORT)
    tail.wait_for(tail.out, lambda line: call_id in line and '"call.ended"' in line)
    tail.process.send_signal(signal.SIGINT)
    assert tail.end() == 130
    events = [json.loads(line) for line in tail.out if line]
    assert all(event.keys() == {"seq", "at", "callId", "type", "data"} for event in events)
    assert [event["seq"] for event in events] == sorted(event["seq"] for event in events)
    kinds = [event["type"] for event in events if event["callId"] == call_id]
    assert kinds[0] == "call.initiated"
    assert {"call.ringing", "call.answered", "stream.started", "reply.finished"} < set(kinds)
    assert [line for line in tail.err if line] == []


def test_simulate_says_a_line_and_returns_the_final_record(gateway: Daemon) -> None:
    done = gateway.house.run("simulate", "--from", CALLER, "--say", "hello", "--json")
    assert (done.status, done.err) == (0, "")
    assert said(done.json) == [("agent", "Good morning."), ("caller", WORDS), ("agent", ANSWER)]
    assert done.json["endReason"] == "hangup-user"


def test_simulate_follows_a_script(gateway: Daemon, tmp_path: Path) -> None:
    script = tmp_path / "caller.json5"
    script.write_text('[{listen: 0.3}, {press: "12"}, {wait: 0.1}, {hangup: true}]')
    done = gateway.house.run("simulate", "--from", CALLER, "--script", str(script), "--json")
    assert (done.status, done.err) == (0, "")
    events = gateway.events(done.json["callId"])
    assert [event["data"]["digit"] for event in events if event["type"] == "dtmf.received"] == ["1", "2"]


def test_the_configuration_is_checked_and_shown(gateway: Daemon) -> None:
    run = gateway.house.run
    assert run("config", "check", "--json").json == {"ok": True, "faults": [], "warnings": []}
    shown = run("config", "show", "--json").json
    assert shown["tts"]["tone"]["seconds"] == 0.5
    assert shown["lines"]["+15550000001"]["inbound_policy"] == "disabled"


@pytest.mark.parametrize(
    ("arguments", "status", "complaint"),
    [
        ("status --call-id 01UNKNOWN", 1, "01UNKNOWN"),
        ("transcript --call-id 01UNKNOWN", 1, "01UNKNOWN"),
        ("end --call-id 01UNKNOWN", 1, "01UNKNOWN"),
        ("call --to 112 --message Hello", 1, "emergency"),
        ("call --to five --message Hello", 2, "E.164"),
        (f"call --to {PHONE}", 2, "message"),
        ("call --message Hello", 2, "--to"),
        ("call --colour red", 2, "--colour"),
        ("history --since yesterday", 2, "since"),
        (f"simulate --from {CALLER}", 2, "--say"),
        ("config check --config nowhere.toml", 2, "nowhere.toml"),
        ("perform", 2, "perform"),
    ],
)
def test_what_fails_says_so_in_one_line(gateway: Daemon, arguments: str, status: int, complaint: str) -> None:
    done = gateway.house.run(*arguments.split())
    assert (done.status, done.out) == (status, "")
    assert complaint in done.complaint


def test_what_is_over_can_be_read_without_a_daemon(start: MakeDaemon) -> None:
    daemon = start()
    record = daemon.simulate([CallerStep(listen=0.3), CallerStep(hangup=True)])
    live = daemon.place()
    daemon.until(live, "reply.finished")
    daemon.program.kill()
    run, over = daemon.house.run, record["callId"]
    assert [one["callId"] for one in run("history", "--json").json] == [live, over]
    assert run("status", "--call-id", over, "--json").json == record
    assert run("transcript", "--call-id", over, "--json").json == record["transcript"]
    for command in (["status", "--call-id", live], ["end", "--call-id", live]):
        refused = run(*command, "--json")
        assert (refused.status, refused.out) == (1, "")
        assert "voicecall serve" in refused.complaint
