"""The socket of a media stream: carries errors out of turn and, on demand, lets media messages overtake each other."""

from __future__ import annotations

from voicecall.emulators.faces import Socket

GROUP = 4
"""Of so many media messages in a row, the first is overtaken by the two that follow it."""
_MEDIA = '{"event":"media"'


class StreamSocket:
    """A socket to the gateway, seen through the network's port."""

    def __init__(self, socket: Socket, *, unordered: bool) -> None:
        self._socket = socket
        self._unordered = unordered
        self._count = 0
        self._late: str | None = None
        self._urgent: list[str] = []

    @property
    def code(self) -> int | None:
        """The peer's close code; None while open, 1006 where it sent none."""
        return self._socket.code

    def post(self, message: str) -> None:
        """Send this before the next message of the gateway is read."""
        self._urgent.append(message)

    async def send(self, text: str) -> None:
        """Send one message, or hold it back for a moment.

        Raises:
            ConnectionError: the socket is closed.
        """
        if not self._unordered or not text.startswith(_MEDIA):
            await self._release()
            await self._socket.send(text)
            return
        self._count += 1
        if self._count % GROUP == 1:
            self._late = text
            return
        await self._socket.send(text)
        if self._count % GROUP == 3:
            await self._release()

    async def recv(self) -> str | None:
        """Return the next message, or None once the socket is closed.

        Raises:
            FrameError: a message that is not text arrived.
        """
        try:
            while self._urgent:
                await self._socket.send(self._urgent.pop(0))
        except ConnectionError:
            self._urgent.clear()
        return await self._socket.recv()

    async def close(self, code: int = 1000) -> None:
        """Close it politely; closing twice is nothing."""
        await self._socket.close(code)

    def drop(self) -> None:
        """Cut the connection without a close frame."""
        self._socket.drop()

    async def _release(self) -> None:
        late, self._late = self._late, None
        if late is not None:
            await self._socket.send(late)
