"""What an emulated language model answers, the ways in which it fails to, and what it saw. Common to its vendors."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiohttp import web
from aiohttp.typedefs import Handler


@dataclass(frozen=True, slots=True)
class Use:
    """A tool that the model calls."""

    name: str
    arguments: str = "{}"
    """As the model writes them: JSON of an object, or rubbish."""
    id: str = "call_1"


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong with an answer. Frames are counted from the first that holds text or a call."""

    status: int = 200
    """Of the HTTP answer; any other than 200 is an error in the vendor's own shape."""
    silent: bool = False
    """The request is taken and never answered."""
    stall_after: int | None = None
    """So many frames, and then nothing."""
    drop_after: int | None = None
    """So many frames, and then the connection breaks."""
    error_after: int | None = None
    """So many frames, and then an error within the stream."""
    chopped: bool = False
    """The stream is written three bytes at a time, so that characters are cut apart."""
    comments: bool = False
    """Comments between the frames, or what the vendor has in their place."""
    unfinished: bool = False
    """The stream ends without the vendor's sign of it."""
    unnumbered: bool = False
    """Calls come whole and without their index, as some servers that are like OpenAI's send them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: text and calls, in this order."""

    parts: tuple[str | Use, ...] = ("Hello there.",)
    thinking: str = ""
    """What the model thinks first, which is not to be spoken."""
    faults: Faults = Faults()


@dataclass(slots=True)
class Seen:
    """One request that a model got."""

    body: dict[str, Any]
    headers: dict[str, str]
    """Names in lower case."""
    path: str
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when it is being answered as far as its faults let it."""
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the client closed the connection before the answer was complete."""
    finished: bool = False


class Dialect(Protocol):
    """The wire format of one vendor."""

    paths: tuple[str, ...]

    def refuses(self, request: Seen, key: str) -> tuple[int, dict[str, Any]] | None:
        """Return status and body if the request is not as the vendor wants it."""

    def error(self, status: int) -> dict[str, Any]:
        """Return the body of an error."""

    def opening(self, request: Seen) -> list[str]:
        """Return the frames before the answer."""

    def content(self, request: Seen, answer: Answer) -> list[str]:
        """Return the frames of the answer itself."""

    def closing(self, request: Seen, answer: Answer) -> list[str]:
        """Return the frames after it."""

    def broken(self) -> str:
        """Return the frame of an error within the stream."""

    def comment(self) -> str:
        """Return a frame that means nothing."""


class Model:
    """An emulated model: gives one answer after the other, and the last one again and again."""

    def __init__(self, dialect: Dialect, *answers: Answer, key: str = "a-key") -> None:
        self._dialect = dialect
        self._answers = list(answers) or [Answer()]
        self._key = key
        self._asked = asyncio.Event()
        self.seen: list[Seen] = []
        self.connections: list[object] = []
        """For each request of any kind, the client's end of its connection."""

    def app(self) -> web.Application:
        """Return the application that serves it."""

        @web.middleware
        async def notice(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.transport is not None:
                self.connections.append(request.transport.get_extra_info("peername"))
            return await handler(request)

        app = web.Application(client_max_size=1 << 24, middlewares=[notice])
        for path in self._dialect.paths:
            app.router.add_post(path, self._serve)
        return app

    async def asked(self, number: int = 1) -> Seen:
        """Return the request of that number, counted from one, once it is being answered."""
        while len(self.seen) < number:
            self._asked.clear()
            await self._asked.wait()
        await self.seen[number - 1].arrived.wait()
        return self.seen[number - 1]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        seen = Seen(await request.json(), headers, request.path_qs)
        self.seen.append(seen)
        self._asked.set()
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        faults = answer.faults
        if refused := self._dialect.refuses(seen, self._key):
            return web.json_response(refused[1], status=refused[0])
        if faults.status != 200:
            return web.json_response(self._dialect.error(faults.status), status=faults.status)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        try:
            if faults.silent:
                await self._gone(request, seen)
            await response.prepare(request)
            await self._stream(request, response, seen, answer)
        except ConnectionError:
            seen.cancelled.set()
        return response

    async def _stream(self, request: web.Request, response: web.StreamResponse, seen: Seen, answer: Answer) -> None:
        faults = answer.faults
        await self._write(response, self._dialect.opening(seen), faults)
        for number, frame in enumerate(self._dialect.content(seen, answer)):
            if number == faults.stall_after:
                await self._gone(request, seen)
            if number == faults.drop_after and request.transport is not None:
                seen.arrived.set()
                request.transport.abort()
                return
            if number == faults.error_after:
                await self._write(response, [self._dialect.broken()], faults)
                break
            await self._write(response, [frame], faults)
        else:
            if not faults.unfinished:
                await self._write(response, self._dialect.closing(seen, answer), faults)
        await response.write_eof()
        seen.finished = True
        seen.arrived.set()

    async def _write(self, response: web.StreamResponse, frames: Iterable[str], faults: Faults) -> None:
        for frame in frames:
            raw = ((self._dialect.comment() if faults.comments else "") + frame).encode()
            size = 3 if faults.chopped else len(raw)
            for start in range(0, len(raw), size):
                await response.write(raw[start : start + size])
                if faults.chopped:
                    await asyncio.sleep(0)

    async def _gone(self, request: web.Request, seen: Seen) -> None:
        """Wait until the client closes the connection."""
        seen.arrived.set()
        while request.transport is not None and not request.transport.is_closing():  # noqa: ASYNC110 - aiohttp signals it by cancelling only
            await asyncio.sleep(0.005)
        raise ConnectionResetError("the client is gone")


def pieces(text: str) -> list[str]:
    """Cut text as a model streams it: by words, by much more where it is long."""
    if len(text) > 10_000:
        return [text[start : start + 4096] for start in range(0, len(text), 4096)]
    return re.findall(r"\S*\s*", text)[:-1]
