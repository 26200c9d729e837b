"""The page about MCP says what is so: its examples are understood, its commands exist, its table is complete."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import msgspec
import pytest
import typer
import yaml

from voicecall.cli import app
from voicecall.entrypoints import tool

PAGE = (Path(__file__).parents[2] / "docs" / "mcp.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


SERVERS, *CALLS = [json.loads(block) for block in blocks("json")]
ADDING, OPENCLAW = blocks("sh")
(SKILL,) = blocks("markdown")
ROWS = dict(re.findall(r"^\| `([a-z_]+)` \| (.*?) \|", PAGE.partition("| `action` |")[2], re.MULTILINE))


def flags_of(command: list[str]) -> None:
    """Have the command line understand a command; its own faults are exceptions."""
    group = typer.main.get_command(app)
    context = group.make_context("voicecall", command[:])
    name, found, rest = group.resolve_command(context, command[:])  # type: ignore[attr-defined]
    assert found is not None, name
    found.make_context(name, rest)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call["action"])
def test_the_calls_shown_are_understood(call: dict[str, object]) -> None:
    asked = tool.read(call)
    told = msgspec.to_builtins(asked.operation)
    assert all(told[name] == value for name, value in call.items() if name not in ("action", "wait"))


def test_the_servers_shown_are_the_command() -> None:
    openclaw = json.loads(shlex.split(OPENCLAW)[-1])
    for server in (SERVERS["mcpServers"]["voicecall"], openclaw):
        assert server["command"] == "voicecall"
        flags_of(server["args"])
    first, second = (shlex.split(line) for line in ADDING.splitlines())
    assert first[first.index("--") + 1] == "voicecall"
    flags_of(first[first.index("--") + 2 :])
    assert "http://127.0.0.1:3335/mcp" in second


def test_the_skill_has_its_head_and_its_commands_are_understood() -> None:
    _, head, body = SKILL.split("---\n")
    assert yaml.safe_load(head)["metadata"]["openclaw"]["requires"]["bins"] == ["voicecall"]
    commands = [shlex.split(line)[1:] for line in body.splitlines() if line.startswith("    voicecall ")]
    assert len(commands) == 4
    for command in commands:
        flags_of(command)


def test_the_table_has_every_action_with_its_parameters() -> None:
    assert list(ROWS) == list(tool.ACTIONS)
    for action, kind in tool.ACTIONS.items():
        taken = [field.encode_name for field in msgspec.structs.fields(kind)]
        extra = ["wait", "timeout"] if action == "get_status" else []
        assert re.findall(r"`(\w+)`", ROWS[action]) == taken + extra
