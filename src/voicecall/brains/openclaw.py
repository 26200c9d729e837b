"""The agent of an OpenClaw gateway, asked over its chat completions endpoint.

The gateway keeps the conversation, so it is told only what is new. It may take long: see `late`.
Source: protocols.md 9.7, docs.openclaw.ai/gateway/openai-http-api (2026-11).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from hashlib import sha256
from typing import Any

import msgspec

from voicecall.core.ids import is_e164
from voicecall.core.sse import Event, Events, TooLong
from voicecall.errors import AgentError, ConfigError, Fault, NetworkError
from voicecall.net.http import Http, Streamed

from . import BrainOptions, Conclusion, Conversation, Inquiry, Line, Opening, Report, Said
from .chunks import Chunk
from .conclusion import document, instructions, written
from .late import PATIENCE, LateMind
from .prompt import READ_ONLY, inquiry

ENDPOINT = "/v1/chat/completions"
_LONGEST_PAUSE = 2.0
"""Seconds that a gateway which is too busy may ask us to wait."""
_LARGEST = 1 << 20
"""Bytes of an answer that is not streamed."""

_NAME = "the OpenClaw agent"
_OUTCOME = """\
Answer with one JSON object and nothing else, and use no tools: {"summary": "…", "data": …, "evidence": \
[{"field": "…", "line": 0, "quote": "…"}]}."""
_CONTRACT = """\
This conversation takes place on the telephone. Answer with one JSON object and nothing else: \
{"spoken": "<what to say>"}. Its text is read aloud to the caller: short plain sentences as people speak them, without \
markup, lists, links, emoji or code. To say nothing, answer {"spoken": ""}. What the caller says was transcribed and \
may be misheard. Lines in square brackets are notes about the call and were not said by anybody."""


class OpenClawBrain:
    """Asks the gateway at `url`. Belongs to all calls."""

    early = False
    """Never: the gateway remembers whatever it is asked."""

    def __init__(self, options: BrainOptions) -> None:
        """Raises ConfigError when it is not said whom to ask."""
        if not options.url:
            message = "say where the gateway listens, such as http://127.0.0.1:18789"
            raise ConfigError([Fault("brain.openclaw.gateway_url", message)])
        self._options = options
        self._http: Http | None = None

    @asynccontextmanager
    async def ready(self) -> AsyncIterator[None]:
        """Own the connections."""
        async with Http() as self._http:
            yield

    def open(self, call: Opening, report: Callable[[Report], None]) -> LateMind:
        """Return the agent of a call that begins. `ready` must have been entered."""
        assert self._http is not None  # noqa: S101 - a promise of the port
        return LateMind(OpenClawMind(self._options, self._http, call), report)


class OpenClawMind:
    """One call, one session of the gateway."""

    def __init__(self, options: BrainOptions, http: Http, call: Opening) -> None:
        self._options = options
        self._http = http
        self._url = options.url.rstrip("/") + ENDPOINT
        self._user, session = identity(options, call)
        self._headers = {
            "Content-Type": "application/json",
            "Accept": "text/event-stream",
            "x-openclaw-session-key": session,
        }
        if options.api_key:
            self._headers["Authorization"] = f"Bearer {options.api_key}"
        if options.agent_id:
            self._headers["x-openclaw-agent-id"] = options.agent_id
        self._told: list[str] = []
        """The caller's lines that the gateway has answered."""

    async def run(self) -> None:
        """There is nothing to keep ready: the gateway's own session outlasts the call."""
        await asyncio.Event().wait()

    async def reply(self, conversation: Conversation) -> AsyncGenerator[Said, None]:
        """Yield the answer to what the caller said since the last one.

        Raises:
            AgentError: there is no answer, or no more of it.
        """
        body = msgspec.json.encode(self._body(conversation))
        try:
            async with self._http.stream(
                "POST", self._url, self._headers, body, first=PATIENCE, stall=PATIENCE
            ) as answer:
                await _check(answer)
                async with aclosing(_words(answer)) as texts:
                    async for text in texts:
                        self._told = [line.text for line in conversation.lines if _is_said(line)]
                        yield text
        except NetworkError as error:
            raise AgentError(f"brain.openclaw: {error}", retryable=error.retryable, code=error.code) from error

    async def conclude(self, inquiry: Inquiry) -> Conclusion:
        """Return what the agent makes of a call that is over.

        It is asked in a session of its own: what strangers said stays out of those that remember.

        Raises:
            AgentError: it does not say.
        """
        call = inquiry.conversation.call_id
        session = f"agent:{self._options.agent_id or 'main'}:voice:outcome:{call}"
        headers = {**self._headers, "x-openclaw-session-key": session}
        system = f"{instructions(inquiry)}\n\n{_OUTCOME}"
        body = msgspec.json.encode(self._request(system, document(inquiry), f"voicecall:outcome:{call}"))
        try:
            async with self._http.stream("POST", self._url, headers, body, first=PATIENCE, stall=PATIENCE) as answer:
                await _check(answer)
                async with aclosing(_words(answer)) as texts:
                    return written("".join([text async for text in texts]), _NAME)
        except NetworkError as error:
            raise AgentError(f"brain.openclaw: {error}", retryable=error.retryable, code=error.code) from error

    def _body(self, conversation: Conversation) -> dict[str, Any]:
        system = _system(self._options.instructions, conversation)
        return self._request(system, self._news(conversation.lines), self._user)

    def _request(self, system: str, text: str, user: str) -> dict[str, Any]:
        agent = self._options.agent_id
        return {
            "model": f"openclaw:{agent}" if agent else "openclaw",
            "stream": True,
            "user": user,
            "messages": [{"role": "system", "content": system}, {"role": "user", "content": text}],
        }

    def _news(self, lines: Sequence[Line]) -> str:
        """Return what happened since the gateway last answered."""
        told, known = 0, 0
        for place, line in enumerate(lines):
            if _is_said(line):
                if known == len(self._told) or line.text != self._told[known]:
                    break
                told, known = place + 1, known + 1
        parts, ours = [], told > 0
        for line in lines[told:]:
            if line.speaker == "caller":
                ours = False
                parts.append(_by_them(line))
            elif not ours:  # a greeting, or somebody who stood in
                parts.append(f'[The caller was told: "{line.text}"]' if line.text else "")
            elif line.interrupted:
                heard = f'only "{line.text}"' if line.text else "nothing"
                parts.append(f"[The caller interrupted you and heard {heard} of what you said last.]")
        return "\n".join(part for part in parts if part) or "[The caller is silent.]"


