"""The `model` brain: a language model answers, of whichever vendor, with the phone and MCP servers as its tools."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from voicecall.brains import (
    BrainOptions,
    Conclusion,
    Conversation,
    HangUpAfter,
    Inquiry,
    NoteOutcome,
    Opening,
    PressKeys,
    Report,
    Said,
    Trouble,
)
from voicecall.brains.conclusion import TOOL, document, given, instructions, tool, written
from voicecall.brains.llm import Call, LanguageModel, Whole
from voicecall.brains.prompt import system, turns
from voicecall.brains.servers import Servers, load
from voicecall.brains.tools import PHONE, Done, perform, unknown

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage, ModelRequest

_ROUNDS = 5
"""How often the model is asked for one answer: each time it uses tools it goes on with what came of them."""
_CHARACTERS_PER_TOKEN = 8
"""More than any language has, on the average."""
_NAME = "the model"
_ON_THE_PHONE = frozenset(tool.name for tool in PHONE)


class ModelBrain:
    """Answers with a language model; shared by all calls, once it is `ready`."""

    def __init__(self, options: BrainOptions) -> None:
        """Answer as `options` say: `model`, `instructions`, `api_key`, `base_url`, `servers`, `timeout`, `max_tokens`.

        Raises:
            ConfigError: nobody serves such a model, or its vendor's API key is missing.
        """
        self._model = LanguageModel(options)
        self._options = options
        self.early = not options.servers if options.early is None else options.early

    @asynccontextmanager
    async def ready(self) -> AsyncIterator[None]:
        """Load what speaks to the vendor and to MCP servers; on exit close the connections."""
        if self._options.servers:
            await asyncio.to_thread(load)
        async with self._model.loaded():
            yield

    def open(self, call: Opening, report: Callable[[Report], None]) -> ModelMind:
        """Return the agent of a call."""
        return ModelMind(self._model, self._options, Servers(self._options.servers, report), report)


class ModelMind:
    """The model on one call. It remembers nothing: every question brings the whole conversation."""

    def __init__(
        self, model: LanguageModel, options: BrainOptions, servers: Servers, report: Callable[[Report], None]
    ) -> None:
        self._model = model
        self._options = options
        self._servers = servers
        self._report = report

    async def run(self) -> None:
        """Open the connections to the vendor and to the MCP servers, and keep the latter."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._model.connect(), name="model connection")
            tasks.create_task(self._servers.run(), name="mcp servers")
            await asyncio.Event().wait()

    async def reply(self, conversation: Conversation) -> AsyncGenerator[Said, None]:
        """Yield what the model says and wants done; closing the iterator closes its request.

        Raises:
            AgentError: the vendor failed, or refuses; `retryable` says whether asking again can help.
        """
        instructions = system(self._options.instructions, conversation)
        messages = _history(conversation, instructions)
        offered = [tool for tool in await self._servers.tools() if tool.read_only or not conversation.read_only]
        tools = [*PHONE, *(tool for tool in offered if tool.name not in _ON_THE_PHONE)]
        answer = _Answer(conversation, self._options.max_tokens * _CHARACTERS_PER_TOKEN)
        for left in reversed(range(_ROUNDS)):
            calls: tuple[Call, ...] = ()
            async with aclosing(self._model.ask(messages, tools, act="auto" if left else "none")) as parts:
                async for part in parts:
                    match part:
                        case str():
                            yield answer.speak(part)
                            if answer.room <= 0:
                                self._report(Trouble("answer-too-long", "the model's answer went on and was cut off"))
                                return
                        case Call():
                            if act := answer.perform(part, complete=False):
                                yield act
                        case Whole(response, calls):
                            messages.append(response)
            for call in calls:
                if call.name not in _ON_THE_PHONE:
                    answer.done[call.id] = await self._serve(call, [tool.name for tool in offered])
                elif act := answer.perform(call, complete=True):
                    yield act
            if not calls or not answer.goes_on(calls):
                break
            messages.append(_results(calls, answer.done, instructions))
            answer.done.clear()
        if answer.acted and not answer.spoke:
            yield ""

    async def conclude(self, inquiry: Inquiry) -> Conclusion:
        """Return what the model makes of a call that is over.

        Raises:
            AgentError: the vendor failed, or refuses, or the model gave nothing that could be read.
        """
        from pydantic_ai.messages import ModelRequest, UserPromptPart

        request = ModelRequest(parts=[UserPromptPart(document(inquiry))], instructions=instructions(inquiry))
        said: list[str] = []
        called: tuple[Call, ...] = ()
        async with aclosing(self._model.ask([request], [tool(inquiry.schema)], act="required")) as parts:
            async for part in parts:
                match part:
                    case str():
                        said.append(part)
                    case Whole(_, called):
                        pass
                    case _:
                        pass
        for call in called:
            if call.name == TOOL:
                arguments = call.arguments
                return given(arguments, _NAME) if isinstance(arguments, dict) else written(arguments or "", _NAME)
        return written("".join(said), _NAME)

    async def _serve(self, call: Call, offered: Collection[str]) -> Done:
        if call.name in offered:
            return await self._servers.call(call.name, call.arguments)
        self._report(Trouble("unknown-tool", "the model called a tool that there is not, and was told so"))
        return unknown(call.name, [*_ON_THE_PHONE, *offered])


