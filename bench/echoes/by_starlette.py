"""Media and webhooks by Starlette on uvicorn, which takes the HTTP and WebSocket parsers it finds."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from bench.echoes.message import SIGNATURE_HEADER, WEBHOOK_REPLY, echo, is_signed


async def _stream(stream: WebSocket) -> None:
    await stream.accept()
    async for text in stream.iter_text():
        await stream.send_text(echo(text).decode())


async def _webhook(request: Request) -> Response:
    if not is_signed(await request.body(), request.headers.get(SIGNATURE_HEADER, "")):
        return Response(status_code=403)
    return Response(WEBHOOK_REPLY, media_type="text/xml")


@asynccontextmanager
async def serve() -> AsyncIterator[int]:
    """Serve both protocols."""
    routes = [WebSocketRoute("/stream", _stream), Route("/webhook", _webhook, methods=["POST"])]
    config = uvicorn.Config(Starlette(routes=routes), access_log=False, log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server.serve([listener]))
            try:
                yield listener.getsockname()[1]
            finally:
                server.should_exit = True
