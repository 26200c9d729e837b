"""Media and webhooks by aiohttp, on one port."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import WSMsgType, web

from bench.echoes.message import SIGNATURE_HEADER, WEBHOOK_REPLY, echo, is_signed


async def _stream(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(compress=False, decode_text=False)
    await socket.prepare(request)
    async for message in socket:
        await socket.send_frame(echo(message.data), WSMsgType.TEXT)
    return socket


async def _webhook(request: web.Request) -> web.Response:
    if not is_signed(await request.read(), request.headers.get(SIGNATURE_HEADER, "")):
        return web.Response(status=403)
    return web.Response(body=WEBHOOK_REPLY, content_type="text/xml")


def echo_runner() -> web.AppRunner:
    """Return a runner, not yet set up, of the echoing application."""
    application = web.Application()
    application.router.add_get("/stream", _stream)
    application.router.add_post("/webhook", _webhook)
    return web.AppRunner(application, access_log=None, shutdown_timeout=1.0)


@asynccontextmanager
async def serve() -> AsyncIterator[int]:
    """Serve both protocols with aiohttp on one port."""
    runner = echo_runner()
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
