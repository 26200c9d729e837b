"""Vendors of speech and language, on loopback: their wire protocols written a second time, with faults on demand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ssl import SSLContext

from aiohttp import web


@asynccontextmanager
async def listening(app: web.Application, tls: SSLContext | None = None) -> AsyncIterator[str]:
    """Serve `app` on a free port of loopback and yield its origin, such as `http://127.0.0.1:4711`."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    try:
        await site.start()
        host, port = runner.addresses[0][:2]
        yield f"http{'s' if tls else ''}://{host}:{port}"
    finally:
        await runner.cleanup()
