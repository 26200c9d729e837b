"""The page for users of Twilio says what is so. What its commands are answered, the end-to-end tests try out."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any, get_args

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from tests.docs.test_docs import logged
from voicecall.carriers.twilio import Region, codes
from voicecall.carriers.twilio.signatures import OVERRIDES
from voicecall.cli import app
from voicecall.config.load import load
from voicecall.config.model import Config, Serve, Streaming
from voicecall.config.reference import reference

TEXT = (Path(__file__).parents[2] / "docs" / "twilio.md").read_text("utf-8")
SERVE, STREAMING = Serve(), Streaming()
URL = f"https://voice.example.org{SERVE.path}"
ROWS = [line.strip("| ").split(" | ") for line in TEXT.splitlines() if re.match(r"\| \d", line)]
KEYS = set(re.findall(r"^\| `([a-z_.]+)", reference(), re.MULTILINE))
COMMANDS = [
    shlex.split(words)
    for words in re.findall(r"(?:^|`)\s*(?:[A-Z_]+=\S+ )*(voicecall [a-z][^\n`]*)", TEXT, re.MULTILINE)
]


def blocks(language: str) -> list[str]:
    """The examples in one language, without the indentation of a list."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```$", TEXT, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", text, flags=re.MULTILINE) for indent, text in found]


def test_the_configuration_is_whole_and_raises_no_doubts(tmp_path: Path) -> None:
    (block,) = blocks("toml")
    file = tmp_path / "voicecall.toml"
    file.write_text(block)
    loaded = load(file, {"TWILIO_AUTH_TOKEN": "token", "VOICECALL_STATE_DIR": str(tmp_path)})
    assert loaded.warnings == ()
    config = loaded.config
    assert (config.provider, config.public_url, config.inbound_policy) == ("twilio", URL, "allowlist")
    assert config.twilio.auth_token is not None
    assert config.twilio.auth_token.get_secret_value() == "token"
    assert config.twilio.region == "us1"


def test_every_key_that_the_page_names_exists() -> None:
    sections = {key.split(".")[0] for key in KEYS if "." in key}
    named = {key for key in re.findall(r"`([a-z_]+\.[a-z_.]+)\b[^`]*`", TEXT) if key.split(".")[0] in sections}
    assert len(named) > 12
    assert {key for key in named if not any(known.startswith(key) for known in KEYS)} == set()


def test_every_variable_that_the_page_sets_is_a_key() -> None:
    names = re.findall(r"VOICECALL_([A-Z_]+)=", TEXT)
    assert names
    for name in names:
        section: Any = Config
        for part in name.lower().split("__"):
            section = section.model_fields[part].annotation


def test_the_addresses_are_those_that_are_served() -> None:
    local = f"http://127.0.0.1:{SERVE.port}"
    assert set(re.findall(r"http://127\.0\.0\.1:\d+", TEXT)) == {local}
    paths = {URL, f"https://voice.example.org{STREAMING.stream_path}", f"{local}{SERVE.path}", f"{URL}{OVERRIDES}"}
    assert set(re.findall(r"https?://(?:voice\.example\.org|127\.0\.0\.1:\d+)/[^\s`\"']*", TEXT)) == paths


def test_the_names_in_the_log_are_logged() -> None:
    rooms = {name.split(".")[0] for name in logged()}
    named = {name for name in re.findall(r"`([a-z]+\.[a-z-]+)`", TEXT) if name.split(".")[0] in rooms} - KEYS
    assert len(named) > 8
    assert named <= logged()


def test_a_stream_that_says_nothing_is_closed_after_the_seconds_that_the_page_tells() -> None:
    assert f"{STREAMING.pre_start_timeout_ms // 1000} s later, `stream.silent`" in TEXT


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_an_error_means_what_the_record_says(row: list[str]) -> None:
    numbers, meaning = row
    assert {codes.sentence(int(number)) for number in numbers.split(", ")} == {meaning}


def test_the_errors_that_users_meet_are_all_there() -> None:
    told = {int(number) for numbers, _ in ROWS for number in numbers.split(", ")}
    assert len(told) >= 30
    assert {20003, 21210, 21215, 21219, 11200, 31920, 31921} < told


def test_the_regions_are_those_that_there_are() -> None:
    (listed,) = re.findall(r"`twilio\.region` is (.*?);", TEXT)
    assert tuple(re.findall(r"`(\w+)`", listed)) == get_args(Region)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_can_be_given(words: list[str]) -> None:
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    options = {option for parameter in group.commands[words[1]].params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options
