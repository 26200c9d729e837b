"""The agent behind a URL: what it is asked, the forms its answer may take, and what is no answer."""

from __future__ import annotations

import json
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from tests.brains.agents import Agent, serving
from tests.brains.conversations import CALL, Reports, agent, answer, caller, said, talk
from voicecall.brains import BrainOptions, Conversation, HangUpAfter, NoteOutcome, PressKeys, Said
from voicecall.brains.http import HttpBrain
from voicecall.errors import AgentError, ConfigError

HELLO = said("My name is Bond.")
UNICODE = "Grüße \U0001f324 aus Köln"


async def hearing(agent: Agent, conversation: Conversation = HELLO, **options: Any) -> list[Said]:
    async with serving(agent) as url:
        brain = HttpBrain(replace(BrainOptions(url=url), **options))
        async with brain.ready():
            return await answer(brain.open(CALL, Reports()), conversation)


async def failure(agent: Agent, **options: Any) -> AgentError:
    with pytest.raises(AgentError) as error:
        await hearing(agent, **options)
    assert "Bond" not in str(error.value)
    return error.value


def chopped(text: str, size: int) -> list[bytes]:
    raw = text.encode()
    return [raw[start : start + size] for start in range(0, len(raw), size)]


def whole(value: Any) -> Agent:
    return Agent([json.dumps(value).encode()])


def events(*data: str, size: int = 1000) -> Agent:
    return Agent(chopped("".join(f"data: {one}\n\n" for one in data), size), "text/event-stream; charset=utf-8")


async def test_the_question_tells_what_is_known_of_the_call() -> None:
    listener = whole({"text": "Yes."})
    lines = (agent("Who is it", interrupted=True), caller("1#", keys=True), caller("My name is Bond."))
    await hearing(listener, talk(*lines, objective="Find out.", language="de", seconds_left=12.5), api_key="a-key")
    assert listener.asked == [
        {
            "callId": "call-1",
            "turn": 1,
            "text": "My name is Bond.",
            "lines": [
                {"speaker": "agent", "text": "Who is it", "interrupted": True},
                {"speaker": "caller", "text": "1#", "keys": True},
                {"speaker": "caller", "text": "My name is Bond."},
            ],
            "direction": "inbound",
            "from": CALL.from_,
            "to": CALL.to,
            "language": "de",
            "objective": "Find out.",
            "secondsLeft": 12.5,
        }
    ]
    assert listener.headers[0]["Authorization"] == "Bearer a-key"


async def test_questions_are_counted_call_by_call() -> None:
    listener = whole({"text": "Yes."})
    async with serving(listener) as url:
        brain = HttpBrain(BrainOptions(url=url))
        async with brain.ready():
            one, other = brain.open(CALL, Reports()), brain.open(CALL, Reports())
            for mind in (one, one, other):
                await answer(mind, HELLO)
    assert [asked["turn"] for asked in listener.asked] == [1, 2, 1]
    assert "Authorization" not in listener.headers[0]


@pytest.mark.parametrize(
    ("value", "items"),
    [
        ({"text": UNICODE}, [UNICODE]),
        ({"spoken": "Hello."}, ["Hello."]),
        ({"text": ""}, [""]),
        ("Hello.", ["Hello."]),
        ({"text": "Bye.", "hangUp": True}, ["Bye.", HangUpAfter()]),
        ({"hangUp": True}, [HangUpAfter()]),
        ({"text": "Wait.", "press": "12#w"}, ["Wait.", PressKeys("12#w")]),
        ({"outcome": {"disposition": "booked"}, "more": 1}, [NoteOutcome("booked")]),
        (
            {"text": "Done.", "outcome": {"disposition": "booked", "summary": "At 7.", "data": {"seats": 2}}},
            ["Done.", NoteOutcome("booked", "At 7.", {"seats": 2})],
        ),
        ({"choices": [{"message": {"role": "assistant", "content": "Hello."}}]}, ["Hello."]),
        ({}, []),
        ({"text": None, "hangUp": False}, []),
    ],
)
async def test_json_may_say_words_and_what_is_to_be_done(value: Any, items: list[Said]) -> None:
    assert await hearing(whole(value)) == items


async def test_json_may_come_in_pieces_and_under_another_name() -> None:
    assert await hearing(Agent(chopped('{"text": "Grüße"}', 1), "application/problem+json")) == ["Grüße"]


