"""The control listener: REST, JSON-RPC, MCP, events, metrics and health for those who hold the token."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import uvicorn
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from voicecall.errors import VoicecallError

from . import ControlOptions, Operator, Tokens, events, health, openapi, rest, rpc, rpc_sockets
from .addresses import cannot_listen
from .closing import Closing
from .guard import Guard
from .mcp_http import McpOverHttp
from .problems import problem, problem_of

_PATIENCE = 1
"""Whole seconds that requests under way get once the listener closes."""
_PINGS = 20.0
"""Seconds between pings on a WebSocket, and until one must be answered."""


class ControlListener:
    """Listens for operators, as an async context manager."""

    def __init__(
        self,
        options: ControlOptions,
        operator: Operator,
        metrics: CollectorRegistry,
        tokens: Tokens | None = None,
    ) -> None:
        """Do what is asked through `operator`, and show `metrics`. `tokens` lets in others than the control token."""
        self._options = options
        self._closing = Closing()
        self._mcp = McpOverHttp(operator, self._closing)
        self._port = options.port
        self.app = Guard(
            Starlette(
                routes=[
                    *health.routes(operator, metrics),
                    *openapi.routes(),
                    *events.routes(operator, self._closing),
                    *rest.routes(operator, self._closing),
                    *rpc.routes(operator, self._closing),
                    *rpc_sockets.routes(operator, self._closing),
                    *self._mcp.routes(),
                ],
                exception_handlers={
                    HTTPException: _on_http_exception,
                    VoicecallError: _on_our_error,
                    ClientDisconnect: _on_departure,
                    Exception: _on_failure,
                },
            ),
            options,
            tokens,
        )
        """The ASGI application, guard included."""

    @property
    def port(self) -> int:
        """The port that is listened on, once it is."""
        return self._port

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            VoicecallError: the address cannot be listened on.
        """
        sock = await self._bind()
        self._port = sock.getsockname()[1]
        self._server = _Server(
            uvicorn.Config(
                self.app,
                http="h11",
                ws="websockets-sansio",
                ws_max_size=rpc_sockets.MAX_MESSAGE,
                ws_ping_interval=_PINGS,
                ws_ping_timeout=_PINGS,
                ws_per_message_deflate=False,
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=_PATIENCE,
            )
        )
        self._tasks = asyncio.TaskGroup()
        await self._tasks.__aenter__()
        self._tasks.create_task(self._mcp.run(), name="mcp")
        self._watching = self._tasks.create_task(self.app.watch(), name="guard")
        self._tasks.create_task(self._server.serve(sockets=[sock]), name="control listener")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening; event streams are ended, other requests cut short."""
        self._closing.begin()
        self._server.should_exit = True
        self._watching.cancel()
        await self._tasks.__aexit__(None, None, None)

    async def _bind(self) -> socket.socket:
        bind, port = self._options.bind, self._options.port
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                bind or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )
            family, _, _, _, address = found[0]
            return socket.create_server(address, family=family)
        except OSError as error:
            raise cannot_listen("control", bind, port, error) from error


class _Server(uvicorn.Server):
    """uvicorn without signal handlers: those are the daemon's."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


async def _on_http_exception(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - by registration
    codes = {404: "not-found", 405: "method-not-allowed", 413: "too-large", 503: "stopping"}
    return problem(error.status_code, error.detail, code=codes[error.status_code], headers=error.headers)


async def _on_our_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, VoicecallError)  # noqa: S101 - by registration
    return problem_of(error)


async def _on_departure(_: Request, error: Exception) -> Response:
    return problem(400, "the client left before its request was complete", code="left")


async def _on_failure(_: Request, error: Exception) -> Response:
    return problem(500, "the gateway failed; its log says more", code="failed")
