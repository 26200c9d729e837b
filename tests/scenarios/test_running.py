"""Running scenarios: in virtual and in real time, several at once, with what is kept and what is told."""

from __future__ import annotations

import json
import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from voicecall.cli import run as run_command
from voicecall.config.model import Config
from voicecall.scenarios.reading import Read, read
from voicecall.scenarios.running import Outcome, run

TONE = """
name: {name}
config:
  inbound_greeting: ""
  stt: {{provider: scripted, scripted: {{text: Hello}}}}
  tts: {{provider: tone, tone: {{seconds: 0.4}}}}
  turns: {{vad: energy, endpointing_min_ms: 100, endpointing_ms: 100, endpointing_max_ms: 100}}
  brain: {{kind: fixed, text: "{text}"}}
caller:
  steps:
    - noise: {{kind: pink, dbfs: -20, seconds: 0.4}}
    - listen: 0.3
    - hangup: true
expect:
{expect}
"""
"""A call without any model: noise counts as speech, a tone is the answer."""
MET = "  transcript: [{caller: Hello}, {agent: 'Yes', cut: false}]\n  turns: 1\n  ends: hangup-user"

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a scenario file."""

    def make(name: str = "call", text: str = "Yes.", expect: str = MET) -> Path:
        file = tmp_path / f"{name}.yaml"
        file.write_text(TONE.format(name=name, text=text, expect=expect))
        return file

    return make


def scenarios(*files: Path) -> list[Read]:
    return [read(file, Config()) for file in files]


def quiet(outcome: Outcome) -> None:
    """Tell nobody."""


@pytest.mark.parametrize("virtual", [True, False], ids=["virtual", "real"])
def test_a_call_passes_in_either_time(write: Write, virtual: bool) -> None:
    (outcome,) = run(scenarios(write()), virtual=virtual, tell=quiet)
    assert outcome.missed == []
    assert outcome.measures is not None
    assert 1.0 < outcome.measures.seconds < 3.0


def test_what_is_not_as_expected_is_a_miss(write: Write) -> None:
    (outcome,) = run(scenarios(write(expect="  turns: 2\n  ends: hangup-agent")), virtual=True, tell=quiet)
    assert [miss.expectation for miss in outcome.missed] == ["turns", "ends"]


@pytest.mark.parametrize("virtual", [True, False], ids=["virtual", "real"])
def test_outcomes_come_in_the_order_of_the_files_whatever_ran_first(write: Write, virtual: bool) -> None:
    files = [write("a", "One."), write("b", "Two."), write("c", "One."), write("d", "Two.")]
    told: list[str] = []
    found = run(scenarios(*files), virtual=virtual, jobs=2, tell=lambda outcome: told.append(outcome.read.file.stem))
    assert [outcome.read.file.stem for outcome in found] == ["a", "b", "c", "d"]
    assert sorted(told) == ["a", "b", "c", "d"]


def test_the_same_call_sounds_the_same_twice_in_virtual_time(write: Write) -> None:
    first, second = (run(scenarios(write()), virtual=True, tell=quiet)[0] for _ in range(2))
    assert first.held is not None
    assert second.held is not None
    assert first.held.wav == second.held.wav
    assert first.held.journal == second.held.journal


def test_a_call_that_never_ends_is_ended_and_has_failed(write: Write) -> None:
    file = write(expect="  turns: 1")
    file.write_text(file.read_text().replace("    - hangup: true\n", "").replace("expect:", "seconds: 5\nexpect:"))
    (outcome,) = run(scenarios(file), virtual=True, tell=quiet)
    assert [miss.expectation for miss in outcome.missed] == ["seconds"]


def test_the_gateway_can_call_the_phone(write: Write) -> None:
    file = write(expect="  transcript: [{agent: Good day, cut: false}]\n  agent_lines: 1\n  ends: completed")
    text = file.read_text().replace("caller:\n", "direction: outbound\nmode: notify\nmessage: Good day.\ncaller:\n", 1)
    file.write_text(text.replace("    - listen: 0.3\n    - hangup: true\n", ""))
    (outcome,) = run(scenarios(file), virtual=True, tell=quiet)
    assert outcome.missed == []


# --- the command


def test_the_command_tells_how_each_scenario_went(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = write("good"), write("bad", expect="  turns: 2")
    assert run_command(["test", str(good), str(bad), "--virtual"]) == 1
    out = capsys.readouterr().out.splitlines()
    assert any(line.startswith("pass") and line.endswith("good.yaml: good") for line in out)
    assert any(line.startswith("FAIL") and line.endswith("bad.yaml: bad") for line in out)
    assert "      turns: wanted 2" in out
    assert any("agent  Yes." in line for line in out)
    assert out[-1] == "1 passed, 1 failed"


def test_the_command_writes_one_json_value(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["test", str(write().parent), "--virtual", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["ok"]
    (one,) = result["scenarios"]
    assert (one["name"], one["ok"], one["misses"]) == ("call", True, [])
    assert [moment["who"] for moment in one["timeline"]] == ["caller", "agent", "caller"]
    assert one["measured"]["pauses"] == []


def test_the_command_keeps_what_the_calls_leave_behind(write: Write, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    assert run_command(["test", str(write()), "--virtual", "--keep", str(kept), "--json"]) == 0
    with wave.open(str(kept / "call.wav")) as recording:
        assert (recording.getnchannels(), recording.getframerate()) == (2, 8000)
    transcript = json.loads((kept / "call.transcript.json").read_text())
    assert [line["speaker"] for line in transcript] == ["caller", "agent"]
    events = [json.loads(line) for line in (kept / "call.events.jsonl").read_text().splitlines()]
    assert events[0]["type"] == "call.initiated"
    assert events[-1]["type"] == "call.ended"
    assert "agent  Yes." in (kept / "call.timeline.txt").read_text()


def test_the_command_refuses_faulty_files_before_any_call(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = write("good"), write("bad", expect="  turnip: 2")
    assert run_command(["test", str(good), str(bad), "--virtual"]) == 2
    captured = capsys.readouterr()
    assert "bad.yaml:15: expect.turnip: there is no such key" in captured.err
    assert captured.out == ""


def test_the_command_says_where_there_is_no_scenario(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["test", str(tmp_path)]) == 2
    assert f"there is no scenario in {tmp_path}" in capsys.readouterr().err


def test_an_agent_that_cannot_be_had_ends_the_command_with_what_to_do(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write()
    file.write_text(
        file.read_text().replace('{kind: fixed, text: "Yes."}', '{kind: python, callable: "no_such:agent"}')
    )
    assert run_command(["test", str(file), "--virtual"]) == 2
    assert "no_such" in capsys.readouterr().err


def test_what_lies_beyond_this_process_cannot_be_had_in_virtual_time(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write()
    file.write_text(file.read_text().replace("kind: fixed", "kind: http, url: 'http://127.0.0.1:9/answer'"))
    assert run_command(["test", str(file), "--virtual"]) == 2
    assert "brain.kind = http is not in this process" in capsys.readouterr().err
