"""A configuration with a model that hears and speaks becomes calls: its instructions, tools, the agent behind it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.brains.model_mcp import PROGRAM
from voicecall.config.model import Config
from voicecall.scenarios.reading import read
from voicecall.scenarios.running import Outcome, run

MODULE = """
from voicecall.realtime.scripted import Reply, Script, ScriptedModel, hum

answers, sessions = [], []


class Watched(ScriptedModel):
    def open(self, brief, report):
        sessions.append(super().open(brief, report))
        return sessions[-1]


def asking(options):
    return Watched(Script(lambda _: "Where is my order", lambda lines, told: Reply(*answers.pop(0)), hum))
"""
SCENARIO = """
name: model
config:
  inbound_greeting: ""
  stt: {provider: scripted}
  tts: {provider: tone}
  turns: {vad: energy, endpointing_min_ms: 100, endpointing_ms: 100, endpointing_max_ms: 100}
  brain: %s
  realtime: %s
caller:
  steps:
    - noise: {kind: pink, dbfs: -20, seconds: 0.6}
    - listen: 0.5
    - hangup: true
expect:
  ends: hangup-user
"""
CONSULT = (("consult", '{"question": "Where is it?"}'),)


@pytest.fixture
def asking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A package that offers a model of this name, which gives the `answers`."""
    (tmp_path / "asking_model.py").write_text(MODULE)
    info = tmp_path / "asking_model-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: asking-model\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[voicecall.realtime]\nasking = asking_model:asking\n")
    monkeypatch.syspath_prepend(tmp_path)
    import asking_model  # type: ignore[import-not-found]

    yield asking_model
    sys.modules.pop("asking_model")


def called(tmp_path: Path, *, brain: dict[str, Any], virtual: bool = True, **realtime: Any) -> Outcome:
    """Return what came of a call whose agent is that model."""
    file = tmp_path / "model.yaml"
    wanted = {"enabled": True, "provider": "asking", **realtime}
    file.write_text(SCENARIO % (json.dumps({"kind": "fixed", "text": "On its way.", **brain}), json.dumps(wanted)))
    (outcome,) = run([read(file, Config())], virtual=virtual, tell=lambda _: None)
    return outcome


def transcript(outcome: Outcome) -> list[str]:
    """Return what was said."""
    assert outcome.held is not None
    return [line["text"] for line in outcome.held.record["transcript"]]


def test_the_model_asks_the_agent_that_is_configured(asking: ModuleType, tmp_path: Path) -> None:
    asking.answers.extend([("", CONSULT), ("It is on its way.",)])
    outcome = called(tmp_path, brain={"instructions": "You sell bread."}, consult_policy="substantive")
    assert transcript(outcome) == ["Where is my order", "It is on its way."]
    (session,) = asking.sessions
    assert list(session.outputs.values()) == ['{"answer":"On its way."}']
    assert "You sell bread." in session.brief.instructions
    assert "before you answer anything of" in session.brief.instructions


def test_where_the_policy_is_none_there_is_nobody_to_ask(asking: ModuleType, tmp_path: Path) -> None:
    asking.answers.extend([("", CONSULT), ("I am sorry.",)])
    servers = [{"command": [sys.executable, "-c", PROGRAM]}]
    called(tmp_path, brain={"servers": servers}, tool_policy="none")
    (session,) = asking.sessions
    assert [tool.name for tool in session.tools] == ["end_call", "send_dtmf", "note_outcome"]
    assert "consult" not in session.brief.instructions


def test_where_the_agent_answers_every_turn_the_model_says_its_words(asking: ModuleType, tmp_path: Path) -> None:
    outcome = called(tmp_path, brain={}, consult_policy="always")
    assert transcript(outcome) == ["Where is my order", "On its way."]
    assert (asking.sessions[0].tools, "word for word" in asking.sessions[0].brief.instructions) == ((), True)


def test_the_model_uses_the_tools_of_the_servers(asking: ModuleType, tmp_path: Path) -> None:
    asking.answers.extend([("", (("order_status", "{}"),)), ("It was shipped.",)])
    servers = [{"command": [sys.executable, "-c", PROGRAM]}]
    outcome = called(tmp_path, brain={"servers": servers}, tool_policy="owner", virtual=False)
    (session,) = asking.sessions
    assert list(session.outputs.values()) == ['{"done":"It was shipped yesterday."}']
    assert transcript(outcome)[-1] == "It was shipped."
