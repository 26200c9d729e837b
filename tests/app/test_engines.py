"""From the configuration to the engines: each name makes what it says, with the options that stand under it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, aclosing
from typing import Any

import pytest

from tests.app.reception import KEY, Asked, Reception, receiving
from voicecall.app.engines import Engines, voice
from voicecall.brains import Conversation, Line, Opening
from voicecall.config.model import Config
from voicecall.errors import AgentError, SpeechError

QUESTION = Conversation("call", "inbound", "+15550100009", "+15550000000", (Line("caller", "What time is it?"),))
OPENING = Opening("call", "inbound", "+15550100009", "+15550000000")


async def _first_asked(
    settings: Callable[[Reception], dict[str, Any]], use: Callable[..., Coroutine[None, None, None]]
) -> Asked:
    """Return the first request of the engine that these settings make and `use` uses."""
    async with receiving() as reception, AsyncExitStack() as stack, asyncio.timeout(60.0):
        config = Config.model_validate(settings(reception))
        async with asyncio.TaskGroup() as tasks:
            using = tasks.create_task(use(config, stack))
            asked = await reception.first()
            using.cancel()
    return asked


async def _hear(config: Config, stack: AsyncExitStack) -> None:
    engines = Engines()
    transcriber = engines.transcriber(config.stt, apart=config.turns.vad != "off")
    await engines.load(stack)
    with pytest.raises(SpeechError):
        await transcriber.open(lambda _: None, "de-AT").run()


async def _speak(config: Config, stack: AsyncExitStack) -> None:
    engines = Engines()
    synthesizer = engines.synthesizer(config.tts)
    await engines.load(stack)
    stream = synthesizer.open(voice(config.tts, "de-AT"), lambda _: None)

    async def run() -> None:
        with pytest.raises(SpeechError):
            await stream.run()

    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(run())
        with pytest.raises(SpeechError):
            async for _ in stream.speak("Guten Tag."):
                pass
        running.cancel()


async def _answer(config: Config, stack: AsyncExitStack) -> None:
    engines = Engines()
    brain = engines.brain(config.brain)
    await engines.load(stack)
    mind = brain.open(OPENING, lambda _: None)

    async def ask() -> None:
        async with aclosing(mind.reply(QUESTION)) as said:
            async for _ in said:
                pass

    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(mind.run())
        with pytest.raises(AgentError):
            await ask()
        running.cancel()


STT = {
    "deepgram": ("deepgram", {}, "/v1/listen", {"model": "nova-3", "language": "de"}),
    "deepgram, another model": ("deepgram", {"model": "nova-2"}, "/v1/listen", {"model": "nova-2"}),
    "deepgram, another language": ("deepgram", {"language": "es"}, "/v1/listen", {"language": "es"}),
    "deepgram's flux": ("deepgram", {"model": "flux-general-en"}, "/v2/listen", {"model": "flux-general-en"}),
    "openai": ("openai", {}, "/v1/realtime", {"intent": "transcription"}),
    "elevenlabs": ("elevenlabs", {}, "/v1/speech-to-text/realtime", {"language_code": "de"}),
}
TTS = {
    "deepgram": ("deepgram", {"voice": "aura-2-viktoria-de"}, "/v1/speak", {"model": "aura-2-viktoria-de"}),
    "openai's realtime": ("openai", {"model": "gpt-realtime"}, "/v1/realtime", {"model": "gpt-realtime"}),
    "elevenlabs": (
        "elevenlabs",
        {"voice": "their-id", "model": "eleven_flash_v2_5"},
        "/v1/text-to-speech/their-id/multi-stream-input",
        {"model_id": "eleven_flash_v2_5", "language_code": "de"},
    ),
    "cartesia": ("cartesia", {}, "/tts/websocket", {}),
}
MODELS = {
    "openai:gpt-5-mini": ("openai", "/v1/chat/completions"),
    "openai/gpt-5-mini": ("openai", "/v1/chat/completions"),
    "openai-chat:gpt-5-mini": ("openai", "/v1/chat/completions"),
    "openai-responses:gpt-5-mini": ("openai", "/v1/responses"),
    "anthropic:claude-haiku-4-5": ("anthropic", "/v1/messages"),
    "google-gla:gemini-2.5-flash": ("gemini", "/v1beta/models/gemini-2.5-flash:streamGenerateContent"),
}


@pytest.mark.parametrize(("vendor", "options", "path", "query"), STT.values(), ids=STT)
def test_a_transcriber_is_asked_at_its_origin_with_its_key(
    vendor: str, options: dict[str, Any], path: str, query: dict[str, str]
) -> None:
    def settings(reception: Reception) -> dict[str, Any]:
        own = {"api_key": KEY, "api_base_url": reception.origin, **options}
        return {"stt": {"provider": vendor, vendor: own}}

    asked = asyncio.run(_first_asked(settings, _hear))
    assert (asked.path, asked.key) == (path, KEY)
    assert {name: asked.query.get(name) for name in query} == query


@pytest.mark.parametrize(("vendor", "options", "path", "query"), TTS.values(), ids=TTS)
def test_a_voice_is_asked_at_its_origin_with_its_key(
    vendor: str, options: dict[str, Any], path: str, query: dict[str, str]
) -> None:
    def settings(reception: Reception) -> dict[str, Any]:
        own = {"api_key": KEY, "api_base_url": reception.origin, **options}
        return {"tts": {"provider": vendor, "voice": "somebody", vendor: own}}

    asked = asyncio.run(_first_asked(settings, _speak))
    assert (asked.path, asked.key) == (path, KEY)
    assert {name: asked.query.get(name) for name in query} == query


@pytest.mark.parametrize(
    ("general", "own", "voice"), [("default", None, "alloy"), ("marin", None, "marin"), ("marin", "cedar", "cedar")]
)
def test_the_vendors_own_voice_counts_for_more_than_the_general_one(general: str, own: str | None, voice: str) -> None:
    def settings(reception: Reception) -> dict[str, Any]:
        vendor = {
            "api_key": KEY,
            "api_base_url": reception.origin,
            "voice": own,
            "speed": 1.5,
            "instructions": "calm",
            "model": "gpt-4o-mini-tts",
        }
        return {"tts": {"provider": "openai", "voice": general, "openai": vendor}}

    asked = asyncio.run(_first_asked(settings, _speak))
    assert (asked.path, asked.key) == ("/v1/audio/speech", KEY)
    wanted = {"voice": voice, "model": "gpt-4o-mini-tts", "instructions": "calm", "speed": 1.5, "input": "Guten Tag."}
    assert {name: asked.body.get(name) for name in wanted} == wanted


@pytest.mark.parametrize(("model", "vendor", "path"), [(model, *told) for model, told in MODELS.items()], ids=MODELS)
def test_a_language_model_is_asked_at_its_vendors_origin_with_its_key(model: str, vendor: str, path: str) -> None:
    def settings(reception: Reception) -> dict[str, Any]:
        own = {"api_key": KEY, "api_base_url": reception.origin}
        return {"brain": {"kind": "model", "model": model, "instructions": "Be brief.", vendor: own}}

    asked = asyncio.run(_first_asked(settings, _answer))
    assert (asked.path, asked.key) == (path, KEY)
    assert "Be brief." in str(asked.body)
    assert "What time is it?" in str(asked.body)


def test_a_server_of_ones_own_is_asked_below_its_base_url_with_the_token() -> None:
    def settings(reception: Reception) -> dict[str, Any]:
        url = f"{reception.origin}/api/v3"
        return {"brain": {"kind": "model", "model": "openai:local", "base_url": url, "token": KEY, "max_tokens": 77}}

    asked = asyncio.run(_first_asked(settings, _answer))
    assert (asked.path, asked.key, asked.body["model"]) == ("/api/v3/chat/completions", KEY, "local")
    assert asked.body["max_tokens"] == 77


def test_an_agent_behind_a_url_is_asked_there_and_nowhere_else() -> None:
    def settings(reception: Reception) -> dict[str, Any]:
        return {"brain": {"kind": "http", "url": f"{reception.origin}/my/turn", "token": KEY}}

    asked = asyncio.run(_first_asked(settings, _answer))
    assert (asked.path, asked.key, asked.body["text"]) == ("/my/turn", KEY, "What time is it?")


def test_an_openclaw_gateway_is_asked_for_the_agent_that_is_named() -> None:
    def settings(reception: Reception) -> dict[str, Any]:
        own = {"gateway_url": f"{reception.origin}/", "token": KEY, "agent_id": "receptionist"}
        return {"brain": {"kind": "openclaw", "token": "another", "openclaw": own}}

    asked = asyncio.run(_first_asked(settings, _answer))
    assert (asked.path, asked.key, asked.headers["x-openclaw-agent-id"]) == (
        "/v1/chat/completions",
        KEY,
        "receptionist",
    )


@pytest.mark.parametrize(
    ("provider", "names"), [("elevenlabs", {"commit_strategy": "vad"}), ("deepgram", {"vad": None})]
)
def test_where_no_detector_listens_the_vendor_is_told_to_notice_speech(provider: str, names: dict[str, Any]) -> None:
    def settings(reception: Reception) -> dict[str, Any]:
        own = {"api_key": KEY, "api_base_url": reception.origin}
        return {"stt": {"provider": provider, provider: own}, "turns": {"vad": "off"}}

    asked = asyncio.run(_first_asked(settings, _hear))
    assert {name: asked.query.get(name) for name in names} == names
