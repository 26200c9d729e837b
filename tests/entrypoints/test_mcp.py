"""MCP in memory: the official client lists and calls the tool, is told what happens, and reads transcripts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from mcp import Client, MCPError

from voicecall.core.operations import Continue, End, Events, History, Initiate, Live, Operation, Transcript, Wait
from voicecall.entrypoints import tool
from voicecall.entrypoints.mcp import make_server
from voicecall.errors import (
    BadParameters,
    CallNotFound,
    CallOver,
    CallRefused,
    CarrierError,
    OperationTimeout,
    StoreError,
    VoicecallError,
)

LINES = [{"at": "t", "speaker": "caller", "text": "Grüße."}]
EVENTS: list[tuple[str, dict[str, Any]]] = [
    ("call.answered", {}),
    ("turn.signed", {}),
    ("timer.fired", {}),
    ("reply.worded", {"text": "When shall we come?"}),
    ("transcript.final", {"text": "When shall", "echo": True}),
    ("transcript.final", {"text": "At eight."}),
]


class FakeOperator:
    """Remembers what was asked; answers with the operation's name, fails, or waits until `released`."""

    def __init__(self, failure: VoicecallError | None = None) -> None:
        self.asked: list[tuple[Operation, str | None]] = []
        self.failure = failure
        self.events: list[dict[str, Any]] = []
        self.looked = asyncio.Event()
        self.waiting = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.released = asyncio.Event()
        self.released.set()

    def happen(self, kind: str, data: dict[str, Any]) -> None:
        self.events.append({"seq": len(self.events) + 1, "at": "t", "callId": "01J", "type": kind, "data": data})

    async def perform(self, operation: Operation, *, idempotency_key: str | None = None) -> Any:
        match operation:
            case Events(since=since, limit=limit):
                self.looked.set()
                return self.events[since : since + limit]
            case Live() | History():
                return [{"callId": "01J"}]
            case Transcript() if self.failure is None:
                return LINES
        self.asked.append((operation, idempotency_key))
        self.waiting.set()
        try:
            await self.released.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        if self.failure is not None:
            raise self.failure
        return {"did": operation.name}


def meet(play: Callable[[Client], Awaitable[None]], operator: FakeOperator, *, mode: str = "auto") -> None:
    """Let `play` use a client of a server that is in memory."""

    async def main() -> None:
        async with asyncio.timeout(5.0), Client(make_server(lambda _: operator, pause=0), mode=mode) as client:
            await play(client)

    asyncio.run(main())


BOTH = pytest.mark.parametrize("mode", ["auto", "legacy"])


@BOTH
def test_there_is_one_tool_and_it_is_the_one_that_is_documented(mode: str) -> None:
    async def play(client: Client) -> None:
        (one,) = (await client.list_tools()).tools
        assert (one.name, one.description, one.input_schema) == ("voice_call", tool.description(), tool.schema())

    meet(play, FakeOperator(), mode=mode)


@BOTH
def test_an_action_is_performed_and_its_result_comes_back_as_it_is(mode: str) -> None:
    operator = FakeOperator()

    async def play(client: Client) -> None:
        wish = {"action": "initiate_call", "message": "Hi.", "to": "+15550101234", "idempotencyKey": "k"}
        answer = await client.call_tool("voice_call", wish)
        assert not answer.is_error
        assert answer.structured_content == {"did": "initiate"}
        assert json.loads(answer.content[0].text) == {"did": "initiate"}  # type: ignore[union-attr]

    meet(play, operator, mode=mode)
    assert operator.asked == [(Initiate(message="Hi.", to="+15550101234"), "k")]


@pytest.mark.parametrize(("mode", "structured"), [("auto", LINES), ("legacy", {"result": LINES})])
def test_a_list_is_a_list_where_the_protocol_allows_it(mode: str, structured: object) -> None:
    async def play(client: Client) -> None:
        answer = await client.call_tool("voice_call", {"action": "get_transcript", "callId": "01J"})
        assert answer.structured_content == structured
        assert json.loads(answer.content[0].text) == LINES  # type: ignore[union-attr]

    meet(play, FakeOperator(), mode=mode)


@BOTH
@pytest.mark.parametrize(
    ("failure", "code", "words"),
    [
        (BadParameters("to: no number"), "bad-parameters", "bad-parameters: to: no number"),
        (CallNotFound("no call 01J"), "call-not-found", "call-not-found: no call 01J"),
        (CallOver("it ended"), "call-over", "call-over: it ended"),
        (CallRefused("quiet-hours", "it is night there"), "refused", "refused (quiet-hours): it is night there"),
        (CarrierError("no credit", code="20003"), "provider-failed", "provider-failed (20003): no credit"),
        (CarrierError("no credit"), "provider-failed", "provider-failed: no credit"),
        (OperationTimeout("still on"), "timeout", "timeout: still on"),
        (StoreError("disk full"), "store-failed", "store-failed: disk full"),
        (VoicecallError("oh"), "failed", "failed: oh"),
    ],
)
def test_a_refusal_is_an_error_with_its_code_and_words(
    failure: VoicecallError, code: str, words: str, mode: str
) -> None:
    async def play(client: Client) -> None:
        answer = await client.call_tool("voice_call", {"action": "end_call", "callId": "01J"})
        assert answer.is_error
        assert answer.structured_content["error"]["code"] == code
        assert answer.content[0].text == words  # type: ignore[union-attr]

    meet(play, FakeOperator(failure), mode=mode)


