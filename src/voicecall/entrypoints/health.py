"""Whether the gateway lives and is ready, its metrics, and the page where the console will be."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from . import Operator

OPEN = frozenset({"/healthz", "/readyz"})
"""Paths that need no token."""
WELCOME = "This is the control listener of voicecall. Its console comes later; until then there is the command line.\n"


def routes(operator: Operator, metrics: CollectorRegistry) -> list[Route]:
    """Return the routes."""

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        ready = all(operator.readiness().values())
        return JSONResponse({"status": "ready" if ready else "not ready"}, 200 if ready else 503)

    async def metrics_(_: Request) -> Response:
        return Response(generate_latest(metrics), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def home(_: Request) -> Response:
        return PlainTextResponse(WELCOME)

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics_), Route("/", home)]
