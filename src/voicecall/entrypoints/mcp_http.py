"""MCP over streamable HTTP, at `/mcp`. What it needs is loaded, off the event loop, when somebody first asks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from . import Operator
from .closing import Closing
from .permission import Permitted, holder_of

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

_MAX_BODY = 64 * 1024


class McpOverHttp:
    """An ASGI application, at work while `run` runs."""

    def __init__(self, operator: Operator, closing: Closing) -> None:
        self._operator = operator
        self._closing = closing
        self._running = False
        self._wanted = asyncio.Event()
        self._ready = asyncio.Event()
        self._sessions: StreamableHTTPSessionManager

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if not self._running:
            raise HTTPException(503, "the gateway is stopping")
        self._wanted.set()
        async with self._closing.bounded():
            await self._ready.wait()
        await self._sessions.handle_request(scope, receive, send)

    def routes(self) -> list[Route]:
        """Return its route."""
        return [Route("/mcp", self)]

    async def run(self) -> None:
        """Keep the sessions of clients until the listener closes."""
        self._running = True
        try:
            async with asyncio.TaskGroup() as tasks:
                serving = tasks.create_task(self._serve(), name="mcp sessions")
                await self._closing.begun()
                serving.cancel()
        finally:
            self._running = False

    async def _serve(self) -> None:
        await self._wanted.wait()
        self._sessions = await asyncio.to_thread(_sessions, self._operator)
        async with self._sessions.run():
            self._ready.set()
            await asyncio.Event().wait()


def _sessions(operator: Operator) -> StreamableHTTPSessionManager:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from .mcp import make_server

    return StreamableHTTPSessionManager(
        make_server(lambda request: Permitted(operator, holder_of(request.scope))), max_request_body_size=_MAX_BODY
    )
