"""The `model` brain in front of an emulated vendor: one table of vendors, so that every test asks all of them."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache

from voicecall.brains import BrainOptions, Conversation, Line, Mind, Opening, Report, Said, Server
from voicecall.brains.model import ModelBrain
from voicecall.emulators.vendors import listening
from voicecall.emulators.vendors.answers import Answer, Dialect, Model
from voicecall.emulators.vendors.anthropic import Anthropic
from voicecall.emulators.vendors.gemini import Gemini
from voicecall.emulators.vendors.openai_chat import OpenAiChat
from voicecall.emulators.vendors.openai_chat_responses import OpenAiResponses

KEY = "a-key-of-the-vendor"
VENDORS: dict[str, Callable[[], Dialect]] = {
    "openai:gpt-5-mini": OpenAiChat,
    "openai-responses:gpt-5-mini": OpenAiResponses,
    "ollama/llama3.2:3b": OpenAiChat,
    "some-model-of-our-own": OpenAiChat,
    "anthropic:claude-haiku-5-5": Anthropic,
    "google-gla:gemini-2.5-flash": Gemini,
}
APIS = ("openai:gpt-5-mini", "openai-responses:gpt-5-mini", "anthropic:claude-haiku-5-5", "google-gla:gemini-2.5-flash")
"""One of each wire format."""


@dataclass(slots=True)
class Rig:
    """A brain, its vendor, and what the brain told."""

    brain: ModelBrain
    vendor: Model
    reports: list[Report] = field(default_factory=list)

    def mind(self) -> Mind:
        """Return the agent of a new call."""
        return self.brain.open(Opening("call", "inbound", "+15550100123", "+15550100999"), self.reports.append)


@asynccontextmanager
async def connected(
    model: str,
    *answers: Answer,
    key: str = KEY,
    patience: float = 5.0,
    max_tokens: int = 500,
    servers: tuple[Server, ...] = (),
) -> AsyncIterator[Rig]:
    """Yield a brain that is ready, and the emulated vendor that gives it these answers."""
    vendor = Model(VENDORS[model](), *answers, key=KEY)
    async with listening(vendor.app()) as origin:
        options = BrainOptions(
            model=model, api_key=key, base_url=origin, timeout=patience, max_tokens=max_tokens, servers=servers
        )
        brain = ModelBrain(options)
        async with brain.ready():
            yield Rig(brain, vendor)


def conversation(*lines: Line | str) -> Conversation:
    """Return an inbound call; a plain string is a line of the caller."""
    spoken = tuple(Line("caller", line) if isinstance(line, str) else line for line in lines)
    return Conversation("call", "inbound", "+15550100123", "+15550100999", spoken)


async def replied(mind: Mind, asked: Conversation) -> list[Said]:
    """Return all of an answer, its text joined where nothing is done in between."""
    said: list[Said] = []
    async for part in mind.reply(asked):
        if isinstance(part, str) and said and isinstance(said[-1], str):
            said[-1] += part
        else:
            said.append(part)
    return said


@cache
def _load() -> None:
    for module in ("mcp", "models.anthropic", "models.google", "models.ollama", "models.openai"):
        importlib.import_module(f"pydantic_ai.{module}")


def run(scene: Coroutine[None, None, None]) -> None:
    """Play a scene; a hang fails. The seconds that it takes to load the libraries are not the scene's."""
    _load()

    async def bounded() -> None:
        async with asyncio.timeout(10):
            await scene

    asyncio.run(bounded())