@dataclass(slots=True)
class _Answer:
    """What has come of one question so far."""

    conversation: Conversation
    room: int
    """Characters that may still be said."""
    spoke: bool = False
    acted: bool = False
    done: dict[str, Done] = field(default_factory=dict)
    """By the ids of the calls of this round."""
    _pressed: bool = False
    _hung_up: bool = False
    _gap: bool = False

    def speak(self, text: str) -> str:
        """Return what to say of a portion of text: what comes after a call is a sentence of its own."""
        said = f" {text}" if self._gap and self.spoke else text
        said = said[: self.room]
        self._gap = False
        self.room -= len(said)
        self.spoke = self.spoke or not said.isspace()
        return said

    def perform(self, call: Call, *, complete: bool) -> HangUpAfter | PressKeys | NoteOutcome | None:
        """Carry out a call of a `PHONE` tool, once. What fails while its arguments may be incomplete is tried again."""
        self._gap = True
        if call.name not in _ON_THE_PHONE or call.id in self.done:
            return None
        result = perform(call.name, call.arguments, self.conversation)
        if result.failed and not complete:
            return None
        self.done[call.id] = result
        self.acted = self.acted or result.act is not None
        match result.act:
            case HangUpAfter() if self._hung_up:
                return None
            case HangUpAfter():
                self._hung_up = True
            case PressKeys():
                self._pressed = True
            case _:
                pass
        return result.act

    def goes_on(self, calls: Sequence[Call]) -> bool:
        """Whether the model has to hear what came of its calls, or to say something yet."""
        news = any(call.name not in _ON_THE_PHONE or self.done[call.id].failed for call in calls)
        return news or not (self.spoke or self._pressed)


def _history(conversation: Conversation, instructions: str) -> list[ModelMessage]:
    from pydantic_ai.messages import ModelRequest, ModelResponse, TextPart, UserPromptPart

    messages: list[ModelMessage] = []
    for speaker, text in turns(conversation.lines):
        if speaker == "caller":
            messages.append(ModelRequest(parts=[UserPromptPart(text)], instructions=instructions))
        else:
            messages.append(ModelResponse(parts=[TextPart(text)]))
    return messages


def _results(calls: Sequence[Call], done: Mapping[str, Done], instructions: str) -> ModelRequest:
    from pydantic_ai.messages import ModelRequest, ToolReturnPart

    return ModelRequest(
        parts=[
            ToolReturnPart(
                tool_name=call.name,
                content=done[call.id].told,
                tool_call_id=call.id,
                outcome="failed" if done[call.id].failed else "success",
            )
            for call in calls
        ],
        instructions=instructions,
    )
