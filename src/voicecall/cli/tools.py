"""Commands for agents: the MCP server on standard streams, the tool's schema, the description of REST."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import Annotated, Any

import typer

from voicecall.config.load import Loaded, load
from voicecall.core.operations import Operation
from voicecall.entrypoints.client import DaemonUnreachable
from voicecall.entrypoints.tool import Form, document
from voicecall.errors import RequestError, VoicecallError

from .daemon import connect, patience
from .options import ConfigFile, Json
from .output import as_json


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("mcp")(_mcp)
    app.command("tool-schema")(_tool_schema)
    app.command("openapi")(_openapi)


def _mcp(config: ConfigFile = None) -> None:
    """Serve MCP on the standard streams: one tool, `voice_call`, done by the daemon."""
    loaded = load(config)
    from mcp.server.stdio import stdio_server

    from voicecall.entrypoints.mcp import make_server

    async def serve() -> None:
        distant = DistantOperator(loaded)
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

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded

    async def perform(self, operation: Operation, *, idempotency_key: str | None = None) -> Any:
        """Return the operation's result as a JSON value. Who stops waiting leaves the operation to the daemon.

        Raises:
            VoicecallError: there is no result.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()

        def work() -> None:
            result: Any = None
            failure: VoicecallError | None = None
            try:
                with connect(self._loaded, patience(operation)) as client:
                    result = client.perform(operation, idempotency_key=idempotency_key)
            except DaemonUnreachable as error:
                failure = NoDaemon(str(error))
            except VoicecallError as error:
                failure = error
            with suppress(RuntimeError):  # nobody waits any more: the loop is closed
                loop.call_soon_threadsafe(_settle, answer, result, failure)

        threading.Thread(target=work, name=operation.name, daemon=True).start()
        return await answer


def _settle(answer: asyncio.Future[Any], result: Any, failure: VoicecallError | None) -> None:
    if answer.done():
        return
    if failure is None:
        answer.set_result(result)
    else:
        answer.set_exception(failure)
