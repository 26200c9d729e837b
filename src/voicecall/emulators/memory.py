"""The wires in memory, for virtual time: a pair of sockets that are each other's far end."""

from __future__ import annotations

import asyncio


class MemorySocket:
    """One end of an in-memory WebSocket."""

    def __init__(self) -> None:
        self._inbox: asyncio.Queue[str | None] = asyncio.Queue()
        self._code: int | None = None
        self._far: MemorySocket | None = None

    @classmethod
    def pair(cls) -> tuple[MemorySocket, MemorySocket]:
        """Return the two ends."""
        near, far = cls(), cls()
        near._far, far._far = far, near
        return near, far

    @property
    def code(self) -> int | None:
        """The peer's close code; None while open, 1006 where it sent none."""
        return self._code

    async def send(self, text: str) -> None:
        """Send one message.

        Raises:
            ConnectionError: the socket is closed.
        """
        if self._far is None or self._code is not None:
            raise ConnectionResetError("the socket is closed")
        self._far._inbox.put_nowait(text)

    async def recv(self) -> str | None:
        """Return the next message, or None once the socket is closed and everything was read."""
        if self._code is not None and self._inbox.empty():
            return None
        return await self._inbox.get()

    async def close(self, code: int = 1000) -> None:
        """Close both ends; closing twice is nothing."""
        self._shut(code)

    def drop(self) -> None:
        """Cut the connection without a close frame."""
        self._shut(1006)

    def _shut(self, code: int) -> None:
        for end in (self, self._far):
            if end is not None and end._code is None:
                end._code = code
                end._inbox.put_nowait(None)
