"""One media stream from the network's side: sends what the metronome produces, reads what the gateway wants played."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Literal

from voicecall.errors import FrameError

from .faces import Dialect, Sent, Socket

BACKLOG = 250
"""Messages that may wait for a gateway that reads slowly; audio beyond them is dropped, other messages are not."""

GOING_AWAY = 1001
"""The close code when the network stops while a stream runs."""

Reason = Literal["closed", "lost"]


class MediaStream:
    """A WebSocket to the gateway. Sending never blocks; `run` does the work."""

    def __init__(
        self,
        socket: Socket,
        dialect: Dialect,
        receive: Callable[[Sent], None],
        *,
        slow_read: float = 0.0,
        drop_after: float | None = None,
    ) -> None:
        """`receive` gets what the gateway sends; the two times, in seconds, are faults."""
        self.dropped = 0
        """Frames that were not sent because the gateway reads too slowly."""
        self._socket = socket
        self._dialect = dialect
        self._receive = receive
        self._slow_read = slow_read
        self._drop_after = drop_after
        self._outbox: deque[str] = deque(dialect.opening())
        self._wake = asyncio.Event()
        self._stopping = False

    def send_audio(self, mulaw: bytes) -> None:
        """Send 20 ms of the phone's audio."""
        if len(self._outbox) < BACKLOG:
            self._send(self._dialect.audio(mulaw))
        else:
            self.dropped += 1

    def send_mark(self, name: str) -> None:
        """Return a mark."""
        self._send(self._dialect.mark(name))

    def send_digit(self, digit: str) -> None:
        """Report a pressed key."""
        self._send(self._dialect.digit(digit))

    def stop(self) -> None:
        """End the stream: send the last message, then close."""
        self._send(self._dialect.stop())
        self._stopping = True

    async def run(self) -> Reason:
        """Carry the stream until it ends and return how: `closed` by either side, or `lost`."""
        try:
            async with asyncio.timeout(self._drop_after):
                return await self._pump()
        except TimeoutError:
            self._socket.drop()
            return "lost"
        finally:
            await self._socket.close(GOING_AWAY)

    def _send(self, message: str) -> None:
        self._outbox.append(message)
        self._wake.set()

    async def _pump(self) -> Reason:
        async with asyncio.TaskGroup() as tasks:
            writer = tasks.create_task(self._write())
            reason = await self._read()
            if not self._stopping:
                writer.cancel()
        return reason

    async def _write(self) -> None:
        try:
            while self._outbox or not self._stopping:
                while self._outbox:
                    await self._socket.send(self._outbox.popleft())
                if not self._stopping:
                    self._wake.clear()
                    await self._wake.wait()
            await self._socket.close()
        except ConnectionError:
            return  # the reader learns of it as well, and says how the stream ended

    async def _read(self) -> Reason:
        try:
            while True:
                if self._slow_read:
                    await asyncio.sleep(self._slow_read)
                try:
                    message = await self._socket.recv()
                except FrameError:
                    self._dialect.binary()
                    continue
                if message is None:
                    return "lost" if self._socket.code in (None, 1006) else "closed"
                if (sent := self._dialect.read(message)) is not None:
                    self._receive(sent)
        except FrameError:
            await self._socket.close(1003)
            return "lost"
