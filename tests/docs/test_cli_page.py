"""The page of the command line names commands that exist, with flags that they take."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import typer

from voicecall.cli import app

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text("utf-8")
GROUP: Any = typer.main.get_command(app)


def test_every_command_of_the_page_exists_with_its_flags() -> None:
    rows = re.findall(r"^\| (`.*?`) \| (.*) \|$", PAGE, re.MULTILINE)
    assert rows
    for names, words in rows:
        for name in re.findall(r"`([\w-]+)`", names):
            command = GROUP.commands[name]
            assert set(re.findall(r"--[\w-]+", words)) <= {option for one in command.params for option in one.opts}, (
                name
            )


def test_the_flags_that_all_have_are_flags() -> None:
    general = re.findall(r"^- `(--[\w-]+)", PAGE, re.MULTILINE)
    offered = {option for command in GROUP.commands.values() for one in command.params for option in one.opts}
    assert len(general) == 4
    assert set(general) <= offered
    assert "--install-completion" in {option for one in GROUP.params for option in one.opts}
