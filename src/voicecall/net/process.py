"""A program of somebody else's as a child: lines in, lines out, started again when it dies, gone when we are done."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

import structlog

from voicecall.errors import NetworkError

LONGEST_LINE = 1 << 20
"""Bytes of one line."""
PAUSES = (0.1, 0.5, 1.0, 2.0, 4.0)
"""Seconds before each further start; after the last one the program counts as gone."""
_SOUND = 10.0
"""Seconds that a program must have run for its earlier ends to be forgotten."""
_GRACE = 1.0
"""Seconds that a program has to leave by itself, and again after SIGTERM."""
_MOST_UNREAD = 4 << 20
"""Bytes that may wait for a program that does not read."""
_MOST_SAID = 4 << 20
"""Characters that are kept of what a program says that ends by itself."""

_log = structlog.get_logger()


class Lines:
    """Cuts a stream of bytes into lines. Of a line that is too long, only that there was one is kept."""

    def __init__(self, longest: int = LONGEST_LINE) -> None:
        self._longest = longest
        self._rest = bytearray()
        self._skipping = False

    def feed(self, chunk: bytes) -> list[bytes | None]:
        """Return the lines that end in this chunk, without their ends; None for one that was too long."""
        found: list[bytes | None] = []
        *ended, begun = chunk.split(b"\n")
        for part in ended:
            found += self._ended(part)
        self._keep(begun)
        return found

    @property
    def rest(self) -> bytes:
        """What has begun and not ended."""
        return bytes(self._rest)

    def _ended(self, part: bytes) -> list[bytes | None]:
        self._keep(part)
        line, skipped = bytes(self._rest), self._skipping
        self._rest.clear()
        self._skipping = False
        return [None] if skipped else [line.removesuffix(b"\r")]

    def _keep(self, part: bytes) -> None:
        if len(self._rest) + len(part) > self._longest:
            self._skipping = True
        if self._skipping:
            self._rest.clear()
        else:
            self._rest += part


class Process:
    """Belongs to one call. What is sent while the program does not run waits, as much as `backlog` lines."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        receive: Callable[[bytes | None], None],
        complained: Callable[[bytes | None], None] = lambda _: None,
        environ: Mapping[str, str] | None = None,
        opened: Callable[[], Iterable[bytes]] = tuple,
        lost: Callable[[str], None] = lambda _: None,
        closing: Callable[[], Iterable[bytes]] = tuple,
        heeds_end: bool = True,
        grace: float = _GRACE,
        pauses: Sequence[float] = PAUSES,
        backlog: int = 100,
    ) -> None:
        """`name` is how the log calls it; `command` the program and its arguments.

        `receive` takes each line of its standard output, or None for one that is too long; it must not raise.
        `complained` takes those of its standard error. `environ` is added to our own environment.
        `opened` gives what is sent first at every start, `closing` what is sent last at the end; `lost` is told why it
        ended before that. `heeds_end`: whether it leaves when its standard input ends; else a signal is sent at once.
        """
        self._name = name
        self._command = tuple(command)
        self._receive = receive
        self._complained = complained
        self._environ = dict(environ or {})
        self._opened = opened
        self._lost = lost
        self._closing = closing
        self._heeds_end = heeds_end
        self._grace = grace
        self._pauses = tuple(pauses)
        self._waiting: deque[bytes] = deque(maxlen=backlog)
        self._child: _Child | None = None

    @property
    def pid(self) -> int | None:
        """The program's process id, while it runs."""
        return None if self._child is None else self._child.pid

    def send(self, line: bytes) -> None:
        """Send a line, which holds no line feed, as soon as that is possible."""
        if self._child is not None:
            self._child.write(line)
        else:
            self._waiting.append(line)

    def forget(self) -> None:
        """Drop what waits to be sent."""
        self._waiting.clear()

    async def run(self) -> None:
        """Keep it running until cancelled; then it is told, and when that does not help, killed with all its children.

        Raises:
            NetworkError: it cannot be started, or does not stay.
        """
        failures, loop = 0, asyncio.get_running_loop()
        while True:
            begun = loop.time()
            why = await self._live()
            failures = 1 if loop.time() - begun > _SOUND else failures + 1
            self._lost(why)
            if failures > len(self._pauses):
                raise NetworkError(f"{self._name}: {why}, {failures} times in a row")
            await asyncio.sleep(self._pauses[failures - 1])

    async def _live(self) -> str:
        """Run the program once; return why it ended."""
        child = await _started(self._name, self._command, self._receive, self._complained, self._environ)
        try:
            for line in (*self._opened(), *self._waiting):
                child.write(line)
            self._waiting.clear()
            self._child = child
            await child.gone.wait()
        finally:
            self._child = None
            await self._end(child)
        return f"the program ended with {child.status}"

    async def _end(self, child: _Child) -> None:
        """Make sure that it is gone, and its children with it."""
        try:
            if not child.gone.is_set():
                for line in self._closing():
                    child.write(line)
                child.finish()
                if not self._heeds_end or not await child.leaves(self._grace):
                    child.signal(signal.SIGTERM)
                    await child.leaves(self._grace)
        finally:
            await child.end(self._grace)


