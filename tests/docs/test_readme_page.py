"""The examples of the first page are whole, and the page about troubles speaks of every warning."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from voicecall.cli import app
from voicecall.config.load import load
from voicecall.config.model import Config

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text("utf-8")
VARIABLES = {"ANTHROPIC_API_KEY", "DEEPGRAM_API_KEY", "OPENAI_API_KEY", "ELEVENLABS_API_KEY"}


def examples(opening: str) -> list[str]:
    """All blocks of a kind on the page."""
    return [str(text) for text in re.findall(rf"^```{opening}\n(.*?)^```$", TEXT, re.M | re.S)]


def loaded(tmp_path: Path, text: str) -> Config:
    file = tmp_path / "voicecall.toml"
    file.write_text(text)
    found = load(file, {"VOICECALL_STATE_DIR": str(tmp_path), **dict.fromkeys(VARIABLES, "key")})
    assert found.warnings == ()
    return found.config


def test_the_agent_of_the_page_is_whole_and_says_what_it_says(tmp_path: Path) -> None:
    (example,) = [text for text in examples("toml") if text.startswith("[brain]")]
    brain = loaded(tmp_path, example).brain
    assert (brain.kind, brain.model) == ("model", "anthropic:claude-haiku-4-5")
    assert brain.fallback is not None
    assert brain.fallback.kind == "fixed"
    for kind in re.findall(r"\b[a-z]+\b", re.findall(r"# or (.*)", example)[0]):
        assert f"## `{kind}`" in (ROOT / "docs" / "brains.md").read_text("utf-8")


def test_the_voices_of_the_page_are_whole(tmp_path: Path) -> None:
    (example,) = [text for text in examples("toml") if text.startswith("language")]
    config = loaded(tmp_path, example)
    assert (config.stt.provider, config.stt.fallback) == ("deepgram", ("openai",))
    assert (config.tts.provider, config.tts.fallback) == ("elevenlabs", ("openai",))
    assert config.tts.elevenlabs.voice is not None


@pytest.mark.parametrize(
    "line", [line for text in examples("sh") for line in text.splitlines() if "voicecall " in line]
)
def test_every_command_of_the_page_is_understood(line: str) -> None:
    words = shlex.split(line, comments=True)
    command, place = get_command(app), 1
    while place < len(words) and hasattr(command, "commands"):
        assert words[place] in command.commands, line
        command, place = command.commands[words[place]], place + 1
    command.make_context(words[-1], words[place:])


def test_troubleshooting_speaks_of_every_warning_in_a_record() -> None:
    call = re.compile(r"(?:Warned|Trouble|\.warn)\(\s*\"([a-z-]+)\"(?: if \w+ else \"([a-z-]+)\")?")
    kept = re.compile(r"_keep\(\"([a-z]+)\"")
    sources = [path.read_text("utf-8") for path in (ROOT / "src" / "voicecall").rglob("*.py")]
    codes = {code for source in sources for found in call.findall(source) for code in found if code}
    codes |= {code for source in sources for code in kept.findall(source)}
    assert {"brain", "reply-failed", "reply-cut-short", "reconnected"} <= codes
    page = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
    rows = re.findall(r"^\| ((?:`[a-z-]+`(?:, )?)+) \|", page, re.M)
    told = {code for row in rows for code in re.findall(r"`([a-z-]+)`", row)}
    named = {"stt-fallback", "tts-fallback"}  # put together from the kind of engine
    assert codes - told == set()
    assert named <= told
