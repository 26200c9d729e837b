"""The OpenClaw gateway as a brain: what it is told, what it may answer, and what its refusals mean."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any, Literal

import httpx2
import pytest
from openai import AsyncOpenAI

from tests.brains.conversations import CALL, Reports, agent, answer, caller, said, talk, texts
from voicecall.brains import BrainOptions, Conversation, Line, Opening, Said
from voicecall.brains.late import LateMind
from voicecall.brains.openclaw import OpenClawBrain, OpenClawMind, identity
from voicecall.emulators.clock import run_virtual
from voicecall.emulators.vendors import listening
from voicecall.emulators.vendors.openclaw import OpenClawGateway, Seen
from voicecall.errors import AgentError, ConfigError
from voicecall.net.http import Http

TOKEN = "a-token"
WORDS = '{"spoken": "It is sunny in Köln \U0001f324 today."}'


class Desk:
    """A gateway, and the agent of one call that is asked through it."""

    def __init__(self, gateway: OpenClawGateway, mind: LateMind, reports: Reports, running: asyncio.Task[None]) -> None:
        self.gateway = gateway
        self.faults = gateway.faults
        self.mind = mind
        self.reports = reports
        self.running = running

    @property
    def last(self) -> Seen:
        return self.gateway.seen[-1]

    async def ask(self, *lines: Line) -> str:
        return texts(await answer(self.mind, talk(*lines)))

    async def failure(self) -> AgentError:
        with pytest.raises(AgentError) as error:
            await self.ask(caller("My name is Bond."))
        assert "Bond" not in str(error.value)
        assert TOKEN not in str(error.value)
        return error.value


@asynccontextmanager
async def desk(
    call: Opening = CALL, answering: Callable[[Seen], str] = lambda _: WORDS, **options: Any
) -> AsyncIterator[Desk]:
    gateway, reports = OpenClawGateway(TOKEN, answering), Reports()
    async with listening(gateway.app) as origin:
        brain = OpenClawBrain(replace(BrainOptions(url=origin, api_key=TOKEN), **options))
        async with brain.ready(), asyncio.TaskGroup() as tasks:
            mind = brain.open(call, reports)
            running = tasks.create_task(mind.run())
            yield Desk(gateway, mind, reports, running)
            running.cancel()


async def test_the_answer_streams_word_by_word() -> None:
    async with desk() as at:
        items = await answer(at.mind, said("How is the weather?"))
    assert len(items) > 5
    assert texts(items) == WORDS


async def test_the_gateway_is_asked_in_its_own_way() -> None:
    async with desk(agent_id="front") as at:
        await at.ask(caller("Hello."))
    headers, body = at.last.headers, at.last.body
    assert (body["model"], body["stream"]) == ("openclaw:front", True)
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["x-openclaw-agent-id"] == "front"
    assert headers["x-openclaw-session-key"].startswith("agent:front:voice:")
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert at.last.said == "Hello."


async def test_without_an_agent_the_gateway_chooses() -> None:
    async with desk() as at:
        await at.ask(caller("Hello."))
    assert at.last.body["model"] == "openclaw"
    assert "x-openclaw-agent-id" not in at.last.headers


async def test_the_system_message_says_what_may_be_answered_and_what_the_call_is_for() -> None:
    call = replace_call(direction="outbound")
    async with desk(call, instructions="You are Ada.") as at:
        asked = Conversation(
            "call-1", "outbound", call.from_, call.to, (caller("Hi."),), "Book a table", "de-DE", seconds_left=29.7
        )
        await answer(at.mind, asked)
    system = at.last.body["messages"][0]["content"]
    for part in ('{"spoken": ', "You are Ada.", "Book a table", "de-DE", "30 seconds", "called them"):
        assert part in system


def replace_call(
    from_: str = CALL.from_, direction: Literal["inbound", "outbound"] = "inbound", call_id: str = "call-1"
) -> Opening:
    return Opening(call_id, direction, from_, "+15550100777")


SCOPES: list[Literal["per-phone", "per-call", "main"]] = ["per-phone", "per-call", "main"]


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_no_telephone_number_is_in_what_names_a_session(
    scope: Literal["per-phone", "per-call", "main"], direction: Literal["inbound", "outbound"]
) -> None:
    user, session = identity(BrainOptions(session_scope=scope), replace_call(direction=direction))
    assert not re.search(r"0100\d", user + session)


def test_a_caller_keeps_their_session_from_call_to_call() -> None:
    options = BrainOptions(agent_id="front")
    first = identity(options, replace_call(call_id="a"))
    assert first == identity(options, replace_call(call_id="b"))
    assert first != identity(options, replace_call("+15550100124"))
    assert first != identity(options, replace_call(direction="outbound"))
    assert first[1].startswith("agent:front:voice:")


@pytest.mark.parametrize("withheld", ["", "anonymous"])
def test_whoever_withholds_their_number_shares_no_session(withheld: str) -> None:
    options = BrainOptions()
    one, other = (identity(options, replace_call(withheld, call_id=call)) for call in ("a", "b"))
    assert one != other


def test_per_call_and_main_are_what_they_say() -> None:
    call = replace_call(call_id="c-1")
    assert identity(BrainOptions(session_scope="per-call"), call)[1] == "agent:main:voice:call:c-1"
    assert identity(BrainOptions(session_scope="main"), call)[1] == "agent:main:main"


async def test_only_what_is_new_is_sent() -> None:
    async with desk() as at:
        hello = [agent("Welcome."), caller("Hello.")]
        await at.ask(*hello)
        assert at.last.said == '[The caller was told: "Welcome."]\nHello.'
        await at.ask(*hello, agent("It is sunny."), caller("And"), caller("tomorrow?"))
        assert at.last.said == "And\ntomorrow?"
        assert len(at.gateway.sessions) == 1


async def test_the_gateway_is_told_what_was_heard_of_a_reply_that_was_cut_off() -> None:
    async with desk() as at:
        lines = [caller("Hello.")]
        await at.ask(*lines)
        lines += [agent("It is", interrupted=True), caller("Wait.")]
        await at.ask(*lines)
        assert at.last.said == '[The caller interrupted you and heard only "It is" of what you said last.]\nWait.'
        lines += [agent("", interrupted=True), caller("Stop.")]
        await at.ask(*lines)
        assert at.last.said == "[The caller interrupted you and heard nothing of what you said last.]\nStop."


async def test_a_line_that_grew_is_sent_again_in_whole() -> None:
    async with desk() as at:
        await at.ask(caller("I would like"))
        await at.ask(caller("I would like to book a table."))
        assert at.last.said == "I would like to book a table."


async def test_keys_are_told_as_keys() -> None:
    async with desk() as at:
        await at.ask(caller("12#", keys=True))
        assert at.last.said == "[The caller pressed the keys 12#]"


async def test_what_failed_is_told_again_with_what_the_caller_was_told_meanwhile() -> None:
    async with desk() as at:
        at.faults.status, at.faults.only = 503, 1
        error = await at.failure()
        assert (error.retryable, error.code) == (True, "503")
        await at.ask(caller("My name is Bond."), agent("Hold on."), caller("Hello?"))
        assert at.last.said == 'My name is Bond.\n[The caller was told: "Hold on."]\nHello?'


@pytest.mark.parametrize("piece", [1, 2, 7])
async def test_chunks_may_be_cut_anywhere(piece: int) -> None:
    async with desk() as at:
        at.faults.piece, at.faults.crlf, at.faults.done = piece, True, False
        assert await at.ask(caller("Hello.")) == WORDS


async def test_a_switched_off_endpoint_is_named() -> None:
    async with desk() as at:
        at.faults.enabled = False
        error = await at.failure()
    assert "gateway.http.endpoints.chatCompletions.enabled" in str(error)
    assert not error.retryable


async def test_a_wrong_token_is_named() -> None:
    async with desk(api_key="another") as at:
        error = await at.failure()
    assert "brain.openclaw.token" in str(error)
    assert not error.retryable


@pytest.mark.parametrize(("pause", "retryable"), [("0", True), ("", True), ("3", False), ("9999999999", False)])
async def test_a_busy_gateway_is_asked_again_where_it_wants_only_a_moment(pause: str, retryable: bool) -> None:
    async with desk() as at:
        at.faults.status, at.faults.retry_after = 429, pause
        error = await at.failure()
    assert (error.code, error.retryable) == ("429", retryable)


@pytest.mark.parametrize(("status", "retryable"), [(400, False), (500, True), (502, True), (302, False)])
async def test_other_refusals_say_whether_asking_again_can_help(status: int, retryable: bool) -> None:
    async with desk() as at:
        at.faults.status = status
        error = await at.failure()
    assert (error.code, error.retryable) == (str(status), retryable)


async def test_an_error_within_the_stream_follows_what_was_said() -> None:
    async with desk() as at:
        at.faults.after, at.faults.then = 2, "error"
        items = at.mind.reply(said("Hello."))
        assert [await anext(items), await anext(items)] == ['{"spoken":', ' "It']
        with pytest.raises(AgentError, match="overloaded_error") as error:
            await anext(items)
    assert "credits" not in str(error.value)


async def test_a_broken_connection_is_an_error() -> None:
    async with desk() as at:
        at.faults.after, at.faults.then = 1, "drop"
        error = await at.failure()
    assert (error.code, error.retryable) == ("broken", True)


async def test_a_page_in_place_of_an_answer_is_an_error() -> None:
    async with desk() as at:
        at.faults.kind = "text/html"
        assert "text/html" in str(await at.failure())


async def test_nobody_there_is_an_error_that_may_pass() -> None:
    async with desk(url="http://127.0.0.1:9") as at:
        error = await at.failure()
    assert error.retryable


async def test_an_answer_that_has_begun_is_cancelled_at_the_gateway() -> None:
    async with desk() as at:
        at.faults.after, at.faults.then = 2, "stop"
        async with aclosing(at.mind.reply(said("Hello."))) as items:
            async for _ in items:
                break
        async with asyncio.timeout(5):
            await at.last.cancelled.wait()


async def test_an_answer_that_has_not_begun_goes_on_and_comes_late() -> None:
    async with desk() as at:
        at.faults.held = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            asking = tasks.create_task(at.ask(caller("How is the weather?")))
            await at.gateway.asked.acquire()
            asking.cancel()
        at.gateway.answer = lambda seen: '{"spoken": "Yes."}' if seen.said == "Hello?" else WORDS
        items = at.mind.reply(talk(caller("How is the weather?"), caller("Hello?")))
        at.faults.held.set()
        assert texts([item async for item in items]) == "It is sunny in Köln \U0001f324 today.\n\nYes."
        assert at.last.said == "Hello?"
        assert not at.gateway.seen[0].cancelled.is_set()


async def test_the_end_of_the_call_stops_the_work_at_the_gateway() -> None:
    async with desk() as at:
        at.faults.held = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            asking = tasks.create_task(at.ask(caller("How is the weather?")))
            await at.gateway.asked.acquire()
            asking.cancel()
        assert not at.last.cancelled.is_set()
        at.running.cancel()
        async with asyncio.timeout(5):
            await at.last.cancelled.wait()


class Canned(httpx2.AsyncBaseTransport):
    """Always gives the same answer."""

    def __init__(self, status: int, content: bytes = b"", **headers: str) -> None:
        self._status, self._content = status, content
        self._headers = {name.replace("_", "-"): value for name, value in headers.items()}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(self._status, content=self._content, headers=self._headers)


async def canned(transport: Canned) -> list[Said]:
    async with Http(transport) as http:
        mind = OpenClawMind(BrainOptions(url="http://gateway.example.com"), http, CALL)
        return await answer(mind, said("Hello."))


def test_a_busy_gateway_gets_the_moment_that_it_asks_for() -> None:
    async def ask() -> float:
        with pytest.raises(AgentError) as error:
            await canned(Canned(429, retry_after="2"))
        assert error.value.retryable
        return asyncio.get_running_loop().time()

    assert run_virtual(ask) == 2.0


async def test_an_answer_that_is_not_streamed_is_understood() -> None:
    whole = b'{"choices": [{"message": {"role": "assistant", "content": "Hello."}}]}'
    assert await canned(Canned(200, whole, content_type="application/json")) == ["Hello."]


@pytest.mark.parametrize(
    ("body", "kind"), [(b"<html>", "application/json"), (b"data: <html>\n\n", "text/event-stream")]
)
async def test_what_is_no_chat_completion_is_an_error(body: bytes, kind: str) -> None:
    with pytest.raises(AgentError, match="something else than chat completions"):
        await canned(Canned(200, body, content_type=kind))


async def test_the_emulated_gateway_is_understood_by_openais_own_client() -> None:
    gateway = OpenClawGateway(TOKEN, lambda _: "hello there")
    async with listening(gateway.app) as origin, AsyncOpenAI(base_url=f"{origin}/v1", api_key=TOKEN) as client:
        stream = await client.chat.completions.create(
            model="openclaw:main", stream=True, messages=[{"role": "user", "content": "hi"}]
        )
        assert "".join([chunk.choices[0].delta.content or "" async for chunk in stream]) == "hello there"
        whole = await client.chat.completions.create(
            model="openclaw:main", messages=[{"role": "user", "content": "hi"}]
        )
        assert whole.choices[0].message.content == "hello there"


def test_it_must_be_said_whom_to_ask_and_it_is_never_asked_early() -> None:
    with pytest.raises(ConfigError, match=r"brain\.openclaw\.gateway_url"):
        OpenClawBrain(BrainOptions())
    assert not OpenClawBrain(BrainOptions(url="http://127.0.0.1:9", early=True)).early
