"""Every example of every page is one that works: configurations load, commands are understood, data is well-formed."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
import yaml

from tests.docs.blocks import BLOCKS, PAGES, ROOT, Block, blocks_of, of
from tests.docs.commands import COMMANDS, IN_PROSE, Command, command_of, find, targets, understood
from voicecall.config.load import load
from voicecall.config.model import Serve, Streaming
from voicecall.entrypoints.openapi import document
from voicecall.errors import ConfigError

CHECKED_ELSEWHERE = {
    "text": "what programs write, compared by the tests of its page",
    "": "the same, without a name",
    "mermaid": "drawn from the code, or a picture",
    "markdown": "a page inside a page",
    **dict.fromkeys(("nginx", "caddy"), "read by a program that `make test-system` has"),
}
"""Languages that nothing here reads, and why."""
SECRETS = {
    **dict.fromkeys(("ANTHROPIC_API_KEY", "DEEPGRAM_API_KEY", "ELEVENLABS_API_KEY", "OPENAI_API_KEY"), "key"),
    "TWILIO_AUTH_TOKEN": "token",
    "VOICECALL_DATABASE": "postgresql://voicecall:password@db.example.org/voicecall",
    "CRM_WEBHOOK_SECRET": "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
}
"""Variables whose form matters; any other has some text."""
PUBLIC = "https://voice.example.org"
HERE = {f"http://127.0.0.1:{Serve().port}", PUBLIC}
CONTROL = {"$VOICECALL_URL", f"http://127.0.0.1:{Serve().port + 1}"}
SERVED = {Serve().path, Streaming().stream_path, f"{Streaming().stream_path}/check"}
OF_CARRIERS = {"https://api.plivo.com", "https://api.telnyx.com", "https://api.twilio.com"}
OTHERS = {"ls": "looks", "export": "sets a variable", "python3": "compiled", "curl": "held against the routes"}


def _json(text: str) -> None:
    json.loads(text)


def _json_lines(text: str) -> None:
    for line in filter(str.strip, text.splitlines()):
        json.loads(line)


def _python(text: str) -> None:
    compile(text, "page", "exec")


READERS: dict[str, Callable[[str], object]] = {
    "json": _json,
    "jsonl": _json_lines,
    "yaml": yaml.safe_load,
    "python": _python,
}
"""What reads a block of each language, or raises."""


def configured(text: str, folder: Path) -> None:
    """Load a configuration with its variables set and its files there."""
    text = re.sub(r'(\bfile = )"[^"]*"', r'\1"secret"', text)
    (folder / "secret").write_text("secret")
    (folder / "voicecall.toml").write_text(text)
    variables = dict.fromkeys(re.findall(r'\benv = "([A-Z_]+)"', text), "secret") | SECRETS
    load(folder / "voicecall.toml", {"VOICECALL_STATE_DIR": str(folder), **variables})


def test_every_fence_is_the_end_of_a_block() -> None:
    for page in PAGES:
        fences = re.findall(r"^ *```", page.read_text("utf-8"), re.MULTILINE)
        assert len(fences) == 2 * len(blocks_of(page)), page.name


def test_every_block_has_a_reader_or_a_reason() -> None:
    known = {*READERS, *CHECKED_ELSEWHERE, "toml", "sh", "ini"}
    assert {block.language for block in BLOCKS} <= known
    assert all(block.excuse.strip() for block in BLOCKS if block.excuse is not None)
    assert {block.language for block in BLOCKS if block.excuse is not None} <= {"sh", "toml"}


def test_nothing_unnamed_is_a_command() -> None:
    lines = [line for block in of("", "text") for line in block.text.splitlines()]
    assert lines
    assert [line for line in lines if re.match(r"(voicecall [a-z]|curl |make )", line)] == []


@pytest.mark.parametrize("block", of(*READERS), ids=str)
def test_data_and_programs_are_well_formed(block: Block) -> None:
    READERS[block.language](block.text)


@pytest.mark.parametrize("block", [block for block in of("toml") if block.excuse is None], ids=str)
def test_every_configuration_loads(block: Block, tmp_path: Path) -> None:
    if block.text.startswith("# pyproject.toml"):
        tomllib.loads(block.text)
    else:
        configured(block.text, tmp_path)


def test_a_configuration_with_a_key_that_there_is_not_does_not_load(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown key"):
        configured("[tunnel]\nprovidr = 'ngrok'\n", tmp_path)


@pytest.mark.parametrize("command", [one for one in COMMANDS if one.program == "voicecall"], ids=str)
def test_every_command_is_understood(command: Command, tmp_path: Path) -> None:
    understood(command.words)
    ours = {name: value for name, value in command.settings.items() if name.startswith("VOICECALL_")}
    found = load(None, {"VOICECALL_STATE_DIR": str(tmp_path), "VOICECALL_PROVIDER": "mock", **ours})
    assert [warning.key for warning in found.warnings if "unknown" in warning.message] == []


@pytest.mark.parametrize(("page", "words"), IN_PROSE)
def test_every_command_in_a_sentence_exists_with_its_flags(page: str, words: str) -> None:
    named = [word for word in words.removeprefix("voicecall ").split() if not re.search("[|…]", word)]
    command, rest = find(named)
    flags = {word.partition("=")[0] for word in rest if word.startswith("--")}
    offered = {option for one in command.params for option in one.opts} | {"--help", "--version"}
    assert flags <= offered, page


def test_a_command_that_there_is_not_is_noticed() -> None:
    with pytest.raises(AssertionError, match="no command"):
        understood(["sing"])
    with pytest.raises(Exception, match="--loud"):
        understood(["call", "--loud"])


def test_every_other_program_is_one_that_is_looked_at() -> None:
    others = [one for one in COMMANDS if one.program not in ("voicecall", "make") and one.block.excuse is None]
    assert [str(one) for one in others if one.program not in OTHERS] == []
    for one in others:
        if one.program == "python3":
            compile(one.words[one.words.index("-c") + 1], str(one), "exec")


def test_every_target_of_make_exists() -> None:
    named = [one for one in COMMANDS if one.program == "make"]
    assert named
    for one in named:
        words = [word for word in one.words if not re.match(r"-|/|[A-Z]+=", word)]
        assert set(words) <= targets(), one


def requested(command: Command) -> tuple[str, str]:
    """Return method and URL of a line of curl."""
    words = command.words
    (url,) = (word for word in words if re.match(r"https?://|\$VOICECALL_URL", word))
    data = any(word == "-d" or word.startswith("--data") for word in words)
    return words[words.index("-X") + 1] if "-X" in words else "POST" if data else "GET", url


@pytest.mark.parametrize("command", [one for one in COMMANDS if one.program == "curl"], ids=str)
def test_every_request_goes_to_a_route_that_there_is(command: Command) -> None:
    method, url = requested(command)
    base = next(base for base in HERE | CONTROL | OF_CARRIERS if url.startswith(base))
    path = url.removeprefix(base).partition("?")[0]
    if base in OF_CARRIERS:
        sources = (file.read_text("utf-8") for file in (ROOT / "src/voicecall/carriers").rglob("*.py"))
        assert any(base in source for source in sources)
    elif base in HERE:
        assert path in SERVED
    else:
        routes = {re.sub(r"\{\w+\}", "[^/]+", route): one for route, one in document()["paths"].items()}
        fitting = [one for route, one in routes.items() if re.fullmatch(route, path)]
        assert fitting, path
        assert method.lower() in fitting[0]
    assert httpx2.URL(url.replace("$VOICECALL_URL", "http://127.0.0.1:1")).is_absolute_url


def test_a_request_to_nowhere_is_noticed() -> None:
    block = Block("page", 1, "sh", "", None)
    with pytest.raises(AssertionError):
        test_every_request_goes_to_a_route_that_there_is(command_of(block, 'curl "$VOICECALL_URL/v1/songs"'))
