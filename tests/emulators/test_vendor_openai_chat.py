"""OpenAI's own client talks to the emulated chat completions and responses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from openai import AsyncOpenAI

from voicecall.emulators.vendors import listening
from voicecall.emulators.vendors.answers import Answer, Dialect, Model, Use
from voicecall.emulators.vendors.openai_chat import OpenAiChat
from voicecall.emulators.vendors.openai_chat_responses import OpenAiResponses

ANSWER = Answer(("Grüß Gott.", Use("press_keys", '{"digits": "12"}')))


@asynccontextmanager
async def asking(dialect: Dialect) -> AsyncIterator[AsyncOpenAI]:
    """Yield OpenAI's client of the emulated vendor."""
    async with (
        listening(Model(dialect, ANSWER, key="k").app()) as origin,
        AsyncOpenAI(api_key="k", base_url=f"{origin}/v1", max_retries=0) as client,
    ):
        yield client


def test_chat_completions_are_understood() -> None:
    async def scene() -> None:
        async with asking(OpenAiChat()) as client:
            stream = await client.chat.completions.create(
                model="m", messages=[{"role": "user", "content": "Hello."}], stream=True
            )
            choices = [chunk.choices[0] async for chunk in stream if chunk.choices]
        calls = [call for choice in choices for call in choice.delta.tool_calls or ()]
        assert "".join(choice.delta.content or "" for choice in choices) == "Grüß Gott."
        assert [call.id for call in calls if call.id] == ["call_1"]
        arguments = "".join(call.function.arguments or "" for call in calls if call.function)
        assert arguments == '{"digits": "12"}'
        assert choices[-1].finish_reason == "tool_calls"

    asyncio.run(scene())


def test_responses_are_understood() -> None:
    async def scene() -> None:
        async with asking(OpenAiResponses()) as client:
            stream = await client.responses.create(model="m", input=[{"role": "user", "content": "Hi."}], stream=True)
            events = [event async for event in stream]
        text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
        (arguments,) = (event.arguments for event in events if event.type == "response.function_call_arguments.done")
        assert (text, arguments) == ("Grüß Gott.", '{"digits": "12"}')
        assert [event.sequence_number for event in events] == list(range(len(events)))
        assert events[-1].type == "response.completed"

    asyncio.run(scene())
