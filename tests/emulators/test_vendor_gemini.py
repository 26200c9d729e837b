"""Google's own client talks to the emulated Gemini."""

from __future__ import annotations

import asyncio

import httpx2
from google.genai import Client
from google.genai.types import HttpOptions

from voicecall.emulators.vendors import listening
from voicecall.emulators.vendors.answers import Answer, Model, Use
from voicecall.emulators.vendors.gemini import Gemini


def test_generated_content_is_understood() -> None:
    async def scene() -> None:
        answer = Answer(("Grüß Gott.", Use("press_keys", '{"digits": "12"}')), thinking="Polite.")
        async with listening(Model(Gemini(), answer, key="k").app()) as origin, httpx2.AsyncClient() as http:
            options = HttpOptions(base_url=origin, httpx_async_client=http)
            client = Client(vertexai=False, api_key="k", http_options=options)
            stream = await client.aio.models.generate_content_stream(model="m", contents="Hello.")
            candidates = [chunk.candidates[0] async for chunk in stream if chunk.candidates]
        parts = [part for one in candidates if one.content for part in one.content.parts or ()]
        assert "".join(part.text or "" for part in parts if not part.thought) == "Grüß Gott."
        assert "".join(part.text or "" for part in parts if part.thought) == "Polite."
        (call,) = (part.function_call for part in parts if part.function_call)
        assert (call.name, call.args) == ("press_keys", {"digits": "12"})
        assert candidates[-1].finish_reason == "STOP"

    asyncio.run(scene())
