"""A language model over the network: its connections, its answers as they come, what its failures mean to a call."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, asynccontextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

import httpx2

from voicecall.brains import BrainOptions
from voicecall.brains.tools import Tool
from voicecall.brains.vendors import build, find
from voicecall.errors import AgentError

if TYPE_CHECKING:
    from pydantic_ai.exceptions import ModelAPIError
    from pydantic_ai.messages import ModelMessage, ModelResponse, ModelResponseStreamEvent, ToolCallPart
    from pydantic_ai.models import Model, StreamedResponse
    from pydantic_ai.settings import ModelSettings

_CONNECT = 5.0
"""Seconds that a connection may take to open."""
_KEEP = 120.0
"""Seconds that an idle connection is kept for the next turn."""
_ROOM_TO_THINK = 2000
"""Tokens on top of an answer's for models that cannot answer without thinking first."""
_ROOM_TO_CONCLUDE = 4000
"""Tokens of what came of a call, which nobody has to listen to."""
Act = Literal["auto", "none", "required"]
_LOOPBACK = ("all://127.0.0.1", "all://localhost", "all://[::1]")
_CHATTER = ("httpx2", "httpcore2", "openai", "anthropic", "google_genai", "google_genai.models")
_responses: ContextVar[list[httpx2.Response]] = ContextVar("responses")
"""Where the answers to the request that is being opened are kept, to be closed with it."""


class Call(NamedTuple):
    """A model calls a tool."""

    id: str
    name: str
    arguments: str | dict[str, Any] | None
    """JSON of an object, or the object."""


class Whole(NamedTuple):
    """What a model answered, once it is complete."""

    response: ModelResponse
    calls: tuple[Call, ...]


class _Loaded(NamedTuple):
    model: Model
    client: httpx2.AsyncClient


