"""One vendor's WebSocket, kept open for a call: connected early, kept alive, connected again after it was lost."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence

from voicecall.errors import NetworkError, ProviderError, RealtimeError, SpeechError, Trouble

from .sockets import PONG, Socket, connect

_CONNECT = 5.0
"""Seconds that a connection may take to open."""
_PAUSES = (0.1, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0)
"""Seconds before each further attempt; after the last one the vendor counts as gone."""
_STEADY = 10.0
"""Seconds after which a connection was a good one. Words alone do not prove it: some vendors greet, then refuse."""

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
        pauses: Sequence[float] = _PAUSES,
        steady: float = _STEADY,
        failure: type[SpeechError | RealtimeError] = SpeechError,
        judged: Callable[[ProviderError], ProviderError] = lambda error: error,
        pong: float = PONG,
    ) -> None:
        """`vendor` names the section of the configuration, such as `stt.deepgram`.

        `receive` takes each message; a `failure` that it raises ends the connection, and the link for good unless
        it is retryable. `opened` gives what is sent first on every connection, `lost` is told why one ended.
        `keepalive`: after so many seconds without anything sent, send this. `pauses`: seconds before each further
        attempt; they begin anew after a connection that stood for `steady` seconds. `judged` says what the end of a
        connection means, which for some vendors stands in the reason alone. `pong`: seconds that a ping may take.
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
        self._pauses = tuple(pauses)
        self._steady = steady
        self._due = asyncio.Event()
        self._up = asyncio.Event()
        self._failure = failure
        self._judged = judged
        self._pong = pong
        self._renewing = False
        self._dead: ProviderError | None = None
        self._trouble = ""
        """Why there is no connection, if that is known."""

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

    def renew(self) -> None:
        """Put a fresh connection in the place of this one, at once. What waits to be sent goes out through that."""
        self._renewing = True
        self._due.set()

    async def connected(self, patience: float) -> None:
        """Wait until there is a connection.

        Raises:
            ProviderError: of the kind `failure`: there is none within `patience` seconds, or there will be none.
        """
        try:
            async with asyncio.timeout(patience):
                await self._up.wait()
        except TimeoutError:
            why = self._trouble or f"no connection within {patience:g} s"
            raise self._failure(f"{self._vendor}: {why}", retryable=True) from None
        if self._dead is not None:
            raise self._dead

    async def run(self) -> None:
        """Stay connected until cancelled.

        Raises:
            ProviderError: of the kind `failure`: the vendor refuses us, or cannot be reached any more.
        """
        clock = asyncio.get_running_loop().time
        failures = 0
        while True:
            begun = clock()
            error: ProviderError = NetworkError("the connection ended", retryable=True)
            try:
                async with connect(self._url, self._headers, timeout=_CONNECT, pong=self._pong) as socket:
                    begun = clock()
                    await self._serve(socket)
            except* ProviderError as group:
                error = self._judged(_first(group))
            if self._renewing:
                self._renewing = False
                self._up.clear()
                continue
            stood = self._up.is_set() and clock() - begun >= self._steady
            failures = 1 if stood else failures + 1
            self._ended(error, failures)
            await asyncio.sleep(self._pauses[failures - 1])

    def _ended(self, error: ProviderError, failures: int) -> None:
        self._up.clear()
        why = self._trouble = self._redacted(str(error))
        if failures > len(self._pauses) or not error.retryable:
            self._dead = self._failure(f"{self._vendor}: {why}{_advice(self._vendor, error.code)}", code=error.code)
            self._up.set()  # whoever waits is told
        self._lost(why)
        if self._dead is not None:
            raise self._dead
        if failures == 1:
            self._report(Trouble("reconnected", f"{self._vendor}: {why}; connecting again."))

    def _redacted(self, text: str) -> str:
        """Vendors quote keys in the reasons that they give."""
        for secret in (word for value in self._headers.values() for word in value.split() if len(word) >= 8):
            text = text.replace(secret, "***")
        return text

    async def _serve(self, socket: Socket) -> None:
        for message in self._opened():
            await socket.send(message)
        self._trouble = ""
        self._up.set()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._send_on(socket), name=f"{self._vendor} sends")
            while True:
                self._receive(await socket.recv())

    async def _send_on(self, socket: Socket) -> None:
        while True:
            self._due.clear()
            if self._renewing:
                raise NetworkError("a fresh connection takes its place", retryable=True)
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


def _first(group: BaseExceptionGroup[BaseException]) -> ProviderError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, ProviderError)  # noqa: S101 - except* has chosen it
    return error


def _advice(vendor: str, code: str | None) -> str:
    setting = {"401": "api_key", "403": "api_key", "404": "model"}.get(code or "")
    return f"; check {vendor}.{setting}" if setting else ""
