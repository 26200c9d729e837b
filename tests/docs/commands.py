"""The commands that pages show, taken apart and held against the command line, the Makefile and the routes."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.main import get_command

from tests.docs.blocks import BLOCKS, PAGES, ROOT, Block, lines
from voicecall.cli import app

_SETTING = re.compile(r"[A-Z_]+=")
_BEFORE = ("sudo", "-u", "voicecall"), ("podman", "exec", "voicecall")
_PROSE = re.compile(r"`(voicecall (?!ready|needs )[a-z][^`\n]*)`")
"""What the program says is no command."""
GROUP: Any = get_command(app)


@dataclass(frozen=True, slots=True)
class Command:
    """A line of a shell."""

    block: Block
    line: str
    settings: dict[str, str]
    """What the environment is given before it."""
    program: str
    words: list[str]
    """Its arguments."""

    def __str__(self) -> str:
        return f"{self.block}: {self.line.strip()}"


def command_of(block: Block, line: str) -> Command:
    """Take a line apart."""
    words = shlex.split(line, comments=True)
    for before in _BEFORE:
        if tuple(words[: len(before)]) == before:
            words = words[len(before) :]
    place = next((at for at, word in enumerate(words) if not _SETTING.match(word)), len(words))
    settings = dict(word.split("=", 1) for word in words[:place])
    program, *rest = words[place:] or [""]
    return Command(block, line, settings, Path(program).name, rest)


COMMANDS = [command_of(block, line) for block in BLOCKS if block.language == "sh" for line in lines(block)]
"""All lines of all shells' blocks."""
IN_PROSE = sorted({(page.name, words) for page in PAGES for words in _PROSE.findall(page.read_text("utf-8"))})
"""Page and words of the commands that stand in a sentence."""


def understood(words: list[str]) -> Any:
    """Parse the arguments of `voicecall` as the command line does, and return the command; SystemExit for `--help`."""
    command, rest = find(words)
    command.make_context("voicecall", rest)
    return command


def find(words: list[str]) -> tuple[Any, list[str]]:
    """Return the command that the first words name, and what follows."""
    command: Any = GROUP
    rest = list(words)
    while rest and hasattr(command, "commands") and not rest[0].startswith("-"):
        assert rest[0] in command.commands, f"there is no command {rest[0]}"
        command = command.commands[rest.pop(0)]
    return command, rest


def targets() -> set[str]:
    """Return the targets of the Makefile."""
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
