"""Agents of one's own, with the speech of this machine: what the configuration names is what answers."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.e2e.daemon import STUBS, Daemon, House, Json
from voicecall.core.operations import CallerStep
from voicecall.errors import BadParameters

PYTHON_LINE, FAILING_LINE = "+15550000031", "+15550000032"
LOCAL = {
    "stt.provider": "local",
    "tts.provider": "local",
    "turns.vad": "local",
    "inbound_greeting": "Hello.",
}
PROGRAM = """
import json, sys

def write(**line):
    print(json.dumps(line), flush=True)

for line in sys.stdin:
    told = json.loads(line)
    if told["type"] == "end":
        break
    if told["type"] == "turn":
        number = told["turn"]
        write(type="text", text=f"{len(told['text'].split())} words, ", turn=number)
        write(type="text", text="dear caller.", turn=number)
        write(type="outcome", disposition="counted")
        write(type="done", turn=number)
"""
MODULE = """
from voicecall.brains import HangUpAfter, NoteOutcome

async def answer(conversation):
    yield f"{len(conversation.lines)} lines so far. Goodbye."
    yield NoteOutcome("counted lines")
    yield HangUpAfter()

def fails(conversation):
    raise RuntimeError(conversation.lines[-1].text)
"""
QUESTION = "What are your opening hours today?"
TALK = [CallerStep(listen=0.5), CallerStep(say=QUESTION), CallerStep(listen=0.7), CallerStep(hangup=True)]


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One gateway with the engines of this machine, whose lines have agents of their own."""
    folder = tmp_path_factory.mktemp("agents")
    (folder / "agent.py").write_text(PROGRAM)
    (folder / "my_agent.py").write_text(MODULE)
    house = House(
        folder,
        {
            **STUBS,
            **LOCAL,
            "brain.kind": "command",
            "brain.command": [sys.executable, "agent.py"],
            f'lines."{PYTHON_LINE}".brain.kind': "python",
            f'lines."{PYTHON_LINE}".brain.callable': "my_agent:answer",
            f'lines."{FAILING_LINE}".brain.kind': "python",
            f'lines."{FAILING_LINE}".brain.callable': "my_agent:fails",
            f'lines."{FAILING_LINE}".brain.fallback.kind': "fixed",
            f'lines."{FAILING_LINE}".brain.fallback.text': "Please call again later.",
        },
    )
    house.environment["PYTHONPATH"] = str(folder)
    daemon = Daemon(house)
    try:
        yield daemon.start()
    finally:
        daemon.program.kill()


def _answer(record: Json) -> str:
    """Return what the agent answered, after its greeting and what it heard."""
    greeting, heard, answer = record["transcript"]
    assert (greeting["speaker"], greeting["text"]) == ("agent", "Hello.")
    assert heard["speaker"] == "caller"
    assert "opening" in heard["text"].lower()  # "hours" may be written as it sounds
    assert answer["speaker"] == "agent"
    return str(answer["text"])


def test_the_engines_of_this_machine_are_not_asked_to_speak_german(daemon: Daemon) -> None:
    with pytest.raises(BadParameters, match=r"stt\.provider"):
        daemon.place(message="Guten Abend.", language="de")
    assert daemon.history() == {}


def test_a_program_of_ones_own_answers(daemon: Daemon) -> None:
    record = daemon.simulate(TALK)
    assert _answer(record) == "6 words, dear caller."
    assert record["outcome"]["disposition"] == "counted"
    assert record["warnings"] == []
    (turn,) = record["latency"]["turns"]
    assert turn["response"] > 0


def test_a_function_of_ones_own_answers_and_hangs_up(daemon: Daemon) -> None:
    record = daemon.simulate(TALK[:-1], line=PYTHON_LINE)
    assert _answer(record) == "2 lines so far. Goodbye."
    assert (record["endReason"], record["outcome"]["disposition"]) == ("hangup-agent", "counted lines")
    assert record["warnings"] == []


def test_another_answers_where_ones_own_fails_and_nothing_of_it_is_logged(daemon: Daemon) -> None:
    record = daemon.simulate(TALK, line=FAILING_LINE)
    assert _answer(record) == "Please call again later."
    (warning,) = record["warnings"]
    assert warning["code"] == "brain-fallback"
    assert "RuntimeError" in warning["text"]
    assert "my_agent.py" in warning["text"]
    assert "opening hours" not in warning["text"].lower()
    assert "opening hours" not in daemon.log.lower()
