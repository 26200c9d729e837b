"""Anthropic's own client talks to the emulated messages."""

from __future__ import annotations

import asyncio

from anthropic import AsyncAnthropic

from voicecall.emulators.vendors import listening
from voicecall.emulators.vendors.answers import Answer, Model, Use
from voicecall.emulators.vendors.anthropic import Anthropic


def test_messages_are_understood() -> None:
    async def scene() -> None:
        answer = Answer(("Grüß Gott.", Use("press_keys", '{"digits": "12"}')), thinking="Polite.")
        async with (
            listening(Model(Anthropic(), answer, key="k").app()) as origin,
            AsyncAnthropic(api_key="k", base_url=origin, max_retries=0) as client,
            client.messages.stream(model="m", max_tokens=9, messages=[{"role": "user", "content": "Hi."}]) as stream,
        ):
            message = await stream.get_final_message()
        kinds = {block.type: block for block in message.content}
        assert list(kinds) == ["thinking", "text", "tool_use"]
        assert getattr(kinds["text"], "text", "") == "Grüß Gott."
        assert getattr(kinds["tool_use"], "input", {}) == {"digits": "12"}
        assert message.stop_reason == "tool_use"

    asyncio.run(scene())
