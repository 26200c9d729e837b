"""The agent behind a URL: one POST per question, answered by JSON, by text, or by server-sent events."""

from __future__ import annotations

import asyncio
import codecs
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import msgspec

from voicecall.core.sse import Event, Events, TooLong
from voicecall.errors import AgentError, ConfigError, Fault, NetworkError
from voicecall.net.http import Http, Streamed

from . import BrainOptions, Conclusion, Conversation, Inquiry, Opening, Report, Said
from .chunks import Chunk
from .conclusion import given, written
from .wire import Answer, question, turn

_LARGEST = 1 << 20
"""Bytes of an answer in JSON."""


class HttpBrain:
    """Asks whoever listens at `url`. Belongs to all calls."""

    def __init__(self, options: BrainOptions) -> None:
        """Raises ConfigError when it is not said whom to ask."""
        if not options.url:
            raise ConfigError([Fault("brain.url", "say where the agent listens, such as http://127.0.0.1:8000/turn")])
        self._options = options
        self.early = options.early or False
        self._http: Http | None = None

    @asynccontextmanager
    async def ready(self) -> AsyncIterator[None]:
        """Own the connections."""
        async with Http() as self._http:
            yield

    def open(self, call: Opening, report: Callable[[Report], None]) -> HttpMind:
        """Return the agent of a call that begins. `ready` must have been entered."""
        assert self._http is not None  # noqa: S101 - a promise of the port
        return HttpMind(self._options, self._http)


class HttpMind:
    """One call."""

    def __init__(self, options: BrainOptions, http: Http) -> None:
        self._options = options
        self._http = http
        self._asked = 0

    async def run(self) -> None:
        """There is nothing to keep ready: the connection to the last answer is kept by itself."""
        await asyncio.Event().wait()

    async def reply(self, conversation: Conversation) -> AsyncGenerator[Said, None]:
        """Yield the answer to the caller's last line.

        Raises:
            AgentError: there is no answer, or no more of it.
        """
        self._asked += 1
        headers = self._headers("text/event-stream, application/json, text/plain")
        body = msgspec.json.encode(turn(conversation, self._asked))
        patience = self._options.timeout
        try:
            async with (
                self._http.stream("POST", self._options.url, headers, body, first=patience, stall=patience) as answer,
                aclosing(_said(answer)) as items,
            ):
                async for item in items:
                    yield item
        except NetworkError as error:
            raise AgentError(f"brain.url: {error}", retryable=error.retryable, code=error.code) from error

    async def conclude(self, inquiry: Inquiry) -> Conclusion:
        """Return what the agent makes of a call that is over.

        Raises:
            AgentError: it does not say.
        """
        self._asked += 1
        headers, patience = self._headers("application/json"), self._options.timeout
        body = msgspec.json.encode(question(inquiry, self._asked))
        try:
            async with self._http.stream(
                "POST", self._options.url, headers, body, first=patience, stall=patience
            ) as answer:
                if answer.status >= 300:
                    raise _refused(answer.status)
                found = await answer.whole(_LARGEST)
        except NetworkError as error:
            raise AgentError(f"brain.url: {error}", retryable=error.retryable, code=error.code) from error
        return _concluded(found)

    def _headers(self, accept: str) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept": accept}
        if self._options.api_key:
            headers["Authorization"] = f"Bearer {self._options.api_key}"
        return headers


def _concluded(body: bytes) -> Conclusion:
    """Read what came of a call: as the body, or as its `outcome`."""
    if not body:
        return given(None, "brain.url")
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError):
        return written(body.decode(errors="replace"), "brain.url")
    inner = found.get("outcome") if isinstance(found, dict) else None
    return given(inner if isinstance(inner, dict) else found, "brain.url")


async def _said(answer: Streamed) -> AsyncGenerator[Said, None]:
    """Read an answer as what it says it is."""
    if answer.status >= 300:
        raise _refused(answer.status)
    if answer.status == 204:
        return
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "text/event-stream":
        reading = _events(answer)
    elif kind == "application/json" or kind.endswith("+json"):
        reading = _json(answer)
    elif kind in ("text/plain", "text/markdown"):
        reading = _text(answer)
    else:
        message = f"brain.url answered with {kind[:60] or 'no content type'}; it may send JSON, plain text or events"
        raise AgentError(message, code="bad-answer")
    async with aclosing(reading) as items:
        async for item in items:
            yield item


def _refused(status: int) -> AgentError:
    advice = "; check brain.token" if status in (401, 403) else "; check brain.url" if status in (404, 405) else ""
    return AgentError(
        f"brain.url answered {status}{advice}", retryable=status in (408, 429) or status >= 500, code=str(status)
    )


async def _json(answer: Streamed) -> AsyncGenerator[Said, None]:
    body = await answer.whole(_LARGEST + 1)
    if len(body) > _LARGEST:
        raise AgentError(f"brain.url answered with more than {_LARGEST} bytes", code="bad-answer")
    try:
        found: Any = json.loads(body)
    except ValueError:
        raise AgentError("brain.url answered with broken JSON", code="bad-answer") from None
    for item in _meant(found):
        yield item


async def _text(answer: Streamed) -> AsyncGenerator[Said, None]:
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    async for chunk in answer.body:
        if text := decoder.decode(chunk):
            yield text
    if text := decoder.decode(b"", True):
        yield text


async def _events(answer: Streamed) -> AsyncGenerator[Said, None]:
    events = Events()
    try:
        async for chunk in answer.body:
            for event in events.feed(chunk):
                if event.data == "[DONE]":
                    return
                for item in _from_event(event):
                    yield item
        for event in events.feed(b"", last=True):
            for item in _from_event(event):
                yield item
    except TooLong:
        raise AgentError("brain.url sent an event without an end", code="bad-answer") from None


def _from_event(event: Event) -> list[Said]:
    if event.name == "error":
        raise AgentError("brain.url reported an error", retryable=True, code="reported")
    if event.name != "message" or event.data == "[DONE]":
        return []
    try:
        found: Any = json.loads(event.data)
    except ValueError:
        return [event.data]
    return _meant(found) if isinstance(found, dict | str) else [event.data]


def _meant(found: Any) -> list[Said]:
    """Return what a JSON value says: our own answer, a chunk of a chat completion, or simply a text.

    Raises:
        AgentError: it is none of these, or an error.
    """
    if isinstance(found, str):
        return [found]
    try:
        if isinstance(found, dict) and ("choices" in found or "error" in found):
            chunk = msgspec.convert(found, Chunk)
            if chunk.failure:
                message = f"brain.url reported an error: {chunk.failure}"
                raise AgentError(message, retryable=True, code="reported")
            return [chunk.text] if chunk.text else []
        return msgspec.convert(found, Answer).said()
    except ValueError as error:  # what msgspec raises is one, and names the place but not the value
        raise AgentError(f"brain.url answered with something else than agreed: {error}", code="bad-answer") from None
