"""The tool, the transcripts and the manners as an MCP server, on whichever transport. It decides nothing.

Source: https://modelcontextprotocol.io/specification/2026-07-28/server (2026-11). Importing this takes most of a
second, so those who may do without import it late.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, Protocol
from urllib.parse import quote, unquote

import mcp_types as types
import msgspec
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from voicecall import __version__
from voicecall.core.operations import Continue, Events, Live, Operation, Transcript, Wait
from voicecall.errors import CallNotFound, VoicecallError

from . import tool

_TEMPLATE = "voicecall://calls/{callId}/transcript"
_TRANSCRIPT = re.compile(r"voicecall://calls/([^/?#]+)/transcript")
_JSON = "application/json"
_PAGE = 1000
_SPEAKERS = {"transcript.partial": "caller", "transcript.final": "caller", "reply.worded": "agent"}
_OF_INTEREST = frozenset({"call", "dtmf", "speech", "transcript", "reply", "operation"})
MANNERS = """\
You are about to speak on the phone through the tool `voice_call`. A person listens, and hears only what you say.

- Before you dial, know whom you call, why, and what the call should end with. Call only people who expect it or may \
fairly be called, and at a decent hour where they are.
- Open with who you are, that you are an automated assistant, and why you call, in two short sentences. Then ask one \
question.
- Say one thing at a time, in short spoken sentences: no lists, no markup, no links. Spell out what must be written \
down, digit by digit, and ask for it to be read back.
- Use `continue_call` when you want an answer, `speak_to_user` when you do not. An empty transcript with `timedOut` \
means that nobody answered: ask once whether they are still there, then say goodbye.
- Listen: answer what was said before you go on. If asked to stop, to call later or not to call again, agree, thank \
them and end.
- Never ask for passwords, card numbers or one-time codes. If it is an emergency, tell them to hang up and call the \
emergency number.
- When a machine answers, leave your name, the reason and how to reach you, once.
- Close by repeating what was agreed, say goodbye, let them say theirs, and only then use `end_call`. Afterwards read \
`get_status`: report what was agreed as it was said, and what stayed open."""


class Performer(Protocol):
    """Does what is asked of the gateway, here or from afar."""

    async def perform(self, operation: Operation, *, idempotency_key: str | None = None) -> Any:
        """Return the operation's result as a JSON value.

        Raises:
            VoicecallError: there is none.
        """


def make_server(performer: Callable[[Any], Performer], *, pause: float = 0.5) -> Server[Any]:
    """Return a server that has the `performer` of an HTTP request, or of None, do what is asked.

    `pause`: seconds between looks at what happens.
    """
    door = _Door(performer, pause)
    return Server(
        "voicecall",
        title="voicecall",
        version=__version__,
        instructions="Phone calls for agents: one tool, `voice_call`. The prompt `phone_manners` says how to behave.",
        on_list_tools=door.tools,
        on_call_tool=door.call,
        on_list_resources=door.resources,
        on_list_resource_templates=door.templates,
        on_read_resource=door.read,
        on_list_prompts=door.prompts,
        on_get_prompt=door.prompt,
    )


class _Door:
    def __init__(self, performer: Callable[[Any], Performer], pause: float) -> None:
        self._performer = performer
        self._pause = pause

    # --- the tool

    async def tools(self, _: Any, __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        hints = types.ToolAnnotations(read_only_hint=False, destructive_hint=True, open_world_hint=True)
        one = types.Tool(
            name=tool.NAME,
            title="Phone calls",
            description=tool.description(),
            input_schema=tool.schema(),
            annotations=hints,
        )
        return types.ListToolsResult(tools=[one])

    async def call(
        self, context: ServerRequestContext[Any, Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        if params.name != tool.NAME:
            raise MCPError(types.INVALID_PARAMS, f"there is no tool {params.name!r}: it is called {tool.NAME}")
        try:
            asked = tool.read(params.arguments or {})
        except VoicecallError as error:
            return _refusal(error)
        operation = asked.operation
        if isinstance(operation, Continue | Wait) and context.meta and "progress_token" in context.meta:
            happened = self._happenings(self._performer(context.request), operation.call_id)
            await anext(happened, None)
            async with asyncio.TaskGroup() as tasks:
                telling = tasks.create_task(_tell(context, happened))
                result = await self._perform(context, asked)
                telling.cancel()
            return result
        return await self._perform(context, asked)

    async def _perform(self, context: ServerRequestContext[Any, Any], asked: tool.Asked) -> types.CallToolResult:
        try:
            value = await self._performer(context.request).perform(
                asked.operation, idempotency_key=asked.idempotency_key
            )
        except VoicecallError as error:
            return _refusal(error)
        return _result(value, any_json=context.protocol_version in MODERN_PROTOCOL_VERSIONS)

    async def _happenings(self, performer: Performer, call_id: str) -> AsyncGenerator[list[dict[str, Any]], None]:
        """Yield nothing once what has happened to a call so far is known, then again and again what has since."""
        position = 0
        caught_up = False
        try:
            while True:
                events = await performer.perform(Events(call_id=call_id, since=position, limit=_PAGE))
                position = events[-1]["seq"] if events else position
                if caught_up:
                    yield events
                    await asyncio.sleep(self._pause)
                elif len(events) < _PAGE:
                    caught_up = True
                    yield []
        except VoicecallError:
            return  # whoever waits for the call is told by what he waits for

    # --- transcripts

    async def resources(
        self, context: ServerRequestContext[Any, Any], __: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        live = await self._ask(context, Live())
        return types.ListResourcesResult(
            resources=[
                types.Resource(
                    uri=_TEMPLATE.replace("{callId}", quote(record["callId"], safe="")),
                    name=f"transcript of {record['callId']}",
                    mime_type=_JSON,
                )
                for record in live
            ]
        )

    async def templates(self, _: Any, __: types.PaginatedRequestParams | None) -> types.ListResourceTemplatesResult:
        one = types.ResourceTemplate(
            uri_template=_TEMPLATE,
            name="transcript",
            title="Transcript of a call",
            description="What was said: a list of lines {at, speaker, text, heard?}. Grows while the call runs.",
            mime_type=_JSON,
        )
        return types.ListResourceTemplatesResult(resource_templates=[one])

    async def read(
        self, context: ServerRequestContext[Any, Any], params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        uri = str(params.uri)
        found = _TRANSCRIPT.fullmatch(uri)
        if found is None:
            raise MCPError(types.INVALID_PARAMS, f"there is no such resource; transcripts are at {_TEMPLATE}")
        lines = await self._ask(context, Transcript(call_id=unquote(found[1])))
        return types.ReadResourceResult(
            contents=[types.TextResourceContents(uri=uri, mime_type=_JSON, text=_text(lines))]
        )

    async def _ask(self, context: ServerRequestContext[Any, Any], operation: Operation) -> Any:
        try:
            return await self._performer(context.request).perform(operation)
        except CallNotFound as error:
            raise MCPError(types.INVALID_PARAMS, str(error), tool.failure(error)) from error
        except VoicecallError as error:
            raise MCPError(types.INTERNAL_ERROR, str(error), tool.failure(error)) from error

    # --- manners

    async def prompts(self, _: Any, __: types.PaginatedRequestParams | None) -> types.ListPromptsResult:
        one = types.Prompt(
            name="phone_manners", title="Good phone manners", description="How an agent behaves on the phone."
        )
        return types.ListPromptsResult(prompts=[one])

    async def prompt(self, _: Any, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        if params.name != "phone_manners":
            raise MCPError(types.INVALID_PARAMS, f"there is no prompt {params.name!r}: it is called phone_manners")
        message = types.PromptMessage(role="user", content=types.TextContent(text=MANNERS))
        return types.GetPromptResult(description="How an agent behaves on the phone.", messages=[message])


async def _tell(context: ServerRequestContext[Any, Any], happened: AsyncGenerator[list[dict[str, Any]], None]) -> None:
    """Report what happens, until cancelled."""
    steps = 0
    async with aclosing(happened):
        async for events in happened:
            for message in filter(None, map(_news, events)):
                steps += 1
                await context.session.report_progress(steps, None, message)


def _result(value: Any, *, any_json: bool) -> types.CallToolResult:
    """Return a result; before 2026 only objects could be structured, and a list goes into one."""
    structured = value if any_json or isinstance(value, dict) else {"result": value}
    return types.CallToolResult(content=[types.TextContent(text=_text(value))], structured_content=structured)


def _refusal(error: VoicecallError) -> types.CallToolResult:
    why = tool.failure(error)
    code = f"{why['code']} ({why['reason']})" if "reason" in why else why["code"]
    words = f"{code}: {why['message']}"
    return types.CallToolResult(
        content=[types.TextContent(text=words)], structured_content={"error": why}, is_error=True
    )


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _news(event: dict[str, Any]) -> str | None:
    """Return an event in words, or None where nobody would miss it."""
    kind, data = str(event["type"]), event["data"]
    if kind.partition(".")[0] not in _OF_INTEREST or data.get("echo"):
        return None
    return f"{_SPEAKERS[kind]}: {data['text']}" if kind in _SPEAKERS else kind
