"""What is offered once the file is written, and what remains where somebody leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.setup.rooms import MINE, OURS, TWILIO, URL, Answering, Room
from voicecall.app.numbers import Change
from voicecall.carriers.numbers import NumberSettings
from voicecall.doctor import Report, fail, ok, warn
from voicecall.setup.acting import Plan, came_of, pointed
from voicecall.setup.calling import Called, Sound
from voicecall.setup.run import Wishes


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def test_the_number_is_pointed_and_a_phone_rung_where_that_is_agreed_to(room: Room) -> None:
    terminal = Answering(TWILIO)
    outcome = room.run(terminal).outcome
    assert room.deeds.plans == [Plan(point=True, ring=MINE)]
    assert "announced https://old.example.com/" in terminal.text
    assert outcome.plain()["number"] == {"changed": True, "before": "https://old.example.com/", "after": URL}
    assert outcome.checks["number-twilio"].level == "ok"
    assert "voicecall serve --config" in terminal.text


def test_nothing_is_done_outside_where_that_is_refused(room: Room) -> None:
    room.run(Answering({**TWILIO, "Have them": "n", "Ring": "no"}))
    room.run(Answering({}), Wishes(room.file, point=False, call=False))
    room.run(None)
    assert room.deeds.plans == []
    room.run(None, Wishes(room.file, agreed=True))
    assert room.deeds.plans == [Plan(point=True, ring=MINE)]


def test_a_number_that_leads_here_is_let_be(room: Room) -> None:
    room.deeds.settings = NumberSettings(OURS, URL)
    terminal = Answering(TWILIO)
    room.run(terminal)
    assert room.deeds.plans == [Plan(ring=MINE)]
    assert "…1111 are announced here already" in terminal.text


def test_a_tunnel_is_opened_where_that_is_agreed_to(room: Room) -> None:
    room.deeds.settings = None
    terminal = Answering({**TWILIO, "reach this machine": "cloudflared", "Your own telephone": ""})
    room.run(terminal)
    assert "the tunnel" in terminal.text
    assert room.deeds.plans == [Plan(tunnel=True)]


def test_a_gateway_that_runs_is_used_unless_it_has_other_settings(room: Room) -> None:
    room.deeds.running = True
    terminal = Answering(TWILIO)
    room.run(terminal)
    assert room.deeds.plans == []
    assert "restart it" in terminal.text
    room.run(Answering({}))
    assert room.deeds.plans == [Plan(point=True, ring=MINE, is_running=True)]


def test_what_keeps_the_gateway_from_starting_comes_first(room: Room) -> None:
    room.deeds.report = Report((fail("ports", "taken", "end the other"), warn("log", "loud", "less")))
    terminal = Answering(TWILIO)
    outcome = room.run(terminal).outcome
    assert (outcome.ok, room.deeds.plans) == (False, [])
    assert "That first (ports)" in terminal.text
    assert "loud" in terminal.text


def test_whoever_leaves_later_is_told_what_remains(room: Room) -> None:
    room.deeds.interrupted = True
    with pytest.raises(KeyboardInterrupt):
        room.run(Answering(TWILIO))
    written, number, phone = room.last.outcome.so_far()
    assert (written, phone) == (f"{room.file} was written", "…0009 was rung")
    assert "voicecall number undo" in number


def test_a_change_of_a_number_is_told_with_its_undoing() -> None:
    was, now = NumberSettings(OURS, "https://old.example.com/"), NumberSettings(OURS, URL, status_url=URL)
    told = pointed(OURS, Change(was, now))
    assert told[0] == f"calls to …1111: https://old.example.com/ -> {URL}"
    assert told[1] == f"their end: nowhere -> {URL}"
    assert "undo" in told[2]
    assert pointed(OURS, Change(now, now)) == ["calls to …1111 are announced here already"]


def event(kind: str, **data: object) -> dict[str, object]:
    return {"type": kind, "data": data}


def test_sound_both_ways_and_an_answer_end_the_test_call() -> None:
    sound = Sound()
    for kind in ("call.ringing", "call.answered", "reply.confirmed", "reply.finished"):
        sound.take(event(kind))
    assert (sound.they_heard, sound.we_heard, sound.answered) == (True, False, False)
    assert sound.take(event("transcript.final", text="")) == ""
    assert sound.take(event("transcript.final", text="yes")) == "we hear the other side"
    assert sound.take(event("speech.started")) == ""
    sound.take(event("reply.finished"))
    assert sound.answered


def test_a_call_without_sound_is_told_with_its_cause() -> None:
    report = Report((fail("stream", "the carrier was told to open a media stream, and none came", "see the proxy"),))
    called = Called("01CALL", they_heard=False, we_heard=True, end_reason="error", report=report)
    told = "\n".join(came_of(called))
    assert "they did not hear us, we heard them (error)" in told
    assert "see the proxy" in told
    assert "doctor --call-id 01CALL" in told
    assert called.plain()["causes"][0]["id"] == "stream"
    well = Called("01CALL", they_heard=True, we_heard=True, end_reason="completed", report=Report((ok("call", "x"),)))
    assert (well.ok, well.plain()["causes"]) == (True, [])
