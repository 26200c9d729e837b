"""The cables: HTTP out, WebSockets and processes. They carry bytes and know nothing of calls or carriers."""

from __future__ import annotations

from typing import Protocol


class MediaSocket(Protocol):
    """One open WebSocket to a peer that streams media. One task receives; any may send."""

    async def recv(self) -> str | bytes | None:
        """Return the next message, text or binary, or None once the socket is closed."""

    async def send(self, message: str) -> None:
        """Send a text message, waiting while the peer reads too slowly. Once closed, the message is dropped."""

    async def close(self, code: int, reason: str) -> None:
        """Close with a WebSocket close code and a reason of at most 123 bytes. Closing twice does nothing."""