@dataclass(frozen=True, slots=True)
class Finished:
    """What a program that does one thing and ends has said."""

    succeeded: bool
    """Whether its exit status was 0."""
    status: str
    """How it ended, in words."""
    out: str
    err: str


async def finish(
    name: str, command: Sequence[str], *, patience: float, enough: Callable[[str], bool] = lambda _: False
) -> Finished:
    """Run a program that ends by itself, at most `patience` seconds; nothing is sent to it.

    `enough` is shown each line of either stream; once it says so, the program is told to leave.

    Raises:
        NetworkError: it cannot be started, or does not end in time.
    """
    said: dict[int, list[str]] = {1: [], 2: []}
    child: _Child | None = None
    leave = False

    def take(fd: int, line: bytes | None) -> None:
        nonlocal leave
        text = "" if line is None else line.decode("utf-8", "replace")
        if sum(map(len, said[fd])) < _MOST_SAID:
            said[fd].append(text)
        leave = leave or enough(text)
        if leave and child is not None:
            child.signal(signal.SIGTERM)

    child = await _started(name, command, lambda line: take(1, line), lambda line: take(2, line), {})
    try:
        child.finish()
        if leave:
            child.signal(signal.SIGTERM)
        if not await child.is_read(patience):
            raise NetworkError(f"{name} did not end within {patience:g} s", code="timeout")
        for fd in said:
            take(fd, child.rest(fd))
    finally:
        await child.end(_GRACE)
    return Finished(child.status == "exit status 0", child.status, "\n".join(said[1]), "\n".join(said[2]))


async def _started(
    name: str,
    command: Sequence[str],
    heard: Callable[[bytes | None], None],
    complained: Callable[[bytes | None], None],
    environ: Mapping[str, str],
) -> _Child:
    loop = asyncio.get_running_loop()
    program, *arguments = command or ("",)
    try:
        _, protocol = await loop.subprocess_exec(
            lambda: _Child(name, heard, complained),
            program,
            *arguments,
            start_new_session=True,
            env={**os.environ, **environ},
        )
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        raise NetworkError(f"{name}: cannot start {program or 'nothing'}: {reason}") from error
    return protocol


class _Child(asyncio.SubprocessProtocol):
    """The program, once started."""

    def __init__(
        self, name: str, heard: Callable[[bytes | None], None], complained: Callable[[bytes | None], None]
    ) -> None:
        self._name = name
        self._heard = heard
        self._complained = complained
        self._transport: asyncio.SubprocessTransport
        self._lines = {1: Lines(), 2: Lines()}
        self.gone = asyncio.Event()
        self._read = asyncio.Event()
        self.complaints = 0
        """Lines on its standard error."""
        self.pid = 0

    @property
    def status(self) -> str:
        """How it ended, in words."""
        code = self._transport.get_returncode()
        if code is None:
            return "no status"
        return f"signal {-code}" if code < 0 else f"exit status {code}"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self.pid = self._transport.get_pid()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        for line in self._lines[fd].feed(data):
            if fd == 1:
                self._heard(line)
            else:
                self.complaints += 1
                text = "a line that is too long" if line is None else line.decode("utf-8", "replace")
                _log.debug("process.said", program=self._name, line_number=self.complaints, text=text)
                self._complained(line)

    def rest(self, fd: int) -> bytes:
        """Return what it said last without ending the line."""
        return self._lines[fd].rest

    def process_exited(self) -> None:
        self.gone.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._read.set()

    def write(self, line: bytes) -> None:
        """Send a line; if it has long stopped reading, the line is dropped."""
        pipe = self._stdin()
        if pipe is not None and not pipe.is_closing() and pipe.get_write_buffer_size() < _MOST_UNREAD:
            pipe.write(line + b"\n")

    def finish(self) -> None:
        """Close its standard input."""
        pipe = self._stdin()
        if pipe is not None:
            pipe.close()

    def _stdin(self) -> asyncio.WriteTransport | None:
        return cast("asyncio.WriteTransport | None", self._transport.get_pipe_transport(0))

    async def leaves(self, patience: float) -> bool:
        """Wait so many seconds for its end; return whether it came."""
        return await _set_within(patience, self.gone)

    async def is_read(self, patience: float) -> bool:
        """Wait so many seconds until all that it wrote was taken; return whether that is so."""
        return await _set_within(patience, self._read)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it and all its children."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    async def end(self, patience: float) -> None:
        """Kill it and its children, read what it still said and let go of its pipes, within so many seconds each."""
        self.signal(signal.SIGKILL)
        await self.is_read(patience)
        self._transport.close()
        await self.leaves(patience)
        _log.debug("process.ended", program=self._name, status=self.status, stderr_lines=self.complaints)


async def _set_within(patience: float, event: asyncio.Event) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(patience):
            await event.wait()
    return event.is_set()
