"""The MCP Inspector's command line lists and calls the tool, over HTTP and over standard streams."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.daemon import COMMAND, PHONE, Daemon

BIN = Path(sys.executable).parent.parent / "node" / "node_modules" / ".bin"


def inspect(gateway: Daemon, transport: str, *arguments: str) -> Any:
    """Return what the Inspector writes."""
    house = gateway.house
    command = ["mcp-inspector", "--cli", *arguments]
    if transport == "http":
        bearer = f"Authorization: Bearer {gateway.token}"
        command += ["--transport", "http", "--header", bearer, "--server-url", f"{gateway.control}/mcp"]
    else:
        command += ["-e", f"VOICECALL_STATE_DIR={house.state}", COMMAND, "mcp"]
    done = subprocess.run(  # noqa: S603 - a program that the preparation has installed
        command,
        executable=str(BIN / "mcp-inspector"),
        cwd=house.folder,
        env=house.environment | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("transport", ["http", "streams"])
def test_the_inspector_lists_the_one_tool_and_finds_nothing_wrong_with_its_schema(
    gateway: Daemon, transport: str
) -> None:
    (tool,) = inspect(gateway, transport, "--method", "tools/list", "--strict")["tools"]
    assert tool["name"] == "voice_call"
    assert "initiate_call" in tool["inputSchema"]["properties"]["action"]["enum"]


@pytest.mark.parametrize("transport", ["http", "streams"])
def test_the_inspector_places_a_call_and_ends_it(gateway: Daemon, transport: str) -> None:
    def do(action: str, **parameters: str) -> Any:
        pairs = [f"{name}={value}" for name, value in {"action": action, **parameters}.items()]
        call = ("--method", "tools/call", "--tool-name", "voice_call", "--tool-arg", *pairs)
        return inspect(gateway, transport, *call)["structuredContent"]

    call_id = do("initiate_call", to=PHONE, message="Good evening.", mode="conversation")["callId"]
    gateway.until(call_id, "reply.finished")
    assert do("end_call", callId=call_id)["endReason"] == "hangup-agent"
    assert do("get_status", callId=call_id)["transcript"][0]["text"] == "Good evening."


@pytest.mark.parametrize("transport", ["http", "streams"])
def test_the_inspector_reads_the_manners(gateway: Daemon, transport: str) -> None:
    found = inspect(gateway, transport, "--method", "prompts/get", "--prompt-name", "phone_manners")
    assert "automated assistant" in found["messages"][0]["content"]["text"]
