"""What happens to calls, as server-sent events: from the archive first, then live."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from voicecall.core.operations import Status
from voicecall.errors import BadParameters

from . import Operator
from .closing import Closing
from .permission import Permitted, holder_of

MEDIA_TYPE = "text/event-stream"
_KEEP_ALIVE = 15.0
_LONGEST = 18
"""Digits of a sequence number."""
_COMMENT = b": still here\n\n"


class EventStream(Response):
    """Sends events until they end, the client leaves or the listener closes; comments every 15 s keep it open."""

    def __init__(self, events: AsyncIterator[dict[str, Any]], closing: Closing) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}, media_type=MEDIA_TYPE)
        del self.headers["content-length"]
        self._events = events
        self._closing = closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async with asyncio.TaskGroup() as tasks:
            work = [
                tasks.create_task(self._copy(send)),
                tasks.create_task(_keep_alive(send)),
                tasks.create_task(_departure(receive)),
                tasks.create_task(self._closing.begun()),
            ]
            await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            for task in work:
                task.cancel()
        await _write(send, b"", more=False)

    async def _copy(self, send: Send) -> None:
        try:
            await _write(send, _COMMENT)
            async for event in self._events:
                await _write(send, encode(event))
        finally:
            if isinstance(self._events, AsyncGenerator):
                await self._events.aclose()


def encode(event: dict[str, Any]) -> bytes:
    """Return `{seq, at, callId, type, data}` as one server-sent event."""
    return f"id: {event['seq']}\nevent: {event['type']}\n".encode() + b"data: " + msgspec.json.encode(event) + b"\n\n"


def routes(operator: Operator, closing: Closing) -> list[Route]:
    """Return the route of all events."""

    async def events(request: Request) -> Response:
        permitted = Permitted(operator, holder_of(request.scope))
        return await stream(request, permitted, closing, request.query_params.get("callId"))

    return [Route("/v1/events", events)]


async def stream(request: Request, operator: Operator, closing: Closing, call_id: str | None) -> Response:
    """Return the events after `Last-Event-ID`, else `since`, of one call or of all.

    Raises:
        BadParameters: that is no sequence number.
        CallNotFound: no call has that id.
    """
    since = request.headers.get("last-event-id") or request.query_params.get("since") or "0"
    if not (since.isascii() and since.isdigit() and len(since) <= _LONGEST):
        raise BadParameters("since: expected a sequence number")
    if call_id is not None:
        await operator.perform(Status(call_id=call_id))
    if request.method == "HEAD":
        return Response(media_type=MEDIA_TYPE)
    return EventStream(operator.subscribe(int(since), call_id), closing)


async def _keep_alive(send: Send) -> None:
    while True:
        await asyncio.sleep(_KEEP_ALIVE)
        await _write(send, _COMMENT)


async def _departure(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _write(send: Send, body: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})
