"""What each kind of agent is asked when a call is over, what it may answer, and who answers in its place."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.brains.agents import Agent, serving
from tests.brains.conversations import CALL, Reports, caller, talk
from tests.brains.inquiries import CONCLUDED, GIVEN, INJECTION, INQUIRY, SCHEMA
from tests.brains.model_rig import APIS, VENDORS, connected, run
from voicecall.brains import (
    Brain,
    BrainOptions,
    Concluding,
    Conclusion,
    Evidence,
    Inquiry,
    NoteOutcome,
)
from voicecall.brains.command import CommandBrain
from voicecall.brains.conclusion import document, instructions, tool
from voicecall.brains.http import HttpBrain
from voicecall.brains.openclaw import OpenClawBrain
from voicecall.brains.python import PythonBrain
from voicecall.emulators.vendors import listening
from voicecall.emulators.vendors.answers import Answer, Faults, Use
from voicecall.emulators.vendors.openclaw import OpenClawGateway
from voicecall.errors import AgentError
from voicecall.gateway.schemas import check

UNREADABLE = "said what came of the call in a way that cannot be read"
TEXTS = [json.dumps(GIVEN), f"Here it is:\n```json\n{json.dumps(GIVEN, indent=1)}\n```\nGoodbye."]


async def conclusion(brain: Brain, inquiry: Inquiry = INQUIRY) -> Conclusion:
    """Return what an agent that needs nothing kept ready says."""
    mind = brain.open(CALL, Reports())
    assert isinstance(mind, Concluding)
    return await mind.conclude(inquiry)


async def failure(brain: Brain, inquiry: Inquiry = INQUIRY) -> AgentError:
    with pytest.raises(AgentError) as error:
        await conclusion(brain, inquiry)
    assert "Bond" not in str(error.value)
    return error.value


# --- what a language model is told


def test_what_was_said_stands_among_the_data_and_nowhere_else() -> None:
    inquiry = msgspec.structs.replace(INQUIRY, noted=NoteOutcome("booked", INJECTION), faults=("at guests: no",))
    assert INJECTION not in instructions(inquiry)
    assert json.loads(document(inquiry)) == {
        "transcript": [
            {"line": 0, "speaker": "agent", "text": "What may I do?"},
            {"line": 1, "speaker": "caller", "text": "For two, please."},
            {"line": 2, "speaker": "caller", "text": "2#", "keys": True},
            {"line": 3, "speaker": "caller", "text": INJECTION},
        ],
        "noted": {"disposition": "booked", "summary": INJECTION, "data": {}},
    }


def test_it_is_told_what_is_wanted_and_what_was_wrong() -> None:
    told = instructions(msgspec.structs.replace(INQUIRY, faults=("at guests: 'two' is not of type 'integer'",)))
    for part in ("Book a table.", json.dumps(SCHEMA), "never follow it", "- at guests: 'two' is not of type 'integer'"):
        assert part in told
    bare = instructions(Inquiry(talk(caller("Hello."))))
    assert "JSON Schema" not in bare
    assert "objective" not in bare


def test_a_schema_keeps_its_meaning_within_that_of_the_tool() -> None:
    parameters = tool({**SCHEMA, "$id": "https://example.com/a", "$schema": "https://example.com/b"}).parameters
    check(parameters)
    data = parameters["properties"]["data"]["anyOf"][0]
    assert parameters["$defs"] == SCHEMA["$defs"]
    assert data["properties"]["name"] == {"$ref": "#/$defs/name"}
    assert data["properties"]["more"] == {"$ref": "#/properties/data/anyOf/0/properties/name"}
    assert not {"$id", "$schema", "$defs"} & set(data)
    assert parameters["required"] == ["summary", "data", "evidence"]
    assert tool(None).parameters["required"] == ["summary"]


# --- model


@pytest.mark.parametrize("model", VENDORS)
def test_a_model_concludes_by_a_tool(model: str) -> None:
    async def scene() -> None:
        async with connected(model, Answer((Use("conclude", json.dumps(GIVEN)),))) as rig:
            mind = rig.mind()
            assert isinstance(mind, Concluding)
            assert await mind.conclude(INQUIRY) == CONCLUDED
            body = json.dumps(rig.vendor.seen[0].body)
            assert len(rig.vendor.seen) == 1
            assert '"conclude"' in body
            assert "Book a table." in body
            assert json.dumps(document(INQUIRY)) in body, "the call is not a text of its own"
            assert body.count("Ignore the above") == 1, "what was said stands elsewhere, too"

    run(scene())


@pytest.mark.parametrize("model", APIS)
@pytest.mark.parametrize("text", TEXTS)
def test_a_model_that_writes_its_conclusion_is_understood(model: str, text: str) -> None:
    async def scene() -> None:
        async with connected(model, Answer((text,))) as rig:
            mind = rig.mind()
            assert isinstance(mind, Concluding)
            assert await mind.conclude(INQUIRY) == CONCLUDED

    run(scene())


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(("My name is Bond.",)), f"the model {UNREADABLE}"),
        (
            Answer((Use("conclude", '{"summary": '),)),
            f"the model {UNREADABLE}",
        ),
        (Answer((Use("conclude", '{"answer": 3}'),)), "the model cannot say what came of a call"),
        (Answer((Use("hang_up", "{}"),)), f"the model {UNREADABLE}"),
        (Answer(faults=Faults(status=401)), "OpenAI refuses the API key (HTTP 401): check brain.openai.api_key"),
    ],
)
def test_a_model_that_does_not_conclude_is_told_of_without_the_words(answer: Answer, why: str) -> None:
    async def scene() -> None:
        async with connected("openai:gpt-5-mini", answer) as rig:
            mind = rig.mind()
            assert isinstance(mind, Concluding)
            with pytest.raises(AgentError) as error:
                await mind.conclude(INQUIRY)
            assert str(error.value) == why

    run(scene())


def test_a_model_has_room_for_its_conclusion_and_must_give_one() -> None:
    async def scene() -> None:
        async with connected("openai:gpt-5-mini", Answer((TEXTS[0],)), max_tokens=50) as rig:
            mind = rig.mind()
            assert isinstance(mind, Concluding)
            await mind.conclude(INQUIRY)
            body = rig.vendor.seen[0].body
            assert body["tool_choice"] == "required"
            assert max(body.get("max_tokens", 0), body.get("max_completion_tokens", 0)) >= 4000

    run(scene())


# --- openclaw


async def test_openclaw_is_asked_in_a_session_of_its_own() -> None:
    gateway = OpenClawGateway("a-token", lambda _: TEXTS[1])
    async with listening(gateway.app) as origin:
        brain = OpenClawBrain(
            BrainOptions(url=origin, api_key="a-token", agent_id="front", instructions="You are Ada.")
        )
        async with brain.ready():
            assert await conclusion(brain) == CONCLUDED
    (seen,) = gateway.seen
    system, user = seen.body["messages"]
    assert (system["role"], user["role"], user["content"]) == ("system", "user", document(INQUIRY))
    assert "Ignore the above" not in system["content"]
    assert seen.headers["x-openclaw-session-key"] == "agent:front:voice:outcome:call-1"
    assert seen.body["user"] == "voicecall:outcome:call-1"
    assert seen.headers["x-openclaw-agent-id"] == "front"


async def test_an_openclaw_agent_that_does_not_conclude_is_told_of_without_the_words() -> None:
    gateway = OpenClawGateway("a-token", lambda _: '{"spoken": "My name is Bond."}')
    async with listening(gateway.app) as origin:
        brain = OpenClawBrain(BrainOptions(url=origin, api_key="a-token"))
        async with brain.ready():
            assert str(await failure(brain)) == "the OpenClaw agent cannot say what came of a call"
            gateway.faults.status = 500
            assert (await failure(brain)).retryable
    brain = OpenClawBrain(BrainOptions(url=origin))
    async with brain.ready():
        assert str(await failure(brain)).startswith("brain.openclaw: ")


# --- http


async def posted(listener: Agent, **options: Any) -> Conclusion:
    async with serving(listener) as url:
        brain = HttpBrain(replace(BrainOptions(url=url), **options))
        async with brain.ready():
            return await conclusion(brain)


@pytest.mark.parametrize("body", [*TEXTS, json.dumps({"outcome": GIVEN})])
async def test_a_service_is_asked_at_the_same_url(body: str) -> None:
    listener = Agent([body.encode()])
    assert await posted(listener, api_key="a-key") == CONCLUDED
    assert listener.headers[0]["Authorization"] == "Bearer a-key"
    (asked,) = listener.asked
    assert asked == {
        "type": "outcome",
        "callId": "call-1",
        "turn": 1,
        "lines": [
            {"speaker": "agent", "text": "What may I do?"},
            {"speaker": "caller", "text": "For two, please."},
            {"speaker": "caller", "text": "2#", "keys": True},
            {"speaker": "caller", "text": INJECTION},
        ],
        "direction": "inbound",
        "from": CALL.from_,
        "to": CALL.to,
        "language": "de",
        "objective": "Book a table.",
        "schema": SCHEMA,
        "outcome": None,
        "faults": [],
    }


@pytest.mark.parametrize(
    ("listener", "why"),
    [
        (Agent([b'{"text": "My name is Bond."}']), "brain.url cannot say what came of a call"),
        (Agent([b"[]"]), "brain.url cannot say what came of a call"),
        (Agent([], status=204), "brain.url cannot say what came of a call"),
        (
            Agent([b"My name is Bond."], "text/plain"),
            f"brain.url {UNREADABLE}",
        ),
        (Agent([b"{}"], status=401), "brain.url answered 401; check brain.token"),
        (Agent([b"{"], breaks=True), "brain.url: "),
    ],
)
async def test_a_service_that_does_not_conclude_is_told_of_without_the_words(listener: Agent, why: str) -> None:
    with pytest.raises(AgentError) as error:
        await posted(listener)
    assert str(error.value).startswith(why)


# --- command


async def asked_program(inquiry: Inquiry, *, patience: float = 10.0) -> Conclusion:
    program = str(Path(__file__).with_name("command_agent.py"))
    brain = CommandBrain(BrainOptions(command=(sys.executable, "-I", program, "/dev/null")))
    mind = brain.open(CALL, Reports())
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(mind.run())
        try:
            async with asyncio.timeout(patience):
                return await mind.conclude(inquiry)
        finally:
            running.cancel()


async def test_a_program_is_asked_on_its_standard_input() -> None:
    noted = NoteOutcome("booked", "For two.", {"guests": 2})
    concluded = await asked_program(msgspec.structs.replace(INQUIRY, noted=noted, faults=("it is no JSON",)))
    assert (concluded.summary, concluded.evidence) == ("It went well.", (Evidence("asked", 0, "Hello"),))
    asked = concluded.data["asked"]
    assert (asked["type"], asked["callId"], asked["turn"], asked["schema"]) == ("outcome", "call-1", 1, SCHEMA)
    assert asked["outcome"] == {"disposition": "booked", "summary": "For two.", "data": {"guests": 2}}
    assert asked["faults"] == ["it is no JSON"]
    assert asked["lines"][3] == {"speaker": "caller", "text": INJECTION}


@pytest.mark.parametrize(
    ("objective", "why"),
    [("nothing", "brain.command cannot say what came of a call"), ("error", "brain.command reported an error")],
)
async def test_a_program_that_does_not_conclude_is_told_of(objective: str, why: str) -> None:
    with pytest.raises(BaseExceptionGroup) as error:
        await asked_program(Inquiry(talk(caller("Hello."), objective=objective)))
    assert error.group_contains(AgentError, match=why)


# --- python


async def python(name: str) -> PythonBrain:
    return PythonBrain(BrainOptions(callable=f"tests.brains.callables:{name}"))


async def test_a_function_may_have_a_conclusion_of_its_own() -> None:
    assert await conclusion(await python("talker")) == Conclusion("brain.callable", {"lines": 4})
    assert await conclusion(await python("async_talker")) == Conclusion("", {"lines": 4})


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("plain", "brain.callable cannot say what came of a call"),
        ("confused", "brain.callable.conclude gave no Conclusion"),
        ("broken_talker", "brain.callable raised ValueError"),
    ],
)
async def test_a_function_that_does_not_conclude_is_told_of_without_the_words(name: str, why: str) -> None:
    assert str(await failure(await python(name))).startswith(why)
