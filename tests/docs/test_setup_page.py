"""The page about the set-up shows what is written, and its commands are understood."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

from typer.main import get_command

from tests.setup.rooms import TWILIO, Answering, Room
from voicecall.cli import app
from voicecall.setup.acting import Done, plain
from voicecall.setup.run import Outcome

TEXT = (Path(__file__).parents[2] / "docs" / "setup.md").read_text("utf-8")


def test_the_file_of_the_page_is_what_is_written(tmp_path: Path) -> None:
    (shown,) = re.findall(r"^```toml\n(.*?)^```$", TEXT, re.M | re.S)
    room = Room(tmp_path)
    room.environ["TWILIO_AUTH_TOKEN"] = "very secret"
    room.run(Answering({**TWILIO, "Auth token": ""}))
    assert room.text == shown


def test_the_command_with_flags_writes_the_same_file(tmp_path: Path) -> None:
    lines = [line for block in re.findall(r"^```sh\n(.*?)^```$", TEXT, re.M | re.S) for line in block.splitlines()]
    command = get_command(app).commands["setup"]  # type: ignore[attr-defined]  # typer types it as a single command
    bare, whole = (command.make_context("setup", shlex.split(line)[2:]).params for line in lines)
    assert not any(bare.values())
    answers: dict[str, Any] = {name: value for name, value in whole.items() if isinstance(value, str)}
    room = Room(tmp_path)
    room.environ["TWILIO_AUTH_TOKEN"] = "very secret"
    room.run(None, **answers)
    (shown,) = re.findall(r"^```toml\n(.*?)^```$", TEXT, re.M | re.S)
    assert room.text == shown


def test_the_members_of_the_result_are_named() -> None:
    result = Outcome().plain()
    told = TEXT.partition("one object:")[2]
    assert [name for name in (*result, *plain(Done())) if f"`{name}`" not in told] == []
