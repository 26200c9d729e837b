"""One vendor's WebSocket, kept open for a call: connected early, kept alive, connected again after it was lost."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping

from voicecall.errors import NetworkError, SpeechError
from voicecall.net.sockets import Socket, connect

from . import Trouble

_CONNECT = 5.0
"""Seconds that a connection may take to open."""
_PAUSES = (0.1, 0.5, 1.0, 2.0, 4.0)
"""Seconds before each further attempt; after the last one the vendor counts as gone."""

Message = str | bytes


class Link:
    """Belongs to one call. What is sent while there is no connection waits, as much as `backlog` messages."""

    def __init__(
        self,
        vendor: str,
        url: str,
        headers: Mapping[str, str],
        *,
        receive: Callable[[Message], None],
        report: Callable[[Trouble], None],
        opened: Callable[[], Iterable[Message]] = tuple,
        lost: Callable[[str], None] = lambda _: None,
        keepalive: tuple[float, Message] | None = None,
        backlog: int = 500,
    ) -> None:
        """`vendor` names the section of the configuration, such as `stt.deepgram`.

        `receive` takes each message; a `SpeechError` that it raises ends the connection, and the link for good unless
        it is retryable. `opened` gives what is sent first on every connection, `lost` is told why one ended.
        `keepalive`: after so many seconds without anything sent, send this.
        """
        self._vendor = vendor
        self._url = url
        self._headers = dict(headers)
        self._receive = receive
        self._report = report
        self._opened = opened
        self._lost = lost
        self._keepalive = keepalive
        self._waiting: deque[Message] = deque(maxlen=backlog)
        self._due = asyncio.Event()
        self._up = asyncio.Event()
        self._dead: SpeechError | None = None
        self._proven = False
        """Whether the present connection brought anything."""

    @property
    def is_up(self) -> bool:
        """Whether there is a connection."""
        return self._up.is_set() and self._dead is None

    def send(self, message: Message) -> None:
        """Send it as soon as that is possible; the oldest is dropped where too much waits."""
        self._waiting.append(message)
        self._due.set()

    def forget(self) -> None:
        """Drop what waits to be sent."""
        self._waiting.clear()

    async def connected(self, patience: float) -> None:
        """Wait until there is a connection.

        Raises:
            SpeechError: there is none within `patience` seconds, or there will be none.
        """
        try:
            async with asyncio.timeout(patience):
                await self._up.wait()
        except TimeoutError:
            raise SpeechError(f"{self._vendor}: no connection within {patience:g} s", retryable=True) from None
        if self._dead is not None:
            raise self._dead

    async def run(self) -> None:
        """Stay connected until cancelled.

        Raises:
            SpeechError: the vendor refuses us, or cannot be reached any more.
        """
        failures = 0
        while True:
            self._proven = False
            error: NetworkError | SpeechError = NetworkError("the connection ended", retryable=True)
            try:
                async with connect(self._url, self._headers, timeout=_CONNECT) as socket:
                    await self._serve(socket)
            except* NetworkError as group:
                error = _first(group, NetworkError)
            except* SpeechError as group:
                error = _first(group, SpeechError)
            self._up.clear()
            self._lost(str(error))
            failures = 1 if self._proven else failures + 1
            if failures > len(_PAUSES) or not error.retryable:
                self._dead = SpeechError(f"{self._vendor}: {error}{_advice(self._vendor, error.code)}", code=error.code)
                self._up.set()  # whoever waits is told
                raise self._dead
            self._report(Trouble("reconnected", f"{self._vendor}: {error}; connecting again."))
            await asyncio.sleep(_PAUSES[failures - 1])

    async def _serve(self, socket: Socket) -> None:
        for message in self._opened():
            await socket.send(message)
        self._up.set()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._send_on(socket), name=f"{self._vendor} sends")
            while True:
                message = await socket.recv()
                self._proven = True
                self._receive(message)

    async def _send_on(self, socket: Socket) -> None:
        while True:
            self._due.clear()
            while self._waiting:
                await socket.send(self._waiting.popleft())
            if self._keepalive is None:
                await self._due.wait()
                continue
            seconds, message = self._keepalive
            try:
                async with asyncio.timeout(seconds):
                    await self._due.wait()
            except TimeoutError:
                await socket.send(message)


def _first(
    group: BaseExceptionGroup[BaseException], kind: type[NetworkError | SpeechError]
) -> NetworkError | SpeechError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, kind)  # noqa: S101 - except* has chosen it
    return error


def _advice(vendor: str, code: str | None) -> str:
    return f"; check {vendor}.api_key" if code in ("401", "403") else ""
