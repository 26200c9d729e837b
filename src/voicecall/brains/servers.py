"""MCP servers of one call: connected while it rings, their tools given to the model. One that fails is done without."""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from voicecall.brains import Report, Server, Trouble
from voicecall.brains.tools import Done, Tool

if TYPE_CHECKING:
    from pydantic_ai.mcp import MCPToolset

_CONNECT = 5.0
"""Seconds that a server may take until its tools are known."""
_ANSWER = 10.0
"""Seconds that a tool may take."""
_LONGEST_ANSWER = 8000
"""Characters of a tool's answer that the model is given."""


class CallsServers:
    """The MCP servers that every call has connections of its own to."""

    def __init__(self, servers: tuple[Server, ...]) -> None:
        self._servers = servers

    @asynccontextmanager
    async def ready(self) -> AsyncIterator[None]:
        """Load what speaks to them."""
        await asyncio.to_thread(load)
        yield

    def open(self, report: Callable[[Report], None]) -> Servers:
        """Return the tools of a call that begins."""
        return Servers(self._servers, report)


class Servers:
    """The tools of all MCP servers of a call."""

    def __init__(
        self,
        servers: Sequence[Server],
        report: Callable[[Report], None],
        *,
        connect: float = _CONNECT,
        answer: float = _ANSWER,
    ) -> None:
        """Know of the servers; `run` connects to them. `connect` and `answer` are limits in seconds."""
        self._servers = servers
        self._report = report
        self._connect = connect
        self._answer = answer
        self._tools: dict[str, tuple[Tool, MCPToolset[object], str]] = {}
        self._awaited = set(range(1, len(servers) + 1))
        self._settled = asyncio.Event()
        if not servers:
            self._settled.set()

    async def run(self) -> None:
        """Connect to all servers and keep the connections, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for number, server in enumerate(self._servers, 1):
                tasks.create_task(self._keep(server, number), name=f"mcp server {number}")

    async def tools(self) -> list[Tool]:
        """Return the tools there are, once every server has answered or has had its time to."""
        try:
            async with asyncio.timeout(self._connect):
                await self._settled.wait()
        except TimeoutError:
            self._settled.set()
        return [tool for tool, _, _ in self._tools.values()]

    async def call(self, name: str, arguments: str | dict[str, Any] | None) -> Done:
        """Call a tool; its failure is told to the model. `arguments` are JSON of an object, or the object."""
        _, toolset, original = self._tools[name]
        try:
            if not isinstance(arguments, dict):
                arguments = msgspec.json.decode(arguments or "{}", type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeError) as error:
            return Done(f"The arguments of {name} are wrong: {error}", failed=True)
        try:
            async with asyncio.timeout(self._answer):
                result = await toolset.direct_call_tool(original, arguments)
        except TimeoutError:
            self._report(Trouble("tool-timeout", f"the tool {name} did not answer within {self._answer:g} s"))
            return Done(f"{name} did not answer in time.", failed=True)
        except _failures() as error:
            self._report(Trouble("tool-failed", f"the tool {name} failed ({type(error).__name__})"))
            return Done(f"{name} failed: {str(error)[:500]}", failed=True)
        return Done(_text(result)[:_LONGEST_ANSWER])

    async def _keep(self, server: Server, number: int) -> None:
        toolset = _toolset(server, self._connect)
        connected = False
        try:
            async with AsyncExitStack() as stack:
                async with asyncio.timeout(self._connect):
                    await stack.enter_async_context(toolset)
                    offered = await toolset.list_tools()
                connected = True
                for tool in offered:
                    name = re.sub(r"[^A-Za-z0-9_-]", "_", tool.name)[:64]
                    reads = tool.annotations is not None and tool.annotations.read_only_hint is True
                    known = Tool(name, tool.description or "", tool.input_schema, read_only=reads)
                    self._tools.setdefault(name, (known, toolset, tool.name))
                self._settle(number)
                await asyncio.Event().wait()
        except _failures() as error:
            if not connected:
                cause = "did not answer in time" if isinstance(error, TimeoutError) else "cannot be used"
                message = f"MCP server {number} of brain.servers {cause}; the call goes on without its tools"
                self._report(Trouble("mcp-server", message))
        finally:
            self._settle(number)

    def _settle(self, number: int) -> None:
        self._awaited.discard(number)
        if not self._awaited:
            self._settled.set()


def load() -> None:
    """Import what it takes to speak to MCP servers, which takes seconds."""
    import pydantic_ai.mcp  # noqa: F401


def _toolset(server: Server, limit: float) -> MCPToolset[object]:
    from fastmcp.client.transports import StdioTransport
    from pydantic_ai.mcp import MCPToolset

    for name in ("mcp", "fastmcp"):  # what fails is reported by us, without URLs and bodies
        logging.getLogger(name).setLevel(logging.CRITICAL)
    if server.command:
        program, *arguments = server.command
        transport = StdioTransport(program, arguments, keep_alive=False, log_file=Path(os.devnull))
        return MCPToolset(transport, init_timeout=limit, tool_error_behavior="failed")
    return MCPToolset(server.url, auth=server.token or None, init_timeout=limit, tool_error_behavior="failed")


def _failures() -> tuple[type[Exception], ...]:
    import anyio
    import httpx2
    from mcp.shared.exceptions import MCPError
    from pydantic_ai.exceptions import ModelRetry, ToolFailed

    return (
        *(ModelRetry, ToolFailed, MCPError, httpx2.HTTPError, ExceptionGroup, OSError, RuntimeError, ValueError),
        *(anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream),
    )


def _text(result: object) -> str:
    from pydantic_ai.messages import ToolReturnPart

    return ToolReturnPart("", result).model_response_str()