def test_what_cannot_be_understood_is_an_error_and_nothing_is_done() -> None:
    operator = FakeOperator()

    async def play(client: Client) -> None:
        answer = await client.call_tool("voice_call", {"action": "end_call"})
        assert (answer.is_error, answer.structured_content["error"]["code"]) == (True, "bad-parameters")
        with pytest.raises(MCPError, match="no tool 'dance'"):
            await client.call_tool("dance", {})

    meet(play, operator)
    assert operator.asked == []


@pytest.mark.parametrize(
    ("arguments", "operation"),
    [
        ({"action": "continue_call", "message": "And?"}, Continue(call_id="01J", message="And?")),
        ({"action": "get_status", "wait": True}, Wait(call_id="01J")),
    ],
)
def test_who_waits_is_told_what_happens_from_now_on(arguments: dict[str, Any], operation: Operation) -> None:
    operator = FakeOperator()
    operator.happen("call.initiated", {})
    told: list[tuple[float, str | None]] = []

    async def play(client: Client) -> None:
        operator.released.clear()

        async def note(progress: float, total: float | None, message: str | None) -> None:
            told.append((progress, message))
            if message == "caller: At eight.":
                operator.released.set()

        async def happen() -> None:
            await operator.looked.wait()
            for kind, data in EVENTS:
                operator.happen(kind, data)

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(happen())
            answer = await client.call_tool("voice_call", arguments | {"callId": "01J"}, progress_callback=note)
        assert answer.structured_content == {"did": operation.name}

    meet(play, operator, mode="legacy")  # in memory, only this one carries progress tokens
    assert told == [(1, "call.answered"), (2, "agent: When shall we come?"), (3, "caller: At eight.")]
    assert operator.asked == [(operation, None)]


def test_who_asked_for_no_progress_costs_no_looking() -> None:
    operator = FakeOperator()

    async def play(client: Client) -> None:
        await client.call_tool("voice_call", {"action": "continue_call", "callId": "01J", "message": "And?"})

    meet(play, operator, mode="legacy")
    assert not operator.looked.is_set()


def test_a_failure_of_the_wait_ends_the_telling() -> None:
    operator = FakeOperator(CallOver("it ended"))

    async def play(client: Client) -> None:
        async def note(progress: float, total: float | None, message: str | None) -> None: ...

        answer = await client.call_tool(
            "voice_call", {"action": "continue_call", "callId": "01J", "message": "And?"}, progress_callback=note
        )
        assert answer.is_error

    meet(play, operator, mode="legacy")


@BOTH
def test_whoever_stops_waiting_ends_the_wait_and_asks_for_nothing_else(mode: str) -> None:
    operator = FakeOperator()

    async def play(client: Client) -> None:
        operator.released.clear()

        async def note(progress: float, total: float | None, message: str | None) -> None: ...

        async with asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(
                client.call_tool(
                    "voice_call",
                    {"action": "continue_call", "callId": "01J", "message": "And?"},
                    progress_callback=note,
                )
            )
            await operator.waiting.wait()
            waiting.cancel()
        await operator.cancelled.wait()
        operator.released.set()
        answer = await client.call_tool("voice_call", {"action": "end_call", "callId": "01J"})
        assert answer.structured_content == {"did": "end"}

    meet(play, operator, mode=mode)
    assert [operation for operation, _ in operator.asked] == [
        Continue(call_id="01J", message="And?"),
        End(call_id="01J"),
    ]


def test_transcripts_are_resources() -> None:
    async def play(client: Client) -> None:
        (template,) = (await client.list_resource_templates()).resource_templates
        assert template.uri_template == "voicecall://calls/{callId}/transcript"
        (live,) = (await client.list_resources()).resources
        assert str(live.uri) == "voicecall://calls/01J/transcript"
        (read,) = (await client.read_resource("voicecall://calls/01J/transcript")).contents
        assert json.loads(read.text) == LINES  # type: ignore[union-attr]
        with pytest.raises(MCPError, match="no such resource"):
            await client.read_resource("voicecall://calls/01J/recording")

    meet(play, FakeOperator())


@pytest.mark.parametrize("failure", [CallNotFound("no call 01J"), StoreError("disk full")])
def test_a_transcript_that_cannot_be_had_says_why(failure: VoicecallError) -> None:
    async def play(client: Client) -> None:
        with pytest.raises(MCPError, match=str(failure)):
            await client.read_resource("voicecall://calls/01J/transcript")

    meet(play, FakeOperator(failure))


def test_manners_are_a_prompt_that_names_actions_that_exist() -> None:
    async def play(client: Client) -> None:
        (one,) = (await client.list_prompts()).prompts
        (message,) = (await client.get_prompt(one.name)).messages
        text: str = message.content.text  # type: ignore[union-attr]
        assert {word for word in text.replace("`", " ").split() if "_" in word} <= {*tool.ACTIONS, tool.NAME}
        with pytest.raises(MCPError, match="phone_manners"):
            await client.get_prompt("table_manners")
        assert one.name == "phone_manners"

    meet(play, FakeOperator())
