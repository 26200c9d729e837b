"""Commands for agents: the MCP server on standard streams, the tool's schema, the description of REST."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from voicecall.client import AsyncClient, DaemonUnreachable
from voicecall.config.address import address
from voicecall.core.operations import Operation
from voicecall.entrypoints.tool import Form, document
from voicecall.errors import RequestError

from .options import ConfigFile, Json
from .output import as_json


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("mcp")(_mcp)
    app.command("tool-schema")(_tool_schema)
    app.command("openapi")(_openapi)


def _mcp(config: ConfigFile = None) -> None:
    """Serve MCP on the standard streams: one tool, `voice_call`, done by the daemon."""
    address(config)  # a faulty configuration is told at once
    from mcp.server.stdio import stdio_server

    from voicecall.entrypoints.mcp import make_server

    async def serve() -> None:
        distant = DistantOperator(config)
        server = make_server(lambda _: distant)
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())

    asyncio.run(serve())


def _tool_schema(
    form: Annotated[Form, typer.Option("--for", help="Plain JSON Schema, or as a vendor's API wants it.")] = "json",
    as_json_: Json = False,
) -> None:
    """Write the tool `voice_call` as JSON, for agents without MCP."""
    _write(document(form), as_json_)


def _openapi(as_json_: Json = False) -> None:
    """Write the OpenAPI document of the control listener, as it stands at `/openapi.json`."""
    from voicecall.entrypoints.openapi import document

    _write(document(), as_json_)


def _write(value: dict[str, Any], as_json_: bool) -> None:
    if as_json_:
        as_json(value)
        return
    import json

    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


class NoDaemon(RequestError):
    """There is nobody to do it."""

    code = "no-daemon"


class DistantOperator:
    """The daemon of a configuration, whichever runs when something is asked."""

    def __init__(self, config: Path | None) -> None:
        self._config = config

    async def perform(self, operation: Operation, *, idempotency_key: str | None = None) -> Any:
        """Return the operation's result as a JSON value. Who stops waiting leaves the operation to the daemon.

        Raises:
            VoicecallError: there is no result.
        """
        try:
            async with AsyncClient(config=self._config) as client:
                return await client.perform(operation, idempotency_key=idempotency_key)
        except DaemonUnreachable as error:
            raise NoDaemon(str(error)) from None