@pytest.mark.parametrize("size", [1, 2, 5])
async def test_plain_text_streams_as_it_comes(size: int) -> None:
    async with serving(Agent(chopped(UNICODE, size), "text/plain; charset=utf-8", endless=True)) as url:
        brain = HttpBrain(BrainOptions(url=url))
        async with brain.ready(), aclosing(brain.open(CALL, Reports()).reply(HELLO)) as items:
            heard = ""
            while heard != UNICODE:
                heard += str(await anext(items))


async def test_broken_characters_do_not_break_the_answer() -> None:
    heard = await hearing(Agent([b"One \xff two \xe2\x82"], "text/plain"))
    assert "".join(map(str, heard)) == "One \N{REPLACEMENT CHARACTER} two \N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize("size", [1, 3, 1000])
async def test_events_may_be_text_or_our_json_or_chunks_of_a_chat_completion(size: int) -> None:
    listener = events(
        "Hello ",
        '{"text": "Grüße "}',
        '{"choices": [{"delta": {"content": "from "}}]}',
        '{"choices": [], "usage": {}}',
        '"here"',
        "42",
        '{"outcome": {"disposition": "greeted"}}',
        '{"hangUp": true}',
        "[DONE]",
        "never",
        size=size,
    )
    assert await hearing(listener) == [
        *("Hello ", "Grüße ", "from ", "here", "42"),
        NoteOutcome("greeted"),
        HangUpAfter(),
    ]


async def test_events_need_no_last_word_and_other_names_are_passed_over() -> None:
    raw = b": hi\n\nevent: ping\ndata: x\n\ndata: Hello"
    assert await hearing(Agent([raw], "text/event-stream")) == ["Hello"]


@pytest.mark.parametrize(
    "raw",
    [
        b"event: error\ndata: My name is Bond.\n\n",
        b'data: {"error": {"message": "My name is Bond."}}\n\n',
    ],
)
async def test_an_error_among_the_events_is_an_error(raw: bytes) -> None:
    error = await failure(Agent([raw], "text/event-stream"))
    assert (error.code, error.retryable) == ("reported", True)


@pytest.mark.parametrize(
    "broken",
    [
        Agent([b'{"text": "My name is Bond."']),
        Agent([b"[1, 2]"]),
        Agent([b"null"]),
        whole({"text": 7}),
        whole({"press": "Bond"}),
        whole({"outcome": {"summary": "My name is Bond."}}),
        Agent([b"<html>My name is Bond.</html>"], "text/html"),
        Agent([b"My name is Bond."], ""),
        Agent([b'{"text": "' + b"x" * (1 << 20) + b'"}']),
        Agent([b"data: " + b"x" * (1 << 21)], "text/event-stream"),
    ],
)
async def test_what_was_not_agreed_is_an_error_that_asking_again_does_not_help(broken: Agent) -> None:
    error = await failure(broken)
    assert (error.code, error.retryable) == ("bad-answer", False)


@pytest.mark.parametrize(
    ("status", "retryable", "advice"),
    [
        (401, False, "brain.token"),
        (404, False, "brain.url"),
        (302, False, "302"),
        (400, False, "400"),
        (429, True, "429"),
        (503, True, "503"),
    ],
)
async def test_a_refusal_says_whether_asking_again_can_help(status: int, retryable: bool, advice: str) -> None:
    error = await failure(Agent([b"My name is Bond."], status=status))
    assert (error.retryable, error.code) == (retryable, str(status))
    assert advice in str(error)


async def test_no_content_is_no_answer() -> None:
    assert await hearing(Agent([], status=204)) == []


async def test_an_agent_that_falls_silent_or_breaks_off_is_an_error() -> None:
    silent = await failure(Agent([], endless=True), timeout=0.05)
    assert silent.code == "timeout"
    broken = await failure(Agent([b"data: One\n\n"], "text/event-stream", breaks=True))
    assert (broken.code, broken.retryable) == ("broken", True)


async def test_to_leave_an_answer_stops_it() -> None:
    listener = Agent([b"data: One\n\n"], "text/event-stream", endless=True)
    async with serving(listener) as url:
        brain = HttpBrain(BrainOptions(url=url))
        async with brain.ready():
            async with aclosing(brain.open(CALL, Reports()).reply(HELLO)) as items:
                assert await anext(items) == "One"
            await listener.left.wait()


def test_it_must_be_said_whom_to_ask_and_whether_that_may_be_early() -> None:
    with pytest.raises(ConfigError, match=r"brain\.url"):
        HttpBrain(BrainOptions())
    assert not HttpBrain(BrainOptions(url="http://127.0.0.1:9")).early
    assert HttpBrain(BrainOptions(url="http://127.0.0.1:9", early=True)).early
