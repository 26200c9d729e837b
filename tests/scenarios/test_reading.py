"""Scenario files: what they may say, and how exactly it is told what they may not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from voicecall.audio.wav import encode_wav
from voicecall.config.model import Config
from voicecall.emulators.disturbance import Disturbance, Loss
from voicecall.errors import ConfigError, Fault
from voicecall.scenarios import shipped
from voicecall.scenarios.reading import Read, read, read_all

PLAIN = """
name: A call
config:
  turns: {endpointingMs: 400}
caller:
  line: {loss: {percent: 3}}
  steps:
    - say: Hello
    - hangup: true
expect:
  turns: 1
"""


def reading(folder: Path, text: str, base: Config | None = None) -> Read:
    file = folder / "call.yaml"
    file.write_text(text)
    return read(file, base or Config())


def faults(folder: Path, text: str) -> list[Fault]:
    with pytest.raises(ConfigError) as refused:
        reading(folder, text)
    return list(refused.value.faults)


def test_a_scenario_is_read_with_its_configuration(tmp_path: Path) -> None:
    found = reading(tmp_path, PLAIN)
    assert found.scenario.name == "A call"
    assert found.scenario.caller.line == Disturbance(loss=Loss(percent=3))
    assert [step.say for step in found.scenario.caller.steps] == ["Hello", None]
    assert found.config.turns.endpointing_ms == 400


def test_the_scenarios_configuration_lies_over_the_gateways(tmp_path: Path) -> None:
    base = Config.model_validate({"brain": {"kind": "fixed", "text": "Yes."}, "turns": {"endpointing_ms": 700}})
    config = reading(tmp_path, PLAIN, base).config
    assert (config.brain.text, config.turns.endpointing_ms) == ("Yes.", 400)


def test_no_scenario_can_reach_a_real_carrier_or_open_a_door(tmp_path: Path) -> None:
    base = Config.model_validate(
        {
            "provider": "twilio",
            "twilio": {"account_sid": "AC" + "0" * 32, "auth_token": "secret"},
            "public_url": "https://voice.example.com/voice/webhook",
            "inbound_policy": "disabled",
            "serve": {"port": 3334, "bind": "::1"},
            "store": {"url": "sqlite:////var/lib/calls.db"},
        }
    )
    config = reading(tmp_path, PLAIN, base).config
    assert (config.provider, config.public_url, config.inbound_policy) == ("mock", None, "open")
    assert (config.serve.port, config.control.port, config.serve.bind) == (0, 0, "127.0.0.1")
    assert (config.twilio.account_sid, config.store.url) == (None, None)


def test_sounds_are_looked_for_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "line.wav").write_bytes(encode_wav(np.zeros(800, np.float32)))
    found = reading(tmp_path, PLAIN.replace("say: Hello", "wav: line.wav"))
    assert found.scenario.caller.steps[0].wav == str(tmp_path / "line.wav")


@pytest.mark.parametrize(
    ("old", "new", "key", "line", "message"),
    [
        ("  turns: 1", "  turn: 1", "expect.turn", 11, "no such key"),
        ("  turns: 1", "  turns: one", "expect.turns", 11, "Expected `int"),
        ("    - say: Hello", "    - sing: Hello", "caller.steps[0].sing", 8, "no such key"),
        ("    - say: Hello", "    - {say: Hello, wait: 1}", "caller.steps[0]", 8, "exactly one of say, wav"),
        ("say: Hello", "wav: missing.wav", "caller.steps", 8, "there is no file"),
        ("percent: 3", "percent: 300", "caller.line.loss.percent", 6, "<= 100"),
        ("endpointingMs: 400", "endpointing: 400", "config.turns.endpointing", 4, "did you mean"),
        ("endpointingMs: 400", "endpointing_ms: soon", "config.turns.endpointing_ms", 4, "whole number"),
        ("  turns: 1", "  transcript: [{agent: '/(/'}]", "expect.transcript[0]", 11, "not a regular expression"),
        ("  turns: 1", "  heard: ['...']", "expect", 10, "no word"),
        ("  turns: 1", "  turns: 1\n  turns: 2", "turns", 12, "given twice"),
        ("name: A call\n", "", "", 2, "missing required field `name`"),
    ],
)
def test_a_fault_is_told_with_its_key_and_its_line(
    tmp_path: Path, old: str, new: str, key: str, line: int, message: str
) -> None:
    assert old in PLAIN
    (fault,) = faults(tmp_path, PLAIN.replace(old, new))
    assert (fault.key, fault.line, fault.file) == (key, line, str(tmp_path / "call.yaml"))
    assert message in fault.message


@pytest.mark.parametrize("text", ["", "a: [", "- 1", "\t- x", "a: !!python/object:os.system x", "&a [*a]"])
def test_what_is_no_scenario_at_all_is_one_fault(tmp_path: Path, text: str) -> None:
    (fault,) = faults(tmp_path, text)
    assert fault.file == str(tmp_path / "call.yaml")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    for name in ("nowhere.yaml", "bytes.yaml"):
        with pytest.raises(ConfigError, match=name):
            read(tmp_path / name, Config())


def test_the_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    for name in ("one.yaml", "two.yaml"):
        (tmp_path / name).write_text(PLAIN.replace("turns: 1", "turn: 1"))
    with pytest.raises(ConfigError) as refused:
        read_all([tmp_path / "one.yaml", tmp_path / "two.yaml"], Config())
    assert [fault.file for fault in refused.value.faults] == [str(tmp_path / "one.yaml"), str(tmp_path / "two.yaml")]


def test_enough_scenarios_are_shipped_and_each_says_what_it_is_for() -> None:
    found = read_all(sorted(shipped().glob("*.yaml")), Config())
    assert len(found) >= 25
    assert len({one.scenario.name for one in found}) == len(found)
    assert all(one.scenario.about for one in found)