class LanguageModel:
    """One model of one vendor; shared by all calls once it is `loaded`."""

    def __init__(self, options: BrainOptions) -> None:
        """Find out whose model it is.

        Raises:
            ConfigError: nobody's, or its vendor's API key is missing.
        """
        self.vendor, self.name = find(options)
        self._options = options
        self._loaded: _Loaded | None = None

    @asynccontextmanager
    async def loaded(self) -> AsyncIterator[None]:
        """Import what it takes and own the connections; on exit close them."""
        for name in _CHATTER:  # they log URLs, headers and bodies
            logging.getLogger(name).setLevel(logging.WARNING)
        async with _client(self._options.timeout) as client:
            model = await asyncio.to_thread(build, self.vendor, self.name, self._options.api_key, client)
            self._loaded = _Loaded(model, client)
            try:
                yield
            finally:
                self._loaded = None

    async def connect(self) -> None:
        """Have a connection open for the first question. That it cannot be had is for the question to say."""
        with suppress(httpx2.HTTPError, OSError):
            await self._at_hand().client.head(self.vendor.base_url)

    async def ask(
        self, messages: Sequence[ModelMessage], tools: Sequence[Tool], *, act: Act
    ) -> AsyncGenerator[str | Call | Whole, None]:
        """Yield an answer's text and calls as they come, and at last the whole; closing the iterator ends the request.

        A call may come before the last of its arguments; within the whole it is complete.

        `act`: whether tools may be called, or one must be.

        Raises:
            AgentError: there is no answer, or no more of it.
        """
        from pydantic_ai.direct import model_request_stream
        from pydantic_ai.exceptions import AgentRunError, ModelAPIError, UserError
        from pydantic_ai.messages import (
            PartDeltaEvent,
            PartEndEvent,
            PartStartEvent,
            TextPart,
            TextPartDelta,
            ToolCallPart,
        )
        from pydantic_ai.models import ModelRequestParameters
        from pydantic_ai.tools import ToolDefinition

        model = self._at_hand().model
        definitions = [
            ToolDefinition(name=tool.name, description=tool.description, parameters_json_schema=tool.parameters)
            for tool in tools
        ]
        parameters = ModelRequestParameters(function_tools=definitions)
        request = model_request_stream(
            model, messages, model_settings=self._settings(model, act=act), model_request_parameters=parameters
        )
        try:
            async with _opened(request) as stream, aclosing(_events(stream)) as events:
                async for event in events:
                    match event:
                        case (
                            PartStartEvent(part=TextPart(content=text))
                            | PartDeltaEvent(delta=TextPartDelta(content_delta=text))
                        ) if text:
                            yield text
                        case PartEndEvent(part=ToolCallPart() as part):
                            yield _call(part)
                        case _:
                            pass
                response = stream.get()
                yield Whole(response, tuple(_call(part) for part in response.tool_calls))
        except ModelAPIError as error:
            raise self._failure(error) from None  # the cause holds what was sent and what came back
        except (AgentRunError, UserError, ValueError) as error:
            message = f"{self.vendor.title} answered in a way that cannot be understood ({type(error).__name__})"
            raise AgentError(message, retryable=True, code="garbled") from None
        except (httpx2.HTTPError, httpx2.StreamError, OSError) as error:
            message = f"the connection to {self.vendor.title} broke ({type(error).__name__})"
            raise AgentError(message, retryable=True, code="broken") from None

    def _at_hand(self) -> _Loaded:
        if self._loaded is None:
            raise AgentError(f"the model of {self.vendor.title} is not loaded", retryable=True)
        return self._loaded

    def _settings(self, model: Model, *, act: Act) -> ModelSettings:
        thinks = model.profile.get("thinking_always_enabled", False)
        room = max(self._options.max_tokens, _ROOM_TO_CONCLUDE) if act == "required" else self._options.max_tokens
        settings: dict[str, object] = {
            "max_tokens": room + (_ROOM_TO_THINK if thinks else 0),
            "thinking": False,  # nobody waits for it on the phone
            "timeout": self._options.timeout,
            "first_event_timeout": self._options.timeout,
            "max_retries": 0,
            "tool_choice": "auto" if thinks and act == "required" and self.vendor.api == "anthropic" else act,
        }
        if self.vendor.api == "responses":
            settings["openai_store"] = False
        return cast("ModelSettings", settings)

    def _failure(self, error: ModelAPIError) -> AgentError:
        from pydantic_ai import exceptions as kinds

        title = self.vendor.title
        status = error.status_code if isinstance(error, kinds.ModelHTTPError) else None
        code = str(status) if status else error.provider_error_code or error.provider_error_type
        shown = f" (HTTP {status})" if status else ""
        match error:
            case kinds.ModelAuthenticationError():
                return AgentError(f"{title} refuses the API key{shown}: {self._refused()}", code=code)
            case kinds.ModelNotFoundError():
                return AgentError(f"{title} has no model {self.name!r}{shown}: check brain.model", code=code)
            case kinds.ModelQuotaExceededError():
                return AgentError(f"the account at {title} is used up{shown}: check its plan and billing", code=code)
            case kinds.ModelContextWindowExceededError():
                return AgentError(f"the conversation is too long for the model of {title}{shown}", code=code)
            case kinds.ModelRequestRejectedError() if "API_KEY_INVALID" in str(error.body):
                return AgentError(f"{title} refuses the API key{shown}: {self._refused()}", code=code)
            case kinds.ModelRequestRejectedError():
                return AgentError(f"{title} refuses the request{shown}: check brain.model and its tools", code=code)
            case kinds.ModelRateLimitError():
                message = f"{title} takes no more requests for now{shown}"
                return AgentError(message, retryable=True, code=code)
            case kinds.ModelTimeoutError() | kinds.ModelRequestTimeout():
                message = f"{title} did not go on within {self._options.timeout:g} s"
                return AgentError(message, retryable=True, code="timeout")
            case kinds.ModelConnectionError(phase="connect" | "pool"):
                return AgentError(f"cannot reach {title}: check the network", retryable=True, code="unreachable")
            case kinds.ModelConnectionError():
                return AgentError(f"the connection to {title} broke", retryable=True, code="broken")
            case _:
                return AgentError(f"{title} failed{shown}", retryable=True, code=code)

    def _refused(self) -> str:
        if self.vendor.key:
            return f"check {self.vendor.key}"
        return f"to give it one write openai:{self.name}, its base URL and brain.openai.api_key"


def _call(part: ToolCallPart) -> Call:
    return Call(part.tool_call_id, part.tool_name, part.args)


@asynccontextmanager
async def _opened(request: AbstractAsyncContextManager[StreamedResponse]) -> AsyncIterator[StreamedResponse]:
    """Open a request; on exit close its connection, which not every vendor's client does when it is left early."""
    responses: list[httpx2.Response] = []
    async with AsyncExitStack() as stack:
        stack.push_async_callback(_close, responses)
        opening = _responses.set(responses)
        try:
            stream = await stack.enter_async_context(request)
        finally:
            _responses.reset(opening)
        yield stream


def _events(stream: StreamedResponse) -> AsyncGenerator[ModelResponseStreamEvent, None]:
    return cast("AsyncGenerator[ModelResponseStreamEvent, None]", aiter(stream))


async def _close(responses: Sequence[httpx2.Response]) -> None:
    for response in responses:
        with suppress(httpx2.HTTPError, OSError):
            await response.aclose()


def _client(timeout: float) -> httpx2.AsyncClient:
    async def connect_soon(request: httpx2.Request) -> None:
        phases = request.extensions.get("timeout", {})
        request.extensions = {**request.extensions, "timeout": {**phases, "connect": min(_CONNECT, timeout)}}

    async def remember(response: httpx2.Response) -> None:
        _responses.get([]).append(response)

    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(timeout, connect=min(_CONNECT, timeout), pool=None),
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=_KEEP),
        mounts=dict.fromkeys(_LOOPBACK),  # never through a proxy
        event_hooks={"request": [connect_soon], "response": [remember]},  # the vendors' clients set one limit for all
    )