def _is_said(line: Line) -> bool:
    """Say whether a line is the caller's own, which the gateway remembers."""
    return line.speaker == "caller" and not line.asked


def _by_them(line: Line) -> str:
    if line.asked:
        return inquiry(line.text)
    return f"[The caller pressed the keys {line.text}]" if line.keys else line.text


def identity(options: BrainOptions, call: Opening) -> tuple[str, str]:
    """Return what a caller is called and the key of the gateway's session; neither holds a telephone number.

    Whoever withholds their number shares no session with others who do.
    """
    agent = options.agent_id or "main"
    number = call.from_ if call.direction == "inbound" else call.to
    if options.session_scope == "main":
        return "voicecall:main", f"agent:{agent}:main"
    if options.session_scope == "per-call" or not is_e164(number):
        return f"voicecall:call:{call.call_id}", f"agent:{agent}:voice:call:{call.call_id}"
    who = sha256(f"voicecall:{number}".encode()).hexdigest()[:24]
    return f"voicecall:{who}", f"agent:{agent}:voice:{who}"


def _system(instructions: str, conversation: Conversation) -> str:
    parts = [_CONTRACT, f"Speak the language {conversation.language} (BCP 47)."]
    if conversation.direction == "outbound":
        parts.append("You have called them.")
    if instructions:
        parts.append(instructions)
    if conversation.objective:
        parts.append(f"What this call is for: {conversation.objective}")
    if conversation.read_only:
        parts.append(READ_ONLY)
    if conversation.seconds_left is not None:
        parts.append(f"The call ends in {conversation.seconds_left:.0f} seconds: come to a close.")
    return "\n\n".join(parts)


async def _check(answer: Streamed) -> None:
    """See whether this is an answer.

    Raises:
        AgentError: the gateway refuses; names what to change.
    """
    status = answer.status
    if status == 200:
        return
    retryable = status >= 500
    match status:
        case 401 | 403:
            advice = "refused the token; set brain.openclaw.token"
        case 404 | 405:
            advice = "does not serve chat completions; set gateway.http.endpoints.chatCompletions.enabled in its file"
        case 429:
            pause = _seconds(answer.headers.get("retry-after", "0"))
            retryable = pause <= _LONGEST_PAUSE
            advice = f"is too busy, or was shown a wrong token too often; it asks to wait for {pause:g} s"
            if retryable:
                await asyncio.sleep(pause)
        case _:
            advice = "failed" if retryable else "did not take the request; check brain.openclaw"
    raise AgentError(f"the OpenClaw gateway {advice} ({status})", retryable=retryable, code=str(status))


def _seconds(text: str) -> float:
    return float(text) if text.isdecimal() and len(text) < 9 else float("inf")


async def _words(answer: Streamed) -> AsyncGenerator[str, None]:
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        if text := _text(await answer.whole(_LARGEST)):
            yield text
        return
    if kind != "text/event-stream":
        advice = "check brain.openclaw.gateway_url"
        raise AgentError(f"the OpenClaw gateway answered with {kind[:60] or 'no content type'}; {advice}")
    events = Events()
    try:
        async for chunk in answer.body:
            for event in events.feed(chunk):
                if event.data == "[DONE]":
                    return
                if text := _from_event(event):
                    yield text
        for event in events.feed(b"", last=True):
            if text := _from_event(event):
                yield text
    except TooLong:
        raise AgentError("the OpenClaw gateway sent an event without an end", code="bad-answer") from None


def _from_event(event: Event) -> str:
    return "" if event.data == "[DONE]" else _text(event.data.encode())


def _text(data: bytes) -> str:
    """Return the words in a chunk.

    Raises:
        AgentError: it is none, or reports an error.
    """
    try:
        chunk = msgspec.json.decode(data, type=Chunk)
    except msgspec.MsgspecError:
        raise AgentError("the OpenClaw gateway sent something else than chat completions", code="bad-answer") from None
    if chunk.failure:
        raise AgentError(f"the OpenClaw gateway reported an error: {chunk.failure}", retryable=True, code="reported")
    return chunk.text
