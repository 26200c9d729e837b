"""A connection that lasts as long as the token that opened it. The doors behind need not know."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

_NO_LONGER = 1008
_GOODBYE = 1.0
"""Seconds that saying so may take."""


class Leash:
    """Stands between the server and the application, as its `receive` and its `send`, until it is cut.

    An event stream then ends and a WebSocket is closed with 1008, as if the client had left; a request that has not
    been answered yet is answered with a refusal. What the application says afterwards is heard by nobody.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, token: str, seen: float) -> None:
        self.token = token
        self.seen = seen
        """When the token was last seen to hold, in seconds of the event loop."""
        self._scope = scope
        self._receive = receive
        self._send = send
        self._begun = False
        self._complete = False
        self._cut = False
        self._waits: set[asyncio.Timeout] = set()

    async def receive(self) -> Message:
        """Return what the client sends next, or that it is gone."""
        wait = asyncio.timeout(0 if self._cut else None)
        try:
            async with wait:
                self._waits.add(wait)
                return await self._receive()
        except TimeoutError:
            if not wait.expired():
                raise
            if self._scope["type"] == "websocket":
                return {"type": "websocket.disconnect", "code": _NO_LONGER, "reason": ""}
            return {"type": "http.disconnect"}
        finally:
            self._waits.discard(wait)

    async def send(self, message: Message) -> None:
        """Send it to the client, unless the connection is cut; an answer that was begun is ended."""
        if not self._cut:
            self._begun = True
        elif self._scope["type"] == "websocket" or not self._begun:
            return
        await self._send(message)
        self._complete = message["type"] == "http.response.body" and not message.get("more_body", False)

    async def end(self) -> None:
        """Complete an answer that the application left when it was told that the client is gone."""
        if self._cut and self._begun and not self._complete and self._scope["type"] == "http":
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def cut(self, refusal: Response) -> None:
        """End the connection; `refusal` answers a request that has had no answer."""
        self._cut = True
        for wait in self._waits:
            wait.reschedule(asyncio.get_running_loop().time())
        with suppress(TimeoutError, OSError, RuntimeError):  # the client may be gone, or its answer just complete
            async with asyncio.timeout(_GOODBYE):
                if not self._begun:
                    await refusal(self._scope, self._receive, self._send)
                elif self._scope["type"] == "websocket":
                    await self._send({"type": "websocket.close", "code": _NO_LONGER, "reason": "the token has ended"})
